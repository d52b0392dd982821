// How a request to the control plane can end without an answer, as lists that tests go through whole. Only
// tests include this. Any thread.
#pragma once

#include <string>
#include <vector>

#include "support/dynamodb/fake_dynamodb.h"

namespace ddb::testkit {

// Every way in which a request can end of which nobody can say whether it was carried out.
inline std::vector<Verdict> OpenOutcomes() {
  std::vector<Verdict> verdicts;
  for (const TransportError error :
       {TransportError::kReset, TransportError::kCutShort, TransportError::kTimeout,
        TransportError::kTwoLengths, TransportError::kUnknownEncoding, TransportError::kBrokenEncoding,
        TransportError::kMalformed, TransportError::kReplyTooLarge, TransportError::kCancelled}) {
    verdicts.push_back(Unreachable(error));
  }
  verdicts.push_back(Refusal(Reaction::kRetry, ErrorCode::kServerError, "InternalServerError"));
  verdicts.push_back(Refusal(Reaction::kRetry, ErrorCode::kBadReply, ""));
  return verdicts;
}
// And those that ended before the request was sent: it was not.
inline std::vector<Verdict> NeverSent() {
  std::vector<Verdict> verdicts;
  for (const TransportError error :
       {TransportError::kResolve, TransportError::kRefused, TransportError::kNoDescriptor,
        TransportError::kConnectTimeout, TransportError::kTlsUntrusted, TransportError::kTlsExpired,
        TransportError::kTlsWrongName, TransportError::kTlsOther, TransportError::kSpeaksTls}) {
    verdicts.push_back(Unreachable(error));
  }
  return verdicts;
}
inline std::string NameOf(const Verdict& verdict) {
  return verdict.transport == TransportError::kNone ? "code " + std::to_string(static_cast<int>(verdict.code))
                                                    : std::string(TransportErrorText(verdict.transport));
}

}  // namespace ddb::testkit
