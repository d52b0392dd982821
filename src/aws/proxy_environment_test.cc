#include "aws/proxy_environment.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ddb {
namespace {

std::string Find(const std::string& url, const std::map<std::string, std::string>& variables) {
  const Result<Endpoint> endpoint = ResolveEndpoint(url, "us-east-1");
  EXPECT_TRUE(endpoint.ok()) << url;
  return std::string(ProxyVariable(*endpoint, [&](const char* name) -> const char* {
                       const auto found = variables.find(name);
                       return found == variables.end() ? nullptr : found->second.c_str();
                     }).view());
}

TEST(ProxyEnvironment, WhichVariable) {
  const std::string https = "https://dynamodb.intern.test/", http = "http://10.1.2.3:8000";
  EXPECT_EQ(Find(https, {}), "");
  EXPECT_EQ(Find(https, {{"HTTPS_PROXY", "http://p:3128"}}), "HTTPS_PROXY");
  EXPECT_EQ(Find(https, {{"https_proxy", "http://p"}, {"HTTPS_PROXY", "http://q"}}), "https_proxy");
  EXPECT_EQ(Find(https, {{"HTTPS_PROXY", " "}, {"ALL_PROXY", "socks5://p"}}), "ALL_PROXY");
  EXPECT_EQ(Find(https, {{"all_proxy", "p"}}), "all_proxy");
  EXPECT_EQ(Find(https, {{"HTTP_PROXY", "http://p"}}), "");
  EXPECT_EQ(Find(http, {{"HTTPS_PROXY", "http://p"}}), "");
  EXPECT_EQ(Find(http, {{"http_proxy", "http://p"}}), "http_proxy");
  EXPECT_EQ(Find("", {{"HTTPS_PROXY", "http://p"}}), "HTTPS_PROXY");  // AWS
}

TEST(ProxyEnvironment, WhatIsExcepted) {
  struct Case {
    std::string url;
    std::string list;
    bool excepted;
  };
  const Case cases[] = {
      {"https://127.0.0.1:8000", "127.0.0.1", true},
      {"https://127.0.0.1:8000", "127.0.0.2", false},
      {"https://127.0.0.1:8000", "localhost", false},
      {"https://127.0.0.1:8000", "a, 127.0.0.1:8000 ,b", true},
      {"https://127.0.0.1:8000", "127.0.0.1:8001", false},
      {"https://10.1.2.3", "10.0.0.0/8", true},
      {"https://11.1.2.3", "10.0.0.0/8", false},
      {"https://10.1.2.3", "10.1.2.0/22", true},
      {"https://10.1.4.3", "10.1.2.0/23", false},
      {"https://10.1.2.3", "0.0.0.0/0", true},
      {"https://10.1.2.3", "10.0.0.0/x", false},
      {"https://10.1.2.3", "10.0.0.0/33", false},
      {"https://[::1]:8000", "::1", true},
      {"https://[::1]:8000", "[::1]", true},
      {"https://[::1]:8000", "[::1]:8000", true},
      {"https://[::1]:8000", "0:0:0:0:0:0:0:1", true},
      {"https://[fd00::1]", "fd00::/8", true},
      {"https://[fd00::1]", "10.0.0.0/8", false},
      {"https://ddb.example.com", "example.com", true},
      {"https://ddb.example.com", ".example.com", true},
      {"https://ddb.example.com", "*.EXAMPLE.com", true},
      {"https://example.com", ".example.com", true},
      {"https://ddb.example.com", "ddb.example.com:443", true},
      {"https://ddb.example.com", "ample.com", false},
      {"https://ddb.example.com", "example.org,com.example", false},
      {"https://ddb.example.com", "*", true},
      {"https://ddb.example.com", "", false},
      {"https://ddb.example.com", " , ,", false},
      {"https://ddb.example.com", ".", false},
  };
  for (const Case& c : cases) {
    for (const char* name : {"NO_PROXY", "no_proxy"}) {
      EXPECT_EQ(Find(c.url, {{"HTTPS_PROXY", "http://p"}, {name, c.list}}).empty(), c.excepted)
          << c.url << " " << c.list;
    }
  }
}

}  // namespace
}  // namespace ddb
