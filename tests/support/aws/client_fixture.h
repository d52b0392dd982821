// What tests of the HTTP client have in common: a loop, a clock that the test moves, and replies kept for
// looking at. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "aws/http_client.h"

namespace ddb::testkit {

class ManualClock final : public Clock {
 public:
  Instant Now() const override { return Instant(now_.load()); }
  int64_t WallMillis() const override { return 0; }
  void Advance(Duration by) { now_ = now_.load() + by; }

 private:
  std::atomic<Duration> now_{std::chrono::hours(1)};
};

// A reply that outlives its callback.
struct Kept {
  TransportError error = TransportError::kNone;
  int status = 0;
  std::string body;
  std::string request_id;
  bool open_ended = false;
  bool cut_off = false;
  bool stalled = false;
  std::string sent_body;
  std::string error_type;
  std::string location;
};

class HttpClientFixture : public ::testing::Test {
 protected:
  HttpClientFixture() { std::signal(SIGPIPE, SIG_IGN); }  // as main does

  std::unique_ptr<HttpClient> Client(uint16_t port, const std::string& host = "127.0.0.1", bool tls = false) {
    Endpoint endpoint;
    endpoint.tls = tls;
    endpoint.host = host;
    endpoint.port = port;
    return std::make_unique<HttpClient>(loop_, clock_, endpoint, options_);
  }
  static std::string Request(const std::string& body = "") {
    return "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }
  // Sends; the reply goes to replies_. `bytes` must stay.
  void Send(HttpClient& client, const std::string& bytes) {
    client.Send(bytes, max_reply_, [this](const HttpReply& reply) { Take(reply); });
  }
  void Take(const HttpReply& reply) {
    replies_.push_back({reply.transport, reply.status, std::string(reply.body), std::string(reply.request_id),
                        reply.open_ended, reply.cut_off, reply.stalled, std::string(reply.sent_body),
                        std::string(reply.error_type), std::string(reply.location)});
    if (replies_.size() == wanted_) loop_.Stop();
  }
  void Await(size_t replies) {
    wanted_ = replies;
    if (replies_.size() >= wanted_) return;
    EventLoop::Timer in_vain(loop_);
    in_vain.StartAfter(std::chrono::seconds(20), [this] { loop_.Stop(); });
    loop_.Run();
    if (replies_.size() < wanted_) throw std::runtime_error("no reply in 20 s");  // GoogleTest shows it
  }
  // One request from beginning to end.
  Kept Get(HttpClient& client, const std::string& bytes) {
    Send(client, bytes);
    Await(replies_.size() + 1);
    return replies_.back();
  }
  // Turns the loop until the condition holds.
  template <typename Condition>
  void Until(Condition condition) {
    EventLoop::Timer poll(loop_);
    std::function<void()> look = [&] {
      if (condition()) {
        loop_.Stop();
      } else {
        poll.StartAfter(std::chrono::milliseconds(2), look);
      }
    };
    look();
    loop_.Run();
  }
  // Real time, in which the client looks at its deadlines, more than once.
  void TurnForAWhile() {
    EventLoop::Timer timer(loop_);
    timer.StartAfter(std::chrono::milliseconds(250), [this] { loop_.Stop(); });
    loop_.Run();
  }

  EventLoop loop_;
  ManualClock clock_;
  HttpClient::Options options_;
  size_t max_reply_ = 1 << 20;
  size_t wanted_ = 0;
  std::vector<Kept> replies_;
};

}  // namespace ddb::testkit
