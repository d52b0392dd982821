// Programs that give credentials: how their line is split, what is taken of them, and that none outlives its
// time.
#include "credentials/command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "credentials/documents.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using How = CommandEnd::How;

std::vector<std::string> Split(std::string_view line) {
  return SplitWords(line).value_or(std::vector<std::string>{"(open)"});
}

// The answers of Python's shlex.split, which botocore takes.
TEST(SplitWords, AsAShellDoes) {
  EXPECT_THAT(Split("/opt/get keys --for me"), ElementsAre("/opt/get", "keys", "--for", "me"));
  EXPECT_THAT(Split("  a \t b\t"), ElementsAre("a", "b"));
  EXPECT_THAT(Split(R"("/opt/my tool/get" --id 'a b' c" d "e)"),
              ElementsAre("/opt/my tool/get", "--id", "a b", "c d e"));
  EXPECT_THAT(Split(R"(a\ b \" \\ 'c\d' "e\f" "g\"h" "i\\j")"),
              ElementsAre("a b", "\"", "\\", "c\\d", "e\\f", "g\"h", "i\\j"));
  EXPECT_THAT(Split(R"(a '' "" b)"), ElementsAre("a", "", "", "b"));
  EXPECT_THAT(Split("a $HOME `b` | c > d; e & #f"),
              ElementsAre("a", "$HOME", "`b`", "|", "c", ">", "d;", "e", "&", "#f"));
  for (const char* open : {"a 'b", "a \"b", "a \\", "a \"b\\\""})
    EXPECT_THAT(Split(open), ElementsAre("(open)")) << open;
  EXPECT_TRUE(SplitWords(" ")->empty());
}

class SystemCommandsTest : public testing::Test {
 protected:
  CommandEnd Shell(const std::string& script, Duration patience = seconds(60)) {
    SystemCommands commands(clock_, patience);
    return commands.Run({"sh", "-c", script});
  }

  RealClock clock_;
};

TEST_F(SystemCommandsTest, TakesWhatItWritesToStdoutAlone) {
  const CommandEnd end = Shell("echo one; echo secret >&2; printf two");
  EXPECT_EQ(end.how, How::kExited);
  EXPECT_EQ(end.code, 0);
  EXPECT_EQ(end.written, "one\ntwo");
}

// The records come on this program's stdin.
TEST_F(SystemCommandsTest, HasNothingToRead) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  ASSERT_EQ(write(pipe[1], "records", 7), 7);
  const int kept = dup(STDIN_FILENO);
  dup2(pipe[0], STDIN_FILENO);
  EXPECT_EQ(Shell("cat").written, "");
  char byte = 0;
  EXPECT_EQ(read(pipe[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'r');
  // Nor any other descriptor of ours.
  EXPECT_EQ(Shell("echo x >&" + std::to_string(pipe[1]) + " || echo closed").written, "closed\n");
  dup2(kept, STDIN_FILENO);
  for (const int fd : {kept, pipe[0], pipe[1]}) close(fd);
}

TEST_F(SystemCommandsTest, HowItEnds) {
  EXPECT_EQ(Shell("exit 3").code, 3);
  EXPECT_EQ(Shell("kill -9 $$").code, 128 + 9);
  SystemCommands commands(clock_);
  EXPECT_EQ(commands.Run({"/nowhere/there"}).how, How::kNotStarted);
  EXPECT_EQ(commands.Run({"/"}).how, How::kNotStarted);
  EXPECT_EQ(Shell("head -c 300000 /dev/zero").how, How::kTooLong);
  EXPECT_EQ(Shell("head -c 200000 /dev/zero").written.size(), 200'000u);
  EXPECT_EQ(Shell("echo all; exec >&-; sleep 0.2; exit 5").code, 5);
}

// What goes on in the background does not hold it up.
TEST_F(SystemCommandsTest, ItsEndIsTheEnd) {
  const Instant begun = clock_.Now();
  EXPECT_EQ(Shell("echo keys; sleep 100 & exit 0").written, "keys\n");
  EXPECT_LT(clock_.Now() - begun, seconds(50));
}

TEST_F(SystemCommandsTest, IsKilledWithAllThatItStarted) {
  const std::string file = testing::TempDir() + "/pids-" + std::to_string(getpid());
  const CommandEnd end = Shell("trap '' TERM; sleep 100 & echo $! > '" + file + "'; wait", milliseconds(700));
  EXPECT_EQ(end.how, How::kTooSlow);
  FILE* const written = fopen(file.c_str(), "r");
  ASSERT_NE(written, nullptr);
  int child = 0;
  ASSERT_EQ(fscanf(written, "%d", &child), 1);
  fclose(written);
  std::filesystem::remove(file);
  for (int i = 0; i < 500 && kill(child, 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(10));
  // Whoever inherits it may not have looked after it yet.
  if (kill(child, 0) == 0) {
    FILE* const status = fopen(("/proc/" + std::to_string(child) + "/stat").c_str(), "r");
    ASSERT_NE(status, nullptr);
    char state = 0;
    EXPECT_EQ(fscanf(status, "%*d %*s %c", &state), 1);
    fclose(status);
    EXPECT_EQ(state, 'Z');
  }
}

TEST_F(SystemCommandsTest, CancelEndsIt) {
  SystemCommands commands(clock_, seconds(60));
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(50));
    commands.Cancel();
  });
  const Instant begun = clock_.Now();
  EXPECT_EQ(commands.Run({"sleep", "100"}).how, How::kCancelled);
  other.join();
  EXPECT_EQ(commands.Run({"sleep", "100"}).how, How::kCancelled);
  EXPECT_LT(clock_.Now() - begun, seconds(50));
}

TEST(ProcessCredentials, WhatIsTaken) {
  const auto read = ReadProcessCredentials(
      R"({"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s","SessionToken":"t","Expiration":"2030-01-01T00:00:00Z"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->access_key_id, "ASIA1");
  EXPECT_EQ(read->session_token, "t");
  EXPECT_EQ(read->expires_ms, 1893456000000);
  EXPECT_EQ(
      ReadProcessCredentials(R"({"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s"})")->expires_ms, 0);
  for (const char* other : {
           "",
           "[]",
           "{}",
           "AKIA1 s",
           R"({"AccessKeyId":"AKIA1","SecretAccessKey":"s"})",
           R"({"Version":2,"AccessKeyId":"AKIA1","SecretAccessKey":"s"})",
           R"({"Version":"1","AccessKeyId":"AKIA1","SecretAccessKey":"s"})",
           R"({"Version":1,"AccessKeyId":"AKIA1"})",
           R"({"Version":1,"SecretAccessKey":"s"})",
           R"({"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s","Expiration":"tomorrow"})",
       }) {
    EXPECT_FALSE(ReadProcessCredentials(other)) << other;
  }
}

}  // namespace
}  // namespace ddb
