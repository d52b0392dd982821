// Chain: where the credentials of a run come from, by the config: a fetch asks for them once, and may be
// repeated. On the supply's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "credentials/attempt.h"
#include "credentials/sts.h"

namespace ddb {

struct Fetched {
  Credentials credentials;
  std::string from;  // for the log: "the environment (AWS_ACCESS_KEY_ID)"
};

// As AWS's clients look, in botocore's order: the environment, a role of the profile, a web identity, SSO,
// the profile's keys in the file of credentials, its credential_process, its keys in the file of settings,
// the container's service, the instance's.
Result<Fetched> FetchFromChain(const Surroundings& around);

struct RolePlan {
  Role role;
  std::optional<Credentials> keys;  // that assume it, of the config
  // Where the config has none: only what the platform hands in, not what the machine has.
  bool only_environment = false;
};
Result<Fetched> FetchRole(const Surroundings& around, const RolePlan& plan);

}  // namespace ddb
