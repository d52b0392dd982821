#include "aws/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace ddb {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
constexpr std::string_view kDynamoDb = "dynamodb";

// https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
struct Partition {
  std::string_view region_prefix;  // then "-<word>-<number>"
  std::string_view dns_suffix;
  std::string_view dualstack_suffix;
  std::string_view name = "aws";  // in ARNs
};
constexpr std::string_view kAws = "amazonaws.com";
constexpr std::string_view kAwsDual = "api.aws";
constexpr std::string_view kChina = "amazonaws.com.cn";
constexpr std::string_view kGovCloud = "us-gov";
constexpr Partition kPartitions[] = {
    {"us", kAws, kAwsDual},
    {"eu", kAws, kAwsDual},
    {"ap", kAws, kAwsDual},
    {"sa", kAws, kAwsDual},
    {"ca", kAws, kAwsDual},
    {"me", kAws, kAwsDual},
    {"af", kAws, kAwsDual},
    {"il", kAws, kAwsDual},
    {"mx", kAws, kAwsDual},
    {kGovCloud, kAws, kAwsDual, "aws-us-gov"},
    {"cn", kChina, "api.amazonwebservices.com.cn", "aws-cn"},
    {"eusc-de", "amazonaws.eu", "api.amazonwebservices.eu", "aws-eusc"},
    {"us-iso", "c2s.ic.gov", "api.aws.ic.gov", "aws-iso"},
    {"us-isob", "sc2s.sgov.gov", "api.aws.scloud", "aws-iso-b"},
    {"eu-isoe", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "aws-iso-e"},
    {"us-isof", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "aws-iso-f"},
};

Error BadEndpoint(std::string_view reason, std::source_location where = std::source_location::current()) {
  return ConfigError(
      "dynamodb_endpoint " + std::string(reason) +
          ". It must be http:// or https://, a host, and optionally a port and a path, such as "
          "http://localhost:8000; leave it empty for AWS DynamoDB.",
      "endpoint: dynamodb_endpoint " + std::string(reason), where);
}

Error BadRegion(std::string_view reason, std::source_location where = std::source_location::current()) {
  return ConfigError(
      "dynamodb_region " + std::string(reason) + ". Give the code of an AWS region, such as us-east-1.",
      "endpoint: dynamodb_region " + std::string(reason), where);
}

// The partition whose pattern the region has, null if there is none.
const Partition* PartitionOf(std::string_view region) {
  const size_t number = region.rfind('-');
  if (number == std::string_view::npos || number == 0) return nullptr;
  const size_t word = region.rfind('-', number - 1);
  if (word == std::string_view::npos || word == 0) return nullptr;
  const std::string_view digits = region.substr(number + 1);
  const std::string_view name = region.substr(word + 1, number - word - 1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), IsDigit)) return nullptr;
  const auto in_name = [](char c) { return IsLower(c) || IsDigit(c); };
  if (name.empty() || !std::all_of(name.begin(), name.end(), in_name)) return nullptr;
  const std::string_view prefix = region.substr(0, word);
  for (const Partition& partition : kPartitions) {
    if (partition.region_prefix == prefix) return &partition;
  }
  return nullptr;
}

Result<Endpoint> DynamoDbEndpoint(std::string_view region, const EndpointKind& kind) {
  if (region.empty()) return BadRegion("is empty, which only works with a dynamodb_endpoint");
  // What AWS's own clients do: the local engine, signed with a region that every engine knows.
  if (region == "local") {
    return Endpoint{false, "localhost", 8000, "localhost:8000", "/", std::string(kDefaultRegion)};
  }
  return RegionalEndpoint(kDynamoDb, region, kind);
}

bool IsIpv6(std::string_view text) {
  in6_addr any;
  const std::string address(text);
  return address.find('\0') == std::string::npos && inet_pton(AF_INET6, address.c_str(), &any) == 1;
}

// https://www.rfc-editor.org/rfc/rfc1123#section-2.1, and '_', which names in container networks have.
bool IsHostName(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  while (true) {
    const size_t end = std::min(host.find('.'), host.size());
    const std::string_view label = host.substr(0, end);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return IsAlnum(c) || c == '-' || c == '_'; })) {
      return false;
    }
    if (end == host.size()) return true;
    host.remove_prefix(end + 1);
  }
}

// What RFC 3986 lets stand in a path; a percent sign begins an escape.
bool IsPath(std::string_view path) {
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '%') {
      const auto hex = [](char d) { return HexValue(d) >= 0; };
      if (i + 2 >= path.size() || !hex(path[i + 1]) || !hex(path[i + 2])) return false;
    } else if (!IsAlnum(c) && std::string_view("/-._~!$&'()*+,;=:@").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

Status SetHost(std::string_view host, Endpoint& endpoint) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || !IsIpv6(host.substr(1, host.size() - 2))) {
      return BadEndpoint("has a bad IPv6 address between its brackets");
    }
    endpoint.host = host.substr(1, host.size() - 2);
  } else {
    if (host.empty()) return BadEndpoint("has no host");
    if (host.find(':') != std::string_view::npos) {
      return BadEndpoint("has more than one colon after the host (an IPv6 address needs brackets)");
    }
    if (!IsHostName(host)) {
      return BadEndpoint(
          "has a host with characters that no host name has (international names: in xn-- form)");
    }
    endpoint.host = host;
  }
  for (char& c : endpoint.host) {
    c = ToLower(c);
  }
  return Ok();
}

Status SetAuthority(std::string_view authority, Endpoint& endpoint) {
  if (authority.find('@') != std::string_view::npos) return BadEndpoint("has a user name in it");
  const uint16_t own_port = endpoint.tls ? 443 : 80;
  endpoint.port = own_port;
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  std::string_view host = authority;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    if (error != std::errc() || end != digits.data() + digits.size() || endpoint.port == 0) {
      return BadEndpoint("has a port that is not a number from 1 to 65535");
    }
    host = authority.substr(0, colon);
  }
  if (auto status = SetHost(host, endpoint); !status.ok()) return status;
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  endpoint.host_header = ipv6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != own_port) endpoint.host_header += ":" + std::to_string(endpoint.port);
  return Ok();
}

}  // namespace

Result<Endpoint> RegionalEndpoint(std::string_view service, std::string_view region,
                                  const EndpointKind& kind) {
  const Partition* const partition = PartitionOf(region);
  if (partition == nullptr || region.size() > 63) return BadRegion("is not the code of an AWS region");
  Endpoint endpoint;
  endpoint.region = region;
  const bool of_account = !kind.account_id.empty() && !kind.fips && service == kDynamoDb &&
                          (partition->dns_suffix == kAws || partition->dns_suffix == kChina);
  if (of_account) {
    endpoint.host = kind.account_id + ".ddb";
  } else {
    const bool own_name = kind.fips && (kind.dualstack || partition->region_prefix != kGovCloud);
    endpoint.host = std::string(service) + (own_name ? "-fips" : "");
  }
  endpoint.host += "." + endpoint.region + "." +
                   std::string(kind.dualstack ? partition->dualstack_suffix : partition->dns_suffix);
  endpoint.host_header = endpoint.host;
  return endpoint;
}

std::string_view PartitionName(std::string_view region) {
  const Partition* const partition = PartitionOf(region);
  return partition == nullptr ? std::string_view() : partition->name;
}

std::string PlainOrigin(std::string_view location) {
  const size_t scheme = location.find("://");
  if (scheme > 5) return {};  // or there is none
  std::string url;
  for (const char c : location.substr(0, scheme)) url += ToLower(c);
  url += "://";
  std::string_view authority = location.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#\\"));
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
  const Result<Endpoint> endpoint = ResolveEndpoint(url.append(authority), kDefaultRegion);
  return endpoint.ok() ? url.substr(0, scheme + 3) + endpoint->host_header : std::string();
}

std::string Endpoint::Url() const { return (tls ? "https://" : "http://") + host_header + path; }

bool Endpoint::IsAws() const {
  std::string name = host;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::any_of(std::begin(kPartitions), std::end(kPartitions), [&](const Partition& of) {
    return name.ends_with("." + std::string(of.dns_suffix)) ||
           name.ends_with("." + std::string(of.dualstack_suffix));
  });
}

Result<Endpoint> ResolveEndpoint(std::string_view url, std::string_view region, const EndpointKind& kind) {
  const bool own = url.empty() && region != "local";
  if (!own && (kind.dualstack || kind.fips)) {
    return BadEndpoint(std::string("cannot be combined with ") + (kind.fips ? "use_fips" : "use_dualstack") +
                       ", which chooses among AWS's own endpoints");
  }
  if (url.empty()) return DynamoDbEndpoint(region, kind);
  Endpoint endpoint;
  endpoint.region = region.empty() ? kDefaultRegion : region;
  if (!std::all_of(region.begin(), region.end(), [](char c) { return IsAlnum(c) || c == '-'; })) {
    return BadRegion("has a character that is neither a letter, a digit nor a hyphen");
  }
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    endpoint.tls = false;
    url.remove_prefix(7);
  } else {
    return BadEndpoint("does not start with http:// or https://");
  }
  if (url.find_first_of("?#") != std::string_view::npos) return BadEndpoint("has a query or a fragment");
  const size_t slash = std::min(url.find('/'), url.size());
  if (auto status = SetAuthority(url.substr(0, slash), endpoint); !status.ok()) {
    return std::move(status).error();
  }
  if (slash < url.size()) endpoint.path = url.substr(slash);
  if (!IsPath(endpoint.path)) return BadEndpoint("has a path with characters that no path has");
  return endpoint;
}

}  // namespace ddb
