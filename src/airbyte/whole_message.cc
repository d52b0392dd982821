#include "airbyte/whole_message.h"

#include <string>

#include "base/text.h"
#include "json/escape.h"
#include "json/members.h"
#include "json/padding.h"

namespace ddb {
namespace {

// Braces at which a message is looked for: a text of very many is not read as often.
constexpr int kMostTries = 64;
constexpr size_t kMostOfAType = 16;

// The object at `p`, which is valid, is a RECORD or a STATE with what makes it one. Names and types in other
// writings are those of a slip, and as much a message.
bool IsMessage(const char* p, const char* end) {
  bool has_type = false;
  bool has_body = false;
  std::string name;
  json::ForEachValidMember(p + 1, end, [&](const json::Name& member, std::string_view value) {
    json::Unescape(member.raw, name);
    name = ToUpper(name);
    if (name == "TYPE" && value.size() < kMostOfAType) {
      const std::string type = ToUpper(value);
      has_type = has_type || type == R"("RECORD")" || type == R"("STATE")";
    } else if (name == "RECORD" || name == "STATE") {
      has_body = has_body || value.front() == '{';
    }
  });
  return has_type && has_body;
}

}  // namespace

bool HoldsWholeMessage(std::string_view text) {
  const char* const end = text.data() + text.size();
  size_t at = text.find('{');
  for (int tries = 0; at != std::string_view::npos && tries < kMostTries; ++tries) {
    const char* const begin = text.data() + at;
    const char* const next = json::SkipValue(begin, end, json::Grammar::kLenient);
    if (next != nullptr && IsMessage(begin, end)) return true;
    // Another object may be in it, or behind what is none.
    at = text.find('{', at + 1);
  }
  return false;
}

bool IsEscapedMessage(std::string_view raw) {
  std::string text;
  json::Unescape(raw, text);
  text = Trimmed(text);
  if (!text.starts_with('{')) return false;
  const size_t size = text.size();
  text.append(json::kPadding, ' ');
  const char* const begin = text.data();
  const char* const end = begin + size;
  return json::SkipValue(begin, end, json::Grammar::kLenient) == end && IsMessage(begin, end);
}

}  // namespace ddb
