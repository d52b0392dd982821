// Whether the environment names an HTTP proxy for an endpoint. This version connects to none; but where one
// is named and not used, a connection that fails looks like a wrong host to whoever named it. Pure, but for
// the environment; any thread.
#pragma once

#include <functional>
#include <string_view>

#include "aws/endpoint.h"
#include "base/literal.h"

namespace ddb {

// As curl and AWS's SDKs read the variables: https_proxy before HTTPS_PROXY before all_proxy before ALL_PROXY
// (http_proxy for http://), unless NO_PROXY or no_proxy names the host: a list of hosts, of domains with all
// below them, of addresses and networks (10.0.0.0/8), with or without a port; * for all.
// The name of the variable; "" for none. `variable` is getenv, or what stands for it.
Text ProxyVariable(const Endpoint& endpoint, const std::function<const char*(const char*)>& variable);

}  // namespace ddb
