// A table as DynamoDB describes it: keys, state and settings. Filled by responses, turned into requests by
// requests, compared and carried over by tables. Values; any thread.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/numbered.h"

namespace ddb {

// A table of the run: its place in the plan. More than one stream's, or none's (dead letters), is possible.
struct TableTag;
using TableNo = Ordinal<TableTag>;

struct KeyAttribute {
  std::string name;
  char type = 'S';  // S, N or B
  bool operator==(const KeyAttribute&) const = default;
};

struct TableKeys {
  KeyAttribute hash;
  std::optional<KeyAttribute> range;
  bool operator==(const TableKeys&) const = default;
  std::string Text() const;  // "HASH id (S), RANGE time (N)"
};

// Units per second. For on-demand the units are maxima, absent when there is none.
struct TableCapacity {
  bool on_demand = false;
  std::optional<int64_t> read_units;
  std::optional<int64_t> write_units;
  bool operator==(const TableCapacity&) const = default;
};

struct IndexSettings {
  struct Key {
    std::string name;
    bool hash = true;
    bool operator==(const Key&) const = default;
  };
  std::string name;
  bool global = true;
  std::vector<Key> keys;
  std::string projection;              // ALL, KEYS_ONLY or INCLUDE
  std::vector<std::string> projected;  // with INCLUDE
  TableCapacity capacity;              // global only; on_demand follows the table
  bool operator==(const IndexSettings&) const = default;
};

// The most that is written into a table in a second: units, or a part of what the table is described to take;
// 0: as much as it takes.
struct WriteLimit {
  double units = 0;
  double percent = 0;
  bool is_set() const { return units > 0 || percent > 0; }
};

// What CreateTable can set beyond the keys, and what is set after it (time to live, recovery).
struct TableSettings {
  TableCapacity capacity;
  std::vector<KeyAttribute> attributes;  // of keys and indexes, no others; empty: those of the keys
  std::vector<IndexSettings> indexes;
  std::string stream_view;  // "" = no stream
  std::string table_class;  // "" = standard
  bool kms = false;         // encrypted with a key in KMS, not with the one that AWS owns
  std::string kms_key_arn;  // with kms: which; "" = the one that AWS manages for the account
  std::vector<std::pair<std::string, std::string>> tags;
  std::string ttl_attribute;  // "" = none
  int recovery_days = 0;      // point-in-time recovery goes back so far; 0 = there is none
  bool operator==(const TableSettings&) const = default;
};

// What point-in-time recovery has where nobody says otherwise.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html
inline constexpr int kUsualRecoveryDays = 35;

// What a table that nobody had before is given beside its settings. What is carried over to a table that
// takes the place of another has none of it.
struct NewTableOptions {
  bool deletion_protection = false;
  std::optional<int64_t> warm_read_units = {},
                         warm_write_units = {};  // a second, ready from the first moment on
};

enum class TableStatus { kCreating, kUpdating, kDeleting, kActive, kKeyInaccessible, kArchived, kOther };

struct TableDescription {
  std::string name;
  std::string arn;
  TableStatus status = TableStatus::kOther;
  std::optional<double> created;  // when, in seconds since 1970, where the endpoint tells
  TableKeys keys;
  TableSettings settings;  // without tags, time to live and recovery, which other operations tell
  bool deletion_protected = false;
  bool replicated = false;
  bool vector_indexes = false;  // which CreateTable of this version cannot give
};

}  // namespace ddb
