#include "base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace ddb {
namespace {

// A wait that the test ends.
struct Gate {
  std::coroutine_handle<> waiting;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() const {}
  void Open() { std::exchange(waiting, {}).resume(); }
};

Task<std::string> Word(Gate& gate, std::string word) {
  co_await gate;
  co_return word + "!";
}

Task<int> Length(Gate& gate, std::string word) {
  const std::string loud = co_await Word(gate, std::move(word));
  co_return static_cast<int>(loud.size());
}

Task<void> Store(Gate& gate, std::shared_ptr<int> out) {
  const int first = co_await Length(gate, std::string(100, 'x'));
  const int second = co_await Length(gate, "y");
  *out = first * 1000 + second;
}

TEST(Task, RunsOnlyWhenStartedAndFromWaitToWait) {
  Gate gate;
  auto out = std::make_shared<int>(0);
  Task<void> task = Store(gate, out);
  EXPECT_FALSE(gate.waiting);
  task.Start();
  EXPECT_FALSE(task.done());
  gate.Open();
  EXPECT_EQ(*out, 0);
  gate.Open();
  EXPECT_EQ(*out, 101002);
  EXPECT_TRUE(task.done());
}

TEST(Task, DestroyingATaskThatWaitsFreesAllItsFrames) {
  Gate gate;
  auto out = std::make_shared<int>(0);
  {
    Task<void> task = Store(gate, out);
    task.Start();
    EXPECT_EQ(out.use_count(), 2);
  }
  EXPECT_EQ(out.use_count(), 1);
}

// Waits until somebody calls what it leaves.
struct Later {
  std::function<void()>& resume;
  Resumption resumption;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { resume = resumption.Of(handle); }
  void await_resume() const {}
};
Task<void> WaitTwice(std::function<void()>& resume, int& steps) {
  co_await Later{resume, {}};
  ++steps;
  co_await Later{resume, {}};
  ++steps;
}

TEST(Task, AResumptionThatComesTooLateDoesNothing) {
  std::function<void()> resume;
  int steps = 0;
  std::optional<Task<void>> task(WaitTwice(resume, steps));
  task->Start();
  const std::function<void()> first = resume;
  first();
  EXPECT_EQ(steps, 1);
  first();  // it waits for something else by now
  EXPECT_EQ(steps, 1);
  task.reset();
  resume();
  EXPECT_EQ(steps, 1);
}

Task<void> Many(std::vector<int>& out) {
  for (int i = 0; i < 1000; ++i) {
    const std::string text = co_await [](int n) -> Task<std::string> { co_return std::to_string(n); }(i);
    out.push_back(std::stoi(text));
  }
}

TEST(Task, TasksThatNeverWaitRunThrough) {
  std::vector<int> out;
  Task<void> task = Many(out);
  task.Start();
  EXPECT_TRUE(task.done());
  ASSERT_EQ(out.size(), 1000u);
  EXPECT_EQ(out.back(), 999);
}

Task<int> Throws(Gate& gate) {
  co_await gate;
  throw std::runtime_error("x");
}
Task<void> AwaitsThrowing(Gate& gate) { co_await Throws(gate); }

TEST(Task, AnExceptionLeavesThroughTheResume) {
  Gate gate;
  Task<void> task = AwaitsThrowing(gate);
  task.Start();
  EXPECT_THROW(gate.Open(), std::runtime_error);
}

}  // namespace
}  // namespace ddb
