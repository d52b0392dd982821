#include "dynamodb/errors.h"

#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "dynamodb/known_errors.h"

namespace ddb {
namespace {

Verdict Make(Reaction reaction, ErrorCode code, Text reason) {
  Verdict verdict;
  verdict.reaction = reaction;
  verdict.code = code;
  verdict.reason = reason;
  return verdict;
}

Verdict OfTransport(TransportError error) {
  Verdict verdict = Make(IsFinal(error) ? Reaction::kFailConfig : Reaction::kRetry, ErrorCode::kTransport,
                         TransportErrorText(error));
  verdict.transport = error;
  verdict.fault = FaultOf(error);
  return verdict;
}

// What servers say to plain HTTP on a port for TLS.
bool WantsTls(std::string_view page) {
  static constexpr std::string_view kSayings[] = {
      "plain HTTP request was sent to HTTPS port",          // nginx, AWS's load balancers
      "speaking plain HTTP to an SSL-enabled server port",  // Apache
      "Client sent an HTTP request to an HTTPS server",     // Go: Caddy, Traefik, Minio
      "combination of host and port requires TLS",          // Tomcat
  };
  return std::any_of(std::begin(kSayings), std::end(kSayings), [page](std::string_view saying) {
    return page.substr(0, 4096).find(saying) != std::string_view::npos;
  });
}

// Of a reply without a name that we know.
ReplyFault FaultOfStatus(const HttpReply& reply, bool has_type) {
  if (has_type) return reply.status >= 500 ? ReplyFault::kServiceFailed : ReplyFault::kUnknownError;
  if (reply.status == 429) return ReplyFault::kThrottled;
  if (reply.status == 407) return ReplyFault::kProxyLogin;
  if (reply.status / 100 == 3) return ReplyFault::kRedirect;
  if (reply.status == 400 && WantsTls(reply.body)) return ReplyFault::kSpeaksTls;
  return FaultOfBody(reply.body) == ReplyFault::kHtml ? ReplyFault::kHtml : ReplyFault::kStatus;
}

// A reply without a name that we know: from a proxy, a load balancer, or something that is not DynamoDB.
Verdict OfStatus(int status, bool has_type) {
  if (status >= 500) return Make(Reaction::kRetry, ErrorCode::kServerError, "the service failed");
  switch (status) {
    case 408:
      return Make(Reaction::kRetry, ErrorCode::kServerError, "the service timed out");
    case 413:
      return Make(Reaction::kSplit, ErrorCode::kRequestTooLarge, "the request is too large");
    case 429:
      return Make(Reaction::kThrottle, ErrorCode::kThrottled, kThrottledUnnamed);
    default:
      break;
  }
  if (has_type) return Make(Reaction::kFailSystem, ErrorCode::kOther, "an error unknown to this version");
  return Make(Reaction::kFailSystem, ErrorCode::kUnknownOperation, "the reply is not one of DynamoDB");
}

// What an error body says. The views point into the parser's document.
struct ErrorBody {
  std::string_view type;     // __type
  std::string_view code;     // its other name
  std::string_view message;  // to tell apart only, never copied
  simdjson::dom::element reasons;
  bool has_reasons = false;
  bool any = false;  // it has a member that only errors have
};

ErrorBody ReadErrorBody(const simdjson::dom::element& root) {
  ErrorBody body;
  simdjson::dom::object object;
  if (root.get(object)) return body;
  for (const auto& [key, value] : object) {
    std::string_view text;
    body.any = body.any || (IsOfAnError(key) && !value.is_null());
    if (key == "__type") {
      if (!value.get(text)) body.type = text;
    } else if (key == "code" || key == "Code") {
      if (!value.get(text)) body.code = text;
    } else if (key == "message" || key == "Message" || key == "errorMessage") {
      if (!value.get(text)) body.message = text;
    } else if (key == "ThrottlingReasons" || key == "throttlingReasons") {
      body.reasons = value;
      body.has_reasons = true;
    }
  }
  return body;
}

// "com.amazonaws.dynamodb.v20120810#ThrottlingException:http://internal.amazon.com/coral/" is a
// ThrottlingException.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
std::string_view BareName(std::string_view type) {
  type = type.substr(0, type.find_first_of(":,"));
  type = type.substr(type.rfind('#') + 1);  // npos + 1 is 0
  while (type.starts_with(' ')) type.remove_prefix(1);
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

// In the order in which AWS's SDKs look for the name; one that we know before one that we do not.
const KnownError* FindName(const HttpReply& reply, const ErrorBody& body) {
  for (const std::string_view type : {reply.error_type, body.code, body.type}) {
    if (const KnownError* known = FindError(BareName(type))) return known;
  }
  return nullptr;
}

// The first of its reasons that we know.
void ReadThrottlingReasons(const ErrorBody& body, Verdict& verdict) {
  simdjson::dom::array reasons;
  if (!body.has_reasons || body.reasons.get(reasons)) return;
  for (const simdjson::dom::element entry : reasons) {
    std::string_view name, resource;
    if (entry["reason"].get(name)) continue;
    const Text known = ThrottlingReasonText(name);
    if (known.empty()) continue;
    verdict.reason = known;
    if (!entry["resource"].get(resource)) verdict.index = IndexOfArn(resource);
    return;
  }
}

Verdict OfName(const KnownError& known, const ErrorBody& body) {
  Verdict verdict = Make(known.reaction, known.code, known.reason);
  if (known.texts != TextGroup::kNone) {
    if (const KnownText* text = FindText(known.texts, body.message)) {
      verdict = Make(text->reaction, text->code, text->reason);
    }
  }
  if (verdict.reaction == Reaction::kThrottle) ReadThrottlingReasons(body, verdict);
  if (verdict.code == ErrorCode::kAccessDenied) verdict.account = AccountOfTable(body.message);
  if (verdict.code == ErrorCode::kValidation) verdict.longest_name = LongestTableName(body.message);
  if (verdict.longest_name != 0) verdict.reason = kLongTableName;
  verdict.error_name = known.name;
  verdict.fault = verdict.reaction == Reaction::kThrottle   ? ReplyFault::kThrottled
                  : verdict.code == ErrorCode::kServerError ? ReplyFault::kServiceFailed
                                                            : ReplyFault::kRefusedByName;
  return verdict;
}

// What `of` makes of a reply and its body; the parser has copied the body, which errors are rare enough for.
template <typename Fn>
Verdict WithErrorBody(const HttpReply& reply, Fn of) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ErrorBody body;
  if (!reply.body.empty() && !parser.parse(reply.body.data(), reply.body.size()).get(root)) {
    body = ReadErrorBody(root);
  }
  return of(reply, body);
}

Verdict OfErrorReply(const HttpReply& reply, const ErrorBody& body) {
  if (const KnownError* known = FindName(reply, body)) return OfName(*known, body);
  // Anybody's error has a `code`.
  const bool has_name = !reply.error_type.empty() || !body.type.empty();
  Verdict verdict = OfStatus(reply.status, has_name);
  verdict.fault = FaultOfStatus(reply, has_name);
  if (verdict.fault == ReplyFault::kRedirect) verdict.origin = PlainOrigin(reply.location);
  return verdict;
}

// Something on the way gave an error the status of a success, or a success another status than DynamoDB's, so
// what was done is not known. It is told, and not heeded, what the error says: a record is not rejected for
// what such a reply calls it.
Verdict OfDoubtfulSuccess(const HttpReply& reply, const ErrorBody& body) {
  Verdict verdict = Make(Reaction::kRetry, ErrorCode::kBadReply, "the reply is not one of DynamoDB");
  verdict.fault = FaultOfStatus(reply, /*has_type=*/false);
  if (!reply.error_type.empty() || body.any) {
    const KnownError* const known = FindName(reply, body);
    verdict.reason = known ? known->reason : Text("an error unknown to this version");
    verdict.fault = ReplyFault::kErrorAsSuccess;
  }
  return verdict;
}

// An object shows its own end: of one that is cut nothing remains that is one.
bool IsWholeObject(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  return !body.empty() && !parser.parse(body.data(), body.size()).get(object);
}

// Of a body that only the end of the connection ended, or nothing, and that does not show itself to be whole;
// of an error that ended in good order the status tells enough.
std::optional<Verdict> OfOpenEnd(const HttpReply& reply) {
  const bool in_good_order = !reply.cut_off && !reply.stalled;
  if (!reply.open_ended || (reply.status != 200 && in_good_order) || IsWholeObject(reply.body)) {
    return std::nullopt;
  }
  if (reply.cut_off) return OfTransport(TransportError::kCutShort);
  Verdict verdict = Make(Reaction::kRetry, ErrorCode::kBadReply, "the reply has no length, and is not whole");
  const bool page = FaultOfBody(reply.body) == ReplyFault::kHtml;
  verdict.fault = page ? ReplyFault::kHtml : ReplyFault::kNoLength;
  return verdict;
}

}  // namespace

Verdict Classify(const HttpReply& reply, bool crc_ok) {
  if (reply.transport != TransportError::kNone) return OfTransport(reply.transport);
  Verdict verdict;
  if (std::optional<Verdict> open_end = OfOpenEnd(reply)) {
    verdict = *open_end;
  } else if (!crc_ok) {
    verdict = Make(Reaction::kRetry, ErrorCode::kBadReply, "the reply was damaged on its way (crc32)");
    verdict.fault = ReplyFault::kCrc32;
  } else if (reply.status / 100 == 2 && (reply.status != 200 || !reply.error_type.empty())) {
    verdict = WithErrorBody(reply, OfDoubtfulSuccess);
  } else if (reply.status != 200) {
    verdict = WithErrorBody(reply, OfErrorReply);
  }
  verdict.status = reply.status;
  return verdict;
}

// The names that AWS's protocols give them, and those that gateways and other engines do.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
bool IsOfAnError(std::string_view member) {
  static constexpr std::string_view kNames[] = {"__type",       "code",  "Code",  "message", "Message",
                                                "errorMessage", "error", "Error", "errors"};
  return std::find(std::begin(kNames), std::end(kNames), member) != std::end(kNames);
}

std::optional<Verdict> ErrorInSuccess(std::string_view body) {
  HttpReply reply;
  reply.status = 200;
  reply.body = body;
  bool any = false;
  Verdict verdict = WithErrorBody(reply, [&any](const HttpReply& of, const ErrorBody& read) {
    any = read.any;
    return OfDoubtfulSuccess(of, read);
  });
  if (!any) return std::nullopt;
  verdict.status = reply.status;
  return verdict;
}

bool Verdict::RefusesWhoAsks() const {
  if (reaction != Reaction::kFailConfig) return false;
  return code == ErrorCode::kUnrecognizedClient || code == ErrorCode::kInvalidSignature ||
         code == ErrorCode::kTransport;
}

bool Verdict::AcceptsWhoAsks() const {
  return answered() && !RefusesWhoAsks() && reaction != Reaction::kReauthenticate &&
         code != ErrorCode::kWrongRegion;
}

std::string Verdict::Describe(std::string_view request_id) const {
  std::string out(error_name.view());
  const auto add = [&out](std::string_view part) {
    if (!out.empty()) out += ", ";
    out += part;
  };
  if (status != 0) add("HTTP " + std::to_string(status));
  if (!reason.empty()) add(reason);
  if (!request_id.empty()) add(std::string("request ").append(request_id));
  return out;
}

}  // namespace ddb
