#include "items/careful_encoder.h"

#include <algorithm>
#include <string>
#include <vector>

#include "items/fast_encoder.h"
#include "items/name_substitute.h"
#include "items/number.h"
#include "items/repeated_names.h"
#include "json/escape.h"
#include "json/scan.h"

namespace ddb {
namespace {

struct Level {
  bool object;
  const char* inside;       // behind the bracket
  size_t members = 0;       // written so far
  size_t path_length = 0;   // of the path to this container
  NameSubstitutes names{};  // those that replaced others here
};

// Works on text that SkipValue has passed, so it need not doubt it.
class CarefulScan {
 public:
  CarefulScan(const char* p, const char* end, int outer_levels, std::string_view path, Buffer& out,
              ChangeLog& log)
      : p_(p),
        end_(end),
        max_levels_(static_cast<size_t>(kMaxContainers - outer_levels)),
        path_(path),
        top_{path.find('.') == path.npos ? path.size() : path.find('.')},
        out_(out),
        log_(log),
        dropped_(FindRepeatedNames(p, end, kMaxContainers - outer_levels)) {}

  void Run() {
    for (;;) {
      const bool container = *p_ == '{' || *p_ == '[';
      if (container && levels_.size() < max_levels_) {
        Open();
        if (Next()) continue;
      } else if (container) {
        DeepText();
      } else {
        Scalar();
      }
      while (!levels_.empty() && !Next()) {
      }
      if (levels_.empty()) return;
    }
  }

 private:
  void SkipSpace() { p_ = json::SkipWhitespace(p_, end_); }

  void Open() {
    const bool object = *p_++ == '{';
    levels_.push_back({.object = object, .inside = p_, .path_length = path_.size()});
    out_.Append(object ? "{\"M\":{" : "{\"L\":[");
  }

  // Within the innermost container: to the next value (true), or out of it.
  bool Next() {
    Level& level = levels_.back();
    path_.resize(level.path_length);
    SkipSpace();
    if (*p_ == ',') ++p_;
    SkipSpace();
    if (*p_ == '}' || *p_ == ']') {
      ++p_;
      out_.Append(level.object ? "}}" : "]}");
      levels_.pop_back();
      return false;
    }
    while (level.object && std::binary_search(dropped_.begin(), dropped_.end(), p_)) SkipMember();
    if (level.members++ > 0) out_.Append(',');
    if (level.object) {
      Name(level);
    } else {
      path_ += '[' + std::to_string(level.members - 1) + ']';
    }
    return true;
  }

  // A dropped member always has another one behind it.
  void SkipMember() {
    p_ = json::SkipValue(json::ReadName(p_, end_).value, end_);
    SkipSpace();
    ++p_;
    SkipSpace();
  }

  void Name(Level& level) {
    const json::Name name = json::ReadName(p_, end_);
    std::string text(name.raw);
    if (name.escaped) json::Unescape(name.raw, text);
    out_.Append('"');
    if (const auto kind = NameProblem(text)) {
      text = level.names.Replace(text, level.inside, end_);
      std::string written;
      json::AppendEscaped(text, written);
      out_.Append(written);
      NamePath(text);
      log_.Add(*kind, path_, top_);
    } else {
      out_.Append(name.raw);
      NamePath(text);
    }
    out_.Append("\":");
    p_ = json::SkipWhitespace(name.value, end_);
  }

  void NamePath(std::string_view name) {
    const bool is_top = path_.empty();
    AppendPathName(name, path_);
    if (is_top) top_ = {.length = path_.size()};
  }

  void Scalar() {
    switch (*p_) {
      case '"':
        return String();
      case 't':
        out_.Append("{\"BOOL\":true}");
        p_ += 4;
        return;
      case 'f':
        out_.Append("{\"BOOL\":false}");
        p_ += 5;
        return;
      case 'n':
        out_.Append("{\"NULL\":true}");
        p_ += 4;
        return;
      default:
        return Number();
    }
  }

  void String() {
    const char* const inside = p_ + 1;
    const json::StringToken token = json::SkipString(inside, end_);
    const std::string_view raw(inside, static_cast<size_t>(token.next - inside) - 1);
    p_ = token.next;
    out_.Append("{\"S\":\"");
    if (!token.escaped || !CopyWithoutLoneSurrogates(raw)) out_.Append(raw);
    out_.Append("\"}");
  }

  // False, and nothing written, if there are none.
  bool CopyWithoutLoneSurrogates(std::string_view raw) {
    const char* p = raw.data();
    const char* const raw_end = p + raw.size();
    const char* copied = p;
    bool found = false;
    while ((p = std::find(p, raw_end, '\\')) != raw_end) {
      const json::Escape escape = json::ReadEscape(p, raw_end);
      if (escape.lone_surrogate) {
        found = true;
        out_.Append({copied, static_cast<size_t>(p - copied)});
        out_.Append("\\ufffd");
        copied = p + escape.length;
      }
      p += escape.length;
    }
    if (!found) return false;
    out_.Append({copied, static_cast<size_t>(raw_end - copied)});
    log_.Add(ChangeKind::kLoneSurrogate, path_, top_);
    return true;
  }

  void Number() {
    char text[kMaxCanonicalNumber];
    const char* const begin = p_;
    const ddb::Number number = NormalizeNumber(begin, end_, text);
    p_ = number.next;
    if (number.fit == NumberFit::kFits) {
      out_.Append("{\"N\":\"");
      out_.Append({text, number.length});
    } else {
      out_.Append("{\"S\":\"");
      out_.Append({begin, static_cast<size_t>(p_ - begin)});
      log_.Add(number.fit == NumberFit::kPrecision ? ChangeKind::kNumberPrecision : ChangeKind::kNumberRange,
               path_, top_);
    }
    out_.Append("\"}");
  }

  // The container's text as it was sent.
  void DeepText() {
    const char* const begin = p_;
    p_ = json::SkipValue(p_, end_);
    std::string text;
    json::AppendEscaped({begin, static_cast<size_t>(p_ - begin)}, text);
    out_.Append("{\"S\":\"");
    out_.Append(text);
    out_.Append("\"}");
    log_.Add(ChangeKind::kTooDeep, path_, top_);
  }

  const char* p_;
  const char* const end_;
  const size_t max_levels_;
  std::string path_;
  ChangeLog::TopField top_;
  Buffer& out_;
  ChangeLog& log_;
  const std::vector<const char*> dropped_;
  std::vector<Level> levels_;
};

}  // namespace

CarefulResult CarefulEncode(const char* p, const char* end, int outer_levels, std::string_view path,
                            Buffer& out, ChangeLog& log) {
  const char* const next = json::SkipValue(p, end);
  if (next == nullptr) return {};
  const size_t begin = out.size();
  CarefulScan(p, end, outer_levels, path, out, log).Run();
  SizeBounds size;
  MeasureValue(out.data() + begin, size);
  return {next, size};
}

}  // namespace ddb
