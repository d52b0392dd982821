#include "aws/http_client.h"

#include <fcntl.h>

#include <thread>

#include "support/aws/client_fixture.h"
#include "support/aws/full_backlog.h"
#include "support/aws/http_server.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testkit::HttpServer;
using testkit::Kept;
using testkit::Peer;

class HttpClientTest : public testkit::HttpClientFixture {
 protected:
  // Answers every request of a connection with the size of the request.
  static void ServeSizes(Peer& peer) {
    for (std::string request; !(request = peer.ReadRequest()).empty();)
      peer.Reply(std::to_string(request.size()));
  }
  const std::string request_ = Request("{}");
};

TEST_F(HttpClientTest, KeepsConnectionsAlive) {
  HttpServer server([](Peer& peer) {
    for (int n = 1; !peer.ReadRequest().empty(); ++n) {
      peer.Reply(std::to_string(n), "x-amzn-RequestId: id-" + std::to_string(n) + "\r\n");
    }
  });
  const auto client = Client(server.port());
  for (int i = 1; i <= 10; ++i) {
    const Kept reply = Get(*client, request_);
    EXPECT_EQ(reply.error, TransportError::kNone);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, std::to_string(i));
    EXPECT_EQ(reply.request_id, "id-" + std::to_string(i));
  }
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(client->in_flight(), 0u);
}

TEST_F(HttpClientTest, RepliesInPieces) {
  HttpServer server([](Peer& peer) {
    while (!peer.ReadRequest().empty()) {
      const std::string reply =
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5\r\nhello\r\n7;x\r\n, world\r\n0\r\n\r\n";
      for (const char c : reply) peer.Write(std::string(1, c));
    }
  });
  const auto client = Client(server.port());
  EXPECT_EQ(Get(*client, request_).body, "hello, world");
  EXPECT_EQ(Get(*client, request_).body, "hello, world");
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpClientTest, LargeRequestsAndReplies) {
  HttpServer server([](Peer& peer) {
    for (std::string request; !(request = peer.ReadRequest()).empty();) {
      peer.Reply(request.substr(request.find("\r\n\r\n") + 4));
    }
  });
  std::string body(16 << 20, 'x');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  const std::string request = Request(body);
  max_reply_ = body.size();
  const auto client = Client(server.port());
  for (int i = 0; i < 2; ++i) {
    const Kept reply = Get(*client, request);
    EXPECT_EQ(reply.error, TransportError::kNone);
    EXPECT_TRUE(reply.body == body);
  }
  max_reply_ = body.size() - 1;
  EXPECT_EQ(Get(*client, request).error, TransportError::kReplyTooLarge);
  EXPECT_EQ(Get(*client, request_).body, "{}");  // on another connection
}

TEST_F(HttpClientTest, ResetOfAConnectionInUse) {
  HttpServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok");
    peer.ReadRequest();
    peer.ResetOnClose();
  });
  const auto client = Client(server.port());
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(Get(*client, request_).error, TransportError::kReset);
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(HttpClientTest, ReplyCutShort) {
  for (const std::string reply :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/1.1 200", "",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"}) {
    HttpServer server([&](Peer& peer) {
      peer.ReadRequest();
      peer.Write(reply);
    });
    EXPECT_EQ(Get(*Client(server.port()), request_).error,
              reply.empty() ? TransportError::kReset : TransportError::kCutShort)
        << reply;
  }
}

TEST_F(HttpClientTest, MalformedReply) {
  using std::string_literals::operator""s;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::pair<std::string, TransportError> cases[] = {
      {"SSH-2.0-OpenSSH\r\n", TransportError::kMalformed},
      {"\x15\x03\x03\0\x02\x02\x0a"s, TransportError::kSpeaksTls},
      {ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", TransportError::kTwoLengths},
      {ok + "Content-Length: 1\r\nContent-Encoding: br\r\n\r\nx", TransportError::kUnknownEncoding},
      {ok + "Content-Length: 1\r\nContent-Encoding: gzip\r\n\r\nx", TransportError::kBrokenEncoding},
      {ok + "Content-Length: 100000000\r\n\r\nx", TransportError::kReplyTooLarge},
  };
  for (const auto& [reply, error] : cases) {
    HttpServer server([&](Peer& peer) {
      peer.ReadRequest();
      peer.Write(reply);
      peer.AtEnd();
    });
    EXPECT_EQ(Get(*Client(server.port()), request_).error, error) << reply;
  }
}

TEST_F(HttpClientTest, WhatFollowsAReplyIsNobodys) {
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny");
    peer.AtEnd();
  });
  const auto client = Client(server.port());
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(Get(*client, request_).body, "x");
    EXPECT_EQ(server.accepted(), i);
  }
}

// A server that says no length and never ends the connection either.
TEST_F(HttpClientTest, ABodyWithoutAnEndIsHandedOverWhenNothingMoreComes) {
  using Options = HttpClient::Options;
  const std::pair<std::string, Duration> bodies[] = {
      {"{}", Options::kSilentWholeBody},
      {"{\"a\":{}\r\n", Options::kSilentWholeBody},
      {"{\"a\":", Options::kSilentOpenEnd},
      {"", Options::kSilentOpenEnd},
  };
  for (const auto& [body, silence] : bodies) {
    HttpServer server([&, sent = body](Peer& peer) {
      peer.ReadRequest();
      peer.Write("HTTP/1.1 200 OK\r\n\r\n" + sent);
      peer.AtEnd();
    });
    const auto client = Client(server.port());
    replies_.clear();
    Send(*client, request_);
    TurnForAWhile();
    clock_.Advance(silence - std::chrono::milliseconds(500));
    TurnForAWhile();
    EXPECT_TRUE(replies_.empty()) << body;
    clock_.Advance(seconds(1));
    Await(1);
    EXPECT_EQ(replies_[0].error, TransportError::kNone);
    EXPECT_EQ(replies_[0].body, body);
    EXPECT_TRUE(replies_[0].open_ended);
    EXPECT_TRUE(replies_[0].stalled);
    EXPECT_FALSE(replies_[0].cut_off);
  }
}

TEST_F(HttpClientTest, FailureWithoutLengthLastsUntilClose) {
  HttpServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.0 502 Bad Gateway\r\n\r\nsorry");
  });
  const Kept reply = Get(*Client(server.port()), request_);
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(reply.body, "sorry");
}

TEST_F(HttpClientTest, ReplyBeforeTheRequestIsSent) {
  for (const bool closes : {true, false}) {
    std::atomic<bool> replied{false};
    HttpServer server([&](Peer& peer) {
      if (peer.ReadHead().empty()) return;
      peer.Write("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nmuch");
      if (closes) return;  // a reset, with most of the request unread
      // Nothing is read that would let the client send on.
      while (!replied) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      peer.Drain();
    });
    const struct Release {
      std::atomic<bool>& flag;
      ~Release() { flag = true; }
    } release{replied};
    const auto client = Client(server.port());
    const std::string request = Request(std::string(64 << 20, 'x'));  // more than any socket holds
    for (int i = 1; i <= 2; ++i) {
      const Kept reply = Get(*client, request);
      EXPECT_EQ(reply.error, TransportError::kNone);
      EXPECT_EQ(reply.status, 413);
      EXPECT_EQ(reply.body, "much");
      // What is left of a request must not be taken for another one.
      EXPECT_EQ(server.accepted(), i);
    }
  }
}

TEST_F(HttpClientTest, Refused) {
  uint16_t port = 0;
  {
    HttpServer server([](Peer&) {});
    port = server.port();
  }
  const auto client = Client(port);
  EXPECT_EQ(Get(*client, request_).error, TransportError::kRefused);
  EXPECT_EQ(Get(*Client(port, "localhost"), request_).error, TransportError::kRefused);
}

TEST_F(HttpClientTest, NameWithoutAddress) {
  // No name server is asked for a label longer than DNS allows.
  EXPECT_EQ(Get(*Client(1, std::string(70, 'a') + ".invalid"), request_).error, TransportError::kResolve);
}

TEST_F(HttpClientTest, EveryAddressOfANameIsTried) {
  HttpServer server(ServeSizes);  // on 127.0.0.1 only, while localhost may mean ::1 too
  EXPECT_EQ(Get(*Client(server.port(), "localhost"), request_).status, 200);
}

TEST_F(HttpClientTest, Ipv6) {
  HttpServer server(ServeSizes, nullptr, AF_INET6);
  if (server.port() == 0) GTEST_SKIP() << "no IPv6 here";
  EXPECT_EQ(Get(*Client(server.port(), "::1"), request_).status, 200);
}

TEST_F(HttpClientTest, NoReplyInTime) {
  std::atomic<bool> asked{false};
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\n");
    asked = true;
    peer.AtEnd();
  });
  const auto client = Client(server.port());
  Send(*client, request_);
  Until([&] { return asked.load(); });
  TurnForAWhile();  // the request has arrived: its time runs from here
  clock_.Advance(options_.reply_timeout - seconds(1));
  TurnForAWhile();
  EXPECT_TRUE(replies_.empty());
  clock_.Advance(seconds(1));
  Await(1);
  EXPECT_EQ(replies_[0].error, TransportError::kTimeout);
}

TEST_F(HttpClientTest, NoConnectionInTime) {
  const testkit::FullBacklog silent;
  const auto client = Client(silent.port());
  Send(*client, request_);
  int turns = 0;
  Until([&] { return ++turns > 20; });
  EXPECT_TRUE(replies_.empty());
  clock_.Advance(options_.connect_timeout);
  Await(1);
  EXPECT_EQ(replies_[0].error, TransportError::kConnectTimeout);
}

TEST_F(HttpClientTest, ManyAtOnceOverFewConnections) {
  constexpr size_t kRequests = 2000;
  options_.max_connections = 16;
  HttpServer server(ServeSizes);
  const auto client = Client(server.port());
  std::vector<std::string> requests;
  for (size_t i = 0; i < kRequests; ++i) requests.push_back(Request(std::string(i * 37 % 20000, 'x')));
  size_t right = 0, done = 0;
  for (const std::string& request : requests) {
    client->Send(request, max_reply_, [&](const HttpReply& reply) {
      right += reply.transport == TransportError::kNone && reply.body == std::to_string(request.size());
      if (++done == kRequests) loop_.Stop();
    });
  }
  EXPECT_EQ(done, 0u);  // never inside Send
  EXPECT_EQ(client->in_flight(), kRequests);
  loop_.Run();
  EXPECT_EQ(right, kRequests);
  EXPECT_EQ(client->in_flight(), 0u);
  EXPECT_LE(server.accepted(), 16);
}

TEST_F(HttpClientTest, SendInACallbackUsesTheSameConnection) {
  HttpServer server(ServeSizes);
  const auto client = Client(server.port());
  int left = 100;
  std::function<void(const HttpReply&)> again = [&](const HttpReply& reply) {
    if (--left == 0) {
      loop_.Stop();
      return;
    }
    client->Send(request_, max_reply_, again);
    EXPECT_EQ(reply.body, std::to_string(request_.size()));  // still what it was
  };
  client->Send(request_, max_reply_, again);
  loop_.Run();
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpClientTest, DestructorCancelsWhatIsInFlight) {
  options_.max_connections = 2;
  std::atomic<int> asked{0};
  HttpServer server([&](Peer& peer) {
    peer.ReadRequest();
    ++asked;
    peer.AtEnd();
  });
  auto client = Client(server.port());
  for (int i = 0; i < 5; ++i) Send(*client, request_);
  Until([&] { return asked == 2; });
  EXPECT_TRUE(replies_.empty());
  client.reset();
  ASSERT_EQ(replies_.size(), 5u);
  for (const Kept& reply : replies_) EXPECT_EQ(reply.error, TransportError::kCancelled);
}

TEST_F(HttpClientTest, SendWhileClosingIsCancelledToo) {
  HttpServer server([](Peer& peer) { peer.AtEnd(); });
  auto client = Client(server.port());
  HttpClient* const raw = client.get();
  raw->Send(request_, max_reply_, [&](const HttpReply&) { Send(*raw, request_); });
  client.reset();
  EXPECT_TRUE(replies_.empty());  // never inside Send
  Await(1);
  EXPECT_EQ(replies_[0].error, TransportError::kCancelled);
}

TEST_F(HttpClientTest, MayBeDestroyedInACallback) {
  HttpServer server(ServeSizes);
  for (const bool keep_alive : {true, false}) {
    HttpServer closing([](Peer& peer) {
      peer.ReadRequest();
      peer.Reply("ok", "Connection: close\r\n");
    });
    auto client = Client(keep_alive ? server.port() : closing.port());
    for (int i = 0; i < 3; ++i) {
      client->Send(request_, max_reply_, [&](const HttpReply& reply) {
        const TransportError error = reply.transport;
        if (error == TransportError::kNone) client.reset();
        if (++wanted_ == 3) loop_.Stop();
      });
    }
    wanted_ = 0;
    loop_.Run();
    EXPECT_EQ(client, nullptr);
  }
  // And where a request failed.
  auto client = Client(1, std::string(70, 'a') + ".invalid");
  client->Send(request_, max_reply_, [&](const HttpReply&) {
    client.reset();
    loop_.Stop();
  });
  loop_.Run();
}

}  // namespace
}  // namespace ddb
