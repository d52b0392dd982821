#include "config/config.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/read_file.h"
#include "base/text.h"

namespace ddb {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxConfigBytes = size_t{1} << 20;  // a config is a few hundred bytes
constexpr size_t kMaxTextBytes = 2048;               // std::regex recurses once for each character
constexpr size_t kMaxUnknownKeys = 20;               // each becomes a log line
constexpr size_t kMaxKeyBytes = 100;

// ---- Sentences. They hold names of keys and words of the spec, never a value: a secret may have been put
// ---- into the wrong field.

std::string FieldName(std::string_view path, const Json& schema) {
  const auto title = schema.find("title");
  std::string name(path);
  return title == schema.end() ? name : name + " (" + title->get<std::string>() + ")";
}

Error FieldError(std::string_view path, const Json& schema, const std::string& reason,
                 std::source_location where = std::source_location::current()) {
  return ConfigError(FieldName(path, schema) + " " + reason + ". Set it in the destination's settings.",
                     "config: " + std::string(path) + " " + reason, where);
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

bool HasType(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "integer") return value.is_number_integer();
  return value.is_string();
}

std::string_view KindOfType(const std::string& type) {
  if (type == "object") return "an object";
  return type == "integer" ? "a whole number" : "text";
}

// ---- Reading the schema. It is ours, so what it holds is known: a test compares the words in it with the
// ---- words that are read here.

const Json& ConfigSchema() {
  static const Json schema = Json::parse(SpecJson()).at("connectionSpecification");
  return schema;
}

const Json& Properties(const Json& schema) {
  static const Json none = Json::object();
  const auto properties = schema.find("properties");
  return properties == schema.end() ? none : *properties;
}

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

// The schema that the members of `object` follow: of a oneOf, the option that its discriminator names. Null
// when there is none.
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

// ---- Making the config regular before it is validated. Only keys of the schema are walked, so the depth is
// ---- the schema's.

// A null counts as absent, and 10.0 is the whole number 10 (JSON has one kind of number).
void Regularize(Json& object, const Json& schema) {
  for (const auto& [key, property] : Properties(schema).items()) {
    const auto member = object.find(key);
    if (member == object.end()) continue;
    if (member->is_null()) {
      object.erase(member);
    } else if (member->is_number_float()) {
      const double value = member->get<double>();
      if (std::trunc(value) == value && std::abs(value) < 1e15) *member = static_cast<int64_t>(value);
    } else if (member->is_object()) {
      Regularize(*member, property);
    }
  }
  if (const auto options = schema.find("oneOf"); options != schema.end()) {
    for (const Json& option : *options) Regularize(object, option);
  }
}

void CollectUnknownKeys(const Json& object, const Json& schema, const std::string& path,
                        std::vector<std::string>& unknown) {
  const Json* members = MemberSchema(object, schema);
  if (members == nullptr) return;
  const Json& properties = Properties(*members);
  for (const auto& [key, value] : object.items()) {
    if (unknown.size() >= kMaxUnknownKeys) return;
    const auto property = properties.find(key);
    if (property == properties.end()) {
      unknown.push_back(ShortText(Join(path, key), kMaxKeyBytes));
    } else if (value.is_object()) {
      CollectUnknownKeys(value, *property, Join(path, key), unknown);
    }
  }
}

// ---- What is wrong, in words. Whether something is wrong is valijson's to say.

std::optional<Error> FindMemberError(const Json& object, const Json& schema, const std::string& path);

std::optional<Error> FindError(const Json& value, const Json& schema, const std::string& path) {
  const std::string type = schema.at("type").get<std::string>();
  if (!HasType(value, type)) {
    return FieldError(path, schema,
                      "must be " + std::string(KindOfType(type)) + ", but is " + std::string(KindOf(value)));
  }
  if (value.is_object()) return FindMemberError(value, schema, path);
  if (schema.contains("pattern")) {
    const std::regex pattern(schema["pattern"].get<std::string>());
    if (!std::regex_search(value.get_ref<const std::string&>(), pattern)) {
      return FieldError(path, schema, "must be " + schema["pattern_descriptor"].get<std::string>());
    }
  }
  if (schema.contains("enum")) {
    const Json& choices = schema["enum"];
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      std::string names;
      for (const Json& choice : choices) names += (names.empty() ? "" : " or ") + choice.dump();
      return FieldError(path, schema, "must be " + names);
    }
  }
  if (schema.contains("minimum") && (value < schema["minimum"] || value > schema["maximum"])) {
    return FieldError(path, schema,
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
  return FieldError(Join(path, key), schema["oneOf"][0]["properties"][key],
                    (object.contains(key) ? "must be " : "is missing; it must be ") + choices);
}

std::optional<Error> FindMemberError(const Json& object, const Json& schema, const std::string& path) {
  const Json* members = MemberSchema(object, schema);
  if (members == nullptr) return FindOptionError(object, schema, path);
  const Json& properties = Properties(*members);
  for (const Json& required : members->at("required")) {
    const std::string key = required.get<std::string>();
    if (!object.contains(key)) return FieldError(Join(path, key), properties[key], "is missing");
  }
  for (const auto& [key, property] : properties.items()) {
    const auto value = object.find(key);
    if (value == object.end()) continue;
    if (auto error = FindError(*value, property, Join(path, key))) return error;
  }
  return std::nullopt;
}

Status Validate(const Json& config) {
  const Json& schema = ConfigSchema();
  for (const auto& [key, property] : Properties(schema).items()) {
    const auto value = config.find(key);
    if (value == config.end() || !value->is_string()) continue;
    if (value->get_ref<const std::string&>().size() > kMaxTextBytes) {
      return FieldError(key, property, "is longer than " + std::to_string(kMaxTextBytes) + " bytes");
    }
  }
  valijson::Schema rules;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), rules);
  if (valijson::Validator().validate(rules, valijson::adapters::NlohmannJsonAdapter(config), nullptr))
    return Ok();
  if (auto error = FindMemberError(config, schema, "")) return *std::move(error);
  return ConfigError(
      "The config does not follow the connector's spec. Correct it in the destination's settings.",
      "config: valijson refused it for a reason that FindMemberError does not know");
}

// ---- Rules that a schema cannot say.

// The Java connector's rule on Airbyte's own cloud, to the letter of its message.
Status CheckHttps(const Json& config, const Deployment& deployment) {
  if (deployment.deployment_mode != "CLOUD" && ToLower(deployment.airbyte_edition) != "cloud") return Ok();
  const Json endpoint = config.value("dynamodb_endpoint", Json(""));
  if (!endpoint.is_string()) return Ok();  // refused by the schema
  const auto& url = endpoint.get_ref<const std::string&>();
  // This region stands for http://localhost:8000.
  const bool local = url.empty() && config.value("dynamodb_region", Json("")) == "local";
  if ((url.empty() && !local) || url.starts_with("https://")) return Ok();
  return ConfigError(
      "Server Endpoint requires HTTPS",
      "config: strict-encrypt (DEPLOYMENT_MODE or AIRBYTE_EDITION) and an endpoint without https://");
}

Status CheckRenamedKey(const Json& config) {
  if (config.contains("dynamodb_table_name_prefix") || !config.contains("dynamodb_table_name")) return Ok();
  return ConfigError(
      "dynamodb_table_name is the name that version 0.1.0 had for dynamodb_table_name_prefix. Rename the key "
      "to "
      "dynamodb_table_name_prefix.",
      "config: dynamodb_table_name without dynamodb_table_name_prefix");
}

// AWS's Java client cut the spaces around credentials off, so configs that have them work.
std::string Trimmed(const std::string& text) {
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && is_space(text[begin])) ++begin;
  while (end > begin && is_space(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

Status ReadCredentials(const Json& config, Config& out) {
  const Json& properties = Properties(ConfigSchema());
  out.access_key_id = Trimmed(config["access_key_id"].get<std::string>());
  out.secret_access_key = Trimmed(config["secret_access_key"].get<std::string>());
  if (out.access_key_id.empty()) return FieldError("access_key_id", properties["access_key_id"], "is empty");
  if (out.secret_access_key.empty()) {
    return FieldError("secret_access_key", properties["secret_access_key"], "is empty");
  }
  for (const char c : out.access_key_id) {
    // It is sent in a header, where these end it.
    if (c <= ' ' || c > '~' || c == '/' || c == ',') {
      return FieldError("access_key_id", properties["access_key_id"],
                        "has a character that no access key id has (is the secret in its place?)");
    }
  }
  return Ok();
}

Capacity ReadCapacity(const Json& config) {
  Capacity capacity;
  const auto object = config.find("capacity");
  if (object == config.end()) return capacity;
  capacity.on_demand = object->at("mode") == "on_demand";
  if (!capacity.on_demand) {
    capacity.read_units = object->value("read_units", capacity.read_units);
    capacity.write_units = object->value("write_units", capacity.write_units);
  }
  capacity.is_default =
      !capacity.on_demand && !object->contains("read_units") && !object->contains("write_units");
  return capacity;
}

Result<Config> ToConfig(const Json& config) {
  Config out;
  out.endpoint = config.value("dynamodb_endpoint", "");
  out.region = config["dynamodb_region"].get<std::string>();
  out.table_prefix = config["dynamodb_table_name_prefix"].get<std::string>();
  if (out.region.empty() && out.endpoint.empty()) {
    return FieldError(
        "dynamodb_region", Properties(ConfigSchema())["dynamodb_region"],
        "is empty, which only works with a dynamodb_endpoint; give the code of an AWS region, such as "
        "us-east-1");
  }
  if (auto status = ReadCredentials(config, out); !status.ok()) return std::move(status).error();
  out.capacity = ReadCapacity(config);
  if (config.contains("workers")) out.workers = config["workers"].get<int>();
  out.skip_rejected = config.value("on_rejected_record", "fail") == "skip";
  out.dead_letter_table = config.value("dead_letter_table", "");
  if (config.contains("max_memory_mb")) out.max_memory_mb = config["max_memory_mb"].get<size_t>();
  out.give_up_after_s = config.value("give_up_after_s", out.give_up_after_s);
  CollectUnknownKeys(config, ConfigSchema(), "", out.unknown_keys);
  return out;
}

}  // namespace

Result<Config> ParseConfig(std::string_view json, const Deployment& deployment) {
  Json config;
  try {
    config = Json::parse(json);
  } catch (const Json::parse_error& error) {  // its text can hold a part of a secret
    return ConfigError("The config is not valid JSON (at byte " + std::to_string(error.byte) +
                           "). Give a JSON object with the keys of the connector's spec.",
                       "config: nlohmann::json parse error " + std::to_string(error.id) + " at byte " +
                           std::to_string(error.byte));
  } catch (const Json::out_of_range& error) {  // no double holds it: 1e999
    return ConfigError(
        "The config has a number that is out of range. Correct it in the destination's settings.",
        "config: nlohmann::json error " + std::to_string(error.id));
  }
  if (!config.is_object()) {
    return ConfigError("The config must be a JSON object, but is " + std::string(KindOf(config)) +
                           ". Give an object with the keys of the connector's spec.",
                       "config: the top level is " + std::string(KindOf(config)));
  }
  Regularize(config, ConfigSchema());
  if (auto status = CheckHttps(config, deployment); !status.ok()) return std::move(status).error();
  if (auto status = CheckRenamedKey(config); !status.ok()) return std::move(status).error();
  if (auto status = Validate(config); !status.ok()) return std::move(status).error();
  return ToConfig(config);
}

Result<Config> LoadConfig(const std::string& path, const Deployment& deployment) {
  auto text = ReadFile(path, kMaxConfigBytes);
  if (!text.ok()) {
    return ConfigError("The config file " + path + " cannot be read: " + text.error().message +
                           ". Give the path of a readable JSON file with --config.",
                       "config: " + text.error().internal);
  }
  return ParseConfig(*text, deployment);
}

Deployment DeploymentFromEnvironment() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  return {variable("DEPLOYMENT_MODE"), variable("AIRBYTE_EDITION")};
}

}  // namespace ddb
