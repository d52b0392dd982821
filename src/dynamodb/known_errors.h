// The closed tables behind Classify: the error names, the texts that tell apart errors of one name, and the
// throttling reasons. Private to dynamodb/errors. Texts are matched where they begin (after DynamoDB's own
// standing prefixes), because further behind a message may echo the request, and with it data. Constants; any
// thread.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
#pragma once

#include <string_view>

#include "dynamodb/errors.h"

namespace ddb {

// Which texts of an error's message tell its kinds apart.
enum class TextGroup { kNone, kValidation, kSignature, kAccess, kInUse, kLimit, kThrottle };

struct KnownError {
  Text name;
  Reaction reaction;  // when no text matches
  ErrorCode code;
  Text reason;
  TextGroup texts = TextGroup::kNone;
};

struct KnownText {
  std::string_view begin;
  Reaction reaction;
  ErrorCode code;
  Text reason;
};

// `name` with or without its ending "Exception"; nullptr for one we do not know.
const KnownError* FindError(std::string_view name);
const KnownText* FindText(TextGroup group, std::string_view message);
// From a refusal of a table's name for its length: the longest that is taken; 0: it says none, or DynamoDB's
// own. ScyllaDB's Alternator takes 222 characters, newer ones 192.
int LongestTableName(std::string_view message);
// "" for a reason that we do not know.
Text ThrottlingReasonText(std::string_view name);
// The index's name in the ARN of one, "arn:aws:dynamodb:region:account:table/NAME/index/NAME"; "" for
// anything else: only what can be a name goes into a message.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html
std::string_view IndexOfArn(std::string_view arn);
// The account of the table whose ARN is in a denial: "... is not authorized to perform: dynamodb:CreateTable
// on resource: arn:aws:dynamodb:region:ACCOUNT:table/NAME because ..."; 12 digits, or "".
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
std::string_view AccountOfTable(std::string_view message);

// Of a table's name, which the endpoint takes for none that a table can have.
inline constexpr Text kBadTableName = "the table name breaks DynamoDB's rule (3 to 255 of a-zA-Z0-9_.-)";
inline constexpr Text kLongTableName = "the table name is longer than this endpoint takes";
// There is no such table: none of that name, or no name that one could have. Another refusal says nothing.
inline bool NoSuchTable(const Verdict& verdict) {
  return verdict.code == ErrorCode::kResourceNotFound || verdict.reason == kBadTableName ||
         verdict.reason == kLongTableName;
}

}  // namespace ddb
