// Container: how many cores and how much memory this process may use. A machine of 64 cores says nothing to a
// container with a quota of two. Read once at start, before the pipeline is sized; any thread.
//
// Looks at the CPU affinity, at the cgroup that the process is in (version 1, version 2, or both) and at
// every group above it that can be seen, since each of them limits. What cannot be read does not limit.
// https://docs.kernel.org/admin-guide/cgroup-v2.html
// https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
#pragma once

#include <cstddef>
#include <string>

namespace ddb {

// A quota of half a core or of one and a half is rounded up. At least 1. `root` is set in front of /proc and
// /sys (tests).
int AvailableCores(const std::string& root = "");

// Bytes: the smallest limit, at most the machine's memory.
size_t MemoryLimit(const std::string& root = "");

// Bytes: the memory budget where the user names none, under that limit. Half of what it leaves beside the
// program itself, connections and the kernel's buffers; the other half is others': the source may run beside
// us.
size_t DefaultBudget(size_t memory_limit);
inline constexpr size_t kMinBudget = 16u << 20;

}  // namespace ddb
