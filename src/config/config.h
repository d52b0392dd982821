// Config: config.json, checked against the spec's own schema, as values. Every check of user input on it is
// here. Built once at start; read-only after.
// https://docs.airbyte.com/connector-development/connector-specification-reference
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ddb {

struct Capacity {
  bool on_demand = false;
  int64_t read_units = 10;  // the documented default of the connector
  int64_t write_units = 10;
  bool is_default = true;  // neither key was in the config: worth a warning about what 10 units mean
};

struct AccessKey {
  std::string id;
  std::string secret;
  std::string session_token;  // "" for a permanent key
};

inline constexpr int kMostWorkers = 64;  // of `workers`, and where the machine has more cores

struct Config {
  std::string endpoint;  // "" = the region's own
  std::string region;    // "" only with an endpoint
  std::string table_prefix;
  AccessKey access_key;
  Capacity capacity;
  std::optional<int> workers;           // absent: the cores that the container may use
  bool skip_rejected = false;           // on_rejected_record: skip
  std::string dead_letter_table;        // "" = refused records are kept nowhere
  std::optional<size_t> max_memory_mb;  // absent: by the container
  int64_t give_up_after_s = 600;
  std::vector<std::string> unknown_keys;  // "a", "capacity.b"; the first 20; each is worth a WARN
};

// What the platform says about where we run.
struct Deployment {
  std::string deployment_mode;  // DEPLOYMENT_MODE
  std::string airbyte_edition;  // AIRBYTE_EDITION
};

// From the environment variables, "" where there is none.
Deployment DeploymentFromEnvironment();

// The spec's message payload: one JSON file of the source tree (config/spec.json), compiled in.
std::string_view SpecJson();

// Errors are config_errors whose message names the key, the reason and the remedy, and never a value. That
// endpoint and region make an address together is left to ResolveEndpoint (aws/endpoint.h). `on_wait`: as of
// ReadFile.
Result<Config> LoadConfig(const std::string& path, const Deployment& deployment,
                          const std::function<void()>& on_wait = {});
Result<Config> ParseConfig(std::string_view json, const Deployment& deployment);

}  // namespace ddb
