// Table names: prefix + "_" + clean(namespace), if there is one (null and "" are none), + "_" +
// clean(stream), and what the Java connector did not do: a name that breaks DynamoDB's rule, and one that two
// streams would share, gets `_` and the first hex digits of SHA-256(namespace NUL name).
//
// A stream keeps its table whatever else is in the catalog: a table with its digits that is there is its own,
// from a sync in which it met another stream, also when it now stands alone (a clear has the cleared streams
// only). Which of two streams a table without digits belongs to cannot be known when they meet for the first
// time: it is left alone, and a warning names it. A stream that is really called as another one's table with
// its digits is told of, and refused beside that one. Names never depend on the catalog's order. Pure.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream_id.h"

namespace ddb {

inline constexpr size_t kMaxTableName = 255;  // characters, each of one byte

// NFKD; marks deleted; each run of ASCII whitespace one '_'; each other code point outside [A-Za-z0-9_] one
// '_'.
std::string CleanName(std::string_view name);

// What the table of a stream may be called.
struct TableNames {
  std::string plain;    // "" where DynamoDB would not take it
  std::string hashed;   // with digits of its own: no other stream of the catalog has this name
  std::string earlier;  // of version 1.0.0 for a stream with the namespace "", which was a part then; else ""
  bool changed = false;         // plain has other characters than the names that it is made of
  std::optional<size_t> group;  // where several streams have this plain name: the first of them
};

// Of each stream, in the order given. A prefix that can be in no table name is a config_error, and so is a
// stream that is called as another one's table with its digits.
Result<std::vector<TableNames>> PossibleTableNames(std::string_view prefix,
                                                   const std::vector<StreamId>& streams);

// Those of them that have to be looked for before it is settled which are used.
std::vector<std::string> NamesToLookFor(const std::vector<TableNames>& names);

struct TableName {
  std::string name;
  bool hashed = false;  // carries a hash: worth a log line
  // Made of names that were changed, and without digits: a stream of another catalog may have this table too.
  bool changed = false;
};

struct SettledNames {
  std::vector<TableName> tables;  // one per stream
  std::vector<std::string> warnings;
  std::vector<std::string> notes;  // of streams that meet in a name, and no table of it is there
};

// `found`: the tables of NamesToLookFor that are there.
SettledNames SettleTableNames(const std::vector<StreamId>& streams, const std::vector<TableNames>& names,
                              const std::set<std::string>& found);

}  // namespace ddb
