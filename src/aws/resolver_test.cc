// Names, addresses and what becomes of them: the resolver alone, and what the HTTP client makes of it.
#include "aws/resolver.h"

#include <condition_variable>
#include <mutex>

#include "support/aws/client_fixture.h"
#include "support/aws/full_backlog.h"
#include "support/aws/http_server.h"
#include "support/aws/loopback.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testing::FullBacklog;
using testing::HttpServer;
using testing::Loopback;
using testing::Peer;

// A name server. Answers at once, or when the test lets it.
class Names {
 public:
  void Set(std::vector<Address> addresses) {
    const std::lock_guard<std::mutex> lock(mutex_);
    addresses_ = std::move(addresses);
  }
  void Hang(bool on) {
    const std::lock_guard<std::mutex> lock(mutex_);
    hangs_ = on;
    changed_.notify_all();
  }
  std::vector<Address> Lookup(const std::string& host) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++asked_;
    host_ = host;
    changed_.wait(lock, [this] { return !hangs_; });
    return addresses_;
  }
  int asked() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }
  std::string host() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return host_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Address> addresses_;
  bool hangs_ = false;
  int asked_ = 0;
  std::string host_;
};

class ResolverTest : public testing::HttpClientFixture {
 protected:
  // Lookups that hang keep the names until they end, on threads of their own.
  ResolverTest() {
    options_.lookup = [names = names_](const std::string& host, const std::string&) {
      return names->Lookup(host);
    };
  }
  ~ResolverTest() override { names_->Hang(false); }

  std::unique_ptr<HttpClient> ClientByName() { return Client(1, "endpoint.test"); }
  // One request and one reply; the connection is not kept.
  static void ServeOne(Peer& peer) {
    peer.ReadRequest();
    peer.Reply("ok", "Connection: close\r\n");
  }

  const std::shared_ptr<Names> names_ = std::make_shared<Names>();
  const std::string request_ = Request("{}");
};

TEST_F(ResolverTest, ANameIsAskedForOnceInATime) {
  HttpServer server(ServeOne);
  names_->Set({Loopback(server.port())});
  const auto client = ClientByName();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(names_->asked(), 1);
  EXPECT_EQ(names_->host(), "endpoint.test");
  clock_.Advance(options_.resolve_ttl - seconds(1));
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(names_->asked(), 1);
}

TEST_F(ResolverTest, AnAddressIsNoName) {
  HttpServer server(ServeOne);
  EXPECT_EQ(Get(*Client(server.port()), request_).body, "ok");
  EXPECT_EQ(names_->asked(), 0);
}

TEST_F(ResolverTest, NewConnectionsGoWhereTheNameLeadsNow) {
  auto before = std::make_unique<HttpServer>(ServeOne);
  HttpServer after(ServeOne);
  names_->Set({Loopback(before->port())});
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).body, "ok");
  names_->Set({Loopback(after.port())});
  before.reset();
  EXPECT_EQ(Get(*client, request_).error, TransportError::kRefused);
  clock_.Advance(options_.resolve_ttl);
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(after.accepted(), 1);
  EXPECT_EQ(names_->asked(), 2);
}

TEST_F(ResolverTest, ANameWithoutAddressIsAskedForAgain) {
  HttpServer server(ServeOne);
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).error, TransportError::kResolve);
  names_->Set({Loopback(server.port())});
  EXPECT_EQ(Get(*client, request_).body, "ok");
}

TEST_F(ResolverTest, AFailedLookupLeavesTheAddressesThatAreKnown) {
  HttpServer server(ServeOne);
  names_->Set({Loopback(server.port())});
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).body, "ok");
  names_->Set({});
  clock_.Advance(options_.resolve_ttl);
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(names_->asked(), 2);  // not for every connection
  HttpServer after(ServeOne);
  names_->Set({Loopback(after.port())});
  clock_.Advance(seconds(5));  // long before the answer of a name server that is well would be old
  EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(after.accepted(), 1);
}

TEST_F(ResolverTest, ANameServerThatIsSilentIsNotWaitedFor) {
  names_->Hang(true);
  const auto client = ClientByName();
  for (size_t round = 1; round <= 3; ++round) {
    Send(*client, request_);
    Send(*client, request_);
    Until([&] { return names_->asked() == 1; });
    TurnForAWhile();
    EXPECT_EQ(replies_.size(), 2 * round - 2);
    clock_.Advance(options_.connect_timeout - seconds(1));
    TurnForAWhile();
    EXPECT_EQ(replies_.size(), 2 * round - 2);
    clock_.Advance(seconds(1));
    Await(2 * round);
  }
  for (const testing::Kept& reply : replies_) EXPECT_EQ(reply.error, TransportError::kResolve);
  EXPECT_EQ(names_->asked(), 1);  // and not asked again meanwhile
  HttpServer server(ServeOne);
  names_->Set({Loopback(server.port())});
  names_->Hang(false);
  EXPECT_EQ(Get(*client, request_).body, "ok");
}

TEST_F(ResolverTest, KnownAddressesServeWhileANameServerIsSilent) {
  HttpServer server(ServeOne);
  names_->Set({Loopback(server.port())});
  const auto client = ClientByName();
  EXPECT_EQ(Get(*client, request_).body, "ok");
  names_->Hang(true);
  clock_.Advance(options_.resolve_ttl);
  Send(*client, request_);
  Until([&] { return names_->asked() == 2; });
  clock_.Advance(options_.connect_timeout);
  Await(2);
  EXPECT_EQ(replies_[1].body, "ok");
  EXPECT_EQ(Get(*client, request_).body, "ok");  // at once
  EXPECT_EQ(names_->asked(), 2);
}

TEST_F(ResolverTest, AnAddressThatDoesNotAnswerLeavesTimeForTheOthers) {
  HttpServer good(ServeOne);
  const FullBacklog silent;
  names_->Set({Loopback(silent.port()), Loopback(good.port())});
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
  EXPECT_EQ(names_->asked(), 2);
}

TEST_F(ResolverTest, ConnectionsAreSpreadOverTheAddresses) {
  HttpServer one(ServeOne), other(ServeOne);
  names_->Set({Loopback(one.port()), Loopback(other.port())});
  const auto client = ClientByName();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Get(*client, request_).body, "ok");
  EXPECT_EQ(one.accepted(), 3);
  EXPECT_EQ(other.accepted(), 3);
}

TEST_F(ResolverTest, MayGoWhileALookupHangs) {
  names_->Hang(true);
  auto client = ClientByName();
  Send(*client, request_);
  Until([&] { return names_->asked() == 1; });
  client.reset();
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0].error, TransportError::kCancelled);
  names_->Hang(false);
  TurnForAWhile();
}

}  // namespace
}  // namespace ddb
