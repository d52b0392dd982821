// The HTTP client on lines that are slow, over TCP as it is and over TLS: what is late, and what only takes
// long.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "support/aws/certificates.h"
#include "support/aws/client_fixture.h"
#include "support/aws/http_server.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testkit::HttpServer;
using testkit::Identity;
using testkit::MakeIdentity;
using testkit::Peer;

// Steps that the server may take, given by the test one by one.
class Turnstile {
 public:
  // Lets the server go to its end when the test ends, however it ends. Made after the server.
  class Opening {
   public:
    explicit Opening(Turnstile& turnstile) : turnstile_(turnstile) {}
    ~Opening() { turnstile_.Allow(1000); }
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;

   private:
    Turnstile& turnstile_;
  };

  void Allow(int steps) {
    const std::lock_guard<std::mutex> lock(mutex_);
    allowed_ += steps;
    changed_.notify_all();
  }
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return allowed_ > 0; });
    --allowed_;
    ++passed_;
  }
  int passed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return passed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int allowed_ = 0;
  int passed_ = 0;
};

class SlowLineTest : public testkit::HttpClientFixture, public ::testing::WithParamInterface<bool> {
 protected:
  static constexpr int kReceiveBuffer = 16 * 1024;

  SlowLineTest() : authority_(MakeIdentity(nullptr, "")), trusted_(authority_) {
    if (GetParam()) identity_.emplace(MakeIdentity(&authority_, "IP:127.0.0.1"));
  }
  const Identity* identity() const { return identity_ ? &*identity_ : nullptr; }
  std::unique_ptr<HttpClient> ClientOf(const HttpServer& server) {
    return Client(server.port(), "127.0.0.1", GetParam());
  }

  const Identity authority_;
  const testkit::Trusted trusted_;
  std::optional<Identity> identity_;
  Turnstile steps_;
};

INSTANTIATE_TEST_SUITE_P(, SlowLineTest, ::testing::Bool(),
                         [](const auto& tls) { return tls.param ? "Tls" : "Plain"; });

// 8 MB at 100 KB/s: each piece is read in its time, and all of them take 80 s.
TEST_P(SlowLineTest, ALargeRequestTakesItsTime) {
  constexpr int kPieces = 5;
  constexpr size_t kPiece = 1'600'000;
  HttpServer server(
      [&](Peer& peer) {
        peer.ReadHead();
        std::string piece(kPiece, '\0');
        for (int i = 0; i < kPieces; ++i) {
          steps_.Pass();
          if (!peer.ReadAll(piece.data(), piece.size())) return;
        }
        peer.Reply("stored");
        peer.AtEnd();
      },
      identity());
  const Turnstile::Opening opening(steps_);
  server.LimitReceiveBuffer(kReceiveBuffer);
  const std::string request = Request(std::string(kPieces * kPiece, 'x'));
  const auto client = ClientOf(server);
  Send(*client, request);
  for (int i = 1; i <= kPieces; ++i) {
    steps_.Allow(1);
    Until([&] { return steps_.passed() == i || !replies_.empty(); });
    TurnForAWhile();
    clock_.Advance(seconds(16));
  }
  Await(1);
  EXPECT_EQ(replies_[0].error, TransportError::kNone);
  EXPECT_EQ(replies_[0].body, "stored");
}

// What the kernel has taken is not there yet: it takes the last of these at once, or soon.
TEST_P(SlowLineTest, TheTimeForAReplyRunsFromTheLastByteThatArrived) {
  constexpr int kPieces = 4;  // that are read
  constexpr size_t kPiece = 64 * 1024;
  std::atomic<bool> stalled{false};
  HttpServer server(
      [&](Peer& peer) {
        peer.ReadHead();
        std::string piece(kPiece, '\0');
        for (int i = 0; i < kPieces; ++i) {
          steps_.Pass();
          if (!peer.ReadAll(piece.data(), piece.size())) return;
        }
        stalled = true;
        steps_.Pass();
      },
      identity());
  const Turnstile::Opening opening(steps_);
  server.LimitReceiveBuffer(kReceiveBuffer);
  const std::string request = Request(std::string((kPieces + 2) * kPiece, 'x'));
  const auto client = ClientOf(server);
  Send(*client, request);
  for (int i = 1; i <= kPieces; ++i) {
    TurnForAWhile();
    ASSERT_TRUE(replies_.empty()) << i;
    clock_.Advance(options_.reply_timeout - seconds(1));
    TurnForAWhile();
    ASSERT_TRUE(replies_.empty()) << i;
    steps_.Allow(1);
    Until([&] { return i < kPieces ? steps_.passed() == i : stalled.load(); });
  }
  TurnForAWhile();
  clock_.Advance(options_.reply_timeout - seconds(1));
  TurnForAWhile();
  ASSERT_TRUE(replies_.empty());
  clock_.Advance(seconds(1));
  Await(1);
  EXPECT_EQ(replies_[0].error, TransportError::kTimeout);
}

// Each byte is in time, and all of them take long.
TEST_P(SlowLineTest, AReplyMayTakeItsTimeButNotWithoutEnd) {
  static const std::string kReply = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstored";
  for (const int at_once : {10, 1}) {  // bytes that come together
    Turnstile steps;
    HttpServer server(
        [&](Peer& peer) {
          peer.ReadRequest();
          for (size_t at = 0; at < kReply.size(); at += static_cast<size_t>(at_once)) {
            steps.Pass();
            peer.Write(kReply.substr(at, static_cast<size_t>(at_once)));
          }
          peer.AtEnd();
        },
        identity());
    const Turnstile::Opening opening(steps);
    const std::string request = Request("{}");
    const auto client = ClientOf(server);
    replies_.clear();
    Send(*client, request);
    Duration passed{};
    for (int i = 1; replies_.empty(); ++i) {
      steps.Allow(1);
      Until([&] { return steps.passed() == i; });
      TurnForAWhile();
      if (!replies_.empty()) break;
      clock_.Advance(options_.reply_timeout - seconds(5));
      passed += options_.reply_timeout - seconds(5);
      TurnForAWhile();
    }
    if (at_once > 1) {
      EXPECT_EQ(replies_[0].body, "stored");
    } else {
      EXPECT_EQ(replies_[0].error, TransportError::kTimeout);
    }
    EXPECT_GT(passed, options_.reply_timeout * 2);
    EXPECT_LE(passed, options_.reply_timeout * (HttpClient::Options::kSlowestReply + 1));
  }
}

// What has not left yet does not lie in the kernel by the megabyte.
TEST_P(SlowLineTest, TheKernelHoldsLittle) {
  constexpr size_t kInKernel = 256 * 1024;
  constexpr size_t kReceived = 128 * 1024;  // by the peer's kernel, whose limit counts in its own way
  std::atomic<size_t> got{0};
  HttpServer server(
      [&](Peer& peer) {
        peer.ReadHead();
        steps_.Pass();
        got = peer.Drain();
        steps_.Pass();
      },
      identity());
  const Turnstile::Opening opening(steps_);
  server.LimitReceiveBuffer(kReceiveBuffer);
  const std::string request = Request(std::string(8'000'000, 'x'));
  auto client = ClientOf(server);
  Send(*client, request);
  TurnForAWhile();
  client.reset();  // what the kernel has it still delivers
  steps_.Allow(1);
  Until([&] { return got > 0; });
  EXPECT_LE(got, kInKernel + kReceived);
}

}  // namespace
}  // namespace ddb
