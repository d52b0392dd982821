// Sources: the places where AWS's clients look for credentials, one function each: one look, which may wait
// for a service. On the supply's thread.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
#pragma once

#include <string>

#include "credentials/attempt.h"
#include "credentials/profiles.h"

namespace ddb {

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
Attempt FromEnvironment(const Surroundings& around);
// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (not without `by_variables`), or the profile's: EKS with IRSA.
Attempt FromWebIdentity(const Surroundings& around, const Profiles& profiles, const std::string& profile,
                        bool by_variables = true);
// What "aws sso login" left, for the profile; renewed, and written back, where it is about to expire and can
// be renewed.
Attempt FromSso(const Surroundings& around, const Profiles& profiles, const std::string& profile);
// What the profile's credential_process writes.
Attempt FromProcess(const Surroundings& around, const Profiles& profiles, const std::string& profile);
// Keys that stand in the profile: of the file of credentials, or of settings.
Attempt FromCredentialsFile(const Profiles& profiles, const std::string& profile);
Attempt FromConfigFile(const Profiles& profiles, const std::string& profile);
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS, EKS Pod Identity.
Attempt FromContainer(const Surroundings& around);
// The instance metadata service of EC2, version 2 alone.
Attempt FromInstance(const Surroundings& around);

}  // namespace ddb
