#include "dynamodb/known_errors.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>

#include "base/text.h"

namespace ddb {
namespace {

using R = Reaction;
using C = ErrorCode;
using T = TextGroup;

constexpr int kDynamoDbsLongestName = 255;

constexpr Text kNoPermission = "a permission is missing";
constexpr Text kKmsKey = "the table's encryption key cannot be used";
constexpr Text kSkew = "the clock is wrong";

constexpr KnownError kErrors[] = {
    // Throttling.
    {"ProvisionedThroughputExceededException", R::kThrottle, C::kThrottled, kThrottledProvisioned,
     T::kThrottle},
    {"ThrottlingException", R::kThrottle, C::kThrottled, kThrottledUnnamed, T::kThrottle},
    {"RequestLimitExceeded", R::kThrottle, C::kThrottled, kThrottledAccount},
    {"Throttling", R::kThrottle, C::kThrottled, kThrottledUnnamed},
    {"ThrottledException", R::kThrottle, C::kThrottled, kThrottledUnnamed},
    {"RequestThrottledException", R::kThrottle, C::kThrottled, kThrottledUnnamed},
    {"TooManyRequestsException", R::kThrottle, C::kThrottled, kThrottledUnnamed},
    {"BandwidthLimitExceeded", R::kThrottle, C::kThrottled, kThrottledUnnamed},
    {"PriorRequestNotComplete", R::kThrottle, C::kThrottled, kThrottledUnnamed},
    {"SlowDown", R::kThrottle, C::kThrottled, kThrottledUnnamed},
    {"KMSThrottlingException", R::kThrottle, C::kThrottled, "throttled: the encryption key"},
    // The service's own trouble.
    {"InternalServerError", R::kRetry, C::kServerError, "the service failed"},
    {"InternalServerErrorException", R::kRetry, C::kServerError, "the service failed"},
    {"InternalServerException", R::kRetry, C::kServerError, "the service failed"},
    {"InternalFailure", R::kRetry, C::kServerError, "the service failed"},
    {"ServiceUnavailable", R::kRetry, C::kServerError, "the service is unavailable"},
    {"RequestTimeout", R::kRetry, C::kServerError, "the service timed out"},
    {"ReplicatedWriteConflictException", R::kRetry, C::kOther, "another region is writing the item"},
    {"TransactionConflictException", R::kRetry, C::kOther, "a transaction holds the item"},
    {"TransactionInProgressException", R::kRetry, C::kOther, "a transaction holds the item"},
    // Tables.
    {"LimitExceededException", R::kRetry, C::kLimitExceeded, "too many table operations at once", T::kLimit},
    {"ResourceInUseException", R::kRetry, C::kResourceInUse, "the table is being changed", T::kInUse},
    {"TableInUseException", R::kRetry, C::kResourceInUse, "the table is being changed"},
    {"ContinuousBackupsUnavailableException", R::kRetry, C::kResourceInUse, "backups are not ready yet"},
    {"TableAlreadyExistsException", R::kRetry, C::kTableAlreadyExists, "the table exists already"},
    {"ResourceNotFoundException", R::kFailConfig, C::kResourceNotFound, "the table does not exist"},
    {"TableNotFoundException", R::kFailConfig, C::kResourceNotFound, "the table does not exist"},
    // Items.
    {"ItemCollectionSizeLimitExceededException", R::kRejectItem, C::kItemCollectionTooLarge,
     "the items of one hash key exceed 10 GB in a table with local indexes"},
    {"ConditionalCheckFailedException", R::kFailSystem, C::kConditionFailed, "the condition does not hold"},
    {"ValidationException", R::kRejectItem, C::kValidation, "refused by DynamoDB's validation",
     T::kValidation},
    {"RequestEntityTooLarge", R::kSplit, C::kRequestTooLarge, "the request is too large"},
    // Who we are and what we may.
    {"UnrecognizedClientException", R::kFailConfig, C::kUnrecognizedClient, "the access key id is unknown"},
    {"InvalidClientTokenId", R::kFailConfig, C::kUnrecognizedClient, "the access key id is unknown"},
    {"InvalidAccessKeyId", R::kFailConfig, C::kUnrecognizedClient, "the access key id is unknown"},
    {"InvalidSignatureException", R::kFailConfig, C::kInvalidSignature,
     "the secret access key does not belong to the access key id", T::kSignature},
    {"SignatureDoesNotMatch", R::kFailConfig, C::kInvalidSignature,
     "the secret access key does not belong to the access key id", T::kSignature},
    {"IncompleteSignatureException", R::kFailConfig, C::kInvalidSignature,
     "the signature is incomplete: the keys hold characters that do not belong there"},
    {"MissingAuthenticationToken", R::kFailConfig, C::kUnrecognizedClient,
     "the signature did not arrive: something on the way removed it"},
    {"AccessDeniedException", R::kFailConfig, C::kAccessDenied, kNoPermission, T::kAccess},
    {"AccessDenied", R::kFailConfig, C::kAccessDenied, kNoPermission, T::kAccess},
    {"NotAuthorized", R::kFailConfig, C::kAccessDenied, kNoPermission},
    {"UnauthorizedOperation", R::kFailConfig, C::kAccessDenied, kNoPermission},
    {"OptInRequired", R::kFailConfig, C::kAccessDenied, "the account has not enabled this region or service"},
    {"SubscriptionRequiredException", R::kFailConfig, C::kAccessDenied,
     "the account has not enabled this region or service"},
    {"KMSAccessDeniedException", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
    {"KMSDisabledException", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
    {"KMSInvalidStateException", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
    {"KMSNotFoundException", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
    {"InaccessibleEncryptionCredentials", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
    {"InvalidEndpointException", R::kFailConfig, C::kWrongRegion, "the endpoint is not this account's"},
    // Mended by signing again.
    {"ExpiredTokenException", R::kReauthenticate, C::kExpiredToken, "the session token has expired"},
    {"TokenRefreshRequired", R::kReauthenticate, C::kExpiredToken, "the session token has expired"},
    {"RequestExpired", R::kReauthenticate, C::kClockSkew, kSkew},
    {"RequestInTheFuture", R::kReauthenticate, C::kClockSkew, kSkew},
    {"RequestTimeTooSkewed", R::kReauthenticate, C::kClockSkew, kSkew},
    // Ours, or not DynamoDB.
    {"SerializationException", R::kFailSystem, C::kOther, "the service could not read the request"},
    {"UnknownOperationException", R::kFailSystem, C::kUnknownOperation, "the operation is not supported"},
    {"InvalidAction", R::kFailSystem, C::kUnknownOperation, "the operation is not supported"},
};

constexpr Text kNotOurKeys = "its keys do not fit the table's key schema";
constexpr Text kPrecision = "a number has more than 38 significant digits";
constexpr Text kNotANumber = "a value is not a number";
constexpr Text kEmptyKey = "a key value is empty";
constexpr Text kLongKey = "a key value is too long";
constexpr Text kRequestShape = "the request breaks a limit of BatchWriteItem";
constexpr Text kTtlUnchanged = "time to live is set so already";

constexpr KnownText kValidationTexts[] = {
    // One item that can never be stored.
    {"Item size has exceeded", R::kRejectItem, C::kItemTooLarge, "the item exceeds 400 KB"},
    {"Item size to update has exceeded", R::kRejectItem, C::kItemTooLarge, "the item exceeds 400 KB"},
    {"Attempting to store more than 38", R::kRejectItem, C::kValidation, kPrecision},
    {"DynamoDB only supports precision up to 38", R::kRejectItem, C::kValidation, kPrecision},
    {"Number overflow", R::kRejectItem, C::kValidation, "a number is outside DynamoDB's range"},
    {"Number underflow", R::kRejectItem, C::kValidation, "a number is outside DynamoDB's range"},
    {"The parameter cannot be converted to a numeric value", R::kRejectItem, C::kValidation, kNotANumber},
    {"A value provided cannot be converted into a number", R::kRejectItem, C::kValidation, kNotANumber},
    {"Nesting Levels have exceeded", R::kRejectItem, C::kValidation, "it is nested more than 32 levels deep"},
    {"Empty attribute name", R::kRejectItem, C::kValidation, "an attribute name is empty"},
    {"Attribute name is too large", R::kRejectItem, C::kValidation, "an attribute name exceeds 65,535 bytes"},
    {"The AttributeValue for a key attribute cannot contain an empty", R::kRejectItem, C::kValidation,
     kEmptyKey},
    {"An AttributeValue may not contain an empty string", R::kRejectItem, C::kValidation,
     "this endpoint does not store empty strings"},
    {"An AttributeValue may not contain a null or empty binary", R::kRejectItem, C::kValidation,
     "this endpoint does not store empty binary values"},
    {"Hash primary key values must be under", R::kRejectItem, C::kValidation, kLongKey},
    {"Size of hashkey has exceeded", R::kRejectItem, C::kValidation, kLongKey},
    {"Size of rangekey has exceeded", R::kRejectItem, C::kValidation, kLongKey},
    {"Aggregated size of all range keys has exceeded", R::kRejectItem, C::kValidation, kLongKey},
    {"Type mismatch for Index Key", R::kRejectItem, C::kValidation,
     "a value has another type than an index of the table wants"},
    // DynamoDB Local's words for a map or list; ours are the primary key's right types.
    {"Invalid attribute value type", R::kRejectItem, C::kValidation,
     "a value has another type than an index of the table wants"},
    {"A value specified for a secondary index key is not supported", R::kRejectItem, C::kValidation,
     "a value is empty that is the key of an index of the table"},
    // The table's: every item has our keys, of our types, so that no record is to blame.
    {"Type mismatch for key", R::kFailConfig, C::kForeignKeys, kNotOurKeys},
    {"Type mismatch for attribute to update", R::kFailConfig, C::kForeignKeys, kNotOurKeys},
    {"Missing the key", R::kFailConfig, C::kForeignKeys, kNotOurKeys},
    {"One of the required keys was not given a value", R::kFailConfig, C::kForeignKeys, kNotOurKeys},
    {"The provided key element does not match the schema", R::kFailConfig, C::kForeignKeys, kNotOurKeys},
    // Our own mistakes: every item would fail, so nothing is bisected.
    {"Provided list of item keys contains duplicates", R::kFailSystem, C::kValidation,
     "one request held two items of one key"},
    {"Too many items requested for the BatchWriteItem call", R::kFailSystem, C::kValidation, kRequestShape},
    {"The requestItems parameter is required", R::kFailSystem, C::kValidation, kRequestShape},
    {"BatchWriteItem cannot have a null or no requests set", R::kFailSystem, C::kValidation, kRequestShape},
    {"The batch write request list for a table cannot be null or empty", R::kFailSystem, C::kValidation,
     kRequestShape},
    // Tables.
    {"Resource cannot be deleted as it is currently protected", R::kFailConfig, C::kDeletionProtected,
     "the table is protected against deletion"},
    {"Invalid table/index name", R::kFailConfig, C::kValidation, kBadTableName},
    {"TableName must ", R::kFailConfig, C::kValidation, kBadTableName},
    {"TimeToLive is already", R::kFailConfig, C::kValidation, kTtlUnchanged},
    {"Time to live has been modified multiple times", R::kFailConfig, C::kValidation,
     "time to live was changed less than an hour ago"},
    // About the parameter, not the key: https://github.com/hashicorp/terraform-provider-aws/pull/29102
    {"KMSMasterKeyId", R::kFailConfig, C::kValidation, "the encryption key may not be named so"},
    {"KMS", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
    // A session token's end can also be told this way.
    {"The security token included in the request is expired", R::kReauthenticate, C::kExpiredToken,
     "the session token has expired"},
    {"no longer active token", R::kReauthenticate, C::kExpiredToken, "the session token has expired"},
};

constexpr KnownText kSignatureTexts[] = {
    {"Signature expired", R::kReauthenticate, C::kClockSkew, kSkew},
    {"Signature not yet current", R::kReauthenticate, C::kClockSkew, kSkew},
    {"Credential should be scoped to a valid region", R::kFailConfig, C::kWrongRegion,
     "the request was signed for another region"},
    {"Credential should be scoped to correct service", R::kFailConfig, C::kWrongRegion,
     "the endpoint belongs to another service"},
};

constexpr KnownText kAccessTexts[] = {
    {"KMS", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
    {"The ciphertext refers to a customer master key", R::kFailConfig, C::kKmsUnavailable, kKmsKey},
};

// Where there are no ThrottlingReasons, which came in 2025.
// https://github.com/audienceproject/spark-dynamodb/issues/61
constexpr KnownText kThrottleTexts[] = {
    {"The level of configured provisioned throughput for one or more global secondary indexes", R::kThrottle,
     C::kThrottled, kThrottledIndexProvisioned},
    {"Throughput exceeds the current throughput limit for your account", R::kThrottle, C::kThrottled,
     kThrottledAccount},
};

constexpr KnownText kInUseTexts[] = {
    {"Cannot create preexisting table", R::kRetry, C::kTableAlreadyExists, "the table exists already"},
    {"Table already exists", R::kRetry, C::kTableAlreadyExists, "the table exists already"},
};

// Told apart by words anywhere in the message, since only the first two are known as they stand. Such a
// message names limits and no data. In this order: what passes comes first.
// https://github.com/hashicorp/terraform-provider-aws/pull/2274
constexpr KnownText kLimitWords[] = {
    {"simultaneous", R::kRetry, C::kLimitExceeded, "too many table operations at once"},
    {"concurrent", R::kRetry, C::kLimitExceeded, "too many table operations at once"},
    {"at once", R::kRetry, C::kLimitExceeded, "too many table operations at once"},
    {"at the same time", R::kRetry, C::kLimitExceeded, "too many table operations at once"},
    {"capacity", R::kFailConfig, C::kCapacityLimit, "the account's limit of capacity units"},
    {"throughput", R::kFailConfig, C::kCapacityLimit, "the account's limit of capacity units"},
    {"wcu", R::kFailConfig, C::kCapacityLimit, "the account's limit of capacity units"},
    {"rcu", R::kFailConfig, C::kCapacityLimit, "the account's limit of capacity units"},
    {"tables", R::kFailConfig, C::kTableLimit, "the account can have no more tables here"},
    {"table limit", R::kFailConfig, C::kTableLimit, "the account can have no more tables here"},
    {"there is a limit of", R::kFailConfig, C::kAccountLimit, "a limit of the account"},
};

constexpr size_t kMostOfALimit = 1000;  // characters that are looked at

// DynamoDB puts these in front of the text that matters.
constexpr std::string_view kPrefixes[] = {
    "1 validation error detected: ",
    "One or more parameter values were invalid: ",
    "One or more parameter values are not valid. ",
    "Subscriber limit exceeded: ",
    "Account limit exceeded: ",
};

// "1 validation error detected: Value '<echo>' at 'requestItems' failed to satisfy constraint: ..." is about
// the shape of the whole request. The echo can be as long as the request, and can hold anything: only what
// stands behind its last quote is looked at.
constexpr KnownText kShapeText = {"", R::kFailSystem, C::kValidation, kRequestShape};
constexpr KnownText kNameText = {"", R::kFailConfig, C::kValidation, kBadTableName};

const KnownText* FindConstraint(std::string_view message) {
  constexpr std::string_view kMiddle = "' failed to satisfy constraint";
  constexpr std::string_view kAt = "' at '";
  const size_t middle = message.rfind(kMiddle);
  if (middle == std::string_view::npos) return nullptr;
  const std::string_view before = message.substr(0, middle);
  const size_t at = before.rfind(kAt);
  if (at == std::string_view::npos) return nullptr;
  const std::string_view where = before.substr(at + kAt.size());
  if (where == "requestItems") return &kShapeText;
  return where == "tableName" ? &kNameText : nullptr;
}

std::span<const KnownText> TextsOf(TextGroup group) {
  switch (group) {
    case TextGroup::kNone:
      break;
    case TextGroup::kValidation:
      return kValidationTexts;
    case TextGroup::kSignature:
      return kSignatureTexts;
    case TextGroup::kAccess:
      return kAccessTexts;
    case TextGroup::kInUse:
      return kInUseTexts;
    case TextGroup::kThrottle:
      return kThrottleTexts;
    case TextGroup::kLimit:
      break;  // see FindLimit
  }
  return {};
}

// Emulators differ in a capital here and there.
bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLower(x) == ToLower(y); });
}

const KnownText* FindLimit(std::string_view message) {
  const std::string words = ToLower(message.substr(0, kMostOfALimit));
  for (const KnownText& text : kLimitWords) {
    if (words.find(text.begin) != std::string::npos) return &text;
  }
  return nullptr;
}

std::string_view WithoutException(std::string_view name) {
  constexpr std::string_view kEnding = "Exception";
  const size_t size = name.size() - std::min(name.size(), kEnding.size());
  return SameName(name.substr(size), kEnding) ? name.substr(0, size) : name;
}

}  // namespace

const KnownError* FindError(std::string_view name) {
  if (name.empty()) return nullptr;
  const std::string_view wanted = WithoutException(name);
  for (const KnownError& error : kErrors) {
    if (SameName(WithoutException(error.name), wanted)) return &error;
  }
  return nullptr;
}

const KnownText* FindText(TextGroup group, std::string_view message) {
  for (const std::string_view prefix : kPrefixes) {
    if (message.starts_with(prefix)) message.remove_prefix(prefix.size());
  }
  if (group == TextGroup::kLimit) return FindLimit(message);
  for (const KnownText& text : TextsOf(group)) {
    if (message.starts_with(text.begin)) return &text;
  }
  const bool echoes = group == TextGroup::kValidation && message.starts_with("Value '");
  return echoes ? FindConstraint(message) : nullptr;
}

int LongestTableName(std::string_view message) {
  constexpr std::string_view kConstraint = "' at 'tableName' failed to satisfy constraint";
  // What a constraint's message says of the name itself is behind its echo.
  const size_t constraint = message.rfind(kConstraint);
  if (constraint != std::string_view::npos) {
    message.remove_prefix(constraint);
  } else if (!message.starts_with("TableName must be ")) {
    return 0;
  }
  for (const std::string_view before : {"at most ", "less than or equal to "}) {
    const size_t found = message.find(before);
    if (found == std::string_view::npos) continue;
    const std::string_view digits = message.substr(found + before.size());
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number >= 3 && number < kDynamoDbsLongestName ? number : 0;
  }
  return 0;
}

std::string_view IndexOfArn(std::string_view arn) {
  constexpr std::string_view kTable = ":table/";
  constexpr std::string_view kIndex = "/index/";
  const size_t table = arn.find(kTable);
  if (!arn.starts_with("arn:") || table == std::string_view::npos) return {};
  const size_t index = arn.find(kIndex, table + kTable.size());
  if (index == std::string_view::npos) return {};
  const std::string_view name = arn.substr(index + kIndex.size());
  // As of a table.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
  const bool is_name = std::all_of(name.begin(), name.end(),
                                   [](char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.'; });
  return is_name && name.size() >= 3 && name.size() <= kDynamoDbsLongestName ? name : std::string_view();
}

std::string_view AccountOfTable(std::string_view message) {
  constexpr size_t kDigits = 12;
  const size_t service = message.find(":dynamodb:");
  const size_t table = message.find(":table/", std::min(service, message.size()));
  if (service == std::string_view::npos || table == std::string_view::npos) return {};
  // Nothing but a region stands between: not another ARN's end.
  const std::string_view place = message.substr(service, table - service);
  const std::string_view account = place.substr(place.rfind(':') + 1);
  const bool is_one = account.size() == kDigits && std::all_of(account.begin(), account.end(), IsDigit) &&
                      place.find(' ') == std::string_view::npos;
  return is_one ? account : std::string_view();
}

Text ThrottlingReasonText(std::string_view name) {
  const bool index = name.starts_with("Index");
  if (!index && !name.starts_with("Table")) return {};
  name.remove_prefix(5);
  if (!name.starts_with("Read") && !name.starts_with("Write")) return {};
  name.remove_prefix(name.starts_with("Read") ? 4 : 5);
  if (name == "ProvisionedThroughputExceeded") {
    return index ? kThrottledIndexProvisioned : kThrottledProvisioned;
  }
  if (name == "AccountLimitExceeded") return index ? kThrottledIndexAccount : kThrottledAccount;
  if (name == "KeyRangeThroughputExceeded") return index ? kThrottledIndexKeyRange : kThrottledKeyRange;
  if (name == "MaxOnDemandThroughputExceeded") {
    return index ? kThrottledIndexOnDemandMax : kThrottledOnDemandMax;
  }
  return {};
}

}  // namespace ddb
