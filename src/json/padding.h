// kPadding: how many bytes behind the end of a text may be read, for wide loads; what they hold never
// matters. Whoever holds a text for the kernels (the chunk reader, tests) leaves that many. A kernel that
// reads beyond its text says by a static_assert how far.
#pragma once

#include <cstddef>

namespace ddb::json {

inline constexpr size_t kPadding = 64;

}  // namespace ddb::json
