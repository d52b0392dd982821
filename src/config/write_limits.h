// The config's write_limit and stream_write_limits: how much of a table this destination may take. Pure; main
// thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace ddb {

// `all`: "500" or "25%"; `streams`: "users=100, public.orders=25%"; either may be empty.
Status ReadWriteLimits(std::string_view all, std::string_view streams, Config& out);

}  // namespace ddb
