// Bodies of the control plane's requests. Names are escaped; nothing is checked here. Pure.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
#pragma once

#include <string>
#include <string_view>

#include "dynamodb/table.h"

namespace ddb {

// {"TableName":...}: DescribeTable, DeleteTable, DescribeTimeToLive, DescribeContinuousBackups.
std::string TableNameBody(std::string_view table);
// `settings.ttl_attribute` and `recovery_days` are not part of it: see the next two.
std::string CreateTableBody(std::string_view table, const TableKeys& keys, const TableSettings& settings,
                            const NewTableOptions& options = {});
std::string UpdateTimeToLiveBody(std::string_view table, std::string_view attribute, bool on = true);
std::string UpdateContinuousBackupsBody(std::string_view table, int recovery_days);
std::string ListTagsBody(std::string_view arn, std::string_view next_token);

}  // namespace ddb
