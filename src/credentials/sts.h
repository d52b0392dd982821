// Sts: asks AWS's Security Token Service for the credentials of a role. One try each; on the supply's thread.
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
#pragma once

#include <cstdint>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"
#include "credentials/attempt.h"

namespace ddb {

struct Role {
  std::string arn;
  std::string external_id;
  std::string session_name;  // "": this program's own
  int64_t duration_s = 0;    // 0: STS's own, an hour
};

Result<Credentials> AssumeRole(const Surroundings& around, const Role& role, const Credentials& source);
// `token`: of an OpenID provider, such as a cluster's.
Result<Credentials> AssumeRoleWithWebIdentity(const Surroundings& around, const Role& role,
                                              const std::string& token);

// Of STS, SSO's portal and the like: what the environment says (AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL), else
// the region's own. `prefix` stands before the region: "sts".
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
Result<Endpoint> ServiceEndpoint(const Surroundings& around, const char* variable, std::string_view prefix,
                                 std::string_view region);

}  // namespace ddb
