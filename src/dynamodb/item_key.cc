#include "dynamodb/item_key.h"

#include "items/number.h"

namespace ddb {
namespace {

// One attribute of the key: {"S":"..."} and so on, of the type that the schema says.
bool AppendValue(const simdjson::dom::element& item, const KeyAttribute& attribute, std::string& out) {
  simdjson::dom::object object;
  std::string_view text;
  if (item[attribute.name].get(object)) return false;
  if (object[std::string_view(&attribute.type, 1)].get(text)) return false;
  if (attribute.type != 'N') {
    // The length in front keeps ("a", "bc") and ("ab", "c") apart.
    out.append(std::to_string(text.size())).append(":").append(text);
    return true;
  }
  const std::optional<std::string> number = CanonicalNumber(text);
  if (!number) return false;
  out.append(*number).append(";");
  return true;
}

}  // namespace

std::optional<std::string> CanonicalNumber(std::string_view text) {
  char canonical[kMaxCanonicalNumber];
  const char* const end = text.data() + text.size();
  if (text.empty()) return std::nullopt;
  const Number number = NormalizeNumber(text.data(), end, canonical);
  if (number.fit != NumberFit::kFits || number.next != end) return std::nullopt;
  return std::string(canonical, number.length);
}

std::optional<std::string> CanonicalKey(const simdjson::dom::element& item, const TableKeys& keys) {
  std::string out;
  if (!AppendValue(item, keys.hash, out)) return std::nullopt;
  if (keys.range && !AppendValue(item, *keys.range, out)) return std::nullopt;
  return out;
}

}  // namespace ddb
