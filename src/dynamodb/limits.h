// The limits of DynamoDB that this program keeps to, each with its unit and where AWS states it. Constants;
// any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ddb {

// --- one BatchWriteItem request
// Puts and deletes together, items.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
inline constexpr size_t kMaxBatchItems = 25;
// Body, bytes. AWS says "16 MB" and does not say which: the smaller of the two is safe.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
inline constexpr size_t kMaxRequestBytes = 16'000'000;

// --- one item
// Size as DynamoDB counts it (names and values, not JSON), bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
inline constexpr size_t kMaxItemBytes = 409'600;
// Key values, bytes of UTF-8.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys
inline constexpr size_t kMaxHashKeyBytes = 2048;
inline constexpr size_t kMaxRangeKeyBytes = 1024;

// --- names
// Table and index names, bytes of [a-zA-Z0-9_.-].
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
inline constexpr size_t kMinTableName = 3;
inline constexpr size_t kMaxTableName = 255;

// --- write capacity
// One write unit stores this many bytes of an item, rounded up per item.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/provisioned-capacity-mode.html
inline constexpr size_t kWriteUnitBytes = 1024;
// What one partition takes, write units per second.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
inline constexpr int64_t kPartitionWriteUnits = 1000;
// What a new on-demand table takes at once, write units per second.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
inline constexpr int64_t kNewOnDemandWriteUnits = 4000;

// --- control plane
// Our own calls in flight; DynamoDB takes 500 table operations at a time, 250 with indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-api
inline constexpr size_t kMaxControlCalls = 50;

}  // namespace ddb
