// What a machine has of an AWS account: the settings beside the config, and the credentials that a config
// names: keys, or a supply that has its first ones. Main thread.
#pragma once

#include <functional>
#include <memory>

#include "aws/credentials.h"
#include "aws/trust.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "config/config.h"

namespace ddb {

// What stands in for what the config leaves empty: the environment, and behind it the profile of AWS's files,
// as AWS's clients take them. On Airbyte Cloud no file is the user's.
Deployment DeploymentOfMachine();

// Waits for the first ones, where they have to be fetched, for less than 30 s; `stop_requested` ends that.
// `clock` and `log` outlive what is given back. `trust`: null where the endpoint is plain HTTP.
Result<std::shared_ptr<CredentialsSource>> MakeCredentials(const Config& config,
                                                           std::shared_ptr<const Trust> trust,
                                                           const Clock& clock, Log& log,
                                                           const std::function<bool()>& stop_requested);

}  // namespace ddb
