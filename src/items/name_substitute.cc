#include "items/name_substitute.h"

#include <openssl/sha.h>

#include "items/careful_encoder.h"
#include "items/fast_encoder.h"
#include "json/escape.h"
#include "json/scan.h"

namespace ddb {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr size_t kHashDigits = 8;

// Unescape leaves half a surrogate pair as the three bytes ED A0..BF xx.
bool IsSurrogateAt(std::string_view text, size_t i) {
  return static_cast<unsigned char>(text[i]) == 0xED && static_cast<unsigned char>(text[i + 1]) >= 0xA0;
}

// At most `size` bytes, cut between characters.
std::string_view Cut(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

std::string HashDigits(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string digits;
  for (size_t i = 0; i < kHashDigits / 2; ++i) {
    digits.push_back(kHex[digest[i] >> 4]);
    digits.push_back(kHex[digest[i] & 15]);
  }
  return digits;
}

// The substitute if nothing else has that name. A long name's keeps its beginning, and tells two of them
// apart.
std::string Substitute(std::string_view name) {
  if (name.empty()) return std::string(kEmptyNameSubstitute);
  std::string clean = WithoutLoneSurrogates(name);
  if (clean.size() <= kMaxNameBytes) return clean;
  return std::string(Cut(clean, kMaxNameBytes - kHashDigits - 1)) + "_" + HashDigits(name);
}

}  // namespace

std::string WithoutLoneSurrogates(std::string_view text) {
  std::string clean(text);
  for (size_t i = 0; i + 2 < clean.size(); ++i) {
    if (IsSurrogateAt(clean, i)) clean.replace(i, kReplacement.size(), kReplacement);
  }
  return clean;
}

std::optional<ChangeKind> NameProblem(std::string_view name) {
  if (name.empty()) return ChangeKind::kEmptyName;
  if (name.size() > kMaxNameBytes) return ChangeKind::kNameTooLong;
  for (size_t i = 0; i + 2 < name.size(); ++i) {
    if (IsSurrogateAt(name, i)) return ChangeKind::kLoneSurrogate;
  }
  return std::nullopt;
}

std::string NameSubstitutes::Replace(std::string_view name, const char* inside, const char* end) {
  if (taken_ == nullptr) {
    taken_ = std::make_unique<Taken>();
    const char* p = json::SkipWhitespace(inside, end);
    while (*p == '"') {
      const json::StringToken token = json::SkipString(p + 1, end);
      std::string text;
      json::Unescape({p + 1, static_cast<size_t>(token.next - p) - 2}, text);
      taken_->names.insert(std::move(text));
      p = json::SkipWhitespace(token.next, end);
      p = json::SkipWhitespace(json::SkipValue(p + 1, end), end);
      if (*p == ',') p = json::SkipWhitespace(p + 1, end);
    }
  }
  const std::string first = Substitute(name);
  std::string candidate = first;
  int& number = taken_->numbers.try_emplace(first, 1).first->second;
  while (!taken_->names.insert(candidate).second) {
    const std::string suffix = "_" + std::to_string(++number);
    candidate = std::string(Cut(first, kMaxNameBytes - suffix.size())) + suffix;
  }
  return candidate;
}

}  // namespace ddb
