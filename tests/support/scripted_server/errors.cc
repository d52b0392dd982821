#include "scripted_server/errors.h"

#include <cstdio>
#include <map>

namespace scripted {
namespace {

struct Known {
  const char* prefix;
  const char* message;
};

constexpr const char* kService = "com.amazonaws.dynamodb.v20120810#";
constexpr const char* kCoral = "com.amazon.coral.service#";

const Known& Find(const std::string& name) {
  static const Known kOther = {kService, "The request could not be served."};
  static const std::map<std::string, Known> kKnown = {
      {"ProvisionedThroughputExceededException",
       {kService,
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."}},
      {"ThrottlingException",
       {"com.amazon.coral.availability#",
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling "
        "your table "
        "or index so please try again shortly."}},
      {"RequestLimitExceeded",
       {kService,
        "Throughput exceeds the current throughput limit for your account. Please contact AWS Support."}},
      {"InternalServerError", {kService, "Internal server error"}},
      {"InternalFailure", {kCoral, "The request processing has failed because of an unknown error."}},
      {"ServiceUnavailable", {kCoral, "Service is unavailable. Please try again later."}},
      {"ReplicatedWriteConflictException",
       {kService, "The request was rejected because of a conflicting write."}},
      {"TransactionConflictException", {kService, "Transaction is ongoing for the item"}},
      {"TransactionInProgressException",
       {kService, "The transaction with the given request token is in progress."}},
      {"LimitExceededException",
       {kService,
        "Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously"}},
      {"ResourceInUseException",
       {kService, "Attempt to change a resource which is still in use: Table is being updated"}},
      {"ItemCollectionSizeLimitExceededException", {kService, "Collection size exceeded."}},
      {"ConditionalCheckFailedException", {kService, "The conditional request failed"}},
      {"ValidationException",
       {"com.amazon.coral.validate#",
        "One or more parameter values were invalid: value {item} in {request}"}},
      {"ResourceNotFoundException", {kService, "Requested resource not found"}},
      {"AccessDeniedException", {kCoral, "User is not authorized to perform the action"}},
      {"UnrecognizedClientException", {kCoral, "The security token included in the request is invalid."}},
      {"MissingAuthenticationTokenException", {kCoral, "Request is missing Authentication Token"}},
      {"IncompleteSignatureException", {kCoral, "Authorization header is incomplete"}},
      {"InvalidSignatureException", {kCoral, "The request signature we calculated does not match"}},
      {"ExpiredTokenException", {kCoral, "The security token included in the request is expired"}},
      {"SerializationException", {kCoral, ""}},
      {"UnknownOperationException", {kCoral, ""}},
      {"InvalidEndpointException", {kService, "The endpoint is not valid for this account."}},
  };
  auto found = kKnown.find(name);
  return found == kKnown.end() ? kOther : found->second;
}

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string Reasons(const ErrorSpec& spec, std::string_view resource) {
  std::string reason = spec.reason;
  if (reason.empty() && spec.name == "ProvisionedThroughputExceededException") {
    reason = "TableWriteProvisionedThroughputExceeded";
  }
  if (reason.empty() || reason == "none") return "";
  std::string field = spec.reasons_field;
  if (field.empty()) field = spec.name == "ThrottlingException" ? "throttlingReasons" : "ThrottlingReasons";
  const std::string whose = std::string(resource) + (spec.index.empty() ? "" : "/index/" + spec.index);
  return "," + Quote(field) + ":[{\"reason\":" + Quote(reason) + ",\"resource\":" + Quote(whose) + "}]";
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

Reply ErrorReply(const ErrorSpec& spec, std::string_view resource, std::string_view request,
                 std::string_view item) {
  const Known& known = Find(spec.name);
  std::string message = spec.message.empty() ? known.message : spec.message;
  // One after the other on the text between: what is put in is not searched again.
  std::string filled;
  size_t at = message.find("{item}");
  std::string head = message.substr(0, at);
  ReplaceAll(head, "{request}", request);
  filled = head;
  if (at != std::string::npos) {
    std::string tail = message.substr(at + 6);
    ReplaceAll(tail, "{request}", request);
    filled.append(item).append(tail);
  }
  Reply reply;
  reply.status = spec.status;
  const std::string type =
      (spec.type_prefix.empty() ? known.prefix : spec.type_prefix) + spec.name + spec.type_suffix;
  std::string members;
  if (spec.type_in == "header") {
    reply.headers.emplace_back("x-amzn-ErrorType", type);
  } else {
    members += "," + Quote(spec.type_in) + ":" + Quote(type);
  }
  if (!filled.empty() && !spec.message_field.empty()) {
    members += "," + Quote(spec.message_field) + ":" + Quote(filled);
  }
  members += Reasons(spec, resource);
  reply.body = "{" + members.substr(std::min<size_t>(1, members.size())) + "}";
  return reply;
}

Reply ErrorReply(std::string name, std::string message, int status) {
  ErrorSpec spec;
  spec.name = std::move(name);
  spec.message = std::move(message);
  spec.status = status;
  // These two are known for their capital M.
  if (spec.name == "AccessDeniedException" || spec.name == "SerializationException")
    spec.message_field = "Message";
  return ErrorReply(spec, "", "", "");
}

}  // namespace scripted
