#include "config/config.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/environment.h"
#include "base/read_file.h"
#include "base/text.h"
#include "config/schema.h"

namespace ddb {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxConfigBytes = size_t{1} << 20;  // a config is a few hundred bytes

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
  out.access_key_id = Trimmed(config["access_key_id"].get<std::string>());
  out.secret_access_key = Trimmed(config["secret_access_key"].get<std::string>());
  if (out.access_key_id.empty()) return FieldError("access_key_id", "is empty");
  if (out.secret_access_key.empty()) {
    return FieldError("secret_access_key", "is empty");
  }
  for (const char c : out.access_key_id) {
    // It is sent in a header, where these end it.
    if (c <= ' ' || c > '~' || c == '/' || c == ',') {
      return FieldError("access_key_id",
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
        "dynamodb_region",
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
  out.unknown_keys = UnknownKeys(config);
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
  Regularize(config);
  if (auto status = CheckHttps(config, deployment); !status.ok()) return std::move(status).error();
  if (auto status = CheckRenamedKey(config); !status.ok()) return std::move(status).error();
  if (auto status = CheckAgainstSchema(config); !status.ok()) return std::move(status).error();
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
  return {Environment("DEPLOYMENT_MODE"), Environment("AIRBYTE_EDITION")};
}

}  // namespace ddb
