// Documents in which credentials come: JSON of the instance's and the container's services and of IAM
// Identity Center, XML of STS. Pure. No text of a server's leaves here but keys and tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/literal.h"

namespace ddb {

// {"AccessKeyId","SecretAccessKey","Token","Expiration":"2030-01-01T00:00:00Z"}: of IMDS, ECS and EKS.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
std::optional<Credentials> ReadServiceCredentials(std::string_view json);
// {"roleCredentials":{"accessKeyId",...,"expiration":1893456000000}}.
// https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
std::optional<Credentials> ReadRoleCredentials(std::string_view json);
// <Credentials> of AssumeRole's and AssumeRoleWithWebIdentity's replies.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
std::optional<Credentials> ReadStsCredentials(std::string_view xml);

struct SsoToken {
  std::string access_token;
  int64_t expires_ms = 0;
};
// The file that "aws sso login" leaves.
std::optional<SsoToken> ReadSsoToken(std::string_view json);

// "2030-01-01T00:00:00Z", also with a fraction, or with an offset in place of Z; 0: it is none.
int64_t ReadTime(std::string_view text);

// The name of an error in a JSON or XML reply, if it is one of those that are known here; else "".
Text KnownErrorName(std::string_view body);

}  // namespace ddb
