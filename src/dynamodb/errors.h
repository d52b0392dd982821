// Errors of DynamoDB, named by what happens next. This is the only classifier: replies come in, a Verdict
// goes out. Server text is never copied; `reason` is a literal of our own closed table.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
// Pure values; any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/http_client.h"
#include "base/result.h"

namespace ddb {

enum class Reaction {
  kNone,            // no error
  kRetry,           // transient, outcome may be unknown: same bytes again, with jittered backoff
  kThrottle,        // as kRetry, and the rate controller slows down (hot key / table / index / account)
  kReauthenticate,  // expired token, clock skew: refresh or correct, sign again, send again
  kSplit,           // the request is too large: halve it; a single item is rejected
  kRejectItem,      // an item can never be stored, the rest of its batch can: bisect, count, say why
  kFailConfig,      // the user must change something      -> config_error
  kFailSystem,      // nothing a user or a retry can mend   -> system_error
};

// Finer than Reaction: what check's messages and the control plane tell apart.
enum class ErrorCode {
  kNone,
  kTransport,  // see Verdict::transport
  kThrottled,
  kServerError,  // 5xx
  kBadReply,     // a 200 that does not add up (crc32, JSON, an entry that was never sent)
  kExpiredToken,
  kClockSkew,
  kUnrecognizedClient,  // wrong access key id (UnrecognizedClientException, InvalidClientTokenId)
  kInvalidSignature,    // wrong secret access key
  kAccessDenied,
  kResourceNotFound,
  kResourceInUse,
  kLimitExceeded,
  kTableAlreadyExists,
  kValidation,
  kItemCollectionTooLarge,
  kConditionFailed,
  kRequestTooLarge,
  kUnknownOperation,  // the endpoint does not speak (all of) DynamoDB
  kKmsUnavailable,    // the table's encryption key
  kOther,
};

struct Verdict {
  Reaction reaction = Reaction::kNone;
  ErrorCode code = ErrorCode::kNone;
  TransportError transport = TransportError::kNone;
  int status = 0;
  std::string_view reason;  // literal of our own: "item exceeds 400 KB", "throttled: hot partition", ...
  std::string error_name;   // __type after '#', only if it is one of the names we know; else ""

  bool ok() const { return reaction == Reaction::kNone; }
  // "ProvisionedThroughputExceededException, HTTP 400, request ABC": for internal_message.
  std::string Describe(std::string_view request_id) const;
};

// Classifies one reply (framing already checked; the caller found the crc32 wrong or right).
Verdict Classify(const HttpReply& reply, bool crc_ok);

}  // namespace ddb
