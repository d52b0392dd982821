#include "items/table_name.h"

#include <utf8proc.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "items/hash_digits.h"

namespace ddb {
namespace {

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
constexpr size_t kMinTableName = 3;  // characters

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

std::string NamespaceOf(const StreamId& stream) { return stream.ns.value_or(""); }

std::string HashOf(const StreamId& stream, size_t digits) {
  // 0xFF is in no UTF-8, so no namespace differs from every one.
  const std::string ns = NamespaceOf(stream);
  return HashDigits((ns.empty() ? "\xFF" : ns) + '\0' + stream.name, digits);
}

bool IsTableName(const std::string& name) {
  return name.size() >= kMinTableName && name.size() <= kMaxTableName;
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

// A stream is really called as another one's table with its digits. Only both together show it, and that is
// no chance.
Error CalledLikeDigits(const StreamId& other, const StreamId& stream, const std::string& table) {
  return ConfigError("The table of stream \"" + other.Display() + "\" would be called " + table +
                         ", as that of stream \"" + stream.Display() +
                         "\" is where it has met another stream's name. Rename one of the two in the "
                         "connection, or give it "
                         "a namespace of its own. Nothing was changed.",
                     "table names: a stream's name is another one's with the digits of its hash")
      .For(other);
}

// More digits for those that meet in a hashed name.
Status AddHashedNames(const std::vector<StreamId>& streams, const std::vector<std::string>& whole,
                      std::vector<TableNames>& names) {
  std::vector<size_t> digits(streams.size(), kHashDigits);
  std::map<std::string_view, size_t> plain;
  for (size_t i = 0; i < names.size(); ++i) plain.emplace(names[i].plain, i);
  for (bool unique = false; !unique;) {
    std::map<std::string_view, size_t> uses;
    for (size_t i = 0; i < streams.size(); ++i) names[i].hashed = WithHash(whole[i], streams[i], digits[i]);
    for (const TableNames& of : names) ++uses[of.hashed];
    unique = true;
    for (size_t i = 0; i < streams.size(); ++i) {
      if (const auto other = plain.find(names[i].hashed); other != plain.end()) {
        return CalledLikeDigits(streams[other->second], streams[i], names[i].hashed);
      }
      if (uses[names[i].hashed] == 1) continue;
      unique = false;
      digits[i] += kHashDigits;
      if (digits[i] > kMaxHashDigits) {
        return ConfigError("The catalog has the stream \"" + streams[i].Display() + "\" twice.",
                           "table names: two streams have the same whole SHA-256")
            .For(streams[i]);
      }
    }
  }
  return Ok();
}

// The streams that meet in a name, each with its table.
std::string Meeting(const std::vector<StreamId>& streams, const std::vector<TableNames>& names,
                    const std::vector<size_t>& meets) {
  constexpr size_t kMostNamed = 10;
  std::string meeting;
  for (size_t n = 0; n < meets.size() && n <= kMostNamed; ++n) {
    meeting += n == 0 ? "" : ", ";
    meeting += n == kMostNamed ? "..." : streams[meets[n]].Display() + " (to " + names[meets[n]].hashed + ")";
  }
  return meeting;
}

std::string MeetingNote(const std::vector<StreamId>& streams, const std::vector<TableNames>& names,
                        const std::vector<size_t>& meets) {
  return "These streams would share the table name " + names[meets.front()].plain +
         ", so each is written to a table of its own: " + Meeting(streams, names, meets) + ".";
}

// Of streams that meet in the name of a table that is there; "" where all of them have had tables of their
// own before.
std::string MeetingWarning(const std::vector<StreamId>& streams, const std::vector<TableNames>& names,
                           const std::vector<size_t>& meets, const std::set<std::string>& found) {
  const bool stay = std::ranges::all_of(meets, [&](size_t i) { return found.contains(names[i].hashed); });
  if (stay) return {};
  return "These streams would share the name " + names[meets.front()].plain +
         ", and a table of that name is there. Whose it is cannot be known, so it is left as it is, and each "
         "stream is written to a table of its own from now on: " +
         Meeting(streams, names, meets) +
         ". Where one of them is to go on in the old table, rename the other in the connection, or give it a "
         "namespace of its own, and delete the tables with the digits.";
}

// It ends as the name of a table with digits does. Not where these are decimal ones alone: so do the names of
// many streams, by a date or a number, and of one hash in forty.
bool MayBeWithDigits(std::string_view plain) {
  if (plain.size() <= kHashDigits || plain[plain.size() - kHashDigits - 1] != '_') return false;
  const std::string_view tail = plain.substr(plain.size() - kHashDigits);
  return std::all_of(tail.begin(), tail.end(), [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }) &&
         std::any_of(tail.begin(), tail.end(), IsLower);
}

std::string CalledLikeDigitsWarning(const StreamId& stream, const std::string& plain) {
  return "Stream " + stream.Display() + " is written to table " + plain +
         ", which is there. Where two streams have met in the name " +
         plain.substr(0, plain.size() - kHashDigits - 1) +
         ", the table of one of them may be called so too, and then its rows are there. If they are not this "
         "stream's, "
         "rename it in the connection.";
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

Result<std::vector<TableNames>> PossibleTableNames(std::string_view prefix,
                                                   const std::vector<StreamId>& streams) {
  if (Status checked = CheckPrefix(prefix); !checked.ok()) return std::move(checked).error();
  std::vector<TableNames> names(streams.size());
  std::vector<std::string> whole;  // whatever its length
  std::map<std::string_view, std::vector<size_t>> alike;
  for (size_t i = 0; i < streams.size(); ++i) {
    const std::string ns = NamespaceOf(streams[i]);
    const std::string name = "_" + CleanName(streams[i].name);
    whole.push_back(std::string(prefix) + (ns.empty() ? "" : "_" + CleanName(ns)) + name);
    if (IsTableName(whole[i])) names[i].plain = whole[i];
    names[i].changed = CleanName(streams[i].name) != streams[i].name || CleanName(ns) != ns;
    if (std::string old = std::string(prefix) + "_" + name; streams[i].ns == "" && IsTableName(old)) {
      names[i].earlier = std::move(old);
    }
  }
  for (size_t i = 0; i < streams.size(); ++i) {
    if (!names[i].plain.empty()) alike[names[i].plain].push_back(i);
  }
  for (const auto& [plain, members] : alike) {
    if (members.size() == 1) continue;
    for (const size_t i : members) names[i].group = members.front();
  }
  if (Status added = AddHashedNames(streams, whole, names); !added.ok()) return std::move(added).error();
  return names;
}

std::vector<std::string> NamesToLookFor(const std::vector<TableNames>& names) {
  std::set<std::string> look_for;
  for (const TableNames& of : names) {
    if (of.plain.empty()) continue;
    look_for.insert(of.hashed);
    if (of.group || !of.earlier.empty() || MayBeWithDigits(of.plain)) look_for.insert(of.plain);
    if (!of.earlier.empty()) look_for.insert(of.earlier);
  }
  return {look_for.begin(), look_for.end()};
}

SettledNames SettleTableNames(const std::vector<StreamId>& streams, const std::vector<TableNames>& names,
                              const std::set<std::string>& found) {
  SettledNames settled;
  for (size_t i = 0; i < names.size(); ++i) {
    const TableNames& of = names[i];
    const bool hashed = of.plain.empty() || of.group || found.contains(of.hashed);
    settled.tables.push_back({hashed ? of.hashed : of.plain, hashed, !hashed && of.changed});
    if (!hashed && MayBeWithDigits(of.plain) && found.contains(of.plain)) {
      settled.warnings.push_back(CalledLikeDigitsWarning(streams[i], of.plain));
    }
    if (!hashed && found.contains(of.earlier) && !found.contains(of.plain)) {
      settled.tables[i].name = of.earlier;
      settled.warnings.push_back("Stream " + streams[i].Display() + " goes on in table " + of.earlier +
                                 ", which version 1.0.0 made of its empty namespace. Where the platform "
                                 "sends no namespace for it, its table is " +
                                 of.plain + ".");
    }
  }
  std::map<size_t, std::vector<size_t>> groups;  // that meet in a name
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].group) groups[*names[i].group].push_back(i);
  }
  for (const auto& [first, members] : groups) {
    if (!found.contains(names[first].plain)) {
      settled.notes.push_back(MeetingNote(streams, names, members));
      continue;
    }
    if (std::string warning = MeetingWarning(streams, names, members, found); !warning.empty()) {
      settled.warnings.push_back(std::move(warning));
    }
  }
  return settled;
}

}  // namespace ddb
