#include "json/mistakes.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"
#include "json/scan.h"
#include "json/utf8.h"

namespace ddb::json {
namespace {

using std::string_view_literals::operator""sv;

std::string InLine(std::string_view text, size_t at) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(at);
  return " in line " + std::to_string(1 + std::count(text.begin(), end, '\n'));
}

// What is not a text in UTF-8 to begin with.
std::string WhyNotText(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), IsWhitespace)) return "it is empty";
  if (text.starts_with("\x1F\x8B"sv)) return "it is compressed (gzip)";
  // Of a text that is mostly ASCII every second byte is 0 in UTF-16, and three of four in UTF-32.
  const size_t nul = text.find('\0');
  if (std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(text.size(), 8)),
                 '\0') >= 5 ||
      text.starts_with("\xFF\xFE\0\0"sv)) {
    return "it is UTF-32. Save it as UTF-8";
  }
  if (text.starts_with("\xFF\xFE"sv) || text.starts_with("\xFE\xFF"sv) || nul < 4) {
    return "it is UTF-16 (PowerShell's > and some editors write that). Save it as UTF-8";
  }
  if (nul != std::string_view::npos) return "it has a zero byte" + InLine(text, nul);
  if (!ValidUtf8(text.data(), text.data() + text.size())) return "it is not UTF-8. Save it as UTF-8";
  return {};
}

// Walks over what stands outside of strings, where JSON knows few characters.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::string Find() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        if (!PassString()) return "it ends in the middle of a text in quotes";
      } else if (IsComment()) {
        return "it has a comment" + InLine(text_, at_) + ", and JSON has none";
      } else if (c == '\'') {
        return "it has single quotes" + InLine(text_, at_) + ", where JSON has double ones";
      } else if (IsAlpha(c) && !PassWord()) {
        return "it has a word without quotes" + InLine(text_, at_) +
               ", and JSON knows only true, false and null";
      } else if ((c == '}' || c == ']') && last_ == ',') {
        return "it has a comma before a closing bracket" + InLine(text_, at_) + ". Take the comma out";
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if ((c == '}' || c == ']') && --depth_ == 0 && HasMore()) {
        if (More().front() == '{') {
          return "it holds several objects, one behind the other, as a connector prints its messages. Give "
                 "the one "
                 "that is meant";
        }
        return "it goes on behind its end" + InLine(text_, at_);
      }
      if (!IsWhitespace(c)) last_ = c;
    }
    return depth_ > 0 ? "it ends too early" : "";
  }

 private:
  bool IsComment() const {
    return text_[at_] == '#' || (text_[at_] == '/' && (text_.substr(at_ + 1).starts_with('/') ||
                                                       text_.substr(at_ + 1).starts_with('*')));
  }
  // To the closing quote.
  bool PassString() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    return at_ < text_.size();
  }
  // To its last letter; whether it is one of JSON's, or a number's exponent.
  bool PassWord() {
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!rest.starts_with(word)) continue;
      at_ += word.size() - 1;
      return true;
    }
    return (rest[0] == 'e' || rest[0] == 'E') && IsDigit(last_);
  }
  std::string_view More() const {
    const std::string_view rest = text_.substr(at_ + 1);
    return {std::find_if_not(rest.begin(), rest.end(), IsWhitespace), rest.end()};
  }
  bool HasMore() const { return !More().empty() && More().front() != '/' && More().front() != '#'; }

  const std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  char last_ = 0;  // that was no space
};

}  // namespace

std::string WhyNotJson(std::string_view text) {
  std::string why = WhyNotText(text);
  return why.empty() ? Walk(text).Find() : why;
}

}  // namespace ddb::json
