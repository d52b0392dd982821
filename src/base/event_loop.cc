#include "base/event_loop.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>
#include <vector>

#include "base/descriptor_set.h"

namespace ddb {

namespace asio = boost::asio;

namespace {

// So many functions run in one turn at most: functions that keep posting others must not put off the end of
// the turn for ever. More than the events that one epoll_wait of Asio returns.
constexpr int kMaxTurn = 512;
// How often those are looked at that epoll did not take.
constexpr Duration kPoll = std::chrono::milliseconds(10);

}  // namespace

struct EventLoop::Impl {
  asio::io_context context{1};  // one thread runs it: Asio then keeps its locks uncontended
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::atomic<bool> stop{false};
  // The set is our own, so that it changes nothing of a descriptor; Asio would make it non-blocking. A
  // descriptor is in it directly: the kernel takes one into 100 sets that are two levels deep (500 that are
  // one level deep, path_limits in fs/eventpoll.c), and each worker of a large machine waits for stdin.
  DescriptorSet descriptors;
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> descriptors_ready{context};
  // Loop thread only.
  asio::steady_timer poll{context};
  bool polling = false;  // the timer is running
  std::vector<Function> end_of_turn;
  std::vector<Function> running;  // kept, so that its storage is used again

  Impl() {
    descriptors_ready.assign(descriptors.fd());
    AwaitDescriptors();
  }
  ~Impl() {
    if (descriptors_ready.is_open()) descriptors_ready.release();  // Asio would close it
  }

  void AwaitDescriptors() {
    descriptors_ready.async_wait(asio::posix::descriptor_base::wait_read,
                                 [this](const boost::system::error_code& error) {
                                   if (error) return;
                                   RunReady();
                                   AwaitDescriptors();
                                 });
  }

  void RunReady() {
    descriptors.RunReady([this] { return stop.load(std::memory_order_acquire); });
  }

  // For the members of the set that epoll cannot tell of.
  void KeepPolling() {
    if (polling || !descriptors.needs_polling()) return;
    polling = true;
    poll.expires_after(kPoll);
    poll.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      polling = false;
      RunReady();
      KeepPolling();
    });
  }

  void EndTurn() {
    if (end_of_turn.empty()) return;
    running.swap(end_of_turn);
    for (Function& fn : running) fn();
    running.clear();
  }
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::Run() {
  Impl& loop = *impl_;
  while (!loop.stop.load(std::memory_order_acquire)) {
    // The only place that waits, and never when something is left to do for the end of a turn.
    if (loop.end_of_turn.empty()) loop.context.run_one();
    for (int i = 0; i < kMaxTurn && !loop.stop.load(std::memory_order_acquire); ++i) {
      if (loop.context.poll_one() == 0) break;
    }
    loop.EndTurn();
  }
  loop.stop.store(false, std::memory_order_release);
}

void EventLoop::Stop() {
  impl_->stop.store(true, std::memory_order_release);
  asio::post(impl_->context, [] {});  // wakes a loop that waits
}

void EventLoop::Post(Function fn) { asio::post(impl_->context, std::move(fn)); }

void EventLoop::AtEndOfTurn(Function fn) { impl_->end_of_turn.push_back(std::move(fn)); }

asio::io_context& EventLoop::io_context() { return impl_->context; }

// The handlers given to Asio hold the Impl, so that one that is already queued when the Timer or Watch goes
// finds it, and a ticket: only the handler of the latest request may call its function.
struct EventLoop::Timer::Impl {
  explicit Impl(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  uint64_t ticket = 0;
  Function fn;
};

EventLoop::Timer::Timer(EventLoop& loop) : impl_(std::make_shared<Impl>(loop.io_context())) {}

EventLoop::Timer::~Timer() { Cancel(); }

void EventLoop::Timer::Start(Instant when, Function fn) {
  impl_->timer.expires_at(when);
  Await(std::move(fn));
}

void EventLoop::Timer::StartAfter(Duration delay, Function fn) {
  impl_->timer.expires_after(delay);
  Await(std::move(fn));
}

void EventLoop::Timer::Await(Function fn) {
  const uint64_t ticket = ++impl_->ticket;
  impl_->fn = std::move(fn);
  impl_->timer.async_wait([impl = impl_, ticket](const boost::system::error_code&) {
    if (impl->ticket != ticket) return;
    ++impl->ticket;
    const Function call = std::exchange(impl->fn, nullptr);  // it may start or destroy this timer
    call();
  });
}

void EventLoop::Timer::Cancel() {
  ++impl_->ticket;
  if (!std::exchange(impl_->fn, nullptr)) return;
  impl_->timer.cancel();
}

struct EventLoop::Watch::Impl {
  EventLoop::Impl& loop;
  DescriptorSet::Member member;

  void Wait() {
    if (loop.descriptors.Wait(member)) {
      loop.KeepPolling();
      return;
    }
    asio::post(loop.context, [this, alive = std::weak_ptr<int>(present)] {
      if (alive.expired()) return;
      for (Function* side : {&member.readable, &member.writable}) {
        if (const Function call = std::exchange(*side, nullptr)) {
          call();
          return;
        }
      }
    });
  }
  const std::shared_ptr<int> present = std::make_shared<int>(0);
};

EventLoop::Watch::Watch(EventLoop& loop, int fd) : impl_(new Impl{*loop.impl_, {fd}}) {}

EventLoop::Watch::~Watch() { impl_->loop.descriptors.Remove(impl_->member); }

void EventLoop::Watch::WhenReadable(Function fn) {
  impl_->member.readable = std::move(fn);
  impl_->Wait();
}

void EventLoop::Watch::WhenWritable(Function fn) {
  impl_->member.writable = std::move(fn);
  impl_->Wait();
}

void EventLoop::Watch::WhenBroken(Function fn) {
  impl_->member.broken = std::move(fn);
  impl_->Wait();
}

void EventLoop::Watch::Cancel() {
  impl_->member.readable = impl_->member.writable = impl_->member.broken = nullptr;
}

}  // namespace ddb
