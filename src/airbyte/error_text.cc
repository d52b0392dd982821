#include "airbyte/error_text.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "airbyte/written_names.h"
#include "base/text.h"

namespace ddb {
namespace {

// Of Python, Java, Rust, Go, C, .NET and Node, in this order; and how most of them name what went wrong.
constexpr std::array<std::string_view, 12> kLastWords = {"Traceback (most recent call last)",
                                                         "Exception in thread ",
                                                         "panicked at ",
                                                         "panic: ",
                                                         "fatal error: ",
                                                         "Segmentation fault",
                                                         "core dumped",
                                                         "Unhandled exception",
                                                         "UnhandledPromiseRejection",
                                                         "Uncaught ",
                                                         "Error: ",
                                                         "Exception: "};
constexpr std::array<std::string_view, 4> kWords = {"ERROR", "FATAL", "CRITICAL", "PANIC"};
// bunyan's and pino's as well.
constexpr std::array<std::string_view, 7> kLevelsOfErrors = {"ERROR", "FATAL", "CRITICAL", "PANIC",
                                                             "50",    "60",    "SEVERE"};

constexpr bool IsOfAWord(char c) { return IsAlnum(c) || c == '_'; }

std::string_view WordAt(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsOfAWord(text[end])) ++end;
  return text.substr(at, end - at);
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; at += word.size()) {
    if ((at == 0 || !IsOfAWord(text[at - 1])) && WordAt(text, at) == word) return true;
  }
  return false;
}

// "level":"error", level=error, "levelname": "ERROR", also in a string.
bool HasLevel(std::string_view text) {
  for (const std::string_view name : {"evel", "everity"}) {
    for (size_t at = 0; (at = text.find(name, at)) != std::string_view::npos; ++at) {
      size_t value = at + WordAt(text, at).size();
      while (value < text.size() && std::string_view("\"'\\ :=").find(text[value]) != std::string_view::npos)
        ++value;
      const std::string level = Letters(WordAt(text, value));
      if (std::ranges::find(kLevelsOfErrors, level) != std::end(kLevelsOfErrors)) return true;
    }
  }
  return false;
}

}  // namespace

bool SoundsLikeAnError(std::string_view text) {
  const auto stands = [text](std::string_view words) { return text.find(words) != std::string_view::npos; };
  const auto is_word = [text](std::string_view word) { return HasWord(text, word); };
  return std::ranges::any_of(kLastWords, stands) || std::ranges::any_of(kWords, is_word) || HasLevel(text);
}

}  // namespace ddb
