#include "dynamodb/error_messages.h"

#include <fmt/format.h>

#include <utility>

namespace ddb {
namespace {

std::string WhichEndpoint(const EndpointText& endpoint) {
  return endpoint.custom
             ? fmt::format("dynamodb_endpoint ({})", endpoint.url)
             : fmt::format("the DynamoDB endpoint of region {} ({})", endpoint.region, endpoint.url);
}

std::string UnknownHost(const EndpointText& endpoint) {
  if (endpoint.custom) {
    return fmt::format(
        "The host of dynamodb_endpoint ({}) is unknown: it has no address. Correct dynamodb_endpoint, or the "
        "name service of the machine.",
        endpoint.url);
  }
  return fmt::format(
      "Region {} has no DynamoDB endpoint: the host of {} is unknown. Correct dynamodb_region, or the name "
      "service of the machine.",
      endpoint.region, endpoint.url);
}

std::string TransportText(TransportError error, const EndpointText& endpoint) {
  const std::string where = WhichEndpoint(endpoint);
  switch (error) {
    case TransportError::kResolve:
      return UnknownHost(endpoint);
    case TransportError::kRefused:
      return fmt::format(
          "The connection to {} was refused: nothing listens there, or it cannot be reached. Check host and "
          "port, and that a firewall lets the connection through.",
          where);
    case TransportError::kNoDescriptor:
      return fmt::format(
          "No connection to {} could be opened: there is no file descriptor left. Raise the limit of open "
          "files "
          "(ulimit -n), or use fewer workers.",
          where);
    case TransportError::kConnectTimeout:
      return fmt::format(
          "No {} was made to {} in time. Check host and port{}, and that a firewall or proxy lets the "
          "connection "
          "through.",
          endpoint.url.starts_with("https:") ? "TLS connection" : "connection", where,
          endpoint.url.starts_with("https:") && endpoint.custom
              ? " (one that does not speak TLS needs http:// in dynamodb_endpoint)"
              : "");
    case TransportError::kTlsUntrusted:
      return fmt::format(
          "TLS: the certificate of {} is not trusted: no certificate authority known to this machine has "
          "signed it. Add the authority's certificate to the machine's trusted ones.",
          where);
    case TransportError::kTlsExpired:
      return fmt::format(
          "TLS: the certificate of {} has expired or is not valid yet. Renew it, or correct this machine's "
          "clock.",
          where);
    case TransportError::kTlsWrongName:
      return fmt::format(
          "TLS: the certificate of {} belongs to another host name. Use the name that the certificate is "
          "for.",
          where);
    case TransportError::kTlsOther:
      return fmt::format(
          "TLS: no secure connection could be made to {}. Does the port speak TLS (else the endpoint starts "
          "with http://), version 1.2 or higher?",
          where);
    case TransportError::kSpeaksTls:
      return fmt::format("The port of {} speaks TLS: the endpoint has to start with https://.", where);
    case TransportError::kTwoLengths:
    case TransportError::kUnknownEncoding:
    case TransportError::kBrokenEncoding:
    case TransportError::kReplyTooLarge:
      return fmt::format("{} answered, but {}. {}", where, FaultText(FaultOf(error)),
                         FaultAdvice(FaultOf(error)));
    case TransportError::kMalformed:
      return fmt::format(
          "{} answered, but not with a reply that is HTTP. Does the port speak TLS (then the endpoint starts "
          "with https://), and is it DynamoDB's?",
          where);
    case TransportError::kNone:
    case TransportError::kReset:
    case TransportError::kCutShort:
    case TransportError::kTimeout:
    case TransportError::kCancelled:
      break;
  }
  return fmt::format("No reply came from {} ({}). Check the endpoint and the network.", where,
                     TransportErrorText(error));
}

std::string AccessDeniedText(const FailedOperation& failed) {
  return fmt::format(
      "The permission dynamodb:{} on table {} is missing. Allow it to the user or role of the access key (a "
      "service control policy, permissions boundary or VPC endpoint policy can deny it too).",
      failed.operation, failed.table);
}

// What is to be said of an error that DynamoDB itself gave; empty when there is nothing special to say.
std::string ServiceText(const FailedOperation& failed, const EndpointText& endpoint) {
  switch (failed.verdict.code) {
    case ErrorCode::kUnrecognizedClient:
      return fmt::format(
          "The access key is not accepted: {}. Check access_key_id, and that it belongs to an account that "
          "uses region {}.",
          failed.verdict.reason, endpoint.region);
    case ErrorCode::kInvalidSignature:
      return fmt::format("The signature is not accepted: {}. Check secret_access_key and access_key_id.",
                         failed.verdict.reason);
    case ErrorCode::kWrongRegion:
      return fmt::format(
          "{} does not serve region {}: {}. Make dynamodb_region and dynamodb_endpoint fit each other.",
          WhichEndpoint(endpoint), endpoint.region, failed.verdict.reason);
    case ErrorCode::kExpiredToken:
      return "The credentials have expired. Give new ones.";
    case ErrorCode::kClockSkew:
      return "DynamoDB refuses the time of our signature. Correct this machine's clock.";
    case ErrorCode::kAccessDenied:
      return AccessDeniedText(failed);
    case ErrorCode::kResourceNotFound:
      return fmt::format("Table {} does not exist (any more).", failed.table);
    case ErrorCode::kTableLimit:
      return fmt::format(
          "Table {} cannot be created: the AWS account has reached its limit of tables in region {}. Delete "
          "tables, or have the quota raised.",
          failed.table, endpoint.region);
    case ErrorCode::kDeletionProtected:
      return fmt::format(
          "Table {} is protected against deletion, so it cannot be replaced. Switch its deletion protection "
          "off, or use another sync mode.",
          failed.table);
    case ErrorCode::kKmsUnavailable:
      return fmt::format(
          "Table {} is encrypted with a key that cannot be used. Check the key and the permissions on it.",
          failed.table);
    case ErrorCode::kUnknownOperation:
      return fmt::format("{} does not answer {} as DynamoDB does ({}). Check the endpoint.",
                         WhichEndpoint(endpoint), failed.operation, failed.verdict.reason);
    case ErrorCode::kThrottled:
    case ErrorCode::kLimitExceeded:
    case ErrorCode::kResourceInUse:
      return fmt::format("{} of table {} did not get through in time ({}). Try again later.",
                         failed.operation, failed.table, failed.verdict.reason);
    default:
      return fmt::format("{} of table {} failed: {}.", failed.operation, failed.table, failed.verdict.reason);
  }
}

FailureType TypeOf(const FailedOperation& failed) {
  // An endpoint that never answered as one is most likely a wrong one.
  if (!failed.answered) return FailureType::kConfig;
  switch (failed.verdict.reaction) {
    case Reaction::kFailConfig:
    case Reaction::kReauthenticate:
      return FailureType::kConfig;
    case Reaction::kRetry:
    case Reaction::kThrottle:
      return FailureType::kTransient;
    default:
      return FailureType::kSystem;
  }
}

}  // namespace

Error OperationError(const FailedOperation& failed, const EndpointText& endpoint,
                     std::source_location where) {
  std::string message = failed.verdict.code == ErrorCode::kTransport
                            ? TransportText(failed.verdict.transport, endpoint)
                            : ServiceText(failed, endpoint);
  if (!message.empty() && message[0] == 't') message[0] = 'T';  // "the DynamoDB endpoint"
  return MakeError(
      TypeOf(failed), std::move(message),
      fmt::format("{} on table {}: {}{}", failed.operation, failed.table,
                  failed.verdict.Describe(failed.request_id), failed.gave_up ? "; retries used up" : ""),
      where);
}

}  // namespace ddb
