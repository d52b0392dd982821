// Replies of HTTP 200 turned into values, strictly: what does not add up is no answer, and the outcome of its
// request is unknown. Server text goes no further than into names and settings of tables. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dynamodb/table.h"

namespace ddb {

// The table in a reply of DescribeTable ("Table") or of CreateTable and DeleteTable ("TableDescription").
std::optional<TableDescription> ReadTableDescription(std::string_view body);

// The attribute of time to live, "" where there is none.
std::optional<std::string> ReadTimeToLive(std::string_view body);

// How many days point-in-time recovery goes back, 0 where it is off.
std::optional<int> ReadRecoveryDays(std::string_view body);

struct TagsPage {
  std::vector<std::pair<std::string, std::string>> tags;
  std::string next_token;  // "" on the last page
};
std::optional<TagsPage> ReadTags(std::string_view body);

}  // namespace ddb
