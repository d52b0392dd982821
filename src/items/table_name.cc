#include "items/table_name.h"

#include <utf8proc.h>

#include <algorithm>
#include <map>

#include "items/hash_digits.h"

namespace ddb {
namespace {

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
constexpr size_t kMinTableName = 3;  // characters
constexpr size_t kHashDigits = 8;

bool IsWordCharacter(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool IsAsciiSpace(int32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsMark(int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
         category == UTF8PROC_CATEGORY_ME;
}

class Cleaner {
 public:
  // What a code point decomposes to, in NFKD. Canonical ordering moves marks only, and those are deleted.
  void Add(int32_t code) {
    constexpr auto kNfkd = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    constexpr int kLongest = 32;  // U+FDFA has 18
    utf8proc_int32_t parts[kLongest];
    const utf8proc_ssize_t count = utf8proc_decompose_char(code, parts, kLongest, kNfkd, nullptr);
    for (utf8proc_ssize_t i = 0; i < count; ++i) AddPart(parts[i]);
  }
  // A byte that is no UTF-8.
  void AddOther() { AddPart(-1); }
  std::string Take() { return std::move(clean_); }

 private:
  void AddPart(int32_t c) {
    if (c >= 0 && IsMark(c)) return;
    const bool space = IsAsciiSpace(c);
    if (!space || !in_spaces_) clean_.push_back(IsWordCharacter(c) ? static_cast<char>(c) : '_');
    in_spaces_ = space;
  }

  std::string clean_;
  bool in_spaces_ = false;
};

bool IsTableNameCharacter(char c) { return IsWordCharacter(c) || c == '-' || c == '.'; }

std::string HashOf(const StreamId& stream, size_t digits) {
  // 0xFF is in no UTF-8, so a null namespace differs from every other.
  return HashDigits(stream.ns.value_or("\xFF") + '\0' + stream.name, digits);
}

std::string WithHash(const std::string& name, const StreamId& stream, size_t digits) {
  return name.substr(0, kMaxTableName - 1 - digits) + "_" + HashOf(stream, digits);
}

Status CheckPrefix(std::string_view prefix) {
  if (!std::all_of(prefix.begin(), prefix.end(), IsTableNameCharacter)) {
    return ConfigError(
        "The table name prefix has a character that no DynamoDB table name may have. Use only letters, "
        "digits, "
        "'_', '-' and '.' in it.",
        "table names: the prefix has a byte outside of [A-Za-z0-9_.-]");
  }
  constexpr size_t kMaxPrefix = kMaxTableName - 1 - kHashDigits;
  if (prefix.size() > kMaxPrefix) {
    return ConfigError("The table name prefix is longer than " + std::to_string(kMaxPrefix) +
                           " characters, so no table name with it fits DynamoDB's limit of 255. Shorten it.",
                       "table names: a prefix of " + std::to_string(prefix.size()) + " bytes");
  }
  return Ok();
}

}  // namespace

std::string CleanName(std::string_view name) {
  Cleaner cleaner;
  const auto* p = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  auto left = static_cast<utf8proc_ssize_t>(name.size());
  while (left > 0) {
    utf8proc_int32_t code = -1;
    utf8proc_ssize_t length = utf8proc_iterate(p, left, &code);
    if (length <= 0) {
      cleaner.AddOther();
      length = 1;
    } else {
      cleaner.Add(code);
    }
    p += length;
    left -= length;
  }
  return cleaner.Take();
}

Result<std::vector<TableName>> ResolveTableNames(std::string_view prefix,
                                                 const std::vector<StreamId>& streams) {
  if (Status checked = CheckPrefix(prefix); !checked.ok()) return std::move(checked).error();
  std::vector<std::string> plain;
  std::vector<size_t> digits;  // of the hash, 0 without one
  for (const StreamId& stream : streams) {
    std::string& name = plain.emplace_back(prefix);
    if (stream.ns) name += "_" + CleanName(*stream.ns);
    name += "_" + CleanName(stream.name);
    const bool fits = name.size() >= kMinTableName && name.size() <= kMaxTableName;
    digits.push_back(fits ? 0 : kHashDigits);
  }
  // All streams that meet in a name get more digits together, so the order does not matter.
  for (;;) {
    std::vector<TableName> names;
    std::map<std::string_view, size_t> uses;
    for (size_t i = 0; i < streams.size(); ++i) {
      const bool hashed = digits[i] > 0;
      names.push_back({hashed ? WithHash(plain[i], streams[i], digits[i]) : plain[i], hashed});
    }
    for (const TableName& table : names) ++uses[table.name];
    bool unique = true;
    for (size_t i = 0; i < streams.size(); ++i) {
      if (uses[names[i].name] == 1) continue;
      unique = false;
      digits[i] += kHashDigits;
      if (digits[i] > kMaxHashDigits) {
        return ConfigError("The catalog has the stream \"" + streams[i].Display() + "\" twice.",
                           "table names: two streams have the same whole SHA-256")
            .For(streams[i]);
      }
    }
    if (unique) return names;
  }
}

}  // namespace ddb
