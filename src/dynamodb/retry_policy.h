// RetryPolicy: how long to wait before the next attempt. Full jitter over a doubling interval, as AWS's SDKs
// do it; how often and how long to go on is the caller's. Pure: the random number is an argument.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
#pragma once

#include <chrono>

#include "base/clock.h"
#include "dynamodb/errors.h"

namespace ddb {

inline constexpr Duration kRetryBase = std::chrono::milliseconds(25);  // after an error
inline constexpr Duration kThrottleBase = std::chrono::seconds(1);     // after a throttle
inline constexpr Duration kRetryCap = std::chrono::seconds(20);

// `failures` >= 1: attempts that failed so far. `random` in [0, 1).
Duration RetryDelay(Reaction reaction, int failures, double random);

}  // namespace ddb
