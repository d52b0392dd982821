// Checks items as the service does: types, names, numbers, nesting, size, and what is a table's key. Values
// are told apart as the service tells them: numbers by value, not by text.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
// Pure; any thread.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scripted {

constexpr size_t kMaxItemBytes = 409'600;
constexpr size_t kMaxHashKeyBytes = 2048;
constexpr size_t kMaxRangeKeyBytes = 1024;
constexpr size_t kMaxNameBytes = 65'535;
constexpr int kMaxDepth = 32;

// What the service answers; an empty `error` means that all is well.
struct Refusal {
  std::string error;  // ValidationException, SerializationException
  std::string message;
  bool ok() const { return error.empty(); }
};
inline Refusal Invalid(std::string message) { return {"ValidationException", std::move(message)}; }

struct KeyAttribute {
  std::string name;
  std::string type;  // S, N, B
};

struct KeySchema {
  KeyAttribute hash;
  KeyAttribute range;                 // name "": none
  std::vector<KeyAttribute> indexed;  // key attributes of the indexes
};

struct ItemFacts {
  size_t bytes = 0;                // as the service counts them
  std::vector<std::string> notes;  // accepted, yet no client should send it (a JSON name twice)
};

// A number in one form only ("-12345e-3"), "" with a refusal when it is none that the service stores.
std::string CanonicalNumber(std::string_view text, Refusal& refusal);
// The service's size of a number that CanonicalNumber gave.
size_t NumberBytes(std::string_view canonical);

Refusal CheckItem(simdjson::dom::element item, ItemFacts& facts);

// The item's or key's identity within its table: two items with the same one are the same item. `whole`:
// `item` must hold nothing but the key.
Refusal KeyOf(simdjson::dom::element item, const KeySchema& schema, bool whole, std::string& key,
              std::string& hash_key);

}  // namespace scripted
