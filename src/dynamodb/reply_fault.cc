#include "dynamodb/reply_fault.h"

#include <fmt/format.h>

namespace ddb {
namespace {

struct Words {
  Text what;
  Text advice;
};

constexpr Text kLookBetween =
    "Look at what stands between here and DynamoDB (a proxy, a load balancer, a tunnel), and whether the "
    "endpoint is DynamoDB's.";
constexpr Text kNotDynamoDb =
    "Something else answers in DynamoDB's place, such as a proxy or its login page: check the endpoint, and "
    "the "
    "way to it.";

// An index has its own capacity; a table on demand is throttled for its maximum or the account's quota.
constexpr Text kMoreCapacity =
    "Give the table more write capacity, or on-demand capacity: an index has capacity of its own. Where it "
    "is "
    "on-demand, raise its maximum or the account's quota. CloudWatch tells which of them is used up.";

Words WordsOf(ReplyFault fault) {
  switch (fault) {
    case ReplyFault::kNone:
      return {"", ""};
    case ReplyFault::kNoAddress:
      return {"the endpoint's host has no address", "Check the endpoint's host and the name service."};
    case ReplyFault::kRefused:
      return {"the connection is refused",
              "Check that the endpoint is up, and that a firewall lets the connection through."};
    case ReplyFault::kNoDescriptor:
      return {"no file descriptor is left for a connection",
              "Raise the limit of open files (ulimit -n), or use fewer workers."};
    case ReplyFault::kConnectTimeout:
      return {"no connection is made in time",
              "Check the network, and that a firewall lets the connection through."};
    case ReplyFault::kCertificate:
      return {"the endpoint's TLS certificate is not valid here",
              "Name the authority's certificates in AWS_CA_BUNDLE or SSL_CERT_FILE, or have the certificate "
              "renewed."};
    case ReplyFault::kOldTls:
      return {"the endpoint speaks only versions of TLS that are no longer safe",
              "Have it speak TLS 1.2 or 1.3."};
    case ReplyFault::kClientCertificate:
      return {"the endpoint does not accept the client's certificate, or that there is none",
              "Give one that the endpoint trusts, with its key, as client_certificate (PEM)."};
    case ReplyFault::kNoTls:
      return {"no TLS connection can be made",
              "Does the port speak TLS, version 1.2 or higher? If not, the endpoint starts with http://."};
    case ReplyFault::kSpeaksTls:
      return {"the port speaks TLS", "The endpoint has to start with https://."};
    case ReplyFault::kReset:
      return {"the connection is closed without a reply", kLookBetween};
    case ReplyFault::kTimeout:
      return {"no whole reply comes in time", kLookBetween};
    case ReplyFault::kProxyRefuses:
      return {"the proxy refuses to connect to the endpoint",
              "Let the proxy allow CONNECT to the endpoint's host and port, or let the way lead past it "
              "(NO_PROXY)."};
    case ReplyFault::kProxyFails:
      return {"the proxy does not reach the endpoint",
              "Check that the endpoint's host is right and known where the proxy is, and that the proxy is "
              "well."};
    case ReplyFault::kNoProxy:
      return {"what should be a proxy does not answer as one",
              "Check the proxy's host and port: it has to be an HTTP proxy that takes CONNECT."};
    case ReplyFault::kCutShort:
      return {"the connection is closed in the middle of the reply", kLookBetween};
    case ReplyFault::kNoLength:
      return {"the replies have no length and are no whole JSON, so that nobody can tell where they end",
              kLookBetween};
    case ReplyFault::kTwoLengths:
      return {"the replies have more than one Content-Length, and these contradict each other", kLookBetween};
    case ReplyFault::kUnknownEncoding:
      return {
          "the replies are compressed (Content-Encoding) in a way that was not asked for and is not known",
          kLookBetween};
    case ReplyFault::kBrokenEncoding:
      return {"the replies are compressed (Content-Encoding: gzip) and cannot be unpacked", kLookBetween};
    case ReplyFault::kNotHttp:
      return {"the replies are not valid HTTP", kLookBetween};
    case ReplyFault::kTooLarge:
      return {"the replies are larger than any of DynamoDB's", kNotDynamoDb};
    case ReplyFault::kCrc32:
      return {"the replies are changed on their way (their checksum, x-amz-crc32, is wrong)", kLookBetween};
    case ReplyFault::kHtml:
      return {"the replies are web pages (HTML), not DynamoDB's", kNotDynamoDb};
    case ReplyFault::kNotJson:
      return {"the replies are no JSON objects, as DynamoDB's are", kNotDynamoDb};
    case ReplyFault::kRedirect:
      return {"the replies point to another address", "Make the endpoint the address where DynamoDB is."};
    case ReplyFault::kProxyLogin:
      return {"a proxy asks for a login",
              "Check the user and the password in the proxy's URL (http://user:password@host:port), which "
              "proxy_url or HTTPS_PROXY names, or let the way lead past it (NO_PROXY)."};
    case ReplyFault::kStatus:
      return {"the replies are not DynamoDB's", kNotDynamoDb};
    case ReplyFault::kUnknownError:
      return {"the replies are an error that this version does not know", kLookBetween};
    case ReplyFault::kErrorAsSuccess:
      return {"the replies have the status of a success and hold an error", kLookBetween};
    case ReplyFault::kNoUnprocessedItems:
      return {"the replies have no UnprocessedItems, so that nobody can tell what was stored",
              "DynamoDB always sends them: what answers here is another database or an old version of one "
              "(ScyllaDB's Alternator before 4.0), or something on the way changes the replies."};
    case ReplyFault::kForeignUnprocessed:
      return {"the replies give back items that were not sent", kLookBetween};
    case ReplyFault::kThrottled:
      return {"DynamoDB throttles the table", kMoreCapacity};
    case ReplyFault::kUnprocessed:
      return {"DynamoDB gives all items back as unprocessed", kMoreCapacity};
    case ReplyFault::kServiceFailed:
      return {"the service fails", "Try again later."};
    case ReplyFault::kRefusedByName:
      return {"DynamoDB refuses the requests", ""};
  }
  return {"", ""};
}

// Where the status says more than the words.
bool IsAboutStatus(ReplyFault fault) {
  switch (fault) {
    case ReplyFault::kHtml:
    case ReplyFault::kNotJson:
    case ReplyFault::kRedirect:
    case ReplyFault::kProxyLogin:
    case ReplyFault::kStatus:
    case ReplyFault::kUnknownError:
    case ReplyFault::kServiceFailed:
    case ReplyFault::kErrorAsSuccess:
    case ReplyFault::kNoUnprocessedItems:
      return true;
    default:
      return false;
  }
}

}  // namespace

Text FaultText(ReplyFault fault) { return WordsOf(fault).what; }

Text FaultAdvice(ReplyFault fault) { return WordsOf(fault).advice; }

std::string DescribeFault(ReplyFault fault, int status) {
  const Text what = FaultText(fault);
  if (status == 0 || !IsAboutStatus(fault)) return std::string(what.view());
  return fmt::format("{} (HTTP status {})", what, status);
}

bool MayBeOfTheWay(ReplyFault fault) { return fault < ReplyFault::kErrorAsSuccess; }

ReplyFault FaultOf(TransportError error) {
  switch (error) {
    case TransportError::kNone:
    case TransportError::kCancelled:
      break;
    case TransportError::kResolve:
      return ReplyFault::kNoAddress;
    case TransportError::kRefused:
      return ReplyFault::kRefused;
    case TransportError::kNoDescriptor:
      return ReplyFault::kNoDescriptor;
    case TransportError::kConnectTimeout:
      return ReplyFault::kConnectTimeout;
    case TransportError::kTlsUntrusted:
    case TransportError::kTlsExpired:
    case TransportError::kTlsWrongName:
      return ReplyFault::kCertificate;
    case TransportError::kTlsTooOld:
      return ReplyFault::kOldTls;
    case TransportError::kTlsClient:
      return ReplyFault::kClientCertificate;
    case TransportError::kTlsOther:
      return ReplyFault::kNoTls;
    case TransportError::kSpeaksTls:
      return ReplyFault::kSpeaksTls;
    case TransportError::kReset:
      return ReplyFault::kReset;
    case TransportError::kTimeout:
      return ReplyFault::kTimeout;
    case TransportError::kCutShort:
      return ReplyFault::kCutShort;
    case TransportError::kTwoLengths:
      return ReplyFault::kTwoLengths;
    case TransportError::kUnknownEncoding:
      return ReplyFault::kUnknownEncoding;
    case TransportError::kBrokenEncoding:
      return ReplyFault::kBrokenEncoding;
    case TransportError::kMalformed:
      return ReplyFault::kNotHttp;
    case TransportError::kReplyTooLarge:
      return ReplyFault::kTooLarge;
    case TransportError::kProxyLogin:
      return ReplyFault::kProxyLogin;
    case TransportError::kProxyRefuses:
      return ReplyFault::kProxyRefuses;
    case TransportError::kProxyFails:
      return ReplyFault::kProxyFails;
    case TransportError::kProxyMalformed:
      return ReplyFault::kNoProxy;
  }
  return ReplyFault::kNone;
}

ReplyFault FaultOfBody(std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");  // blanks, or a byte order mark
  if (first == std::string_view::npos) return ReplyFault::kNotJson;
  body.remove_prefix(first);
  // Other services of AWS answer in XML.
  return body.starts_with('<') && !body.starts_with("<?xml") ? ReplyFault::kHtml : ReplyFault::kNotJson;
}

}  // namespace ddb
