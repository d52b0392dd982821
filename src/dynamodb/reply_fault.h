// ReplyFault: why what came back for a request does not count, or why nothing came, under a name that whoever
// repeats the request can remember and tell. Where Reaction says what happens next, this says what was wrong:
// at the end of a retry that never got through, it is all that a user can act on. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "aws/transport_error.h"
#include "base/literal.h"

namespace ddb {

enum class ReplyFault : uint8_t {
  kNone,
  // No reply.
  kNoAddress,
  kRefused,
  kNoDescriptor,
  kConnectTimeout,
  kCertificate,
  kOldTls,
  kClientCertificate,  // the endpoint wants one, or another one
  kNoTls,              // the handshake failed otherwise
  kSpeaksTls,          // a TLS alert came back for plain HTTP
  kReset,
  kTimeout,
  kProxyRefuses,
  kProxyFails,
  kNoProxy,  // what is named as one does not speak as one
  // A reply that is not whole, or not to be read.
  kCutShort,
  kNoLength,
  kTwoLengths,
  kUnknownEncoding,
  kBrokenEncoding,
  kNotHttp,
  kTooLarge,
  kCrc32,
  // A whole reply of something else than DynamoDB.
  kHtml,
  kNotJson,
  kRedirect,      // 3xx
  kProxyLogin,    // 407, of CONNECT too
  kStatus,        // another status, without an error's name
  kUnknownError,  // an error whose name we do not know
  // One that speaks DynamoDB's API, but not as DynamoDB does.
  kErrorAsSuccess,  // an error under the status of a success
  kNoUnprocessedItems,
  kForeignUnprocessed,  // UnprocessedItems that were not sent, or not as they were sent
  // DynamoDB's own.
  kThrottled,
  kUnprocessed,    // it gave items back
  kServiceFailed,  // 5xx
  kRefusedByName,  // any other error of a name that we know; Verdict::reason says what it means
};

// What came back, for the middle of a sentence: "the replies have no UnprocessedItems". "" for kNone.
Text FaultText(ReplyFault fault);
// What to do about it, a sentence or more; "" where there is nothing that a user could do.
Text FaultAdvice(ReplyFault fault);
// FaultText, with the status of the reply where that tells more (0: there is none): "... (HTTP status 502)".
std::string DescribeFault(ReplyFault fault, int status);

// Whether what stands between here and the service can be the cause: all but what DynamoDB itself says.
bool MayBeOfTheWay(ReplyFault fault);

ReplyFault FaultOf(TransportError error);
// Of a body that should be a JSON object and is none.
ReplyFault FaultOfBody(std::string_view body);

}  // namespace ddb
