// The spec's message payload, compiled in: spec.json without the spaces between its tokens, since a message
// is one line. The spaces go while compiling; a start costs nothing.

#include <array>
#include <string_view>

#include "config/config.h"

namespace ddb {
namespace {

constexpr std::string_view kText =
#include "config/spec.json.inc"
    ;

// Returns the size; `out` may be null.
constexpr size_t Minify(std::string_view text, char* out) {
  size_t size = 0;
  bool in_string = false;
  bool escaped = false;
  for (const char c : text) {
    if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
    if (c == '"' && !escaped) in_string = !in_string;
    escaped = c == '\\' && !escaped;
    if (out != nullptr) out[size] = c;
    ++size;
  }
  return size;
}

constexpr auto kSpec = [] {
  std::array<char, Minify(kText, nullptr)> out{};
  Minify(kText, out.data());
  return out;
}();

}  // namespace

std::string_view SpecJson() { return {kSpec.data(), kSpec.size()}; }

}  // namespace ddb
