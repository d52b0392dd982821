#include "dynamodb/retry_policy.h"

#include <algorithm>

namespace ddb {

Duration RetryDelay(Reaction reaction, int failures, double random, Duration longest) {
  const Duration base =
      reaction == Reaction::kThrottle ? times::kPauseAfterThrottle : times::kPauseAfterError;
  // 20 doublings take every base over the cap; more would overflow.
  const int doublings = std::clamp(failures - 1, 0, 20);
  const Duration interval = std::min<Duration>(base * (int64_t{1} << doublings), longest);
  return std::chrono::duration_cast<Duration>(interval * random);
}

}  // namespace ddb
