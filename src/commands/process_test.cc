#include "commands/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace ddb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Ended {
  int status;
  std::string out;
};

// Runs `body` in a child process and collects its stdout.
template <typename Body>
Ended InChild(Body body) {
  int fds[2];
  EXPECT_EQ(pipe(fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(fds[1], STDOUT_FILENO);
    close(fds[0]);
    close(fds[1]);
    body();
    _exit(0);
  }
  close(fds[1]);
  Ended ended{};
  char buffer[4096];
  for (ssize_t size; (size = read(fds[0], buffer, sizeof(buffer))) > 0;) {
    ended.out.append(buffer, static_cast<size_t>(size));
  }
  close(fds[0]);
  waitpid(child, &ended.status, 0);
  return ended;
}

void ExpectTrace(const Ended& ended, const char* message) {
  ASSERT_TRUE(WIFEXITED(ended.status));
  EXPECT_EQ(WEXITSTATUS(ended.status), 1);
  EXPECT_THAT(
      ended.out,
      AllOf(testing::StartsWith("\n{\"type\":\"TRACE\",\"trace\":{\"type\":\"ERROR\",\"emitted_at\":1"),
            testing::EndsWith("\"failure_type\":\"system_error\"}}}\n"), HasSubstr(message),
            testing::ContainsRegex("\"stack_trace\":\"process\\.cc:[0-9]+")));
}

TEST(ProcessTest, OutOfMemoryIsATraceAndTheEnd) {
  ExpectTrace(InChild([] {
                PrepareProcess();
                std::get_new_handler()();
              }),
              "ran out of memory");
  ExpectTrace(InChild([] {
                PrepareProcess();
                std::thread([] { throw std::bad_alloc(); }).join();
              }),
              "ran out of memory");
}

TEST(ProcessTest, AnExceptionThatNobodyCatchesIsATraceWithoutItsText) {
  const Ended ended = InChild([] {
    PrepareProcess();
    std::thread([] { throw std::runtime_error("topsecret"); }).join();
  });
  ExpectTrace(ended, "an exception was not caught");
  EXPECT_THAT(ended.out, Not(HasSubstr("topsecret")));
}

TEST(ProcessTest, AThreadThatIsRefusedIsSaidSo) {
  ExpectTrace(InChild([] {
                PrepareProcess();
                std::thread([] {
                  throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
                }).join();
              }),
              "limits of memory and processes");
}

TEST(ProcessTest, RunningOutOfDescriptorsIsSaidSo) {
  const std::error_code code = std::make_error_code(std::errc::too_many_files_open);
  ExpectTrace(InChild([code] {
                PrepareProcess();
                std::thread([code] { throw std::system_error(code); }).join();
              }),
              "no file descriptors left");
  ExpectTrace(InChild([] {
                PrepareProcess();
                std::thread([] {
                  throw boost::system::system_error(
                      boost::system::errc::make_error_code(boost::system::errc::too_many_files_open));
                }).join();
              }),
              "no file descriptors left");
}

TEST(ProcessTest, TheLimitOfDescriptorsIsTheHardOne) {
  const Ended ended = InChild([] {
    const rlimit low{40, 50};
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) _exit(2);
    PrepareProcess();
    rlimit now{};
    getrlimit(RLIMIT_NOFILE, &now);
    _exit(static_cast<int>(now.rlim_cur));
  });
  EXPECT_EQ(WEXITSTATUS(ended.status), 50);
}

TEST(ProcessTest, ClosedStandardDescriptorsAreTakenAndUseless) {
  const Ended ended = InChild([] {
    const int report = dup(STDOUT_FILENO);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(fd);
    PrepareProcess();
    char byte = 'x';
    const bool stdin_fails = read(STDIN_FILENO, &byte, 1) < 0 && errno == EBADF;
    const bool stdout_fails = write(STDOUT_FILENO, &byte, 1) < 0 && errno == EBADF;
    const bool stderr_swallows = write(STDERR_FILENO, &byte, 1) == 1;
    const bool next_is_not_standard = open("/dev/null", O_RDONLY) > STDERR_FILENO;
    const std::string result = {stdin_fails ? 'y' : 'n', stdout_fails ? 'y' : 'n',
                                stderr_swallows ? 'y' : 'n', next_is_not_standard ? 'y' : 'n'};
    if (write(report, result.data(), result.size()) < 0) _exit(2);
  });
  EXPECT_EQ(ended.out, "yyyy");
}

TEST(ProcessTest, OpenDescriptorsStayAsTheyAre) {
  const Ended ended = InChild([] {
    PrepareProcess();
    if (write(STDOUT_FILENO, "hello", 5) < 0) _exit(2);
  });
  EXPECT_EQ(ended.out, "hello");
}

TEST(ProcessTest, AClosedPipeIsAnError) {
  const Ended ended = InChild([] {
    PrepareProcess();
    int fds[2];
    if (pipe(fds) != 0) _exit(2);
    close(fds[0]);
    _exit(write(fds[1], "x", 1) < 0 && errno == EPIPE ? 7 : 8);
  });
  EXPECT_EQ(WEXITSTATUS(ended.status), 7);
}

}  // namespace
}  // namespace ddb
