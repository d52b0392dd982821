// ItemText: DynamoDB JSON, token by token, at the end of a string: what is written once a stream, or rarely:
// what all items of a stream share, `_airbyte_meta`, dead letters. (Records go through ItemWriter.) It sees
// to the commas and knows no sizes. On one thread's stack.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "items/item_tokens.h"

namespace ddb {

class ItemText {
 public:
  explicit ItemText(std::string& out) : out_(out) {}

  // A name's text, a string's and a number's are as they stand in JSON, escaped where they need it.
  ItemText& Name(std::string_view name) {
    Separate();
    return Add(token::kNameBegin).Add(name).Add(token::kNameEnd);
  }
  ItemText& BeginMap() { return Value(token::kMapBegin); }
  ItemText& EndMap() { return Add(token::kMapEnd); }
  ItemText& BeginList() { return Value(token::kListBegin); }
  ItemText& EndList() { return Add(token::kListEnd); }
  ItemText& BeginString() { return Value(token::kStringBegin); }
  ItemText& BeginNumber() { return Value(token::kNumberBegin); }
  ItemText& EndScalar() { return Add(token::kScalarEnd); }  // what is between them the caller appends
  ItemText& String(std::string_view text) { return BeginString().Add(text).EndScalar(); }
  ItemText& Number(std::string_view digits) { return BeginNumber().Add(digits).EndScalar(); }
  ItemText& Number(int64_t value) { return Number(std::to_string(value)); }
  ItemText& Binary(std::string_view base64) { return Value(token::kBinaryBegin).Add(base64).EndScalar(); }

  // Where something may stand before: a comma, if something does.
  ItemText& Separate() {
    const char last = out_.empty() ? '{' : out_.back();
    return last == '{' || last == '[' || last == ':' || last == ',' ? *this : Add(token::kComma);
  }

 private:
  ItemText& Value(std::string_view begin) { return Separate().Add(begin); }
  ItemText& Add(std::string_view text) {
    out_.append(text);
    return *this;
  }

  std::string& out_;
};

}  // namespace ddb
