#include "base/container.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace ddb {
namespace {

constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

// The groups that one controller's limits come from, as folders, the process's own first.
using Folders = std::vector<std::string>;

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// "max", "-1" and anything else that is no number: no limit.
std::optional<uint64_t> ParseLimit(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

std::optional<uint64_t> ReadLimit(const std::string& path) {
  const auto text = ReadFile(path);
  return text ? ParseLimit(*text) : std::nullopt;
}

// Every group from `group` up to the mount point. A container often sees its group's path as the host has it,
// while its own group is what is mounted: folders that do not exist are then passed over when they are read.
void AddFolders(const std::string& mount, std::string group, Folders& folders) {
  while (!group.empty() && group != "/") {
    if (group.find("/..") == std::string::npos) folders.push_back(mount + group);
    group.erase(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  folders.push_back(mount);
}

bool Lists(std::string_view controllers, std::string_view controller) {
  for (size_t start = 0; start <= controllers.size();) {
    const size_t end = std::min(controllers.find(',', start), controllers.size());
    if (controllers.substr(start, end - start) == controller) return true;
    start = end + 1;
  }
  return false;
}

struct Groups {
  Folders v1;
  Folders v2;
};

// /proc/self/cgroup has lines "hierarchy:controllers:path"; version 2's has no controllers.
Groups FindGroups(const std::string& root, std::string_view controller) {
  Groups groups;
  std::istringstream lines(ReadFile(root + "/proc/self/cgroup").value_or(""));
  const std::string mount = root + "/sys/fs/cgroup";
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      AddFolders(mount, path, groups.v2);
      AddFolders(mount + "/unified", path, groups.v2);  // where a machine with both versions has it
    } else if (Lists(controllers, controller)) {
      AddFolders(mount + "/" + controllers, path, groups.v1);
      if (controllers != controller) AddFolders(mount + "/" + std::string(controller), path, groups.v1);
    }
  }
  return groups;
}

double CpuQuota(const std::string& root) {
  double cores = std::numeric_limits<double>::infinity();
  const Groups groups = FindGroups(root, "cpu");
  const auto limit = [&](std::optional<uint64_t> quota, std::optional<uint64_t> period) {
    if (!quota || !period || *quota == 0 || *period == 0) return;
    cores = std::min(cores, static_cast<double>(*quota) / static_cast<double>(*period));
  };
  for (const std::string& folder : groups.v2) {
    const std::string text = ReadFile(folder + "/cpu.max").value_or("");  // "<quota or max> <period>"
    const size_t space = text.find(' ');
    if (space != std::string::npos)
      limit(ParseLimit(text), ParseLimit(std::string_view(text).substr(space + 1)));
  }
  for (const std::string& folder : groups.v1) {
    limit(ReadLimit(folder + "/cpu.cfs_quota_us"), ReadLimit(folder + "/cpu.cfs_period_us"));
  }
  return cores;
}

int AffinityCores() {
  // The kernel refuses a set smaller than its own, which may be larger than cpu_set_t.
  for (size_t cpus = CPU_SETSIZE; cpus <= size_t{1} << 20; cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(cpus);
    if (set == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(cpus);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return 1;
}

size_t MachineMemory(const std::string& root) {
  const std::string text = ReadFile(root + "/proc/meminfo").value_or("");  // "MemTotal:  16384 kB"
  const std::string_view label = "MemTotal:";
  const size_t at = text.find(label);
  if (at == std::string::npos) return kUnlimited;
  const size_t digits = text.find_first_not_of(" \t", at + label.size());
  if (digits == std::string::npos) return kUnlimited;
  const auto kib = ParseLimit(std::string_view(text).substr(digits));
  return kib ? *kib * 1024 : kUnlimited;
}

}  // namespace

int AvailableCores(const std::string& root) {
  const int cores = AffinityCores();
  const double quota = std::ceil(CpuQuota(root));
  return quota < cores ? std::max(1, static_cast<int>(quota)) : cores;
}

size_t MemoryLimit(const std::string& root) {
  size_t bytes = MachineMemory(root);
  const auto limit = [&](std::optional<uint64_t> value) {
    if (value && *value > 0) bytes = std::min<size_t>(bytes, *value);
  };
  const Groups groups = FindGroups(root, "memory");
  for (const std::string& folder : groups.v2) {
    limit(ReadLimit(folder + "/memory.max"));
    limit(ReadLimit(folder + "/memory.high"));  // above it the kernel slows the process down to a crawl
  }
  for (const std::string& folder : groups.v1) limit(ReadLimit(folder + "/memory.limit_in_bytes"));
  return bytes;
}

size_t DefaultBudget(size_t memory_limit) {
  constexpr size_t kMaxBudget = 512u << 20;
  constexpr size_t kForTheRest = 64u << 20;
  const size_t ours = memory_limit > kForTheRest ? (memory_limit - kForTheRest) / 2 : 0;
  return std::clamp(ours, kMinBudget, kMaxBudget);
}

}  // namespace ddb
