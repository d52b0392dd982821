#include "aws/proxy.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ddb {
namespace {

using Variables = std::map<std::string, std::string>;

Result<std::shared_ptr<const Proxy>> Choose(const std::string& url, const Variables& variables,
                                            const std::string& config_url = {}) {
  const Result<Endpoint> endpoint = ResolveEndpoint(url, "us-east-1");
  EXPECT_TRUE(endpoint.ok()) << url;
  return ChooseProxy(*endpoint, config_url, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

// What names the proxy that is used.
std::string Find(const std::string& url, const Variables& variables) {
  const auto choice = Choose(url, variables);
  if (!choice.ok()) return choice.error().message;
  return *choice ? std::string((*choice)->from.view()) : "";
}

TEST(Proxy, WhichVariable) {
  const std::string https = "https://dynamodb.intern.test/", http = "http://10.1.2.3:8000";
  EXPECT_EQ(Find(https, {}), "");
  EXPECT_EQ(Find(https, {{"HTTPS_PROXY", "http://p:3128"}}), "HTTPS_PROXY");
  EXPECT_EQ(Find(https, {{"https_proxy", "http://p"}, {"HTTPS_PROXY", "http://q"}}), "https_proxy");
  EXPECT_EQ(Find(https, {{"HTTPS_PROXY", " "}, {"ALL_PROXY", "http://p"}}), "ALL_PROXY");
  EXPECT_EQ(Find(https, {{"all_proxy", "p"}}), "all_proxy");
  EXPECT_EQ(Find(https, {{"HTTP_PROXY", "http://p"}}), "");
  EXPECT_EQ(Find(http, {{"HTTPS_PROXY", "http://p"}}), "");
  EXPECT_EQ(Find(http, {{"http_proxy", "http://p"}}), "http_proxy");
  EXPECT_EQ(Find("", {{"HTTPS_PROXY", "http://p"}}), "HTTPS_PROXY");  // AWS
}

TEST(Proxy, WhatIsExcepted) {
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

struct ProxyCase {
  std::string url;
  std::string host;
  int port;
  std::string authorization;
};

TEST(Proxy, UrlsAsCurlReadsThem) {
  const ProxyCase cases[] = {
      {"http://proxy.intern:3128", "proxy.intern", 3128, ""},
      {"HTTP://proxy.intern:3128/", "proxy.intern", 3128, ""},
      {"proxy.intern:80", "proxy.intern", 80, ""},
      {"proxy.intern", "proxy.intern", 1080, ""},
      {"http://proxy.intern:80", "proxy.intern", 80, ""},
      {"http://[fd00::1]", "fd00::1", 1080, ""},
      {"http://[fd00::1]:80/x", "fd00::1", 80, ""},
      {"http://user:pass@10.0.0.1:8080", "10.0.0.1", 8080, "Basic dXNlcjpwYXNz"},
      {"http://user@10.0.0.1:8080", "10.0.0.1", 8080, "Basic dXNlcjo="},
      {"user:p%40s%3As@10.0.0.1:8080", "10.0.0.1", 8080, "Basic dXNlcjpwQHM6cw=="},
      {"http://user:p@ss@10.0.0.1:8080", "10.0.0.1", 8080, "Basic dXNlcjpwQHNz"},
  };
  for (const ProxyCase& c : cases) {
    for (const bool of_config : {false, true}) {
      const auto choice = of_config ? Choose("https://ddb.example.com", {}, c.url)
                                    : Choose("https://ddb.example.com", {{"HTTPS_PROXY", c.url}});
      ASSERT_TRUE(choice.ok() && *choice) << c.url;
      EXPECT_EQ((*choice)->host, c.host) << c.url;
      EXPECT_EQ((*choice)->port, c.port) << c.url;
      EXPECT_EQ((*choice)->authorization, c.authorization) << c.url;
      EXPECT_EQ((*choice)->from, of_config ? Text("proxy_url") : Text("HTTPS_PROXY"));
    }
  }
}

TEST(Proxy, WhatIsNoProxyOfOurs) {
  for (const std::string url : {"socks5://p:1", "https://p:1", "socks5h://user:topsecret@p"}) {
    const auto choice = Choose("https://ddb.example.com", {{"ALL_PROXY", url}});
    ASSERT_FALSE(choice.ok()) << url;
    EXPECT_EQ(choice.error().type, FailureType::kConfig);
    EXPECT_TRUE(choice.error().message.starts_with("ALL_PROXY names a proxy of a kind"))
        << choice.error().message;
    EXPECT_NE(choice.error().message.find("A proxy is http://"), std::string::npos);
    EXPECT_EQ(choice.error().message.find("topsecret"), std::string::npos);
    EXPECT_TRUE(Choose("https://ddb.example.com", {{"ALL_PROXY", url}, {"NO_PROXY", ".example.com"}}).ok());
    EXPECT_TRUE(Choose("https://ddb.example.com", {{"ALL_PROXY", url}}, "http://p:1").ok());
    const auto config = Choose("https://ddb.example.com", {}, url);
    ASSERT_FALSE(config.ok()) << url;
    EXPECT_TRUE(config.error().message.starts_with("proxy_url names a proxy of a kind"))
        << config.error().message;
    EXPECT_EQ(config.error().message.find("topsecret"), std::string::npos);
  }
  for (const std::string url :
       {"http://p:x", "http://", "http://user:topsecret@", "http://a b", "http://p:0"}) {
    const auto choice = Choose("https://ddb.example.com", {{"HTTPS_PROXY", url}});
    ASSERT_FALSE(choice.ok()) << url;
    EXPECT_TRUE(choice.error().message.starts_with("HTTPS_PROXY is not the URL of a proxy")) << url;
    EXPECT_EQ(choice.error().message.find("topsecret"), std::string::npos);
  }
}

TEST(Proxy, TheConfigComesFirstAndExceptionsHold) {
  const auto choice = Choose("https://ddb.example.com", {{"HTTPS_PROXY", "http://q:1"}}, "http://p:2");
  ASSERT_TRUE(choice.ok() && *choice);
  EXPECT_EQ((*choice)->Name(), "the proxy http://p:2 (proxy_url)");
  EXPECT_EQ(Choose("https://ddb.example.com", {{"NO_PROXY", "example.com"}}, "http://p:2").value(), nullptr);
}

TEST(Proxy, WhatItIsTold) {
  const Endpoint tls = *ResolveEndpoint("https://ddb.example.com", "us-east-1");
  const Endpoint plain = *ResolveEndpoint("http://[::1]:8000/x", "us-east-1");
  const auto proxy = Choose("https://ddb.example.com", {}, "http://u:p@q:1").value();
  EXPECT_EQ(TunnelRequest(tls, proxy.get()),
            "CONNECT ddb.example.com:443 HTTP/1.1\r\nHost: ddb.example.com:443\r\n"
            "User-Agent: destination-dynamodb\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
  EXPECT_EQ(TunnelRequest(plain, proxy.get()), "");
  EXPECT_EQ(TunnelRequest(tls, nullptr), "");
  EXPECT_EQ(FormFor(plain, proxy.get()).before_path, "http://[::1]:8000");
  EXPECT_EQ(FormFor(plain, proxy.get()).lines, "Proxy-Authorization: Basic dTpw\r\n");
  EXPECT_EQ(FormFor(tls, proxy.get()).before_path, "");
  EXPECT_EQ(FormFor(tls, proxy.get()).lines, "");  // the endpoint is not told it
}

}  // namespace
}  // namespace ddb
