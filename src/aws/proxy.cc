#include "aws/proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "aws/header_text.h"
#include "base/text.h"

namespace ddb {
namespace {

std::string_view Value(const EnvironmentVariable& variable, const char* name) {
  const char* value = variable(name);
  return value != nullptr ? std::string_view(value) : std::string_view();
}

struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  int bits = 0;  // 32 or 128
};

std::optional<IpAddress> ParseAddress(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string address(text);
  IpAddress parsed;
  if (inet_pton(AF_INET, address.c_str(), parsed.bytes.data()) == 1) {
    parsed.bits = 32;
    return parsed;
  }
  if (inet_pton(AF_INET6, address.c_str(), parsed.bytes.data()) != 1) return std::nullopt;
  parsed.bits = 128;
  return parsed;
}

bool InNetwork(const IpAddress& address, const IpAddress& network, int prefix) {
  if (address.bits != network.bits || prefix > network.bits) return false;
  for (int bit = 0; bit < prefix; ++bit) {
    const auto at = static_cast<size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((address.bytes[at] & mask) != (network.bytes[at] & mask)) return false;
  }
  return true;
}

bool SameText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLower(x) == ToLower(y); });
}

// "host:8000" and "[::1]:8000"; an IPv6 address without brackets has no port.
std::string_view TakePort(std::string_view entry, std::optional<uint16_t>& port) {
  const size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos) return entry;
  const bool one_colon = entry.find(':') == colon;
  if (!one_colon && (colon == 0 || entry[colon - 1] != ']')) return entry;
  uint16_t number = 0;
  const std::string_view digits = entry.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return entry;
  port = number;
  return entry.substr(0, colon);
}

bool Names(std::string_view entry, const Endpoint& endpoint) {
  entry = TrimBlanks(entry);
  if (entry == "*") return true;
  std::optional<uint16_t> port;
  entry = TakePort(entry, port);
  if (entry.empty() || (port && *port != endpoint.port)) return false;

  const std::optional<IpAddress> address = ParseAddress(endpoint.host);
  if (const size_t slash = entry.find('/'); slash != std::string_view::npos) {
    const std::optional<IpAddress> network = ParseAddress(entry.substr(0, slash));
    const std::string_view digits = entry.substr(slash + 1);
    int prefix = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    const bool good = error == std::errc() && end == digits.data() + digits.size() && prefix >= 0;
    return address && network && good && InNetwork(*address, *network, prefix);
  }
  if (address) {
    const std::optional<IpAddress> other = ParseAddress(entry);
    return other && InNetwork(*address, *other, address->bits);
  }
  std::string_view host = endpoint.host;
  while (host.ends_with('.')) host.remove_suffix(1);
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty() || host.size() < entry.size()) return false;
  const size_t before = host.size() - entry.size();
  return SameText(host.substr(before), entry) && (before == 0 || host[before - 1] == '.');
}

bool IsExcepted(const Endpoint& endpoint, const EnvironmentVariable& variable) {
  std::string_view list = Value(variable, "no_proxy");
  if (list.empty()) list = Value(variable, "NO_PROXY");
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (Names(list.substr(0, end), endpoint)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

struct Variable {
  const char* name;
  Text text;
};
constexpr Variable kOfHttps[] = {{"https_proxy", "https_proxy"},
                                 {"HTTPS_PROXY", "HTTPS_PROXY"},
                                 {"all_proxy", "all_proxy"},
                                 {"ALL_PROXY", "ALL_PROXY"}};
constexpr Variable kOfHttp[] = {{"http_proxy", "http_proxy"},
                                {"HTTP_PROXY", "HTTP_PROXY"},
                                {"all_proxy", "all_proxy"},
                                {"ALL_PROXY", "ALL_PROXY"}};

// "%40" is '@'; what is no escape stays.
std::string Decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// https://www.rfc-editor.org/rfc/rfc7617
std::string Basic(std::string_view login) {
  const size_t colon = std::min(login.find(':'), login.size());
  const std::string name =
      Decoded(login.substr(0, colon)) + ":" + Decoded(login.substr(std::min(colon + 1, login.size())));
  std::string text(4 * ((name.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()));
  text.resize(static_cast<size_t>(size));
  return "Basic " + text;
}

Error BadProxy(Text from, std::string_view reason) {
  return ConfigError(
      fmt::format("{} {}. A proxy is http://, a host, and optionally a port, with user:password@ in "
                  "front of the host where it asks for them.",
                  from, reason));
}

Result<std::shared_ptr<const Proxy>> ParseProxy(std::string_view url, Text from) {
  constexpr uint16_t kUsualPort = 1080;
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const std::string name = ToLower(url.substr(0, scheme));
    if (name != "http") {
      return BadProxy(from, from == Text("proxy_url") ? "names a proxy of a kind that is not supported"
                                                      : "names a proxy of a kind that is not supported, and "
                                                        "NO_PROXY does not except the endpoint's host");
    }
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find_first_of("/?#"));
  auto proxy = std::make_shared<Proxy>();
  proxy->from = from;
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) {
    proxy->authorization = Basic(url.substr(0, at));
    url.remove_prefix(at + 1);
  }
  const Result<Endpoint> endpoint = ResolveEndpoint("http://" + std::string(url), "us-east-1");
  if (!endpoint.ok()) return BadProxy(from, "is not the URL of a proxy");
  proxy->host = endpoint->host;
  const bool has_port = url.find(':', url.rfind(']') + 1) != std::string_view::npos;  // npos + 1 is 0
  proxy->port = has_port ? endpoint->port : kUsualPort;
  return std::shared_ptr<const Proxy>(std::move(proxy));
}

std::string HostAndPort(const std::string& host, uint16_t port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

}  // namespace

std::string Proxy::Name() const {
  return fmt::format("the proxy http://{} ({})", HostAndPort(host, port), from);
}

Result<std::shared_ptr<const Proxy>> ChooseProxy(const Endpoint& endpoint, std::string_view config_url,
                                                 const EnvironmentVariable& variable) {
  if (IsExcepted(endpoint, variable)) return std::shared_ptr<const Proxy>();
  if (!config_url.empty()) return ParseProxy(config_url, "proxy_url");
  const auto variables =
      endpoint.tls ? std::span<const Variable>(kOfHttps) : std::span<const Variable>(kOfHttp);
  for (const Variable& one : variables) {
    const std::string_view url = TrimBlanks(Value(variable, one.name));
    if (!url.empty()) return ParseProxy(url, one.text);
  }
  return std::shared_ptr<const Proxy>();
}

RequestForm FormFor(const Endpoint& endpoint, const Proxy* proxy) {
  if (proxy == nullptr || endpoint.tls) return {};
  RequestForm form{"http://" + endpoint.host_header, {}};
  if (!proxy->authorization.empty()) form.lines = "Proxy-Authorization: " + proxy->authorization + "\r\n";
  return form;
}

std::string TunnelRequest(const Endpoint& endpoint, const Proxy* proxy) {
  if (proxy == nullptr || !endpoint.tls) return {};
  const std::string to = HostAndPort(endpoint.host, endpoint.port);
  std::string request =
      fmt::format("CONNECT {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: destination-dynamodb\r\n", to, to);
  if (!proxy->authorization.empty()) request += "Proxy-Authorization: " + proxy->authorization + "\r\n";
  return request + "\r\n";
}

}  // namespace ddb
