// Names against name servers that answer, fail, are silent or want TCP.
#include "aws/name_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "support/aws/loopback.h"
#include "support/aws/name_server.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using testkit::NameServer;
using Manner = NameServer::Manner;

std::string AddressText(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.get()->sa_family == AF_INET6) {
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address.get());
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address.get());
  inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
  return std::string(text) + ":" + std::to_string(ntohs(v4->sin_port));
}

class NameLookupTest : public ::testing::Test {
 protected:
  // The addresses as text; nullopt: no answer within 20 seconds.
  std::optional<std::vector<std::string>> Ask(const std::string& host, const NameLookup::Options& options) {
    std::optional<std::vector<std::string>> found;
    bool inside = true;
    NameLookup lookup(
        loop_, host, 443,
        [&](const std::vector<Address>& addresses) {
          EXPECT_FALSE(inside);
          EXPECT_FALSE(found) << "answered twice";
          found.emplace();
          for (const Address& address : addresses) found->push_back(AddressText(address));
          loop_.Stop();
        },
        options);
    inside = false;
    EventLoop::Timer in_vain(loop_);
    in_vain.StartAfter(std::chrono::seconds(20), [this] { loop_.Stop(); });
    loop_.Run();
    return found;
  }
  std::vector<std::string> AskOf(const std::vector<const NameServer*>& servers, const std::string& host,
                                 std::vector<std::string> domains = {"no.such.domain.test"}) {
    NameLookup::Options options;
    for (const NameServer* server : servers)
      options.servers += (options.servers.empty() ? "" : ",") + server->at();
    options.domains = std::move(domains);
    options.timeout_ms = 300;
    options.rounds = 2;
    return Ask(host, options).value_or(std::vector<std::string>{"no answer"});
  }

  EventLoop loop_;
};

TEST_F(NameLookupTest, BothFamiliesAreFoundWithTheirPort) {
  const NameServer server({{"db.test", {{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1"}}}});
  EXPECT_THAT(AskOf({&server}, "db.test"),
              UnorderedElementsAre("192.0.2.1:443", "192.0.2.2:443", "[2001:db8::1]:443"));
}

TEST_F(NameLookupTest, OneFamilyIsEnough) {
  const NameServer server(
      {{"four.test", {{"192.0.2.1"}}}, {"six.test", {{}, {"2001:db8::1"}}}, {"none.test", {}}});
  EXPECT_THAT(AskOf({&server}, "four.test"), ElementsAre("192.0.2.1:443"));
  EXPECT_THAT(AskOf({&server}, "six.test"), ElementsAre("[2001:db8::1]:443"));
  EXPECT_THAT(AskOf({&server}, "none.test"), IsEmpty());
  EXPECT_THAT(AskOf({&server}, "no-such-name.test"), IsEmpty());
}

TEST_F(NameLookupTest, AShortNameIsLookedForInTheSearchDomains) {
  NameServer server({{"db.prod.svc.test", {{"192.0.2.7"}}}});
  EXPECT_THAT(AskOf({&server}, "db", {"dev.svc.test", "prod.svc.test"}), ElementsAre("192.0.2.7:443"));
  EXPECT_THAT(server.asked(), Contains("A db.dev.svc.test"));  // in their order
}

TEST_F(NameLookupTest, ANameServerThatIsSilentOrFailsHasTheNextOneAsked) {
  const std::map<std::string, NameServer::Host> hosts = {{"db.test", {{"192.0.2.1"}}}};
  const NameServer silent(hosts, Manner::kSilent), fails(hosts, Manner::kFails), good(hosts);
  EXPECT_THAT(AskOf({&silent, &good}, "db.test"), ElementsAre("192.0.2.1:443"));
  EXPECT_THAT(AskOf({&fails, &good}, "db.test"), ElementsAre("192.0.2.1:443"));
  EXPECT_THAT(AskOf({&silent}, "db.test"), IsEmpty());
  EXPECT_THAT(AskOf({&fails}, "db.test"), IsEmpty());
}

TEST_F(NameLookupTest, AnAnswerThatIsTooLongComesByTcp) {
  NameServer server({{"db.test", {{"192.0.2.1"}, {"2001:db8::1"}}}}, Manner::kTruncates);
  EXPECT_THAT(AskOf({&server}, "db.test"), UnorderedElementsAre("192.0.2.1:443", "[2001:db8::1]:443"));
  EXPECT_THAT(server.asked(), Contains("tcp A db.test"));
}

TEST_F(NameLookupTest, TheHostsFileComesFirst) {
  NameServer server({{"localhost", {{"192.0.2.1"}}}});
  const auto found = AskOf({&server}, "localhost");
  EXPECT_THAT(found, Contains("127.0.0.1:443"));
  EXPECT_THAT(found, Not(Contains("192.0.2.1:443")));
  EXPECT_THAT(server.asked(), IsEmpty());
}

TEST_F(NameLookupTest, WhereNothingListensTheNextOneIsAsked) {
  NameLookup::Options options;
  {
    options.servers = NameServer({}).at();
  }  // it has gone
  options.timeout_ms = 300;
  options.rounds = 1;
  EXPECT_THAT(Ask("db.test", options), ::testing::Optional(IsEmpty()));
  const NameServer good({{"db.test", {{"192.0.2.1"}}}});
  options.servers += "," + good.at();
  EXPECT_THAT(Ask("db.test", options), ::testing::Optional(ElementsAre("192.0.2.1:443")));
}

TEST_F(NameLookupTest, MayGoWhileItIsUnderWay) {
  NameServer silent({}, Manner::kSilent);
  NameLookup::Options options;
  options.servers = silent.at();
  auto lookup = std::make_unique<NameLookup>(
      loop_, "db.test", 443, [](const std::vector<Address>&) { FAIL() << "an answer"; }, options);
  EventLoop::Timer timer(loop_);
  timer.StartAfter(milliseconds(50), [&] { lookup.reset(); });
  EventLoop::Timer end(loop_);
  end.StartAfter(milliseconds(150), [this] { loop_.Stop(); });
  loop_.Run();
  EXPECT_EQ(lookup, nullptr);
  EXPECT_THAT(silent.asked(), Contains("A db.test"));
}

TEST_F(NameLookupTest, MayGoInItsAnswer) {
  const NameServer server({{"db.test", {{"192.0.2.1"}}}});
  NameLookup::Options options;
  options.servers = server.at();
  std::unique_ptr<NameLookup> lookup;
  lookup = std::make_unique<NameLookup>(
      loop_, "db.test", 443,
      [&](const std::vector<Address>&) {
        lookup.reset();
        loop_.Stop();
      },
      options);
  loop_.Run();
  EXPECT_EQ(lookup, nullptr);
}

TEST(LiteralAddressTest, AnAddressOfEitherFamilyIsNoName) {
  EXPECT_EQ(LiteralAddress("127.0.0.1", 80), testkit::Loopback(80));
  EXPECT_EQ(LiteralAddress("127.1", 80), testkit::Loopback(80));
  EXPECT_EQ(AddressText(LiteralAddress("::1", 80).value()), "[::1]:80");
  EXPECT_EQ(AddressText(LiteralAddress("2001:DB8::A", 8000).value()), "[2001:db8::a]:8000");
  const Address zoned = LiteralAddress("fe80::1%lo", 80).value();
  EXPECT_EQ(reinterpret_cast<const sockaddr_in6*>(zoned.get())->sin6_scope_id, 1u);
  for (const char* name : {"localhost", "db.test", "127.0.0.1.test", "::1::", "", "1.2.3.4.5", "fe80::x"})
    EXPECT_FALSE(LiteralAddress(name, 80)) << name;
}

}  // namespace
}  // namespace ddb
