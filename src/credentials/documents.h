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

// {"Version":1,"AccessKeyId","SecretAccessKey","SessionToken","Expiration"}: what a credential_process
// writes. https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
std::optional<Credentials> ReadProcessCredentials(std::string_view json);

struct SsoToken {
  std::string access_token;
  int64_t expires_ms = 0;
  // What a renewal takes, where the login can be renewed; else "".
  std::string refresh_token = {};
  std::string client_id = {};
  std::string client_secret = {};
  int64_t registration_expires_ms = 0;
};
// The file that "aws sso login" leaves, and how AWS's clients write it.
// https://docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html
std::optional<SsoToken> ReadSsoToken(std::string_view json);
std::string WriteSsoToken(const SsoToken& token, std::string_view start_url, std::string_view region);
// The request for a new login, and its reply: what the reply does not say stays as it was, but for the
// refresh token. https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
std::string WriteTokenRequest(const SsoToken& token);
std::optional<SsoToken> ReadNewToken(std::string_view json, const SsoToken& old, int64_t now_ms);

// "2030-01-01T00:00:00Z", also with a fraction, or with an offset in place of Z; 0: it is none.
int64_t ReadTime(std::string_view text);
std::string WriteTime(int64_t millis);

// The name of an error in a JSON or XML reply, if it is one of those that are known here; else "".
Text KnownErrorName(std::string_view body);

}  // namespace ddb
