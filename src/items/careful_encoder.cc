#include "items/careful_encoder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "items/fast_encoder.h"
#include "items/item_tokens.h"
#include "items/name_substitute.h"
#include "items/number.h"
#include "items/repeated_names.h"
#include "json/escape.h"
#include "json/scan.h"
#include "json/utf8.h"

namespace ddb {
namespace {

constexpr json::Grammar kGrammar = json::Grammar::kLenient;
constexpr std::string_view kEscapedReplacement = "\\ufffd";

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
              ChangeLog& log, KeptFields* fields)
      : p_(p),
        end_(end),
        max_levels_(static_cast<size_t>(kMaxContainers - outer_levels)),
        path_(path),
        top_{path.find('.') == path.npos ? path.size() : path.find('.')},
        out_(out),
        log_(log),
        fields_(fields),
        in_field_(fields != nullptr && fields->is_list()),
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
  // Not what cannot be stored anyhow.
  void Put(std::string_view text) {
    if (dropping_) return;
    if (in_field_ && fields_->TooLong(text.size())) {
      DropField();
    } else {
      out_.Append(text);
    }
  }
  // A member of the record, or an element of the list that is kept as far as it can be stored.
  void BeginMember() {
    member_begin_ = out_.size();
    const char last = out_.view().back();
    if (last != '{' && last != '[') Put(token::kComma);
  }
  void BeginField(size_t name_bytes) {
    if (fields_ == nullptr || fields_->is_list() || fields_->hopeless()) return;
    in_field_ = true;
    dropping_ = !fields_->Begin(name_bytes);
    if (dropping_) out_.Truncate(member_begin_);
  }
  void DropField() {
    dropping_ = true;
    if (!fields_->is_list()) return fields_->Drop();
    out_.Truncate(member_begin_);
    kept_elements_ = levels_.front().members - 1;
  }
  void EndField() {
    if (!in_field_ || fields_->is_list()) return;
    in_field_ = false;
    fields_->End();
    dropping_ = fields_->hopeless();
  }
  void CloseOutermost(const Level& level) {
    if (fields_ != nullptr && fields_->is_list() && dropping_) {
      fields_->LeaveOutElements(level.members - kept_elements_);
      dropping_ = in_field_ = false;
    }
  }

  void SkipSpace() { p_ = json::SkipWhitespace(p_, end_); }

  void Open() {
    const bool object = *p_++ == '{';
    levels_.push_back({.object = object, .inside = p_, .path_length = path_.size()});
    Put(object ? token::kMapBegin : token::kListBegin);
  }

  // Within the innermost container: to the next value (true), or out of it.
  bool Next() {
    Level& level = levels_.back();
    path_.resize(level.path_length);
    if (levels_.size() == 1) EndField();
    SkipSpace();
    if (*p_ == ',') ++p_;
    SkipSpace();
    if (*p_ == '}' || *p_ == ']') {
      ++p_;
      if (levels_.size() == 1) CloseOutermost(level);
      Put(level.object ? token::kMapEnd : token::kListEnd);
      levels_.pop_back();
      return false;
    }
    while (level.object && std::binary_search(dropped_.begin(), dropped_.end(), p_)) SkipMember();
    ++level.members;
    if (levels_.size() == 1) {
      BeginMember();
    } else if (level.members > 1) {
      Put(token::kComma);
    }
    if (level.object) {
      Name(level);
    } else {
      path_ += '[' + std::to_string(level.members - 1) + ']';
    }
    return true;
  }

  // A dropped member always has another one behind it.
  void SkipMember() {
    p_ = json::SkipValue(json::ReadName(p_, end_, kGrammar).value, end_, kGrammar);
    SkipSpace();
    ++p_;
    SkipSpace();
  }

  void Name(Level& level) {
    const json::Name name = json::ReadName(p_, end_, kGrammar);
    std::string text = DecodedName(name);
    Put(token::kNameBegin);
    size_t name_bytes = name.raw.size();
    if (const auto kind = NameProblem(name, text)) {
      text = level.names.Replace(text, level.inside, end_);
      std::string written;
      json::AppendEscaped(text, written);
      Put(written);
      name_bytes = written.size();
      NamePath(text);
      log_.Add(*kind, path_, top_);
    } else {
      Put(name.raw);
      NamePath(text);
    }
    Put(token::kNameEnd);
    if (levels_.size() == 1) BeginField(name_bytes);
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
        Put(token::kTrue);
        p_ += 4;
        return;
      case 'f':
        Put(token::kFalse);
        p_ += 5;
        return;
      case 'n':
        Put(token::kNull);
        p_ += 4;
        return;
      case 'N':
      case 'I':
        return NonNumber();
      default:
        return *p_ == '-' && p_[1] == 'I' ? NonNumber() : Number();
    }
  }

  void String() {
    const char* const inside = p_ + 1;
    const json::StringToken token = json::SkipString(inside, end_, kGrammar);
    const std::string_view raw(inside, static_cast<size_t>(token.next - inside) - 1);
    p_ = token.next;
    Put(token::kStringBegin);
    if (token.escaped || !json::ValidUtf8(raw.data(), raw.data() + raw.size())) {
      CopyCharacters(raw);
    } else {
      Put(raw);
    }
    Put(token::kScalarEnd);
  }

  // With U+FFFD for halves of surrogate pairs, and for what is no UTF-8.
  void CopyCharacters(std::string_view raw) {
    const char* p = raw.data();
    const char* const raw_end = p + raw.size();
    std::optional<ChangeKind> replaced;
    while (p < raw_end) {
      const char* const backslash = std::find(p, raw_end, '\\');
      while (p < backslash) {
        const json::InvalidUtf8 invalid = json::FindInvalidUtf8(p, backslash);
        Put({p, static_cast<size_t>(invalid.at - p)});
        p = invalid.at + invalid.length;
        if (invalid.length == 0) break;
        Put(json::kReplacement);
        replaced = ChangeKind::kNotUtf8;
      }
      if (p == raw_end) break;
      const json::Escape escape = json::ReadEscape(p, raw_end);
      Put(escape.lone_surrogate ? kEscapedReplacement : std::string_view(p, escape.length));
      if (escape.lone_surrogate) replaced = ChangeKind::kLoneSurrogate;
      p += escape.length;
    }
    if (replaced) log_.Add(*replaced, path_, top_);
  }

  void Number() {
    char text[kMaxCanonicalNumber];
    const char* const begin = p_;
    const ddb::Number number = NormalizeNumber(begin, end_, text);
    p_ = number.next;
    if (number.fit == NumberFit::kFits) {
      Put(token::kNumberBegin);
      Put({text, number.length});
    } else {
      Put(token::kStringBegin);
      Put({begin, static_cast<size_t>(p_ - begin)});
      log_.Add(number.fit == NumberFit::kPrecision ? ChangeKind::kNumberPrecision : ChangeKind::kNumberRange,
               path_, top_);
    }
    Put(token::kScalarEnd);
  }

  // NaN or an infinity.
  void NonNumber() {
    const char* const begin = p_;
    p_ = json::SkipNonNumber(p_, end_);
    Put(token::kStringBegin);
    Put({begin, static_cast<size_t>(p_ - begin)});
    Put(token::kScalarEnd);
    log_.Add(ChangeKind::kNoNumber, path_, top_);
  }

  // The container's text as it was sent.
  void DeepText() {
    const char* const begin = p_;
    p_ = json::SkipValue(p_, end_, kGrammar);
    log_.Add(ChangeKind::kTooDeep, path_, top_);
    if (in_field_ && !dropping_ && p_ - begin > kMaxItemBytes) DropField();
    if (dropping_) return;
    std::string text;
    json::AppendEscaped(json::ReplaceInvalidUtf8({begin, static_cast<size_t>(p_ - begin)}), text);
    Put(token::kStringBegin);
    Put(text);
    Put(token::kScalarEnd);
  }

  const char* p_;
  const char* const end_;
  const size_t max_levels_;
  std::string path_;
  ChangeLog::TopField top_;
  Buffer& out_;
  ChangeLog& log_;
  KeptFields* const fields_;  // null: all is kept
  bool in_field_;             // of the record, and it may be dropped
  bool dropping_ = false;     // nothing is kept, for now
  size_t member_begin_ = 0;   // of the record or the list, with its comma
  size_t kept_elements_ = 0;  // of a list that is cut
  const std::vector<const char*> dropped_;
  std::vector<Level> levels_;
};

}  // namespace

CarefulResult CarefulEncode(const char* p, const char* end, int outer_levels, std::string_view path,
                            Buffer& out, ChangeLog& log, KeptFields* fields) {
  const char* const next = json::SkipValue(p, end, kGrammar);
  if (next == nullptr) return {};
  const size_t begin = out.size();
  CarefulScan(p, end, outer_levels, path, out, log, fields).Run();
  SizeBounds size;
  if (fields != nullptr && fields->hopeless()) return {next, size};
  MeasureValue(out.data() + begin, size);
  return {next, size};
}

}  // namespace ddb
