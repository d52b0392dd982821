// Task<T>: a coroutine that gives one T (or nothing), for sequences of waits that would be a chain of
// callbacks: the control plane. Not for the record's path.
//
// A Task does nothing until it is awaited or started, and has one awaiter. Its frame lives as long as the
// Task object: destroying a Task that waits destroys its frame and those of the tasks it awaits, so whoever
// was to resume it must not do so afterwards (Resumption sees to that). It runs on the thread that resumes
// it; it does no locking. An exception leaves through the resume that met it and is not kept for the awaiter.
#pragma once

#include <cassert>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace ddb {

template <typename T = void>
class [[nodiscard]] Task;

// How an awaiter lets itself be resumed later: what Of gives does nothing once the awaiter is gone, as it is
// when its coroutine is destroyed where it waits. A member of the awaiter.
class Resumption {
 public:
  std::function<void()> Of(std::coroutine_handle<> handle) {
    waiting_ = std::make_shared<std::coroutine_handle<>>(handle);
    return [waiting = std::weak_ptr<std::coroutine_handle<>>(waiting_)] {
      if (const auto still = waiting.lock()) still->resume();
    };
  }

 private:
  std::shared_ptr<std::coroutine_handle<>> waiting_;
};

namespace internal {

struct TaskPromiseBase {
  // At its end a task continues the one that awaits it.
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
      const std::coroutine_handle<> next = done.promise().continuation;
      if (next) return next;
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() { throw; }

  std::coroutine_handle<> continuation;
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T Take() { return std::move(*value); }
  std::optional<T> value;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() const {}
  void Take() const {}
};

}  // namespace internal

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Runs a task that nothing awaits up to its first wait.
  void Start() { handle_.resume(); }
  bool done() const { return handle_.done(); }

  struct Awaiter {
    Handle handle;
    bool await_ready() const noexcept { return false; }
    Handle await_suspend(std::coroutine_handle<> awaiting) const noexcept {
      assert(!handle.promise().continuation);
      handle.promise().continuation = awaiting;
      return handle;
    }
    T await_resume() const { return handle.promise().Take(); }
  };
  Awaiter operator co_await() const { return Awaiter{handle_}; }

 private:
  Handle handle_;
};

template <typename T>
Task<T> internal::TaskPromise<T>::get_return_object() {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> internal::TaskPromise<void>::get_return_object() {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

}  // namespace ddb
