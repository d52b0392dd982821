// ChangeLog: what the encoder could not keep as it was sent, for `_airbyte_meta.changes`, in Airbyte's words.
// Filled while one record is encoded, written when its item is finished. Worker thread; no record's value is
// kept, only where it stood.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#airbyterecordmessagemetachange
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/literal.h"

namespace ddb {

enum class ChangeKind : uint8_t {
  kNumberPrecision,  // over 38 significant digits: kept as text
  kNumberRange,      // kept as text
  kFraction,         // of emitted_at: cut
  kNoNumber,         // NaN or an infinity: kept as text
  kTooDeep,          // a container past the depth limit: kept as its JSON text
  kEmptyName,        // a substitute stands for it
  kNameTooLong,      // cut
  kLoneSurrogate,    // U+FFFD stands for it
  kNotUtf8,          // U+FFFD stands for what is no character
  kNoList,           // of changes: nothing of it is kept
  kLeftOut,          // fields, or changes, for which an item that is too large has no place
  kItemTooLarge,     // nulled
};

struct ChangeWords {
  Text change;
  Text reason;
};
constexpr ChangeWords WordsFor(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kNumberPrecision:
    case ChangeKind::kNumberRange:
    case ChangeKind::kFraction:
    case ChangeKind::kNoNumber:
    case ChangeKind::kTooDeep:
      return {"TRUNCATED", "DESTINATION_FIELD_SIZE_LIMITATION"};
    case ChangeKind::kEmptyName:
    case ChangeKind::kNameTooLong:
    case ChangeKind::kLoneSurrogate:
    case ChangeKind::kNotUtf8:
    case ChangeKind::kNoList:
      return {"TRUNCATED", "DESTINATION_SERIALIZATION_ERROR"};
    case ChangeKind::kLeftOut:
      return {"TRUNCATED", "DESTINATION_RECORD_SIZE_LIMITATION"};
    case ChangeKind::kItemTooLarge:
      break;
  }
  return {"NULLED", "DESTINATION_RECORD_SIZE_LIMITATION"};
}
inline constexpr size_t kLongestChangeWords = [] {
  size_t longest = 0;
  for (int kind = 0; kind <= static_cast<int>(ChangeKind::kItemTooLarge); ++kind) {
    const ChangeWords words = WordsFor(static_cast<ChangeKind>(kind));
    longest = std::max(longest, words.change.size() + words.reason.size());
  }
  return longest;
}();

struct FieldChange {
  std::string
      field;  // the path: names joined by '.', [i] for lists; '.', '[' and '\' in names escaped by '\'
  ChangeKind kind;
};

class ChangeLog {
 public:
  static constexpr size_t kMaxPaths = 100;       // further changes are noted once per top-level field
  static constexpr size_t kMaxPathBytes = 1024;  // and so are those whose path is longer

  // More changes than this make an item too large by themselves: what is noted of each takes more than 64
  // bytes of it. They are counted.
  static constexpr size_t kMaxChanges = 409'600 / 64;

  void Clear();
  bool empty() const { return changes_.empty(); }

  // The field of the record that a change is in: the path's first part, known to who walks the record, so
  // that a change never costs a look through a long name.
  struct TopField {
    size_t length = 0;   // of it in the path
    bool noted = false;  // as a whole
  };
  void Add(ChangeKind kind, std::string_view path, TopField& top);

  const std::vector<FieldChange>& changes() const { return changes_; }
  size_t unnamed() const { return unnamed_; }      // beyond them
  size_t truncated() const { return truncated_; }  // values and names changed, also those not listed

 private:
  std::vector<FieldChange> changes_;
  size_t paths_ = 0;
  size_t unnamed_ = 0;
  size_t truncated_ = 0;
};

// Appends a name to a path.
void AppendPathName(std::string_view name, std::string& path);

}  // namespace ddb
