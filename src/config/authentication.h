// ReadAuthentication: who a config says that the destination is. Part of config.h; main thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "config/config.h"

namespace ddb {

// Of a config that the schema has taken. Everything that can be seen of keys before they are used is said.
Result<Authentication> ReadAuthentication(const nlohmann::json& config, const Deployment& deployment);

}  // namespace ddb
