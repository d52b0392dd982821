// Endpoint: where requests go and under which region they are signed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ddb {

struct Endpoint {
  bool tls = true;
  std::string host;  // without brackets for an IPv6 literal
  uint16_t port = 443;
  std::string host_header;  // as sent and signed: host, and :port unless it is the scheme's own
  std::string path = "/";   // starts with a slash
  std::string region;       // the signing region

  std::string Url() const;  // for messages
  // It is the service itself, in whatever partition, also through an endpoint of a VPC.
  bool IsAws() const;
};

// Which of AWS's own endpoints.
struct EndpointKind {
  bool dualstack = false;  // with addresses of IPv4 and IPv6
  bool fips = false;
  std::string account_id = {};  // "": that of all accounts
};

// Of any of AWS's services: "sts". What a partition does not have of the kind falls away, as in AWS's
// clients: the sovereign and the secret ones have no endpoints of accounts, none of those is FIPS, and
// GovCloud's usual ones are FIPS. https://docs.aws.amazon.com/general/latest/gr/rande.html
Result<Endpoint> RegionalEndpoint(std::string_view service, std::string_view region,
                                  const EndpointKind& kind = {});

// Regional endpoint of aws, aws-cn, aws-us-gov, ... when `url` is empty; else `url` must be http:// or
// https:// with a host, optional port and path, nothing else (no user, query or fragment). An empty region
// with a url signs as us-east-1. Errors are config_errors that name the key (dynamodb_endpoint,
// dynamodb_region). A `kind` is of AWS's own alone. https://docs.aws.amazon.com/general/latest/gr/ddb.html
Result<Endpoint> ResolveEndpoint(std::string_view url, std::string_view region,
                                 const EndpointKind& kind = {});

// "aws-cn" of cn-north-1: what an ARN has behind its first colon; "" where it is no region of AWS's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
std::string_view PartitionName(std::string_view region);

// Scheme, host and port of where a reply points (Location), "" if that is no plain http or https URL. It is
// the one text of a server's that a message may hold: an address, and nothing but one. What could carry
// more, a path, a query, a user name, is cut off, and a host is one only if DNS would take it.
std::string PlainOrigin(std::string_view location);

}  // namespace ddb
