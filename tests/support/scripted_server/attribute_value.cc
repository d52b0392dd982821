#include "scripted_server/attribute_value.h"

#include <algorithm>
#include <set>

namespace scripted {
namespace {

namespace dom = simdjson::dom;

Refusal Unreadable(std::string message) { return {"SerializationException", std::move(message)}; }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Length of the bytes behind base64 text, or -1.
long Base64Bytes(std::string_view text) {
  if (text.size() % 4 != 0) return -1;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  for (char c : text.substr(0, text.size() - padding)) {
    bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || IsDigit(c) || c == '+' || c == '/';
    if (!ok) return -1;
  }
  return static_cast<long>(text.size() / 4 * 3 - padding);
}

class Checker {
 public:
  explicit Checker(ItemFacts& facts) : facts_(facts) {}

  Refusal Item(dom::object item) {
    for (auto [name, value] : item) {
      if (Refusal refusal = Name(name); !refusal.ok()) return refusal;
      if (Refusal refusal = Value(value, 1); !refusal.ok()) return refusal;
    }
    Duplicates(item);
    if (facts_.bytes > kMaxItemBytes) return Invalid("Item size has exceeded the maximum allowed size");
    return {};
  }

 private:
  Refusal Name(std::string_view name) {
    if (name.empty()) return Invalid("Empty attribute name");
    if (name.size() > kMaxNameBytes) {
      return Invalid("Attribute name is too large, must be less than 65536 bytes");
    }
    facts_.bytes += name.size();
    return {};
  }

  void Duplicates(dom::object object) {
    std::set<std::string_view> seen;
    for (auto [name, value] : object) {
      if (!seen.insert(name).second) facts_.notes.push_back("a JSON name occurs twice in one object");
    }
  }

  Refusal Value(dom::element value, int depth) {
    dom::object tagged;
    if (value.get(tagged) != simdjson::SUCCESS) return Unreadable("Unexpected value type in payload");
    if (tagged.size() == 0) {
      return Invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
    }
    if (tagged.size() > 1) {
      return Invalid(
          "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
          "supported "
          "datatypes");
    }
    auto field = *tagged.begin();
    std::string_view type = field.key;
    if (type == "M" || type == "L") {
      if (depth >= kMaxDepth) {
        return Invalid(
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
            "supported limit");
      }
      return type == "M" ? Map(field.value, depth) : List(field.value, depth);
    }
    if (type == "BOOL" || type == "NULL") return Flag(type, field.value);
    if (type == "SS" || type == "NS" || type == "BS") return Set(type.substr(0, 1), field.value);
    if (type == "S" || type == "N" || type == "B") return Scalar(type, field.value, nullptr);
    return Invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }

  Refusal Map(dom::element value, int depth) {
    dom::object map;
    if (value.get(map) != simdjson::SUCCESS) return Unreadable("Unexpected value type in payload");
    facts_.bytes += 3;
    for (auto [name, member] : map) {
      facts_.bytes += 1;
      if (Refusal refusal = Name(name); !refusal.ok()) return refusal;
      if (Refusal refusal = Value(member, depth + 1); !refusal.ok()) return refusal;
    }
    Duplicates(map);
    return {};
  }

  Refusal List(dom::element value, int depth) {
    dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return Unreadable("Unexpected value type in payload");
    facts_.bytes += 3;
    for (dom::element member : list) {
      facts_.bytes += 1;
      if (Refusal refusal = Value(member, depth + 1); !refusal.ok()) return refusal;
    }
    return {};
  }

  Refusal Flag(std::string_view type, dom::element value) {
    bool flag = false;
    if (value.get(flag) != simdjson::SUCCESS) return Unreadable("Unexpected value type in payload");
    facts_.bytes += 1;
    if (type == "NULL" && !flag) {
      return Invalid(
          "One or more parameter values were invalid: Null attribute value types must have the value of "
          "true");
    }
    return {};
  }

  Refusal Set(std::string_view type, dom::element value) {
    dom::array members;
    if (value.get(members) != simdjson::SUCCESS) return Unreadable("Unexpected value type in payload");
    if (members.size() == 0) {
      return Invalid("One or more parameter values were invalid: An string set  may not be empty");
    }
    std::set<std::string> seen;
    for (dom::element member : members) {
      std::string identity;
      if (Refusal refusal = Scalar(type, member, &identity); !refusal.ok()) return refusal;
      if (!seen.insert(identity).second) {
        return Invalid("One or more parameter values were invalid: Input collection contains duplicates.");
      }
    }
    return {};
  }

  Refusal Scalar(std::string_view type, dom::element value, std::string* identity) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      return Unreadable("NUMBER_VALUE cannot be converted to String");
    }
    std::string same(text);
    if (type == "N") {
      Refusal refusal;
      same = CanonicalNumber(text, refusal);
      if (!refusal.ok()) return refusal;
      facts_.bytes += NumberBytes(same);
    } else if (type == "B") {
      long bytes = Base64Bytes(text);
      if (bytes < 0) return Unreadable("Base64 encoded length is expected a multiple of 4 bytes");
      facts_.bytes += static_cast<size_t>(bytes);
    } else {
      facts_.bytes += text.size();
    }
    if (identity != nullptr) *identity = std::move(same);
    return {};
  }

  ItemFacts& facts_;
};

Refusal OneKey(dom::object item, const KeyAttribute& attribute, size_t max_bytes, std::string& out) {
  dom::object tagged;
  std::string_view text;
  if (item[attribute.name].get(tagged) != simdjson::SUCCESS || tagged.size() != 1 ||
      tagged[attribute.type].get(text) != simdjson::SUCCESS) {
    return Invalid("The provided key element does not match the schema");
  }
  if (text.empty()) {
    return Invalid(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
        "an empty "
        "string value. Key: " +
        attribute.name);
  }
  size_t bytes = attribute.type == "B" ? static_cast<size_t>(Base64Bytes(text)) : text.size();
  if (attribute.type == "N") {
    Refusal refusal;
    out = "N" + CanonicalNumber(text, refusal);
    return refusal;
  }
  if (bytes > max_bytes) {
    return Invalid(
        max_bytes == kMaxHashKeyBytes
            ? "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size "
              "limit of2048 bytes"
            : "One or more parameter values were invalid: Aggregated size of all range keys has exceeded "
              "the size limit of 1024 bytes");
  }
  out = attribute.type + std::string(text);
  return {};
}

}  // namespace

std::string CanonicalNumber(std::string_view text, Refusal& refusal) {
  auto fail = [&] {
    refusal = Invalid("The parameter cannot be converted to a numeric value: " + std::string(text));
    return std::string();
  };
  std::string_view rest = text;
  bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  std::string digits;
  long exponent = 0;
  bool point = false;
  while (!rest.empty() && (IsDigit(rest.front()) || (rest.front() == '.' && !point))) {
    if (rest.front() == '.') {
      point = true;
    } else {
      digits += rest.front();
      if (point) --exponent;
    }
    rest.remove_prefix(1);
  }
  if (digits.empty()) return fail();
  if (!rest.empty()) {
    if (rest.front() != 'e' && rest.front() != 'E') return fail();
    rest.remove_prefix(1);
    bool down = rest.starts_with('-');
    if (down || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest.empty() || rest.size() > 9 || !std::all_of(rest.begin(), rest.end(), IsDigit)) return fail();
    long sent = std::stol(std::string(rest));
    exponent += down ? -sent : sent;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return "0";
  while (digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.size() > 38) {
    refusal = Invalid("Attempting to store more than 38 significant digits in a Number");
    return "";
  }
  long magnitude = static_cast<long>(digits.size()) + exponent - 1;  // of the first digit
  if (magnitude > 125 || magnitude < -130) {
    refusal = Invalid(std::string("Number ") + (magnitude > 0 ? "overflow" : "underflow") +
                      ". Attempting to store a number with magnitude " +
                      (magnitude > 0 ? "larger" : "smaller") + " than supported range");
    return "";
  }
  return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
}

size_t NumberBytes(std::string_view canonical) {
  if (canonical == "0") return 1;
  bool negative = canonical.front() == '-';
  size_t e = canonical.find('e');
  size_t digits = e - (negative ? 1 : 0);
  long exponent = std::stol(std::string(canonical.substr(e + 1))) + static_cast<long>(digits);
  size_t pairs = (digits + (exponent % 2 != 0 ? 1 : 0) + 1) / 2;
  return 1 + pairs + (negative && pairs < 20 ? 1 : 0);
}

Refusal CheckItem(dom::element item, ItemFacts& facts) {
  dom::object object;
  if (item.get(object) != simdjson::SUCCESS) return Unreadable("Unexpected value type in payload");
  return Checker(facts).Item(object);
}

Refusal KeyOf(dom::element item, const KeySchema& schema, bool whole, std::string& key,
              std::string& hash_key) {
  dom::object object;
  if (item.get(object) != simdjson::SUCCESS) return Unreadable("Unexpected value type in payload");
  bool has_range = !schema.range.name.empty();
  if (whole && object.size() != (has_range ? 2U : 1U)) {
    return Invalid("The provided key element does not match the schema");
  }
  if (Refusal refusal = OneKey(object, schema.hash, kMaxHashKeyBytes, hash_key); !refusal.ok())
    return refusal;
  key = hash_key;
  if (has_range) {
    std::string range;
    if (Refusal refusal = OneKey(object, schema.range, kMaxRangeKeyBytes, range); !refusal.ok())
      return refusal;
    key += '\0' + range;
  }
  for (const KeyAttribute& attribute : schema.indexed) {
    dom::object tagged;
    std::string_view text;
    if (whole || object[attribute.name].get(tagged) != simdjson::SUCCESS) continue;  // sparse index
    if (tagged[attribute.type].get(text) != simdjson::SUCCESS || text.empty()) {
      return Invalid("One or more parameter values were invalid: Type mismatch for Index Key " +
                     attribute.name + " Expected: " + attribute.type);
    }
  }
  return {};
}

}  // namespace scripted
