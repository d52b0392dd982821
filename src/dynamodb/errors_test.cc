#include "dynamodb/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

using R = Reaction;
using C = ErrorCode;

Verdict ClassifyBody(int status, std::string_view body) {
  HttpReply reply;
  reply.status = status;
  reply.body = body;
  return Classify(reply, true);
}

std::string ErrorBody(std::string_view type, std::string_view message,
                      std::string_view message_key = "message") {
  return R"({"__type":")" + std::string(type) + R"(",")" + std::string(message_key) + R"(":")" +
         std::string(message) + R"("})";
}

struct NameCase {
  std::string_view name;
  int status;
  R reaction;
  C code;
};

// Every error that DynamoDB's documentation and the emulators name for the operations that we call.
constexpr NameCase kNames[] = {
    {"ProvisionedThroughputExceededException", 400, R::kThrottle, C::kThrottled},
    {"ThrottlingException", 400, R::kThrottle, C::kThrottled},
    {"RequestLimitExceeded", 400, R::kThrottle, C::kThrottled},
    {"InternalServerError", 500, R::kRetry, C::kServerError},
    {"InternalFailure", 500, R::kRetry, C::kServerError},
    {"ServiceUnavailable", 503, R::kRetry, C::kServerError},
    {"ReplicatedWriteConflictException", 400, R::kRetry, C::kOther},
    {"TransactionConflictException", 400, R::kRetry, C::kOther},
    {"TransactionInProgressException", 400, R::kRetry, C::kOther},
    {"LimitExceededException", 400, R::kRetry, C::kLimitExceeded},
    {"ResourceInUseException", 400, R::kRetry, C::kResourceInUse},
    {"ItemCollectionSizeLimitExceededException", 400, R::kRejectItem, C::kItemCollectionTooLarge},
    {"ConditionalCheckFailedException", 400, R::kFailSystem, C::kConditionFailed},
    {"ValidationException", 400, R::kRejectItem, C::kValidation},
    {"ResourceNotFoundException", 400, R::kFailConfig, C::kResourceNotFound},
    {"AccessDeniedException", 400, R::kFailConfig, C::kAccessDenied},
    {"UnrecognizedClientException", 400, R::kFailConfig, C::kUnrecognizedClient},
    {"InvalidClientTokenId", 403, R::kFailConfig, C::kUnrecognizedClient},
    {"MissingAuthenticationToken", 400, R::kFailConfig, C::kUnrecognizedClient},
    {"MissingAuthenticationTokenException", 400, R::kFailConfig, C::kUnrecognizedClient},
    {"IncompleteSignature", 400, R::kFailConfig, C::kInvalidSignature},
    {"IncompleteSignatureException", 400, R::kFailConfig, C::kInvalidSignature},
    {"InvalidSignatureException", 400, R::kFailConfig, C::kInvalidSignature},
    {"SignatureDoesNotMatch", 403, R::kFailConfig, C::kInvalidSignature},
    {"ExpiredTokenException", 400, R::kReauthenticate, C::kExpiredToken},
    {"ExpiredToken", 400, R::kReauthenticate, C::kExpiredToken},
    {"RequestExpired", 400, R::kReauthenticate, C::kClockSkew},
    {"SerializationException", 400, R::kFailSystem, C::kOther},
    {"UnknownOperationException", 400, R::kFailSystem, C::kUnknownOperation},
    {"RequestEntityTooLarge", 413, R::kSplit, C::kRequestTooLarge},
    {"KMSInvalidStateException", 400, R::kFailConfig, C::kKmsUnavailable},
};

class ErrorNames : public testing::TestWithParam<NameCase> {};

TEST_P(ErrorNames, EverySpellingIsClassified) {
  const NameCase& c = GetParam();
  for (const std::string_view space :
       {"com.amazonaws.dynamodb.v20120810#", "com.amazon.coral.validate#", "com.amazon.coral.service#", ""}) {
    for (const std::string_view message_key : {"message", "Message"}) {
      const std::string type = std::string(space) + std::string(c.name);
      const Verdict verdict = ClassifyBody(c.status, ErrorBody(type, "echoed value", message_key));
      EXPECT_EQ(verdict.reaction, c.reaction) << type;
      EXPECT_EQ(verdict.code, c.code) << type;
      EXPECT_EQ(verdict.status, c.status);
      EXPECT_FALSE(verdict.reason.empty());
      EXPECT_TRUE(verdict.answered());
      EXPECT_THAT(verdict.Describe("ABC"), testing::Not(testing::HasSubstr("echoed")));
      EXPECT_THAT(verdict.Describe("ABC"), testing::HasSubstr("request ABC"));
    }
  }
  // Without any message, as some engines send it.
  const Verdict bare = ClassifyBody(c.status, R"({"__type":"x#)" + std::string(c.name) + R"("})");
  EXPECT_EQ(bare.reaction, c.reaction);
  EXPECT_EQ(bare.code, c.code);
}

INSTANTIATE_TEST_SUITE_P(All, ErrorNames, testing::ValuesIn(kNames), [](const auto& test) {
  return std::string(test.param.name) + std::to_string(test.index);
});

struct TextCase {
  std::string_view type;
  std::string_view message;
  R reaction;
  C code;
  std::string_view reason_part;
};

constexpr std::string_view kInvalidPrefix = "One or more parameter values were invalid: ";

const TextCase kTexts[] = {
    {"ValidationException", "Item size has exceeded the maximum allowed size", R::kRejectItem,
     C::kItemTooLarge, "400 KB"},
    {"ValidationException",
     "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
     "empty string value. Key: pk",
     R::kRejectItem, C::kValidation, "key value is empty"},
    {"ValidationException", "Attempting to store more than 38 significant digits in a Number", R::kRejectItem,
     C::kValidation, "38 significant digits"},
    {"ValidationException",
     "Number overflow. Attempting to store a number with magnitude larger than supported range",
     R::kRejectItem, C::kValidation, "range"},
    {"ValidationException",
     "1 validation error detected: Nesting Levels have exceeded supported limits: Attributes in the item ...",
     R::kRejectItem, C::kValidation, "32 levels"},
    {"ValidationException",
     "One or more parameter values were invalid: Type mismatch for Index Key k Expected: S Actual: N "
     "IndexName: i",
     R::kRejectItem, C::kValidation, "an index"},
    {"ValidationException", "Provided list of item keys contains duplicates", R::kFailSystem, C::kValidation,
     "one key"},
    {"ValidationException",
     "1 validation error detected: Value '{t=[Item size has exceeded]}' at 'requestItems' failed to satisfy "
     "constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25]",
     R::kFailSystem, C::kValidation, "limit of BatchWriteItem"},
    {"ValidationException",
     "1 validation error detected: Value 'a b' at 'tableName' failed to satisfy constraint: Member must "
     "satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
     R::kFailConfig, C::kValidation, "table name"},
    {"ValidationException",
     "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
     "first.",
     R::kFailConfig, C::kDeletionProtected, "protected"},
    {"ValidationException", "the text Item size has exceeded inside an echo", R::kRejectItem, C::kValidation,
     "refused"},
    {"InvalidSignatureException",
     "Signature expired: 20140325T143453Z is now earlier than 20140325T143751Z (20140325T145251Z - 15 min.)",
     R::kReauthenticate, C::kClockSkew, "clock"},
    {"InvalidSignatureException", "Signature not yet current: 20190305T002809Z is still later than ...",
     R::kReauthenticate, C::kClockSkew, "clock"},
    {"InvalidSignatureException", "Credential should be scoped to a valid region, not 'eu-east-2'. ",
     R::kFailConfig, C::kWrongRegion, "another region"},
    {"InvalidSignatureException", "The request signature we calculated does not match the signature you ...",
     R::kFailConfig, C::kInvalidSignature, "secret access key"},
    {"ResourceInUseException", "Table already exists: t", R::kRetry, C::kTableAlreadyExists, "exists"},
    {"ResourceInUseException", "Cannot create preexisting table", R::kRetry, C::kTableAlreadyExists,
     "exists"},
    {"ResourceInUseException",
     "Attempt to change a resource which is still in use: Table is being created: t", R::kRetry,
     C::kResourceInUse, "being changed"},
    {"LimitExceededException",
     "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously",
     R::kRetry, C::kLimitExceeded, "too many"},
    {"LimitExceededException", "Subscriber limit exceeded: There is a limit of 256 tables per subscriber",
     R::kFailConfig, C::kTableLimit, "no more tables"},
    {"LimitExceededException", "There is a limit of 2500 tables per subscriber", R::kFailConfig,
     C::kTableLimit, "no more tables"},
    {"LimitExceededException",
     "Subscriber limit exceeded: Only 50 tables can be created, updated, or deleted simultaneously",
     R::kRetry, C::kLimitExceeded, "at once"},
    {"LimitExceededException", "Only 1 online index can be created or deleted simultaneously per table",
     R::kRetry, C::kLimitExceeded, "at once"},
    {"LimitExceededException", "Too many concurrent operations on tables", R::kRetry, C::kLimitExceeded,
     "at once"},
    {"LimitExceededException", "", R::kRetry, C::kLimitExceeded, "at once"},
    {"LimitExceededException",
     "Only 50 tables can be in the CREATING, UPDATING or DELETING state at the same time", R::kRetry,
     C::kLimitExceeded, "at once"},
    {"LimitExceededException", "No more than 10 tables at once", R::kRetry, C::kLimitExceeded, "at once"},
    {"LimitExceededException", "Account limit exceeded: Table limit of 2500 reached", R::kFailConfig,
     C::kTableLimit, "tables"},
    {"LimitExceededException", "There is a limit of 40000 WCU per account", R::kFailConfig, C::kCapacityLimit,
     "capacity units"},
    {"LimitExceededException", "Subscriber limit exceeded: There is a limit of 80000 write capacity units",
     R::kFailConfig, C::kCapacityLimit, "capacity units"},
    {"LimitExceededException", "There is a limit of 40000 read capacity units per table", R::kFailConfig,
     C::kCapacityLimit, "capacity units"},
    {"LimitExceededException", "The requested write capacity is over the account's limit", R::kFailConfig,
     C::kCapacityLimit, "capacity units"},
    {"LimitExceededException",
     "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day",
     R::kFailConfig, C::kCapacityLimit, "capacity units"},
    {"LimitExceededException", "Subscriber limit exceeded: There is a limit of 20 global indexes",
     R::kFailConfig, C::kAccountLimit, "a limit of the account"},
    {"AccessDeniedException", "KMS key access denied error: ...", R::kFailConfig, C::kKmsUnavailable, "key"},
    {"ValidationException", "KMS validation error: ...", R::kFailConfig, C::kKmsUnavailable, "key"},
    {"ValidationException", "One or more parameter values were invalid: KMSMasterKeyId must be ...",
     R::kFailConfig, C::kValidation, "named"},
};

TEST(ErrorTexts, TellErrorsOfOneNameApart) {
  for (const TextCase& c : kTexts) {
    const std::string body = ErrorBody("x#" + std::string(c.type), c.message);
    const Verdict verdict = ClassifyBody(400, body);
    EXPECT_EQ(verdict.reaction, c.reaction) << c.message;
    EXPECT_EQ(verdict.code, c.code) << c.message;
    EXPECT_THAT(std::string(verdict.reason), testing::HasSubstr(std::string(c.reason_part)));
  }
}

TEST(ErrorTexts, OnlyWhereAMessageBegins) {
  const std::string echo = std::string(kInvalidPrefix) + "Signature expired: no";
  EXPECT_EQ(ClassifyBody(400, ErrorBody("InvalidSignatureException", "x Signature expired")).code,
            C::kInvalidSignature);
  EXPECT_EQ(ClassifyBody(400, ErrorBody("ValidationException", echo)).code, C::kValidation);
}

struct StatusCase {
  int status;
  std::string_view body;
  R reaction;
  C code;
};

TEST(Statuses, WithoutAKnownName) {
  const StatusCase cases[] = {
      {500, "", R::kRetry, C::kServerError},
      {502, "<html>bad gateway</html>", R::kRetry, C::kServerError},
      {503, "{}", R::kRetry, C::kServerError},
      {504, R"({"__type":"SomethingNewException"})", R::kRetry, C::kServerError},
      {599, "[1", R::kRetry, C::kServerError},
      {413, R"({"message":""})", R::kSplit, C::kRequestTooLarge},
      {413, "", R::kSplit, C::kRequestTooLarge},
      {429, "slow down", R::kThrottle, C::kThrottled},
      {408, "", R::kRetry, C::kServerError},
      {400, R"({"__type":"x#SomethingNewException","message":"m"})", R::kFailSystem, C::kOther},
      {400, R"({"__type":7})", R::kFailSystem, C::kUnknownOperation},
      {404, "<UnknownOperationException/>", R::kFailSystem, C::kUnknownOperation},
      {403, "<html>Forbidden</html>", R::kFailSystem, C::kUnknownOperation},
      {301, "", R::kFailSystem, C::kUnknownOperation},
      {204, "", R::kRetry, C::kBadReply},
  };
  for (const StatusCase& c : cases) {
    const Verdict verdict = ClassifyBody(c.status, c.body);
    EXPECT_EQ(verdict.reaction, c.reaction) << c.status << c.body;
    EXPECT_EQ(verdict.code, c.code) << c.status << c.body;
    EXPECT_TRUE(verdict.error_name.empty());
    EXPECT_FALSE(verdict.answered());
  }
}

TEST(Statuses, ANameCountsMoreThanTheStatus) {
  // Engines send 500 for malformed input under this name, and throttles under 503.
  EXPECT_EQ(ClassifyBody(503, R"({"__type":"ThrottlingException"})").reaction, R::kThrottle);
  EXPECT_EQ(ClassifyBody(400, R"({"__type":"InternalFailure"})").reaction, R::kRetry);
}

// As AWS's SDKs read it: from a header, `code` or `__type`, without a namespace and without what follows a
// colon.
TEST(ErrorNames, WhereverTheyStand) {
  const auto with_header = [](std::string_view type, std::string_view body) {
    HttpReply reply;
    reply.status = 400;
    reply.error_type = type;
    reply.body = body;
    return Classify(reply, true);
  };
  const std::string_view coral = ":http://internal.amazon.com/coral/com.amazon.coral.availability/";
  const std::string throttle = "ThrottlingException";
  for (const std::string& name :
       {throttle, "com.amazonaws.dynamodb.v20120810#" + throttle, throttle + std::string(coral),
        "a#b#" + throttle + std::string(coral) + "#fragment", " " + throttle + " , x",
        std::string("Throttling"), std::string("throttlingException")}) {
    EXPECT_EQ(with_header(name, "").code, C::kThrottled) << name;
    EXPECT_EQ(with_header(name, "<html>").code, C::kThrottled) << name;
    EXPECT_EQ(with_header(name, R"({"message":"Rate exceeded"})").error_name.view(), throttle) << name;
    for (const std::string_view member : {"__type", "code", "Code"}) {
      const std::string body = R"({")" + std::string(member) + R"(":")" + name + R"("})";
      EXPECT_EQ(ClassifyBody(400, body).code, C::kThrottled) << body;
      EXPECT_EQ(ClassifyBody(400, body).reaction, R::kThrottle) << body;
    }
  }
  // The one that is known counts, whatever stands elsewhere.
  EXPECT_EQ(with_header("Whatever", R"({"__type":"AccessDeniedException"})").code, C::kAccessDenied);
  EXPECT_EQ(ClassifyBody(400, R"({"code":7,"__type":"AccessDeniedException"})").code, C::kAccessDenied);
  EXPECT_EQ(ClassifyBody(400, R"({"code":"E_X","__type":"AccessDeniedException"})").code, C::kAccessDenied);
  // A name that we do not know is DynamoDB's way to tell it; a `code` is everybody's.
  EXPECT_EQ(with_header("NewException:x", "").code, C::kOther);
  EXPECT_EQ(ClassifyBody(400, R"({"code":"NOT_FOUND"})").code, C::kUnknownOperation);
  for (const std::string_view none : {"", ":", "#", ":ThrottlingException", "ThrottlingException#"}) {
    EXPECT_TRUE(with_header(none, "").error_name.empty()) << none;
  }
}

TEST(ErrorNames, TheTextsThatTellThemApartStandUnderThreeNames) {
  for (const std::string_view key : {"message", "Message", "errorMessage"}) {
    EXPECT_EQ(
        ClassifyBody(400, ErrorBody("ValidationException", "Item size has exceeded the maximum", key)).code,
        C::kItemTooLarge)
        << key;
  }
}

TEST(Statuses, OkAndDamaged) {
  HttpReply reply;
  reply.status = 200;
  reply.body = "{}";
  EXPECT_TRUE(Classify(reply, true).ok());
  const Verdict damaged = Classify(reply, false);
  EXPECT_EQ(damaged.reaction, R::kRetry);
  EXPECT_EQ(damaged.code, C::kBadReply);
  reply.status = 400;
  EXPECT_EQ(Classify(reply, false).code, C::kBadReply);
}

TEST(Transport, OnlyCertificatesAndLoginsAreFinal) {
  for (int i = 1; i <= static_cast<int>(TransportError::kCancelled); ++i) {
    HttpReply reply;
    reply.transport = static_cast<TransportError>(i);
    const Verdict verdict = Classify(reply, true);
    const bool certificate =
        reply.transport == TransportError::kTlsUntrusted || reply.transport == TransportError::kTlsExpired ||
        reply.transport == TransportError::kTlsWrongName || reply.transport == TransportError::kTlsTooOld ||
        reply.transport == TransportError::kTlsClient || reply.transport == TransportError::kProxyLogin;
    EXPECT_EQ(verdict.reaction, certificate ? R::kFailConfig : R::kRetry) << i;
    EXPECT_EQ(verdict.code, C::kTransport);
    EXPECT_EQ(verdict.transport, reply.transport);
    EXPECT_FALSE(verdict.answered());
    EXPECT_FALSE(verdict.Describe("").empty());
  }
}

TEST(Verdict, DescribeNamesWhatIsKnown) {
  EXPECT_EQ(ClassifyBody(400, R"({"__type":"x#ThrottlingException","throttlingReasons":[)"
                              R"({"reason":"TableWriteKeyRangeThroughputExceeded"}]})")
                .Describe("R1"),
            "ThrottlingException, HTTP 400, throttled: a hot partition of the table, request R1");
  EXPECT_EQ(ClassifyBody(502, "").Describe(""), "HTTP 502, the service failed");
}

}  // namespace
}  // namespace ddb
