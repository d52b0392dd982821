// Bodies of the control plane's requests. Names are escaped; nothing is checked here. Pure.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
#pragma once

#include <string>
#include <string_view>

#include "dynamodb/table.h"

namespace ddb {

// {"TableName":...}: DescribeTable, DeleteTable, DescribeTimeToLive.
std::string TableNameBody(std::string_view table);
// `settings.ttl_attribute` is not part of it: see UpdateTimeToLiveBody.
std::string CreateTableBody(std::string_view table, const TableKeys& keys, const TableSettings& settings,
                            const NewTableOptions& options = {});
std::string PointInTimeRecoveryBody(std::string_view table);  // UpdateContinuousBackups: on
std::string UpdateTimeToLiveBody(std::string_view table, std::string_view attribute, bool on = true);
std::string ListTagsBody(std::string_view arn, std::string_view next_token);

}  // namespace ddb
