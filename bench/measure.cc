// bench-measure: runs one program and says what it cost, without adding to it: this process is small, so the
// peak RSS that the kernel reports is the program's own.
//
//   bench-measure [--cpu N] [--stdin FILE] [--stdout FILE] [--stderr FILE] -- PROGRAM [ARGUMENT...]
//
// stdin and stdout are /dev/null unless they are named; "-" leaves them as they are.
// Prints one JSON line on its stdout when the program has ended:
// {"exit":0,"wall_s":..,"user_s":..,"sys_s":..,"peak_rss_kb":..}. `exit` is 128 + N after signal N. The
// program's time includes its children's, and its RSS is that of the largest of them.
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  _exit(127);
}

void Redirect(const char* path, int flags, int to) {
  if (path == nullptr || std::string_view(path) == "-") return;
  const int fd = open(path, flags, 0644);
  if (fd < 0 || dup2(fd, to) < 0) Fail(path);
  close(fd);
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct Arguments {
  int cpu = -1;
  const char* input = "/dev/null";
  const char* output = "/dev/null";
  const char* error = nullptr;
  char** program = nullptr;
};

bool Parse(int argc, char** argv, Arguments& arguments) {
  int i = 1;
  for (; i + 1 < argc && std::string_view(argv[i]) != "--"; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--cpu") {
      arguments.cpu = std::atoi(argv[i + 1]);
    } else if (name == "--stdin") {
      arguments.input = argv[i + 1];
    } else if (name == "--stdout") {
      arguments.output = argv[i + 1];
    } else if (name == "--stderr") {
      arguments.error = argv[i + 1];
    } else {
      return false;
    }
  }
  arguments.program = argv + i + 1;
  return i + 1 < argc;
}

[[noreturn]] void Become(const Arguments& arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing goes on running when the measuring is broken off
  if (arguments.cpu >= 0) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<size_t>(arguments.cpu), &cpus);
    if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) Fail("sched_setaffinity");
  }
  Redirect(arguments.input, O_RDONLY, 0);
  Redirect(arguments.output, O_WRONLY | O_CREAT | O_TRUNC, 1);
  Redirect(arguments.error, O_WRONLY | O_CREAT | O_TRUNC, 2);
  execvp(arguments.program[0], arguments.program);
  Fail(arguments.program[0]);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!Parse(argc, argv, arguments)) {
    std::fputs(
        "usage: bench-measure [--cpu N] [--stdin FILE] [--stdout FILE] [--stderr FILE] -- PROGRAM...\n",
        stderr);
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child < 0) Fail("fork");
  if (child == 0) Become(arguments);
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) Fail("wait4");
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::printf("{\"exit\":%d,\"wall_s\":%.6f,\"user_s\":%.6f,\"sys_s\":%.6f,\"peak_rss_kb\":%ld}\n",
              WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), wall.count(),
              Seconds(usage.ru_utime), Seconds(usage.ru_stime), usage.ru_maxrss);
  return 0;
}
