// What a user reads when no DynamoDB answered: nothing came, or something else did. Part of error_messages,
// which has what DynamoDB itself says. Pure.
#pragma once

#include <string>

#include "dynamodb/error_messages.h"

namespace ddb {

// "dynamodb_endpoint (http://...)", for a sentence's beginning or middle.
std::string WhichEndpoint(const EndpointText& endpoint);

// " The way leads through the proxy ...", for the end of a text; "" without a proxy.
std::string ThroughProxy(const EndpointText& endpoint);

// Of ErrorCode::kTransport.
std::string TransportText(const FailedOperation& failed, const EndpointText& endpoint);
// Of a reply that names no error that we know: of a proxy, a load balancer, a login page, another server.
std::string StrangerText(const FailedOperation& failed, const EndpointText& endpoint);

}  // namespace ddb
