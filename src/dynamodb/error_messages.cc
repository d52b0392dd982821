#include "dynamodb/error_messages.h"

#include <fmt/format.h>

#include <utility>

#include "aws/endpoint.h"
#include "dynamodb/transport_messages.h"

namespace ddb {
namespace {

// What else than the keys can be wrong where the endpoint is not AWS's own.
// InvalidSignatureException: a tunnel or proxy that passes on another Host or path than it was given, both of
// which are signed. https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
std::string ChangedOnTheWay(const EndpointText& endpoint) {
  if (!endpoint.custom) return "";
  return " Or something on the way to dynamodb_endpoint (a tunnel, a proxy) changes the request's host or "
         "path, "
         "which are signed: it has to pass on both as they are.";
}

// DynamoDB Local 2:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.DownloadingAndRunning.html
// Alternator: https://docs.scylladb.com/manual/stable/alternator/compatibility.html
std::string KeysOfOtherEngines(const EndpointText& endpoint) {
  if (!endpoint.custom) return "";
  return " DynamoDB Local takes letters and digits only in access_key_id; ScyllaDB's Alternator takes the "
         "name "
         "of a role there, and its salted hash as secret_access_key.";
}

std::string TablesOfOtherEngines(const EndpointText& endpoint) {
  if (!endpoint.custom) return "";
  return " DynamoDB Local keeps other tables for each access key and region, unless it was started with "
         "-sharedDb.";
}

std::string TooLongNameText(const FailedOperation& failed, const EndpointText& endpoint) {
  return fmt::format(
      "The name of table {} has {} characters, and {} takes {} at the most, less than DynamoDB's 255. "
      "Shorten "
      "dynamodb_table_name_prefix, or the names of the namespace or the stream.",
      failed.table, failed.table.size(), WhichEndpoint(endpoint), failed.verdict.longest_name);
}

// What a policy has to name. Without a word of the account: that of any.
std::string Arn(const FailedOperation& failed, const EndpointText& endpoint) {
  const std::string_view partition = PartitionName(endpoint.region);
  const std::string_view account = failed.verdict.account;
  if (partition.empty() || (endpoint.custom && account.empty())) return {};
  return fmt::format(" (arn:{}:dynamodb:{}:{}:table/{})", partition, endpoint.region,
                     account.empty() ? "*" : account, failed.table);
}

std::string AccessDeniedText(const FailedOperation& failed, const EndpointText& endpoint) {
  return fmt::format(
      "The permission dynamodb:{} on table {}{} is missing. Allow it to the user or role of the access key "
      "(a "
      "service control policy, permissions boundary or VPC endpoint policy can deny it too).",
      failed.operation, failed.table, Arn(failed, endpoint));
}

// Another server's reply, or one that was made on the way. (A 429 is what it says, and waited out.)
bool IsAStrangers(const Verdict& verdict) {
  return verdict.status != 0 && verdict.error_name.empty() && verdict.code != ErrorCode::kThrottled &&
         verdict.fault != ReplyFault::kUnknownError && verdict.fault != ReplyFault::kCrc32;
}

// What is to be said of an error that DynamoDB itself gave.
std::string ServiceText(const FailedOperation& failed, const EndpointText& endpoint) {
  if (failed.verdict.longest_name != 0) return TooLongNameText(failed, endpoint);
  switch (failed.verdict.code) {
    case ErrorCode::kUnrecognizedClient:
      return fmt::format(
          "The access key is not accepted: {}. Check access_key_id, and that it belongs to an account that "
          "uses region {}.{}",
          failed.verdict.reason, endpoint.region, KeysOfOtherEngines(endpoint));
    case ErrorCode::kInvalidSignature:
      return fmt::format("The signature is not accepted: {}. Check secret_access_key and access_key_id.{}",
                         failed.verdict.reason, ChangedOnTheWay(endpoint));
    case ErrorCode::kWrongRegion:
      return fmt::format(
          "{} does not serve region {}: {}. Make dynamodb_region and dynamodb_endpoint fit each other.",
          WhichEndpoint(endpoint), endpoint.region, failed.verdict.reason);
    case ErrorCode::kExpiredToken:
      return "The credentials have expired. Give new ones.";
    case ErrorCode::kClockSkew:
      return "DynamoDB refuses the time of our signature. Correct this machine's clock.";
    case ErrorCode::kAccessDenied:
      return AccessDeniedText(failed, endpoint);
    case ErrorCode::kResourceNotFound:
      return fmt::format("Table {} does not exist (any more).{}", failed.table,
                         TablesOfOtherEngines(endpoint));
    case ErrorCode::kForeignKeys:
      return fmt::format(
          "Table {} has other keys than the items of this connector ({}): it was made anew meanwhile, or is "
          "somebody else's. Delete it, so that it is created again, or choose another prefix.",
          failed.table, failed.verdict.reason);
    case ErrorCode::kTableLimit:
      return fmt::format(
          "Table {} cannot be created: the AWS account has reached its limit of tables in region {}. Delete "
          "tables, or have the quota raised.",
          failed.table, endpoint.region);
    case ErrorCode::kCapacityLimit:
      return fmt::format(
          "{} of table {} needs more capacity units than the AWS account may have in region {}, for one "
          "table or "
          "for all. Lower the capacity in the configuration, choose on-demand, or have the quota raised.",
          failed.operation, failed.table, endpoint.region);
    case ErrorCode::kAccountLimit:
      return fmt::format(
          "{} of table {} is over a limit of the AWS account in region {}. See its quotas for DynamoDB, and "
          "have "
          "them raised.",
          failed.operation, failed.table, endpoint.region);
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
  std::string message = failed.verdict.code == ErrorCode::kTransport ? TransportText(failed, endpoint)
                        : IsAStrangers(failed.verdict)               ? StrangerText(failed, endpoint)
                                                                     : ServiceText(failed, endpoint);
  if (!message.empty() && message[0] == 't') message[0] = 'T';  // "the DynamoDB endpoint"
  return MakeError(
      TypeOf(failed), std::move(message),
      fmt::format("{} on table {}: {}{}", failed.operation, failed.table,
                  failed.verdict.Describe(failed.request_id), failed.gave_up ? "; retries used up" : ""),
      where);
}

}  // namespace ddb
