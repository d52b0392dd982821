// Connections of the HTTP client between two requests: which are kept, how long, and who may end them.
#include "support/aws/client_fixture.h"
#include "support/aws/http_server.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testkit::HttpServer;
using testkit::Kept;
using testkit::Peer;

class HttpIdleTest : public testkit::HttpClientFixture {
 protected:
  const std::string request_ = Request("{}");
};

TEST_F(HttpIdleTest, ConnectionThatTheServerCloses) {
  std::atomic<int> n{0};
  HttpServer server([&](Peer& peer) {
    // In turn: says that it closes, and closes without a word.
    peer.ReadRequest();
    peer.Reply("ok", ++n % 2 ? "Connection: close\r\n" : "");
  });
  const auto client = Client(server.port());
  for (int i = 1; i <= 6; ++i) {
    // Where the client has not seen the end when it sends, the request meets it, and is the caller's to
    // repeat.
    Kept reply = Get(*client, request_);
    while (reply.error == TransportError::kReset) reply = Get(*client, request_);
    EXPECT_EQ(reply.body, "ok");
  }
  EXPECT_EQ(server.accepted(), 6);
}

TEST_F(HttpIdleTest, BytesOnAnIdleConnectionEndIt) {
  std::atomic<bool> ended{false};
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok");
    peer.Write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    ended = peer.AtEnd() || ended;
  });
  const auto client = Client(server.port());
  Get(*client, request_);
  Until([&] { return ended.load(); });
}

TEST_F(HttpIdleTest, IdleConnectionsAreClosed) {
  std::atomic<int> ended{0};
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok");
    if (peer.AtEnd()) ++ended;
  });
  const auto client = Client(server.port());
  Get(*client, request_);
  clock_.Advance(options_.idle_close);
  Until([&] { return ended == 1; });
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(HttpIdleTest, TheServersIdleTimeIsRespected) {
  std::atomic<int> ended{0};
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok", "Keep-Alive: timeout=5\r\n");
    if (peer.AtEnd()) ++ended;
  });
  const auto client = Client(server.port());
  Get(*client, request_);
  clock_.Advance(seconds(4));
  Until([&] { return ended == 1; });
}

// Ours counts where it is the shorter one.
TEST_F(HttpIdleTest, AServerThatWaitsLongerThanWeDo) {
  std::atomic<int> ended{0};
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok", "Keep-Alive: timeout=3600\r\n");
    if (peer.AtEnd()) ++ended;
  });
  const auto client = Client(server.port());
  Get(*client, request_);
  clock_.Advance(options_.idle_close - seconds(1));
  TurnForAWhile();
  EXPECT_EQ(ended, 0);
  clock_.Advance(seconds(1));
  TurnForAWhile();
  EXPECT_EQ(ended, 1);
}

// So that what is no longer needed after a burst grows old and is closed.
TEST_F(HttpIdleTest, TheConnectionUsedLastIsUsedNext) {
  std::atomic<int> ended{0};
  HttpServer server([&](Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Reply("ok");
    ++ended;
  });
  const auto client = Client(server.port());
  for (int i = 0; i < 3; ++i) Send(*client, request_);
  Await(3);
  EXPECT_EQ(server.accepted(), 3);
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(options_.idle_close / 3);
    Get(*client, request_);
    Get(*client, request_);
  }
  TurnForAWhile();
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(server.accepted(), 3);
}

// The server's end of an idle connection is seen before the next request is sent, which is then not lost.
TEST_F(HttpIdleTest, AnIdleConnectionThatTheServerClosedIsNotUsed) {
  std::atomic<int> ended{0};
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok");
    ++ended;
  });
  const auto client = Client(server.port());
  for (int i = 1; i <= 3; ++i) {
    ASSERT_EQ(Get(*client, request_).error, TransportError::kNone);
    Until([&] { return ended == i; });
    TurnForAWhile();
  }
  EXPECT_EQ(server.accepted(), 3);
}

TEST_F(HttpIdleTest, AnOldServersConnectionIsNotKept) {
  HttpServer server([](Peer& peer) {
    while (!peer.ReadRequest().empty()) {
      peer.Write("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  const auto client = Client(server.port());
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(Get(*client, request_).body, "ok");
    EXPECT_EQ(server.accepted(), i);
  }
}

}  // namespace
}  // namespace ddb
