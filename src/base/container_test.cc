#include "base/container.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>

namespace ddb {
namespace {

// A folder that stands for / with the files that the kernel would show.
class ContainerTest : public testing::Test {
 protected:
  ContainerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ddb_container_XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    Put("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree:          100 kB\n");
  }
  ~ContainerTest() override { std::filesystem::remove_all(root_); }

  void Put(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  std::string root_;
  const int all_cores_ = AvailableCores("/nowhere");
  static constexpr size_t kMiB = size_t{1} << 20;
};

TEST_F(ContainerTest, NothingToReadMeansTheAffinityAndTheMachine) {
  cpu_set_t set;
  ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
  EXPECT_EQ(AvailableCores(root_), CPU_COUNT(&set));
  EXPECT_EQ(MemoryLimit(root_), 8192 * kMiB);
  EXPECT_EQ(MemoryLimit("/nowhere"), std::numeric_limits<size_t>::max());
}

TEST_F(ContainerTest, RealMachine) {
  EXPECT_GE(AvailableCores(), 1);
  EXPECT_LE(AvailableCores(), all_cores_);
  EXPECT_GT(MemoryLimit(), 16 * kMiB);
}

TEST_F(ContainerTest, Version2) {
  Put("/proc/self/cgroup", "0::/\n");
  Put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
  Put("/sys/fs/cgroup/memory.max", "536870912\n");
  EXPECT_EQ(AvailableCores(root_), 1);
  EXPECT_EQ(MemoryLimit(root_), 512 * kMiB);

  Put("/sys/fs/cgroup/cpu.max", "max 100000\n");
  Put("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(AvailableCores(root_), all_cores_);
  EXPECT_EQ(MemoryLimit(root_), 8192 * kMiB);

  Put("/sys/fs/cgroup/memory.high", "268435456\n");
  EXPECT_EQ(MemoryLimit(root_), 256 * kMiB);
}

TEST_F(ContainerTest, QuotaIsRoundedUp) {
  Put("/proc/self/cgroup", "0::/\n");
  Put("/sys/fs/cgroup/cpu.max", "10000 100000\n");
  EXPECT_EQ(AvailableCores(root_), 1);
  Put("/sys/fs/cgroup/cpu.max", "110000 100000\n");
  EXPECT_EQ(AvailableCores(root_), std::min(2, all_cores_));
  Put("/sys/fs/cgroup/cpu.max", "100000000 100000\n");
  EXPECT_EQ(AvailableCores(root_), all_cores_);
}

TEST_F(ContainerTest, EveryGroupAboveLimits) {
  Put("/proc/self/cgroup", "0::/kubepods/pod1/box\n");
  Put("/sys/fs/cgroup/kubepods/pod1/box/memory.max", "max\n");
  Put("/sys/fs/cgroup/kubepods/pod1/memory.max", "1073741824\n");
  Put("/sys/fs/cgroup/kubepods/memory.max", "2147483648\n");
  Put("/sys/fs/cgroup/kubepods/cpu.max", "100000 100000\n");
  EXPECT_EQ(MemoryLimit(root_), 1024 * kMiB);
  EXPECT_EQ(AvailableCores(root_), 1);
}

TEST_F(ContainerTest, Version1) {
  Put("/proc/self/cgroup",
      "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n3:cpuset:/docker/abc\n1:name=systemd:/x\n");
  Put("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "50000\n");
  Put("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  Put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "134217728\n");
  Put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(AvailableCores(root_), 1);
  EXPECT_EQ(MemoryLimit(root_), 128 * kMiB);
}

TEST_F(ContainerTest, Version1SeenFromInsideHasTheHostsPath) {
  Put("/proc/self/cgroup", "12:memory:/docker/abc\n4:cpuacct,cpu:/docker/abc\n");
  Put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
  Put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  Put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n");
  EXPECT_EQ(AvailableCores(root_), 1);
  EXPECT_EQ(MemoryLimit(root_), 64 * kMiB);
}

TEST_F(ContainerTest, Version1WithoutQuota) {
  Put("/proc/self/cgroup", "4:cpu,cpuacct:/\n");
  Put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  Put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(AvailableCores(root_), all_cores_);
}

TEST_F(ContainerTest, BothVersions) {
  Put("/proc/self/cgroup", "4:memory:/box\n1:cpu:/\n0::/box\n");
  Put("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "268435456\n");
  Put("/sys/fs/cgroup/unified/box/cpu.max", "100000 100000\n");
  EXPECT_EQ(MemoryLimit(root_), 256 * kMiB);
  EXPECT_EQ(AvailableCores(root_), 1);
}

TEST_F(ContainerTest, BrokenFilesDoNotLimit) {
  for (const char* text :
       {"", "\n", ":", "0:", "0::", "0::\n", "garbage\n", "0::/../..\n", "0::no/slash\n"}) {
    Put("/proc/self/cgroup", text);
    Put("/sys/fs/cgroup/cpu.max", "x y z\n");
    Put("/sys/fs/cgroup/memory.max", "-5\n");
    EXPECT_EQ(AvailableCores(root_), all_cores_) << text;
    EXPECT_EQ(MemoryLimit(root_), 8192 * kMiB) << text;
  }
  Put("/sys/fs/cgroup/cpu.max", "0 0\n");
  EXPECT_EQ(AvailableCores(root_), all_cores_);
}

TEST(DefaultBudgetTest, IsHalfOfWhatIsLeftWithinItsBounds) {
  constexpr size_t kMiB = size_t{1} << 20;
  EXPECT_EQ(DefaultBudget(0), 16 * kMiB);
  EXPECT_EQ(DefaultBudget(64 * kMiB), 16 * kMiB);
  EXPECT_EQ(DefaultBudget(96 * kMiB), 16 * kMiB);
  EXPECT_EQ(DefaultBudget(100 * kMiB), 18 * kMiB);
  EXPECT_EQ(DefaultBudget(512 * kMiB), 224 * kMiB);
  EXPECT_EQ(DefaultBudget(1088 * kMiB), 512 * kMiB);
  EXPECT_EQ(DefaultBudget(64'000 * kMiB), 512 * kMiB);
}

}  // namespace
}  // namespace ddb
