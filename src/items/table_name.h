// Table names: prefix + "_" + clean(namespace), if not null, + "_" + clean(stream), and what the Java
// connector did not do: names that break DynamoDB's rule, or that two streams would share, get `_` and the
// first hex digits of SHA-256(namespace NUL name). A name never depends on the catalog's order. Pure.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
#pragma once

#include <cstddef>
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

struct TableName {
  std::string name;
  bool hashed = false;  // carries a hash: worth a log line
};

// One name per stream, in the order given. A prefix that can be in no table name is a config_error.
Result<std::vector<TableName>> ResolveTableNames(std::string_view prefix,
                                                 const std::vector<StreamId>& streams);

}  // namespace ddb
