#include "config/schema.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <utility>

#include "base/text.h"
#include "config/config.h"
#include "config/keys.h"

namespace ddb {

using Json = nlohmann::json;

namespace {

constexpr size_t kMaxKeyBytes = 100;    // of a name in a message
constexpr size_t kMaxTextBytes = 2048;  // std::regex recurses once for each character
// Of a session token, or of certificates: no pattern looks at them.
constexpr size_t kMaxLongTextBytes = size_t{256} * 1024;

// ---- Sentences. They hold names of keys and words of the spec, never a value: a secret may have been put
// ---- into the wrong field.

std::string FieldName(std::string_view path, const Json& schema) {
  const auto title = schema.find("title");
  std::string name(path);
  return title == schema.end() ? name : name + " (" + title->get<std::string>() + ")";
}

Error SchemaError(std::string_view path, const Json& schema, const std::string& reason,
                  std::source_location where = std::source_location::current()) {
  return ConfigError(FieldName(path, schema) + " " + reason + ". Set it in the destination's settings.",
                     "config: " + std::string(path) + " " + reason, where);
}

bool HasType(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  return value.is_string();
}

std::string_view KindOfType(const std::string& type) {
  if (type == "object") return "an object";
  if (type == "boolean") return "true or false";
  return type == "integer" ? "a whole number" : "text";
}

// ---- Reading the schema. It is ours, so what it holds is known: a test compares the words in it with the
// ---- words that are read here.

std::string Join(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

// The property by whose constant value the options of a oneOf are told apart.
std::string Discriminator(const Json& option) {
  for (const auto& [key, property] : Properties(option).items()) {
    if (property.contains("const")) return key;
  }
  return {};
}

// ---- Making the config regular before it is validated. Only keys of the schema are walked, so the depth is
// ---- the schema's.

void RegularizeNumber(Json& member) {
  const double value = member.get<double>();
  if (std::trunc(value) == value && std::abs(value) < 1e15) member = static_cast<int64_t>(value);
}

// Nothing: a form whose field was emptied.
std::optional<Json> RegularText(const std::string& member, const Json& schema) {
  std::string text = Trimmed(member);
  const bool truth = schema.value("type", "") == "boolean";
  if (text.empty() && (schema.contains("enum") || schema.contains("minimum") || truth)) return std::nullopt;
  if (truth && (text == "true" || text == "false")) return Json(text == "true");
  if (schema.contains("minimum")) {
    std::string_view digits = text;
    if (const size_t point = digits.find('.');
        digits.find_first_not_of('0', point + 1) == std::string::npos) {
      digits = digits.substr(0, point);  // "12.0"
    }
    int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) return Json(number);
  }
  return Json(std::move(text));
}

void RegularizeObject(Json& object, const Json& schema) {
  for (const auto& [key, property] : Properties(schema).items()) {
    const auto member = object.find(key);
    if (member == object.end()) continue;
    if (member->is_null()) {
      object.erase(member);
    } else if (member->is_number_float()) {
      RegularizeNumber(*member);
    } else if (member->is_string()) {
      std::optional<Json> text = RegularText(member->get_ref<const std::string&>(), property);
      if (text) {
        *member = *std::move(text);
      } else {
        object.erase(member);
      }
    } else if (member->is_object()) {
      RegularizeObject(*member, property);
    }
  }
  if (const auto options = schema.find("oneOf"); options != schema.end()) {
    for (const Json& option : *options) RegularizeObject(object, option);
  }
}

// What belongs into an object of the schema, and stands beside it: "authentication.role_arn". "" for others.
std::string MeantWithin(std::string_view key, const Json& properties) {
  for (const auto& [name, property] : properties.get_ref<const Json::object_t&>()) {
    const auto options = property.find("oneOf");
    if (options == property.end()) continue;
    for (const Json& option : *options) {
      const Json& members = Properties(option);
      const auto member = members.find(std::string(key));
      if (member != members.end() && !member->contains("const")) return Join(name, std::string(key));
    }
  }
  return {};
}

// `above`: the keys of the whole config that are not given, where `object` is part of it: what stands in the
// wrong object may be meant for it.
void CollectUnknownKeys(const Json& object, const Json& schema, const std::string& path,
                        const std::vector<std::string_view>& above, std::vector<UnknownKey>& found) {
  const Json* const members = MemberSchema(object, schema);
  if (members == nullptr) return;
  const Json& properties = Properties(*members);
  std::vector<std::string_view> absent;
  for (const auto& [key, property] : properties.get_ref<const Json::object_t&>()) {
    const auto value = object.find(key);
    if (value == object.end() || *value == "") absent.push_back(key);
  }
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
    const auto property = properties.find(key);
    if (property == properties.end()) {
      std::string meant(MeantKey(key, absent));
      meant = meant.empty() ? std::string(MeantKey(key, above)) : Join(path, meant);
      if (meant.empty() && path.empty()) meant = MeantWithin(key, properties);
      found.push_back({ShortText(Join(path, key), kMaxKeyBytes), std::move(meant)});
    } else if (value.is_object()) {
      CollectUnknownKeys(value, *property, Join(path, key), path.empty() ? absent : above, found);
    }
  }
}

// ---- What is wrong, in words.

std::optional<Error> FindMemberError(const Json& object, const Json& schema, const std::string& path);

std::optional<Error> FindError(const Json& value, const Json& schema, const std::string& path) {
  const std::string type = schema.at("type").get<std::string>();
  if (!HasType(value, type)) {
    return SchemaError(path, schema,
                       "must be " + std::string(KindOfType(type)) + ", but is " + std::string(KindOf(value)));
  }
  if (value.is_object()) return FindMemberError(value, schema, path);
  const size_t most = schema.value("multiline", false) ? kMaxLongTextBytes : kMaxTextBytes;
  if (value.is_string() && value.get_ref<const std::string&>().size() > most) {
    return SchemaError(path, schema, "is longer than " + std::to_string(most) + " bytes");
  }
  if (schema.contains("pattern")) {
    const std::regex pattern(schema["pattern"].get<std::string>());
    if (!std::regex_search(value.get_ref<const std::string&>(), pattern)) {
      return SchemaError(path, schema, "must be " + schema["pattern_descriptor"].get<std::string>());
    }
  }
  if (schema.contains("enum")) {
    const Json& choices = schema["enum"];
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      std::string names;
      for (const Json& choice : choices) names += (names.empty() ? "" : " or ") + choice.dump();
      return SchemaError(path, schema, "must be " + names);
    }
  }
  if (schema.contains("minimum") && (value < schema["minimum"] || value > schema["maximum"])) {
    return SchemaError(path, schema,
                       "must be from " + schema["minimum"].dump() + " to " + schema["maximum"].dump());
  }
  return std::nullopt;
}

std::optional<Error> FindOptionError(const Json& object, const Json& schema, const std::string& path) {
  const std::string key = Discriminator(schema["oneOf"][0]);
  std::string choices;
  for (const Json& option : schema["oneOf"]) {
    choices += (choices.empty() ? "" : " or ") + option["properties"][key]["const"].dump();
  }
  return SchemaError(Join(path, key), schema["oneOf"][0]["properties"][key],
                     (object.contains(key) ? "must be " : "is missing; it must be ") + choices);
}

std::optional<Error> FindMemberError(const Json& object, const Json& schema, const std::string& path) {
  const Json* members = MemberSchema(object, schema);
  if (members == nullptr) return FindOptionError(object, schema, path);
  const Json& properties = Properties(*members);
  for (const Json& required : members->at("required")) {
    const std::string key = required.get<std::string>();
    if (!object.contains(key)) return SchemaError(Join(path, key), properties[key], "is missing");
  }
  for (const auto& [key, property] : properties.items()) {
    const auto value = object.find(key);
    if (value == object.end()) continue;
    if (auto error = FindError(*value, property, Join(path, key))) return error;
  }
  return std::nullopt;
}

}  // namespace

const Json& Properties(const Json& schema) {
  static const Json none = Json::object();
  const auto properties = schema.find("properties");
  return properties == schema.end() ? none : *properties;
}

const Json* MemberSchema(const Json& object, const Json& schema) {
  const auto options = schema.find("oneOf");
  if (options == schema.end()) return &schema;
  for (const Json& option : *options) {
    const std::string key = Discriminator(option);
    const auto value = object.find(key);
    if (value != object.end() && *value == option["properties"][key]["const"]) return &option;
  }
  return nullptr;
}

const Json& ConfigSchema() {
  static const Json schema = Json::parse(SpecJson()).at("connectionSpecification");
  return schema;
}

std::string_view KindOf(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "text";
    case Json::value_t::boolean:
      return "true or false";
    case Json::value_t::null:
      return "null";
    case Json::value_t::number_float:
      return "a number with a fraction";
    default:
      return "a number";
  }
}

Error FieldError(const std::string& key, const std::string& reason, std::source_location where) {
  const Json& properties = Properties(ConfigSchema());
  const auto found = properties.find(key);
  return SchemaError(key, found == properties.end() ? Json::object() : *found, reason, where);
}

void Regularize(Json& config) { RegularizeObject(config, ConfigSchema()); }

Status CheckAgainstSchema(const Json& config) {
  const Json& schema = ConfigSchema();
  if (auto error = FindMemberError(config, schema, "")) return *std::move(error);
  return Ok();
}

std::vector<UnknownKey> FindUnknownKeys(const Json& config) {
  std::vector<UnknownKey> found;
  CollectUnknownKeys(config, ConfigSchema(), "", {}, found);
  return found;
}

}  // namespace ddb
