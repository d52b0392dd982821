#include "airbyte/odd_line.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ddb {
namespace {

constexpr Text kHoldsNul =
    "it holds NUL bytes, so the input is no UTF-8 text. Send UTF-8 (UTF-16 has such bytes), unpacked and "
    "undamaged";

struct Magic {
  std::string_view bytes;
  Text reason;
};
// What files of other forms begin with, https://www.iana.org/assignments/media-types . UTF-16 by its byte
// order mark (UTF-32 begins so too, and holds NUL bytes).
constexpr std::array<Magic, 7> kMagic = {{
    {"\x1F\x8B", "the input is compressed with gzip. Unpack it first (gzip -dc)"},
    {"\x28\xB5\x2F\xFD", "the input is compressed with zstd. Unpack it first (zstd -dc)"},
    {"\xFD\x37zXZ", "the input is compressed with xz. Unpack it first (xz -dc)"},
    {"BZh91AY&SY", "the input is compressed with bzip2. Unpack it first (bzip2 -dc)"},
    {"PK\x03\x04", "the input is a zip file. Unpack it first (unzip -p)"},
    {"\xFF\xFE", "the input is UTF-16. Send UTF-8"},
    {"\xFE\xFF", "the input is UTF-16. Send UTF-8"},
}};

constexpr bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view WithoutSpaces(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Behind `token` if `text` begins so, after whitespace. A quote may be escaped: a message in a string.
bool Take(std::string_view& text, std::string_view token) {
  while (!text.empty() && (IsSpace(text.front()) || text.front() == '\\')) text.remove_prefix(1);
  if (text.size() < token.size()) return false;
  for (size_t i = 0; i < token.size(); ++i) {
    if (ToUpper(text[i]) != token[i]) return false;
  }
  text.remove_prefix(token.size());
  return true;
}

// A RECORD or STATE that something stands before: progress without a line's end, a time that a log's reader
// adds. The source meant it as a message, so it is none of the lines to pass over.
bool HoldsMessage(std::string_view line) {
  constexpr std::string_view kType = "\"type";
  for (size_t at = line.find(kType); at != std::string_view::npos; at = line.find(kType, at + 1)) {
    std::string_view rest = line.substr(at + kType.size());
    if (!Take(rest, "\"") || !Take(rest, ":") || !Take(rest, "\"")) continue;
    if (Take(rest, "RECORD") || Take(rest, "STATE")) {
      if (Take(rest, "\"")) return true;
    }
  }
  return false;
}

}  // namespace

OddLine LookAtPlainLine(std::string_view line) {
  for (const Magic& magic : kMagic) {
    if (line.starts_with(magic.bytes)) return {OddLine::Kind::kNotInput, magic.reason};
  }
  if (line.find('\0') != std::string_view::npos) return {OddLine::Kind::kNotInput, kHoldsNul};
  const std::string_view text = WithoutSpaces(line);
  // The log's "[2024-01-01] ..." and "[INFO] ..." are no array of objects.
  if (text.front() == '[') {
    const std::string_view inside = WithoutSpaces(text.substr(1));
    if (inside.empty() || inside.front() == '{') {
      return {
          OddLine::Kind::kNotInput,
          "the input is a JSON array. Send each message as a JSON object on a line of its own (jq -c '.[]')"};
    }
  }
  if (HoldsMessage(line)) {
    return {OddLine::Kind::kMalformed,
            "it holds a message that something stands before; a message has to stand alone on its line"};
  }
  return {};
}

OddLine LookAtBrokenLine(std::string_view line, Text reason) {
  if (line.find('\0') != std::string_view::npos) return {OddLine::Kind::kNotInput, kHoldsNul};
  const std::string_view text = WithoutSpaces(line);
  if (text.ends_with('{') || text.ends_with('[') || text.ends_with(',')) {
    return {
        OddLine::Kind::kMalformed,
        "line is not valid JSON, as it ends within a message; each message has to be whole on one line, not "
        "laid out over several (jq -c)"};
  }
  if (line.find("}\r{") != std::string_view::npos) {
    return {OddLine::Kind::kMalformed,
            "its messages are separated by carriage returns; end each line with a newline"};
  }
  return {OddLine::Kind::kMalformed, reason};
}

}  // namespace ddb
