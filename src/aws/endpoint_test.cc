#include "aws/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

namespace ddb {
namespace {

using testing::HasSubstr;
using testing::Not;

struct RegionCase {
  const char* region;
  const char* host;
};

TEST(EndpointTest, RegionsOfEveryPartition) {
  const RegionCase cases[] = {
      {"us-east-1", "dynamodb.us-east-1.amazonaws.com"},
      {"us-west-2", "dynamodb.us-west-2.amazonaws.com"},
      {"af-south-1", "dynamodb.af-south-1.amazonaws.com"},
      {"ap-southeast-7", "dynamodb.ap-southeast-7.amazonaws.com"},
      {"ca-west-1", "dynamodb.ca-west-1.amazonaws.com"},
      {"eu-central-2", "dynamodb.eu-central-2.amazonaws.com"},
      {"il-central-1", "dynamodb.il-central-1.amazonaws.com"},
      {"me-south-1", "dynamodb.me-south-1.amazonaws.com"},
      {"mx-central-1", "dynamodb.mx-central-1.amazonaws.com"},
      {"sa-east-1", "dynamodb.sa-east-1.amazonaws.com"},
      {"us-newplace-12", "dynamodb.us-newplace-12.amazonaws.com"},  // of tomorrow
      {"cn-north-1", "dynamodb.cn-north-1.amazonaws.com.cn"},
      {"cn-northwest-1", "dynamodb.cn-northwest-1.amazonaws.com.cn"},
      {"us-gov-east-1", "dynamodb.us-gov-east-1.amazonaws.com"},
      {"us-gov-west-1", "dynamodb.us-gov-west-1.amazonaws.com"},
      {"eusc-de-east-1", "dynamodb.eusc-de-east-1.amazonaws.eu"},
      {"us-iso-east-1", "dynamodb.us-iso-east-1.c2s.ic.gov"},
      {"us-isob-east-1", "dynamodb.us-isob-east-1.sc2s.sgov.gov"},
      {"eu-isoe-west-1", "dynamodb.eu-isoe-west-1.cloud.adc-e.uk"},
      {"us-isof-south-1", "dynamodb.us-isof-south-1.csp.hci.ic.gov"},
  };
  for (const RegionCase& c : cases) {
    const auto endpoint = ResolveEndpoint("", c.region);
    ASSERT_TRUE(endpoint.ok()) << c.region;
    EXPECT_EQ(endpoint->host, c.host);
    EXPECT_EQ(endpoint->host_header, c.host);
    EXPECT_EQ(endpoint->region, c.region);
    EXPECT_TRUE(endpoint->tls);
    EXPECT_EQ(endpoint->port, 443);
    EXPECT_EQ(endpoint->Url(), "https://" + std::string(c.host) + "/");
  }
}

TEST(EndpointTest, LocalIsTheLocalEngine) {
  const auto endpoint = ResolveEndpoint("", "local");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->Url(), "http://localhost:8000/");
  EXPECT_EQ(endpoint->host, "localhost");
  EXPECT_EQ(endpoint->port, 8000);
  EXPECT_EQ(endpoint->region, "us-east-1");
}

TEST(EndpointTest, RefusedRegions) {
  for (const char* region :
       {"",
        "us",
        "us-east",
        "us-east-",
        "us--1",
        "-east-1",
        "us-east-1a",
        "us-east-1-",
        "US-EAST-1",
        "us-East-1",
        "xx-east-1",
        "us_east_1",
        "us-east-1 ",
        " us-east-1",
        "us-east-1\n",
        "us-gov-east",
        "cn-a-north-1",
        "eusc-fr-east-1",
        "us eu-east-1",
        "us-iso-iso-east-1",
        "eu-west-1.evil.com/",
        "\xc3\xa9u-west-1",
        "us-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1"}) {
    const auto endpoint = ResolveEndpoint("", region);
    ASSERT_FALSE(endpoint.ok()) << region;
    EXPECT_EQ(endpoint.error().type, FailureType::kConfig);
    EXPECT_THAT(endpoint.error().message, HasSubstr("dynamodb_region"));
  }
  EXPECT_THAT(ResolveEndpoint("", "").error().message, HasSubstr("empty"));
}

struct UrlCase {
  const char* url;
  bool tls;
  const char* host;
  int port;
  const char* host_header;
  const char* path;
};

TEST(EndpointTest, Urls) {
  const UrlCase cases[] = {
      {"http://localhost:8000", false, "localhost", 8000, "localhost:8000", "/"},
      {"http://localhost", false, "localhost", 80, "localhost", "/"},
      {"http://localhost:80/", false, "localhost", 80, "localhost", "/"},
      {"http://localhost:443/", false, "localhost", 443, "localhost:443", "/"},
      {"https://example.com", true, "example.com", 443, "example.com", "/"},
      {"https://example.com:443", true, "example.com", 443, "example.com", "/"},
      {"https://example.com:80", true, "example.com", 80, "example.com:80", "/"},
      {"https://Example.COM/Path/x", true, "example.com", 443, "example.com", "/Path/x"},
      {"https://example.com/a%20b/~c;d=1", true, "example.com", 443, "example.com", "/a%20b/~c;d=1"},
      {"http://127.0.0.1:9000", false, "127.0.0.1", 9000, "127.0.0.1:9000", "/"},
      {"http://10.0.0.1.nip.io:80/", false, "10.0.0.1.nip.io", 80, "10.0.0.1.nip.io", "/"},
      {"http://localhost:08000//x", false, "localhost", 8000, "localhost:8000", "//x"},
      {"http://my_engine.net-1:65535", false, "my_engine.net-1", 65535, "my_engine.net-1:65535", "/"},
      {"http://[::1]:8000", false, "::1", 8000, "[::1]:8000", "/"},
      {"http://[::1]", false, "::1", 80, "[::1]", "/"},
      {"https://[2001:DB8::7]/x", true, "2001:db8::7", 443, "[2001:db8::7]", "/x"},
      {"http://[1:2:3:4:5:6:7:8]:1", false, "1:2:3:4:5:6:7:8", 1, "[1:2:3:4:5:6:7:8]:1", "/"},
      {"http://[::ffff:10.0.0.1]:1", false, "::ffff:10.0.0.1", 1, "[::ffff:10.0.0.1]:1", "/"},
      {"http://[::]", false, "::", 80, "[::]", "/"},
  };
  for (const UrlCase& c : cases) {
    const auto endpoint = ResolveEndpoint(c.url, "eu-west-1");
    ASSERT_TRUE(endpoint.ok()) << c.url << ": " << endpoint.error().message;
    EXPECT_EQ(endpoint->tls, c.tls) << c.url;
    EXPECT_EQ(endpoint->host, c.host) << c.url;
    EXPECT_EQ(endpoint->port, c.port) << c.url;
    EXPECT_EQ(endpoint->host_header, c.host_header) << c.url;
    EXPECT_EQ(endpoint->path, c.path) << c.url;
    EXPECT_EQ(endpoint->region, "eu-west-1") << c.url;
    EXPECT_EQ(endpoint->Url(), (c.tls ? "https://" : "http://") + std::string(c.host_header) + c.path);
  }
}

struct BadUrlCase {
  std::string url;
  const char* reason;
};

TEST(EndpointTest, RefusedUrls) {
  const BadUrlCase cases[] = {
      {"localhost:8000", "does not start"},
      {" ", "does not start"},
      {" http://localhost", "does not start"},
      {"HTTP://localhost", "does not start"},
      {"HTTPS://localhost", "does not start"},
      {"ftp://localhost", "does not start"},
      {"http:/localhost", "does not start"},
      {"//localhost", "does not start"},
      {"http://", "no host"},
      {"http:///", "no host"},
      {"http://:8000", "no host"},
      {"https:// ", "characters that no host name has"},
      {"http://localhost ", "characters that no host name has"},
      {"http://local host", "characters that no host name has"},
      {"http://localhost\r\nX: y", "port"},
      {"http://localhost\r\n", "characters that no host name has"},
      {"http://b\xc3\xbc"
       "cher.de",
       "xn--"},
      {"http://-a.b", "characters that no host name has"},
      {"http://a..b", "characters that no host name has"},
      {"http://.", "characters that no host name has"},
      {"http://" + std::string(64, 'a'), "characters that no host name has"},
      {"http://localhost:", "port"},
      {"http://localhost:0", "port"},
      {"http://localhost:65536", "port"},
      {"http://localhost:80009", "port"},
      {"http://localhost:18446744073709551617", "port"},
      {"http://localhost:80$", "port"},
      {"http://localhost:-1", "port"},
      {"http://localhost:+80", "port"},
      {"http://localhost:80a", "port"},
      {"http://localhost: 80", "port"},
      {"http://localhost:8000:8000", "colon"},
      {"http://::1", "colon"},
      {"http://::1:8000", "colon"},
      {"http://[::1", "IPv6"},
      {"http://[::1]x", "IPv6"},
      {"http://[]", "IPv6"},
      {"http://[:]", "IPv6"},
      {"http://[:::]", "IPv6"},
      {"http://[1:2:3:4:5:6:7]", "IPv6"},
      {"http://[1:2:3:4:5:6:7:8:9]", "IPv6"},
      {"http://[1:2:3:4:5:6:7:8::]", "IPv6"},
      {"http://[1::2::3]", "IPv6"},
      {"http://[12345::]", "IPv6"},
      {"http://[fe80::1%25eth0]", "IPv6"},
      {"http://[::1.2.3]", "IPv6"},
      {"http://[::1.2.3.256]", "IPv6"},
      {"http://[1.2.3.4::]", "IPv6"},
      {"http://[localhost]", "IPv6"},
      {std::string("http://[::1\0x]", 14), "IPv6"},
      {"http://[::01.2.3.4]", "IPv6"},
      {"http://AKIDEXAMPLE:topsecret@localhost", "user name"},
      {"http://user@localhost", "user name"},
      {"http://localhost?a=b", "query"},
      {"http://localhost/?a=b", "query"},
      {"http://localhost/#x", "query"},
      {"http://localhost/a b", "path"},
      {"http://localhost/a%2", "path"},
      {"http://localhost/a%zz", "path"},
      {"http://localhost/\xc3\xa9", "path"},
      {"http://localhost/x\r\nHost: y", "path"},
      {std::string("http://localhost\0x", 18), "characters that no host name has"},
  };
  for (const BadUrlCase& c : cases) {
    const auto endpoint = ResolveEndpoint(c.url, "us-east-1");
    ASSERT_FALSE(endpoint.ok()) << c.url;
    EXPECT_EQ(endpoint.error().type, FailureType::kConfig);
    EXPECT_THAT(endpoint.error().message, HasSubstr("dynamodb_endpoint"));
    EXPECT_THAT(endpoint.error().message, HasSubstr(c.reason)) << c.url;
    EXPECT_THAT(endpoint.error().message, Not(HasSubstr("topsecret")));
  }
}

TEST(EndpointTest, AnyPlainRegionWithAUrl) {
  EXPECT_EQ(ResolveEndpoint("http://localhost:1", "")->region, "us-east-1");
  EXPECT_EQ(ResolveEndpoint("http://localhost:1", "local")->region, "local");
  EXPECT_EQ(ResolveEndpoint("http://localhost:1", "Moon-7")->region, "Moon-7");
  for (const char* region : {" ", "a b", "a/b", "a_b", "a\n"}) {
    EXPECT_THAT(ResolveEndpoint("http://localhost:1", region).error().message, HasSubstr("dynamodb_region"));
  }
}

TEST(EndpointTest, TheServiceItselfAndOthers) {
  for (const char* region : {"us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"})
    EXPECT_TRUE(ResolveEndpoint("", region)->IsAws()) << region;
  for (const char* url :
       {"https://vpce-1-2.dynamodb.eu-west-1.vpce.amazonaws.com", "https://dynamodb.eu-west-1.api.aws",
        "https://DynamoDB.EU-West-1.amazonaws.COM:443/"})
    EXPECT_TRUE(ResolveEndpoint(url, "")->IsAws()) << url;
  for (const char* url :
       {"", "http://amazonaws.com.example.org", "http://notamazonaws.com", "http://10.0.0.1"})
    EXPECT_FALSE(ResolveEndpoint(*url == 0 ? "http://localhost:8000" : url, "")->IsAws()) << url;
}

TEST(PlainOriginTest, AnAddressAndNothingElse) {
  const std::pair<std::string, std::string> cases[] = {
      {"https://ddb.example.com/", "https://ddb.example.com"},
      {"HTTPS://DDB.Example.com", "https://ddb.example.com"},
      {"http://10.0.0.1:8000/a/b?secret=1#x", "http://10.0.0.1:8000"},
      {"https://user:secret@ddb.example.com:443/x", "https://ddb.example.com"},
      {"https://[::1]:8000/", "https://[::1]:8000"},
      {"https://a@b@ddb.example.com", "https://ddb.example.com"},
      {"https://ddb.example.com?x", "https://ddb.example.com"},
      {"https://ddb.example.com\\@evil", "https://ddb.example.com"},
      {"/login", ""},
      {"//ddb.example.com/", ""},
      {"ftp://ddb.example.com/", ""},
      {"javascript://x", ""},
      {"https://", ""},
      {"https://a b/", ""},
      {"https://%73ecret/", ""},
      {"https://ddb.example.com:port/", ""},
      {"https://caf\xc3\xa9.example/", ""},
      {"", ""},
  };
  for (const auto& [location, origin] : cases) EXPECT_EQ(PlainOrigin(location), origin) << location;
}

}  // namespace
}  // namespace ddb
