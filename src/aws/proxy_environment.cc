#include "aws/proxy_environment.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/text.h"

namespace ddb {
namespace {

using Variables = std::function<const char*(const char*)>;

std::string_view Value(const Variables& variable, const char* name) {
  const char* value = variable(name);
  return value != nullptr ? std::string_view(value) : std::string_view();
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
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
  entry = Trim(entry);
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

bool IsExcepted(const Endpoint& endpoint, const Variables& variable) {
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

}  // namespace

Text ProxyVariable(const Endpoint& endpoint, const Variables& variable) {
  const auto variables =
      endpoint.tls ? std::span<const Variable>(kOfHttps) : std::span<const Variable>(kOfHttp);
  for (const Variable& one : variables) {
    if (Trim(Value(variable, one.name)).empty()) continue;
    return IsExcepted(endpoint, variable) ? Text() : one.text;
  }
  return {};
}

}  // namespace ddb
