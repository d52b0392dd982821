// RetryPolicy: how long to wait before the next attempt. Full jitter over a doubling interval, as AWS's SDKs
// do it; how often and how long to go on is the caller's. Pure: the random number is an argument.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
#pragma once

#include "base/clock.h"
#include "base/times.h"
#include "dynamodb/errors.h"

namespace ddb {

// `failures` >= 1: attempts that failed so far. `random` in [0, 1). Never over `longest`.
Duration RetryDelay(Reaction reaction, int failures, double random, Duration longest = times::kLongestPause);

}  // namespace ddb
