// DynamoDB JSON's tokens, each in this one place: what writes an item writes these, and the bound on how far
// a record can grow (growth_bound.h) is computed from them. Constants; any thread.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
#pragma once

#include <string_view>

namespace ddb::token {

inline constexpr std::string_view kMapBegin = R"({"M":{)";
inline constexpr std::string_view kMapEnd = "}}";
inline constexpr std::string_view kListBegin = R"({"L":[)";
inline constexpr std::string_view kListEnd = "]}";
inline constexpr std::string_view kStringBegin = R"({"S":")";
inline constexpr std::string_view kNumberBegin = R"({"N":")";
inline constexpr std::string_view kBinaryBegin = R"({"B":")";
inline constexpr std::string_view kScalarEnd = "\"}";  // of a string, a number, a binary
inline constexpr std::string_view kTrue = R"({"BOOL":true})";
inline constexpr std::string_view kFalse = R"({"BOOL":false})";
inline constexpr std::string_view kNull = R"({"NULL":true})";
inline constexpr std::string_view kNameBegin = "\"";
inline constexpr std::string_view kNameEnd = "\":";
inline constexpr std::string_view kComma = ",";

}  // namespace ddb::token
