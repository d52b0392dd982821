// RunControl: the one context in which all phases of a run live: the loop that supervises it, and everything
// that can end it early: a failure, a signal, a stdout that was closed, and the deadline that each of them
// sets for what is under way. Decides that a run has to end, why (the first reason wins), and when it ends at
// the latest; what has to be done for that is the phase's. Owns the supervising loop and the RunState. Used
// by Run and its phases on the caller's thread; what others may call is marked.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "airbyte/message_writer.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "delivery/run_state.h"

namespace ddb {

class RunControl {
 public:
  // `signal_fd`: readable when a signal came; -1: none.
  RunControl(const Clock& clock, MessageWriter& writer, int signal_fd);
  ~RunControl();
  RunControl(const RunControl&) = delete;
  RunControl& operator=(const RunControl&) = delete;

  RunState& state() { return state_; }  // any thread may use it
  EventLoop& loop() { return loop_; }   // turns while a phase is supervised
  // For a step that blocks, and that no loop of ours can tell: looks whether a signal came, too.
  bool StopRequested();

  // What Supervise calls, on the loop.
  struct Phase {
    std::function<void()> stop;                  // the run has to end: once, when it is so
    std::function<void(Instant now)> each_tick;  // times::kTick
  };
  // Runs the loop until Leave, or until the deadline of a stop has passed.
  void Supervise(const Phase& phase);
  bool TimeIsUp() const { return deadline_ && clock_.Now() >= *deadline_; }  // of a stop
  void Leave();  // any thread: there is nothing left to supervise

 private:
  void OnSignal();
  void OnStop();
  void EndBy(Instant instant);
  void StartTick();

  const Clock& clock_;
  MessageWriter& writer_;
  const int signal_fd_;
  EventLoop loop_;
  EventLoop::Timer tick_;
  std::unique_ptr<EventLoop::Watch> signals_;
  RunState state_;
  std::optional<Instant> deadline_;  // set by the first stop; a signal can only bring it nearer
  const Phase* phase_ = nullptr;     // while Supervise runs
};

}  // namespace ddb
