#include "config/config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/environment.h"
#include "base/read_file.h"
#include "base/text.h"
#include "config/authentication.h"
#include "config/new_tables.h"
#include "config/schema.h"
#include "config/write_limits.h"
#include "json/mistakes.h"

namespace ddb {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxConfigBytes = size_t{1} << 20;  // a config is a few hundred bytes
constexpr size_t kMaxUnknownKeys = 20;               // that are told of

// ---- Rules that a schema cannot say.

// The Java connector's rule on Airbyte's own cloud, to the letter of its message.
Status CheckHttps(const Json& config, const Deployment& deployment) {
  if (!deployment.on_cloud()) return Ok();
  const Json endpoint = config.value("dynamodb_endpoint", Json(""));
  if (!endpoint.is_string()) return Ok();  // refused by the schema
  const std::string& given = endpoint.get_ref<const std::string&>();
  const std::string url = given.empty() ? deployment.endpoint : given;
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

// Where a key is missing, with the keys that are there in its place.
Error WithUnknownKeys(Error error, const std::vector<std::string>& unknown) {
  if (unknown.empty() || error.message.find(" is missing") == std::string::npos) return error;
  std::string keys;
  for (const std::string& key : unknown) keys += (keys.empty() ? "" : ", ") + key;
  error.message += " The config has keys that are not known: " + keys + ".";
  return error;
}

// ---- What was given in place of a config.

// What every config of ours has one of, and nothing else.
constexpr const char* kTellingKeys[] = {"dynamodb_table_name_prefix", "dynamodb_region", "access_key_id",
                                        "secret_access_key", "dynamodb_endpoint"};

bool HasTellingKey(const Json& object) {
  if (!object.is_object()) return false;
  return std::any_of(std::begin(kTellingKeys), std::end(kTellingKeys),
                     [&](const char* key) { return object.contains(key); });
}

// "" where it may be a config.
std::string InsteadOfAConfig(const Json& config) {
  if (HasTellingKey(config)) return {};
  const auto is_list = [](const Json& owner, const char* key) {
    const auto found = owner.find(key);
    return found != owner.end() && found->is_array();
  };
  const Json type = config.value("type", Json());
  if (is_list(config, "streams") || type == "CATALOG") {
    return "is a catalog. Are --config and --catalog exchanged?";
  }
  if (type == "SPEC" || config.contains("connectionSpecification") ||
      HasTellingKey(config.value("properties", Json()))) {
    return "is the connector's spec, which describes a config. Give an object with the keys of its "
           "properties.";
  }
  if (type.is_string()) {
    return "is a message of a connector, or a state, and not a config. Give an object with the keys of the "
           "connector's "
           "spec.";
  }
  for (const auto& [key, value] : config.items()) {
    if (!HasTellingKey(value)) continue;
    return "is wrapped in \"" + ShortText(key, 100) + "\". Give the object inside.";
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
    found_ = ShortText(found_);
  }

  std::vector<Object> objects_;  // that are open
  std::string found_;            // the first, with the keys that it stands in
};

Capacity ReadCapacity(const Json& config) {
  Capacity capacity;
  const auto object = config.find("capacity");
  if (object == config.end()) return capacity;
  capacity.on_demand = object->at("mode") == "on_demand";
  const auto units = [&](const char* key) {
    return object->contains(key) ? std::optional(object->at(key).get<int64_t>()) : std::nullopt;
  };
  if (capacity.on_demand) {
    capacity.max_read_units = units("maximum_reads");
    capacity.max_write_units = units("maximum_writes");
    capacity.warm_read_units = units("warm_reads");
    capacity.warm_write_units = units("warm_writes");
  } else {
    capacity.read_units = object->value("read_units", capacity.read_units);
    capacity.write_units = object->value("write_units", capacity.write_units);
  }
  capacity.is_default =
      !capacity.on_demand && !object->contains("read_units") && !object->contains("write_units");
  return capacity;
}

// "KEYS_ONLY" for keys_only: DynamoDB's own words. "" for `none`.
std::string Named(const Json& object, const char* key, std::string_view none) {
  const std::string text = object.value(key, std::string(none));
  return text == none ? std::string() : ToUpper(text);
}

Status ReadNewTables(const Json& config, NewTables& tables) {
  const auto object = config.find("new_tables");
  if (object == config.end()) return Ok();
  tables.table_class = Named(*object, "table_class", "standard");
  tables.stream_view = Named(*object, "stream", "none");
  tables.kms_key = object->value("kms_key", "");
  tables.ttl_attribute = object->value("ttl_attribute", "");
  tables.deletion_protection = object->value("deletion_protection", "off") == "on";
  tables.point_in_time_recovery = object->value("point_in_time_recovery", "off") == "on";
  return ReadTags(object->value("tags", ""), tables);
}

// The config's own come first, also where they say no. Those of the environment say nothing of an endpoint
// that is named, as in botocore; a config that names one and asks for another contradicts itself, and is
// refused.
void ReadSwitches(const Json& config, const Deployment& deployment, Config& out) {
  const bool named = !out.endpoint.empty() || out.region == "local";
  const auto read = [&](const char* key, const std::optional<bool>& outside, bool AwsSwitches::* of) {
    const auto own = config.find(key);
    const bool on = own != config.end() ? own->get<bool>() : outside.value_or(false);
    out.sts.*of = on;
    out.aws.*of = on && (own != config.end() || !named);
  };
  read("use_dualstack", deployment.use_dualstack, &AwsSwitches::use_dualstack);
  read("use_fips", deployment.use_fips, &AwsSwitches::use_fips);
}

Result<Config> ToConfig(const Json& config, const Deployment& deployment) {
  Config out;
  out.endpoint = config.value("dynamodb_endpoint", "");
  if (out.endpoint.empty() && !deployment.endpoint.empty()) {
    out.endpoint = deployment.endpoint;
    out.endpoint_from = deployment.endpoint_from;
  }
  out.region = config.value("dynamodb_region", "");
  if (out.region.empty()) out.region = ToLower(deployment.region);
  out.table_prefix = config["dynamodb_table_name_prefix"].get<std::string>();
  if (out.region.empty() && out.endpoint.empty()) {
    return FieldError(
        "dynamodb_region",
        "is empty, which only works with a dynamodb_endpoint or where the environment has "
        "AWS_REGION or the profile a region; give the code of an AWS region, such as us-east-1");
  }
  Result<Authentication> authentication = ReadAuthentication(config, deployment);
  if (!authentication.ok()) return std::move(authentication).error();
  out.authentication = *std::move(authentication);
  ReadSwitches(config, deployment, out);
  out.account_id = config.value("account_id", "");
  out.proxy_url = config.value("proxy_url", "");
  out.ca_certificate = config.value("ca_certificate", "");
  out.client_certificate = config.value("client_certificate", "");
  out.capacity = ReadCapacity(config);
  out.create_tables = config.value("create_tables", true);
  if (auto status = ReadNewTables(config, out.new_tables); !status.ok()) return std::move(status).error();
  if (auto status =
          ReadWriteLimits(config.value("write_limit", ""), config.value("stream_write_limits", ""), out);
      !status.ok())
    return std::move(status).error();
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
    return WithUnknownKeys(std::move(status).error(), names);
  }
  Result<Config> out = ToConfig(config, deployment);
  if (!out.ok()) return WithUnknownKeys(std::move(out).error(), names);
  out->unknown_keys = std::move(names);
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
    return ConfigError("What is given as the config " + other, "config: none of the telling keys");
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
  Deployment deployment{Environment("DEPLOYMENT_MODE"), Environment("AIRBYTE_EDITION")};
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
  const bool ignored = ToLower(Trimmed(Environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) == "true";
  for (const char* name : {"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"}) {
    if (ignored || !deployment.endpoint.empty()) continue;
    deployment.endpoint = Trimmed(Environment(name));
    deployment.endpoint_from = name;
  }
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (deployment.region.empty()) deployment.region = Trimmed(Environment(name));
  }
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
  deployment.use_dualstack = ReadSwitch(Environment("AWS_USE_DUALSTACK_ENDPOINT"));
  deployment.use_fips = ReadSwitch(Environment("AWS_USE_FIPS_ENDPOINT"));
  deployment.external_id = Trimmed(Environment("AWS_ASSUME_ROLE_EXTERNAL_ID"));
  return deployment;
}

std::optional<bool> ReadSwitch(std::string_view text) {
  const std::string value = ToLower(Trimmed(text));
  return value.empty() ? std::nullopt : std::optional(value == "true");
}

bool Deployment::on_cloud() const {
  return deployment_mode == "CLOUD" || ToLower(airbyte_edition) == "cloud";
}

}  // namespace ddb
