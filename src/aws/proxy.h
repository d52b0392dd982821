// Proxy: the HTTP proxy through which an endpoint is reached, if the config or the environment names one.
// Pure, but for the environment; values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/endpoint.h"
#include "base/literal.h"
#include "base/result.h"

namespace ddb {

struct Proxy {
  std::string host;  // without brackets for an IPv6 literal
  uint16_t port = 0;
  std::string authorization;  // "Basic ...", "": it is told no name
  Text from;                  // what named it: "HTTPS_PROXY", "proxy_url"

  std::string Name() const;  // "the proxy http://host:port (HTTPS_PROXY)": without what it is told
};

// getenv, or what stands for it.
using EnvironmentVariable = std::function<const char*(const char*)>;

// `config_url` first; else as curl and AWS's SDKs read the variables: https_proxy before HTTPS_PROXY before
// all_proxy before ALL_PROXY (http_proxy for http://). None where NO_PROXY or no_proxy names the host: a list
// of hosts, of domains with all below them, of addresses and networks (10.0.0.0/8), with or without a port; *
// for all. A URL is http://[user[:password]@]host[:port], the scheme may be left out, and the port is then
// 1080, as curl has it. What is no such URL is a config_error that names where it stands, and so is one of a
// kind that is not spoken (SOCKS, https://): to go past a proxy that is named would be what nobody asked for.
// Null: none is used.
Result<std::shared_ptr<const Proxy>> ChooseProxy(const Endpoint& endpoint, std::string_view config_url,
                                                 const EnvironmentVariable& variable);

// What a proxy changes in the head of a request. Of TLS it sees nothing but where the tunnel leads.
struct RequestForm {
  std::string before_path;  // "http://host:port", for plain HTTP
  std::string lines;        // "Proxy-Authorization: ...\r\n"
};
RequestForm FormFor(const Endpoint& endpoint, const Proxy* proxy);
// "CONNECT host:port HTTP/1.1" with its empty line; "" where there is no tunnel.
std::string TunnelRequest(const Endpoint& endpoint, const Proxy* proxy);

}  // namespace ddb
