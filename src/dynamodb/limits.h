// The limits of DynamoDB's requests that this program keeps to, each with its unit and where AWS states it.
// Those of an item are in items/. Constants; any thread.
#pragma once

#include <cstddef>

namespace ddb {

// Puts and deletes together in one BatchWriteItem, items.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
inline constexpr size_t kMaxBatchItems = 25;

// Body of a BatchWriteItem, bytes. AWS says "16 MB" and does not say which: the smaller of the two is safe.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
inline constexpr size_t kMaxRequestBytes = 16'000'000;

// Our own control-plane calls in flight; DynamoDB takes 500 table operations at a time, 250 with indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-api
inline constexpr size_t kMaxControlCalls = 50;
// Tables that something is done with at a time: mostly their next state is waited for.
inline constexpr size_t kMaxTablesAtOnce = 500;

}  // namespace ddb
