#include "config/config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/environment.h"
#include "base/read_file.h"
#include "base/text.h"
#include "config/schema.h"
#include "json/mistakes.h"

namespace ddb {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxConfigBytes = size_t{1} << 20;  // a config is a few hundred bytes
constexpr size_t kMaxUnknownKeys = 20;               // that are told of

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

// Schemes and regions are the same in any case (RFC 3986; AWS signs for regions in small letters alone). A
// blank endpoint stays one and is refused: who emptied the field by hand has not said AWS.
void RegularizeAddress(Json& config, const Json& given) {
  const auto region = config.find("dynamodb_region");
  if (region != config.end() && region->is_string()) *region = ToLower(region->get_ref<const std::string&>());
  const auto endpoint = config.find("dynamodb_endpoint");
  if (endpoint == config.end() || !endpoint->is_string()) return;
  if (*endpoint == "") *endpoint = given;
  for (char& c : endpoint->get_ref<std::string&>()) {
    if (c == ':') break;
    c = ToLower(c);
  }
}

Status CheckArn(const Json& config) {
  for (const char* key : {"dynamodb_table_name_prefix", "dead_letter_table"}) {
    const auto value = config.find(key);
    if (value == config.end() || !value->is_string()) continue;
    if (!ToLower(value->get_ref<const std::string&>()).starts_with("arn:")) continue;
    return FieldError(
        key, "is an ARN. ARNs are not supported, nor are tables of other accounts: it has to be a name");
  }
  return Ok();
}

// A slip in the name of a key: refused before anything that is signed with these keys can go to a host that
// was not meant.
Status CheckSlips(const std::vector<UnknownKey>& unknown) {
  std::string slips;
  size_t count = 0;
  for (const UnknownKey& key : unknown) {
    if (key.meant.empty() || ++count > kMaxUnknownKeys) continue;
    slips += (slips.empty() ? "" : "; ") + key.path + ": did you mean " + key.meant + "?";
  }
  if (slips.empty()) return Ok();
  return ConfigError("The config has keys that are not known, but look like slips: " + slips +
                         " Correct or remove them in the destination's settings. Nothing was sent.",
                     "config: " + std::to_string(count) + " keys that resemble known ones");
}

bool LacksRequired(const Json& config) {
  const Json& required = ConfigSchema()["required"];
  return std::any_of(required.begin(), required.end(),
                     [&](const Json& key) { return !config.contains(key.get_ref<const std::string&>()); });
}

// The error of the schema; where a key is missing, with the keys that are there in its place.
Error WithUnknownKeys(Error error, const Json& config, const std::vector<std::string>& unknown) {
  if (unknown.empty() || !LacksRequired(config)) return error;
  std::string keys;
  for (const std::string& key : unknown) keys += (keys.empty() ? "" : ", ") + key;
  error.message += " The config has keys that are not known: " + keys + ".";
  return error;
}

// ---- What was given in place of a config.

bool HasRequiredKey(const Json& object) {
  if (!object.is_object()) return false;
  const Json& required = ConfigSchema()["required"];
  return std::any_of(required.begin(), required.end(),
                     [&](const Json& key) { return object.contains(key.get_ref<const std::string&>()); });
}

// "" where it may be a config.
std::string InsteadOfAConfig(const Json& config) {
  if (HasRequiredKey(config)) return {};
  const auto is_list = [](const Json& owner, const char* key) {
    const auto found = owner.find(key);
    return found != owner.end() && found->is_array();
  };
  const Json type = config.value("type", Json());
  if (is_list(config, "streams") || type == "CATALOG") {
    return "is a catalog. Are --config and --catalog exchanged?";
  }
  if (type == "SPEC" || config.contains("connectionSpecification") ||
      HasRequiredKey(config.value("properties", Json()))) {
    return "is the connector's spec, which describes a config. Give an object with the keys of its "
           "properties.";
  }
  if (type.is_string()) {
    return "is a message of a connector, or a state, and not a config. Give an object with the keys of the "
           "connector's "
           "spec.";
  }
  for (const auto& [key, value] : config.items()) {
    if (!HasRequiredKey(value)) continue;
    return "is wrapped in \"" + Printable(ShortText(key, 100)) + "\". Give the object inside.";
  }
  return {};
}

Error NotJson(std::string_view json, const Json::exception& error, size_t byte) {
  const std::string why = json::WhyNotJson(json);
  return ConfigError(
      "The config is not valid JSON (at byte " + std::to_string(byte) + ")" +
          (why.empty() ? "" : ": " + why) + ". Give a JSON object with the keys of the connector's spec.",
      "config: nlohmann::json parse error " + std::to_string(error.id) + " at byte " + std::to_string(byte));
}

// The parser takes the last member of a name; which of them was meant, it cannot tell. Sees all keys while
// the text is read.
class KeysTwice {
 public:
  bool operator()(Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
        objects_.emplace_back();
        break;
      case Json::parse_event_t::object_end:
        objects_.pop_back();
        break;
      case Json::parse_event_t::key:
        Add(parsed.get_ref<const std::string&>());
        break;
      default:
        break;
    }
    return true;
  }

  Status Refuse() const {
    if (found_.empty()) return Ok();
    return ConfigError(
        "The config has the key " + found_ + " twice. Remove one of the two. Nothing was sent.",
        "config: a key is there twice");
  }

 private:
  struct Object {
    std::set<std::string> keys;
    std::string last;
  };

  void Add(const std::string& key) {
    objects_.back().last = key;
    if (objects_.back().keys.insert(key).second || !found_.empty()) return;
    for (const Object& object : objects_) found_ += (found_.empty() ? "" : ".") + object.last;
    found_ = Printable(ShortText(found_));
  }

  std::vector<Object> objects_;  // that are open
  std::string found_;            // the first, with the keys that it stands in
};

// What goes into a header as it is.
bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return ' ' < c && c <= '~'; });
}

// Everything that can be seen of a key before it is used.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
Status CheckAccessKey(const AccessKey& key) {
  if (key.id.empty()) return FieldError("access_key_id", "is empty");
  if (key.secret.empty()) return FieldError("secret_access_key", "is empty");
  if (!IsPlain(key.id) || key.id.find_first_of("/,") != std::string::npos) {
    return FieldError("access_key_id",
                      "has a character that no access key id has (is the secret in its place?)");
  }
  if (!IsPlain(key.session_token)) {
    return FieldError("session_token", "has a character that no session token has, such as a line break");
  }
  if (key.id.starts_with("ASIA") && key.session_token.empty()) {
    return FieldError(
        "access_key_id",
        "begins with ASIA: it is that of temporary credentials, which are valid only together with their "
        "session token. Give the token as session_token, or use the access key of a user, which begins with "
        "AKIA");
  }
  if (key.id.starts_with("AKIA") && !key.session_token.empty()) {
    return FieldError(
        "session_token",
        "does not belong to access_key_id, which begins with AKIA: such a key is permanent and has no "
        "session "
        "token. Leave the token out, or give the key (it begins with ASIA) and the secret that came with it");
  }
  return Ok();
}

Status ReadAccessKey(const Json& config, AccessKey& key) {
  key.id = config["access_key_id"].get<std::string>();
  key.secret = config["secret_access_key"].get<std::string>();
  key.session_token = config.value("session_token", "");
  return CheckAccessKey(key);
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
        "dynamodb_region",
        "is empty, which only works with a dynamodb_endpoint; give the code of an AWS region, such as "
        "us-east-1");
  }
  if (auto status = ReadAccessKey(config, out.access_key); !status.ok()) return std::move(status).error();
  out.capacity = ReadCapacity(config);
  if (config.contains("workers")) out.workers = config["workers"].get<int>();
  out.skip_rejected = config.value("on_rejected_record", "fail") == "skip";
  out.dead_letter_table = config.value("dead_letter_table", "");
  if (config.contains("max_memory_mb")) out.max_memory_mb = config["max_memory_mb"].get<size_t>();
  out.give_up_after_s = config.value("give_up_after_s", out.give_up_after_s);
  return out;
}

Result<Config> CheckedConfig(const Json& config, const Deployment& deployment) {
  const std::vector<UnknownKey> unknown = FindUnknownKeys(config);
  std::vector<std::string> names;
  for (const UnknownKey& key : unknown) {
    if (names.size() < kMaxUnknownKeys) names.push_back(key.path);
  }
  Status status = CheckHttps(config, deployment);
  if (status.ok()) status = CheckRenamedKey(config);
  if (status.ok()) status = CheckSlips(unknown);
  if (status.ok()) status = CheckArn(config);
  if (!status.ok()) return std::move(status).error();
  if (status = CheckAgainstSchema(config); !status.ok()) {
    return WithUnknownKeys(std::move(status).error(), config, names);
  }
  Result<Config> out = ToConfig(config);
  if (out.ok()) out->unknown_keys = std::move(names);
  return out;
}

}  // namespace

Result<Config> ParseConfig(std::string_view json, const Deployment& deployment) {
  Json config;
  KeysTwice twice;
  try {
    config =
        Json::parse(json, [&](int, Json::parse_event_t event, Json& parsed) { return twice(event, parsed); });
  } catch (const Json::parse_error& error) {  // its text can hold a part of a secret
    return NotJson(json, error, error.byte);
  } catch (const Json::out_of_range& error) {  // no double holds it: 1e999
    return ConfigError(
        "The config has a number that is out of range. Correct it in the destination's settings.",
        "config: nlohmann::json error " + std::to_string(error.id));
  }
  if (!config.is_object()) {
    return ConfigError("The config must be a JSON object, but is " + std::string(KindOf(config)) +
                           (config.is_string() ? " (was it encoded twice?)" : "") +
                           ". Give an object with the keys of the connector's spec.",
                       "config: the top level is " + std::string(KindOf(config)));
  }
  if (const std::string other = InsteadOfAConfig(config); !other.empty()) {
    return ConfigError("What is given as the config " + other, "config: none of the required keys");
  }
  if (Status once = twice.Refuse(); !once.ok()) return std::move(once).error();
  const Json endpoint = config.value("dynamodb_endpoint", Json());
  Regularize(config);
  RegularizeAddress(config, endpoint);
  return CheckedConfig(config, deployment);
}

Result<Config> LoadConfig(const std::string& path, const Deployment& deployment,
                          const std::function<void()>& on_wait) {
  auto text = ReadFile(path, kMaxConfigBytes, on_wait);
  if (!text.ok()) {
    return ConfigError("The config file " + path + " cannot be read: " + text.error().message +
                           ". Give the path of a readable JSON file with --config.",
                       "config: " + text.error().internal);
  }
  return ParseConfig(*text, deployment);
}

Deployment DeploymentFromEnvironment() {
  return {Environment("DEPLOYMENT_MODE"), Environment("AIRBYTE_EDITION")};
}

}  // namespace ddb
