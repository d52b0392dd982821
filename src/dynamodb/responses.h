// Replies of HTTP 200 turned into values, strictly: what does not add up is no answer, and the outcome of its
// request is unknown. Server text goes no further than into names and settings of tables. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dynamodb/table.h"

namespace ddb {

// What a BatchWriteItem did: the sent items that are not in `unprocessed` are stored.
struct BatchWriteOutcome {
  std::vector<uint32_t> unprocessed;     // indices into what was sent, in no order
  std::optional<double> consumed_units;  // write units of the table, when the reply tells
};

// `sent`: the bytes of each request of the batch ({"PutRequest":...} or {"DeleteRequest":...}), which went to
// `table`. False: the reply does not add up (not JSON, UnprocessedItems not an object, an entry in it that is
// not, by table, operation and key, exactly one of the sent items): retry the whole batch, the outcome is
// unknown. Nothing is allocated when everything was stored and the reply says no more.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
[[nodiscard]] bool ReadBatchWriteReply(std::string_view body, std::string_view table, const TableKeys& keys,
                                       std::span<const std::string_view> sent, BatchWriteOutcome& outcome);

// The table in a reply of DescribeTable ("Table") or of CreateTable and DeleteTable ("TableDescription").
std::optional<TableDescription> ReadTableDescription(std::string_view body);

// The attribute of time to live, "" where there is none.
std::optional<std::string> ReadTimeToLive(std::string_view body);

struct TagsPage {
  std::vector<std::pair<std::string, std::string>> tags;
  std::string next_token;  // "" on the last page
};
std::optional<TagsPage> ReadTags(std::string_view body);

}  // namespace ddb
