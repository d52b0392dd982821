// Names, addresses and what becomes of them: the resolver alone, and what the HTTP client makes of it.
#include "aws/resolver.h"

#include <algorithm>
#include <utility>

#include "support/aws/client_fixture.h"
#include "support/aws/full_backlog.h"
#include "support/aws/http_server.h"
#include "support/aws/loopback.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testkit::FullBacklog;
using testkit::HttpServer;
using testkit::Loopback;
using testkit::Peer;

// A name server. Answers at once, or when the test lets it.
class Names {
 public:
  explicit Names(EventLoop& loop) : loop_(loop) {}

  void Set(std::vector<Address> addresses) { addresses_ = std::move(addresses); }
  void Hang(bool on) {
    hangs_ = on;
    if (on) return;
    for (const std::weak_ptr<LookupAnswer>& waiting : std::exchange(waiting_, {})) Answer(waiting);
  }
  std::unique_ptr<PendingLookup> Begin(const std::string& host, LookupAnswer answer) {
    ++asked_;
    host_ = host;
    auto pending = std::make_unique<Pending>();
    pending->answer = std::make_shared<LookupAnswer>(std::move(answer));
    if (hangs_) {
      waiting_.push_back(pending->answer);
    } else {
      Answer(pending->answer);
    }
    return pending;
  }
  int asked() const { return asked_; }
  const std::string& host() const { return host_; }
  size_t waited_for() const {
    return static_cast<size_t>(std::count_if(waiting_.begin(), waiting_.end(),
                                             [](const auto& waiting) { return !waiting.expired(); }));
  }

 private:
  struct Pending final : PendingLookup {
    std::shared_ptr<LookupAnswer> answer;
  };
  void Answer(const std::weak_ptr<LookupAnswer>& waiting) {
    loop_.Post([waiting, addresses = addresses_] {
      if (const auto answer = waiting.lock()) (*answer)(addresses);
    });
  }

  EventLoop& loop_;
  std::vector<Address> addresses_;
  std::vector<std::weak_ptr<LookupAnswer>> waiting_;
  bool hangs_ = false;
  int asked_ = 0;
  std::string host_;
};

class ResolverTest : public testkit::HttpClientFixture {
 protected:
  ResolverTest() {
    options_.lookup = [this](const std::string& host, uint16_t, LookupAnswer answer) {
      return names_.Begin(host, std::move(answer));
    };
  }

  std::unique_ptr<HttpClient> ClientByName() { return Client(1, "endpoint.test"); }
  // One request and one reply; the connection is not kept.
  static void ServeOne(Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok", "Connection: close\r\n");
  }

  Names names_{loop_};
  const std::string request_ = Request("{}");
};

TEST_F(ResolverTest, ANameIsAskedForOnceInATime) {
  HttpServer server(ServeOne);
  names_.Set({Loopback(server.port())});
  const auto client = ClientByName();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(names_.asked(), 1);
  EXPECT_EQ(names_.host(), "endpoint.test");
  clock_.Advance(options_.resolve_ttl - seconds(1));
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(names_.asked(), 1);
}

TEST_F(ResolverTest, AnAddressIsNoName) {
  HttpServer server(ServeOne);
  EXPECT_EQ(Get(*Client(server.port()), request_).body, "ok");
  EXPECT_EQ(names_.asked(), 0);
}

TEST_F(ResolverTest, NewConnectionsGoWhereTheNameLeadsNow) {
  auto before = std::make_unique<HttpServer>(ServeOne);
  HttpServer after(ServeOne);
  names_.Set({Loopback(before->port())});
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).body, "ok");
  names_.Set({Loopback(after.port())});
  before.reset();
  EXPECT_EQ(Get(*client, request_).error, TransportError::kRefused);
  clock_.Advance(options_.resolve_ttl);
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(after.accepted(), 1);
  EXPECT_EQ(names_.asked(), 2);
}

TEST_F(ResolverTest, ANameWithoutAddressIsAskedForAgain) {
  HttpServer server(ServeOne);
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).error, TransportError::kResolve);
  names_.Set({Loopback(server.port())});
  EXPECT_EQ(Get(*client, request_).body, "ok");
}

TEST_F(ResolverTest, AFailedLookupLeavesTheAddressesThatAreKnown) {
  HttpServer server(ServeOne);
  names_.Set({Loopback(server.port())});
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).body, "ok");
  names_.Set({});
  clock_.Advance(options_.resolve_ttl);
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(names_.asked(), 2);  // not for every connection
  HttpServer after(ServeOne);
  names_.Set({Loopback(after.port())});
  clock_.Advance(seconds(5));  // long before the answer of a name server that is well would be old
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(after.accepted(), 1);
}

TEST_F(ResolverTest, ANameServerThatIsSilentIsNotWaitedFor) {
  names_.Hang(true);
  const auto client = ClientByName();
  for (size_t round = 1; round <= 3; ++round) {
    Send(*client, request_);
    Send(*client, request_);
    Until([&] { return names_.asked() == 1; });
    TurnForAWhile();
    EXPECT_EQ(replies_.size(), 2 * round - 2);
    clock_.Advance(options_.connect_timeout - seconds(1));
    TurnForAWhile();
    EXPECT_EQ(replies_.size(), 2 * round - 2);
    clock_.Advance(seconds(1));
    Await(2 * round);
  }
  for (const testkit::Kept& reply : replies_) EXPECT_EQ(reply.error, TransportError::kResolve);
  EXPECT_EQ(names_.asked(), 1);  // and not asked again meanwhile
  HttpServer server(ServeOne);
  names_.Set({Loopback(server.port())});
  names_.Hang(false);
  EXPECT_EQ(Get(*client, request_).body, "ok");
}

TEST_F(ResolverTest, KnownAddressesServeWhileANameServerIsSilent) {
  HttpServer server(ServeOne);
  names_.Set({Loopback(server.port())});
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).body, "ok");
  names_.Hang(true);
  clock_.Advance(options_.resolve_ttl);
  Send(*client, request_);
  Until([&] { return names_.asked() == 2; });
  clock_.Advance(options_.connect_timeout);
  Await(2);
  EXPECT_EQ(replies_[1].body, "ok");
  EXPECT_EQ(Get(*client, request_).body, "ok");  // at once
  EXPECT_EQ(names_.asked(), 2);
}

TEST_F(ResolverTest, AnAddressThatDoesNotAnswerLeavesTimeForTheOthers) {
  HttpServer good(ServeOne);
  const FullBacklog silent;
  names_.Set({Loopback(silent.port()), Loopback(good.port())});
  const auto client = ClientByName();
  Send(*client, request_);
  TurnForAWhile();
  EXPECT_TRUE(replies_.empty());
  clock_.Advance(options_.connect_timeout / 2);
  Await(1);
  EXPECT_EQ(replies_[0].body, "ok");
  // Others do not try it first again, whose turn it would be.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get(*client, request_).body, "ok");
  // Not even when the name is looked up anew.
  clock_.Advance(options_.resolve_ttl);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(names_.asked(), 2);
}

TEST_F(ResolverTest, ConnectionsAreSpreadOverTheAddresses) {
  HttpServer one(ServeOne), other(ServeOne);
  names_.Set({Loopback(one.port()), Loopback(other.port())});
  const auto client = ClientByName();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(one.accepted(), 3);
  EXPECT_EQ(other.accepted(), 3);
}

TEST_F(ResolverTest, MayGoWhileALookupHangs) {
  names_.Hang(true);
  auto client = ClientByName();
  Send(*client, request_);
  Until([&] { return names_.asked() == 1; });
  client.reset();
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].error, TransportError::kCancelled);
  EXPECT_EQ(names_.waited_for(), 0u);  // the lookup has gone with it
  names_.Hang(false);
  TurnForAWhile();
}

}  // namespace
}  // namespace ddb
