#include "airbyte/odd_line.h"

#include <array>

#include "airbyte/message.h"
#include "base/text.h"
#include "json/scan.h"

namespace ddb {
namespace {

using std::string_view_literals::operator""sv;

constexpr Text kHoldsNul =
    "it holds NUL bytes, so the input is no UTF-8 text. Send UTF-8 (UTF-16 has such bytes), unpacked and "
    "undamaged";

struct Magic {
  std::string_view bytes;
  Text reason;
};
// What files of other forms begin with, https://www.iana.org/assignments/media-types . UTF-16 and UTF-32 by
// their byte order marks, of which one begins as another does.
constexpr std::array<Magic, 9> kMagic = {{
    {"\x1F\x8B", "the input is compressed with gzip. Unpack it first (gzip -dc)"},
    {"\x28\xB5\x2F\xFD", "the input is compressed with zstd. Unpack it first (zstd -dc)"},
    {"\xFD\x37zXZ", "the input is compressed with xz. Unpack it first (xz -dc)"},
    {"BZh91AY&SY", "the input is compressed with bzip2. Unpack it first (bzip2 -dc)"},
    {"PK\x03\x04", "the input is a zip file. Unpack it first (unzip -p)"},
    {"\xFF\xFE\0\0"sv, "the input is UTF-32. Send UTF-8"},
    {"\0\0\xFE\xFF"sv, "the input is UTF-32. Send UTF-8"},
    {"\xFF\xFE", "the input is UTF-16. Send UTF-8"},
    {"\xFE\xFF", "the input is UTF-16. Send UTF-8"},
}};

std::string_view WithoutSpaces(std::string_view text) {
  while (!text.empty() && json::IsWhitespace(text.front())) text.remove_prefix(1);
  while (!text.empty() && json::IsWhitespace(text.back())) text.remove_suffix(1);
  return text;
}

// A JSON array of objects, or what it begins with where it is laid out over several lines. The log's
// "[2024-01-01] ...", "[INFO] ..." and "[{main}] ..." are none.
bool BeginsAnArray(std::string_view text) {
  if (!text.starts_with('[')) return false;
  const std::string_view inside = WithoutSpaces(text.substr(1));
  if (!inside.starts_with('{')) return inside.empty();
  const std::string_view member = WithoutSpaces(inside.substr(1));
  return member.empty() || member.front() == '"';
}

// A name in single quotes, or without any, or Ruby's arrow behind it.
bool BeginsInAnotherWriting(std::string_view object) {
  std::string_view name = WithoutSpaces(object.substr(1));
  const bool is_quoted = name.starts_with('"');
  if (is_quoted) name.remove_prefix(1);
  if (name.starts_with('\'')) return true;
  size_t size = 0;
  while (size < name.size() && (IsAlnum(name[size]) || name[size] == '_')) ++size;
  if (size == 0) return false;
  name.remove_prefix(size);
  if (is_quoted && !name.starts_with('"')) return false;
  name = WithoutSpaces(name.substr(is_quoted ? 1 : 0));
  return name.starts_with("=>") || (!is_quoted && name.starts_with(':'));
}

bool HoldsNul(std::string_view line) { return line.find('\0') != std::string_view::npos; }

}  // namespace

Text OtherForm(std::string_view begin, bool is_first) {
  if (!is_first) return {};
  for (const Magic& magic : kMagic) {
    if (begin.starts_with(magic.bytes)) return magic.reason;
  }
  if (!BeginsAnArray(WithoutSpaces(begin)) || HoldsNul(begin)) return {};
  return "the input is a JSON array. Send each message as a JSON object on a line of its own (jq -c '.[]')";
}

Text WhyNoText(const MessageSigns& signs, bool holds_nul) {
  if (holds_nul) return kHoldsNul;
  if (!signs.record) return {};
  return "it holds a record, or a part of one, that something stands before; a message has to stand whole "
         "and alone on its line. Let the source write its log to stderr";
}

OddLine LookAtPlainLine(std::string_view line, bool is_first) {
  const std::string_view text = WithoutSpaces(line);
  OddLine odd;
  odd.signs = FindMessageSigns(text);
  odd.reason = OtherForm(line, is_first);
  if (odd.reason.empty()) {
    const bool is_string = odd.signs.record && text.starts_with('"') && text.ends_with('"');
    odd.reason = is_string ? kMessageInString : WhyNoText(odd.signs, HoldsNul(line));
  }
  if (!odd.reason.empty()) odd.kind = OddLine::Kind::kNotInput;
  return odd;
}

OddLine LookAtBrokenLine(std::string_view line, Text reason) {
  if (HoldsNul(line)) return {OddLine::Kind::kNotInput, kHoldsNul};
  const std::string_view text = WithoutSpaces(line);
  if (text.ends_with('{') || text.ends_with('[') || text.ends_with(',')) {
    return {
        OddLine::Kind::kMalformed,
        "line is not valid JSON, as it ends within a message; each message has to be whole on one line, not "
        "laid out over several (jq -c)"};
  }
  if (reason == kMessageInString) return {OddLine::Kind::kNotInput, reason};
  if (reason == kLineNotJson && BeginsInAnotherWriting(text))
    return {OddLine::Kind::kMalformed, kOtherWriting};
  if (line.find("}\r{") != std::string_view::npos) {
    return {OddLine::Kind::kMalformed,
            "its messages are separated by carriage returns; end each line with a newline"};
  }
  return {OddLine::Kind::kMalformed, reason};
}

}  // namespace ddb
