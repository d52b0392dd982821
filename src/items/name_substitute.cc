#include "items/name_substitute.h"

#include "base/text.h"
#include "items/careful_encoder.h"
#include "items/fast_encoder.h"
#include "items/hash_digits.h"
#include "json/escape.h"
#include "json/members.h"
#include "json/utf8.h"

namespace ddb {
namespace {

// Unescape leaves half a surrogate pair as the three bytes ED A0..BF xx.
bool IsSurrogateAt(std::string_view text, size_t i) {
  return static_cast<unsigned char>(text[i]) == 0xED && static_cast<unsigned char>(text[i + 1]) >= 0xA0;
}

// The substitute if nothing else has that name. A long name's keeps its beginning, and tells two of them
// apart.
std::string Substitute(std::string_view name) {
  if (name.empty()) return std::string(kEmptyNameSubstitute);
  std::string clean = WithoutLoneSurrogates(name);
  if (clean.size() <= kMaxNameBytes) return clean;
  return std::string(CutText(clean, kMaxNameBytes - kHashDigits - 1)) + "_" + HashDigits(name, kHashDigits);
}

}  // namespace

std::string WithoutLoneSurrogates(std::string_view text) {
  std::string clean(text);
  for (size_t i = 0; i + 2 < clean.size(); ++i) {
    if (IsSurrogateAt(clean, i)) clean.replace(i, json::kReplacement.size(), json::kReplacement);
  }
  return clean;
}

std::string DecodedName(const json::Name& name) {
  std::string text = json::ReplaceInvalidUtf8(name.raw);
  if (!name.escaped) return text;
  std::string decoded;
  json::Unescape(text, decoded);
  return decoded;
}

std::optional<ChangeKind> NameProblem(const json::Name& name, std::string_view decoded) {
  if (decoded.empty()) return ChangeKind::kEmptyName;
  if (decoded.size() > kMaxNameBytes) return ChangeKind::kNameTooLong;
  for (size_t i = 0; i + 2 < decoded.size(); ++i) {
    if (IsSurrogateAt(decoded, i)) return ChangeKind::kLoneSurrogate;
  }
  const bool is_utf8 = json::ValidUtf8(name.raw.data(), name.raw.data() + name.raw.size());
  return is_utf8 ? std::nullopt : std::optional(ChangeKind::kNotUtf8);
}

std::string NameSubstitutes::Replace(std::string_view name, const char* inside, const char* end) {
  if (taken_ == nullptr) {
    taken_ = std::make_unique<Taken>();
    json::ForEachValidMember(inside, end, [this](const json::Name& member, std::string_view) {
      std::string text;
      json::Unescape(member.raw, text);
      taken_->names.insert(std::move(text));
    });
  }
  const std::string first = Substitute(name);
  std::string candidate = first;
  int& number = taken_->numbers.try_emplace(first, 1).first->second;
  while (!taken_->names.insert(candidate).second) {
    const std::string suffix = "_" + std::to_string(++number);
    candidate = std::string(CutText(first, kMaxNameBytes - suffix.size())) + suffix;
  }
  return candidate;
}

}  // namespace ddb
