// Errors of DynamoDB, named by what happens next. This is the only classifier: replies come in, a Verdict
// goes out. Server text is never copied: `reason` is of our own closed table.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
// Pure values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/http_client.h"
#include "base/literal.h"
#include "base/result.h"
#include "dynamodb/reply_fault.h"

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
  kWrongRegion,         // the endpoint belongs to another region than the one signed for
  kAccessDenied,
  kResourceNotFound,
  kForeignKeys,  // the table has other keys than what is written into it
  kResourceInUse,
  kLimitExceeded,  // too many table operations at once
  kTableLimit,     // the account can have no more tables here
  kCapacityLimit,  // nor more capacity units
  kAccountLimit,   // another limit of the account, which does not pass
  kTableAlreadyExists,
  kDeletionProtected,
  kValidation,
  kItemTooLarge,
  kItemCollectionTooLarge,
  kConditionFailed,
  kRequestTooLarge,
  kUnknownOperation,  // the endpoint does not speak (all of) DynamoDB
  kKmsUnavailable,    // the table's encryption key
  kOther,
};

// Verdict::reason of a throttle, as far as the reply tells (ThrottlingReasons, or the error's name).
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing-workflow.html
inline constexpr Text kThrottledProvisioned = "throttled: the table's provisioned capacity";
inline constexpr Text kThrottledKeyRange = "throttled: a hot partition of the table";
inline constexpr Text kThrottledOnDemandMax = "throttled: the table's on-demand maximum";
inline constexpr Text kThrottledAccount = "throttled: the account's limit";
inline constexpr Text kThrottledIndexProvisioned = "throttled: an index's provisioned capacity";
inline constexpr Text kThrottledIndexKeyRange = "throttled: a hot partition of an index";
inline constexpr Text kThrottledIndexOnDemandMax = "throttled: an index's on-demand maximum";
inline constexpr Text kThrottledIndexAccount = "throttled: the account's limit, for an index";
inline constexpr Text kThrottledUnnamed = "throttled";

// Of credentials that have expired, while others are being asked for.
inline constexpr Text kAwaitsCredentials = "the credentials have expired, and new ones are not there yet";

struct Verdict {
  Reaction reaction = Reaction::kNone;
  ErrorCode code = ErrorCode::kNone;
  TransportError transport = TransportError::kNone;
  int status = 0;
  ReplyFault fault = ReplyFault::kNone;  // what was wrong with the reply; also of a 200, see WriteOutcome
  Text reason;                           // "item exceeds 400 KB", "throttled: ...", ...
  Text error_name;                       // if it is one of the names that we know; else ""
  std::string origin;                    // of a redirection: where it points (PlainOrigin)
  std::string index;                     // of a throttle: whose limit it is, where that is named; else ""
  std::string account;   // of a denial: of whose table, 12 digits, where that is named; else ""
  int longest_name = 0;  // of a table, in characters, where the endpoint says that it takes no longer one

  bool ok() const { return reaction == Reaction::kNone; }
  // True when the reply shows that DynamoDB itself (or something that speaks its API) answered.
  bool answered() const { return ok() || !error_name.empty(); }
  // The keys, the signature or the endpoint's certificate are refused, not what was asked. Where they were
  // accepted a moment ago that is most likely a lapse (times::kLapse): keys that were just made are not known
  // everywhere at once, a host of many has an old certificate, a proxy changed for one request what is
  // signed.
  bool RefusesWhoAsks() const;
  // DynamoDB took the request for a permitted caller's.
  bool AcceptsWhoAsks() const;
  // "ProvisionedThroughputExceededException, HTTP 400, throttled: ..., request ABC": for internal_message.
  std::string Describe(std::string_view request_id) const;
};

// Classifies one reply (framing already checked; the caller found the crc32 wrong or right). The operation is
// not an argument; where it matters the caller looks at the code first:
//   kResourceNotFound    kFailConfig; just after a table's creation it is to be retried for a while
//   kResourceInUse, kLimitExceeded (without the table limit)   kRetry; waited out by the control plane
//   kTableAlreadyExists  kRetry; after CreateTable: describe the table
//   kItemTooLarge        kRejectItem; an item that can be made smaller is sent again
//   kValidation          kRejectItem unless the text says what else; in the control plane always a failure
//   kConditionFailed     kFailSystem; a conditional write takes it as "the stored item is newer"
//   kUnknownOperation    kFailSystem; the control plane may do without the operation
Verdict Classify(const HttpReply& reply, bool crc_ok);

// A member of a reply's object that only an error has; of an operation's own output none is called so.
bool IsOfAnError(std::string_view member);
// Of a body of HTTP 200 with one that is not null (it is not trusted: kRetry); nullopt: there is none.
std::optional<Verdict> ErrorInSuccess(std::string_view body);

}  // namespace ddb
