// Config: config.json, checked against the spec's own schema, as values. Every check of user input on it is
// here. Built once at start; read-only after.
// https://docs.airbyte.com/connector-development/connector-specification-reference
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ddb {

struct Capacity {
  bool on_demand = false;
  int64_t read_units = 10;  // the documented default of the connector
  int64_t write_units = 10;
  // On demand: at the most, and ready from the first moment on.
  std::optional<int64_t> max_read_units, max_write_units, warm_read_units, warm_write_units;
  bool is_default = true;  // neither key was in the config: worth a warning about what 10 units mean
};

struct AccessKey {
  std::string id;  // "": there is none
  std::string secret;
  std::string session_token;  // "" for a permanent key
};

struct Authentication {
  enum class Mode { kAccessKey, kDefaultChain, kAssumeRole };
  Mode mode = Mode::kAccessKey;
  AccessKey key;  // of kAccessKey; of kAssumeRole that which assumes it, or none
  std::string role_arn;
  std::string external_id;
  std::string session_name;  // "" for a usual one
  int64_t duration_s = 0;    // 0 for STS's own
  // Where keys are missing, only what the platform hands in may be used: the machine is not the user's.
  bool on_cloud = false;
};

// What a table that is created is given beside its capacity, in DynamoDB's own words.
struct NewTables {
  std::string table_class;  // "" = standard
  std::string stream_view;  // "" = no stream
  std::string kms_key;      // "" = the one that AWS owns
  std::string ttl_attribute;
  std::vector<std::pair<std::string, std::string>> tags;
  bool deletion_protection = false;
  bool point_in_time_recovery = false;
};

// The most that is written into a table in a second: units, or a percentage of what the table is set to take;
// neither: no limit.
struct TableWriteLimit {
  int64_t units = 0;
  int64_t percent = 0;
};

inline constexpr int kMostWorkers = 64;  // of `workers`, and where the machine has more cores

struct AwsSwitches {
  bool use_dualstack = false;
  bool use_fips = false;
};

struct Config {
  std::string endpoint;                             // "" = the region's own
  std::string endpoint_from = "dynamodb_endpoint";  // what names it: that key, or a variable
  std::string region;                               // "" only with an endpoint
  AwsSwitches aws;                                  // which of DynamoDB's own endpoints
  AwsSwitches sts;                                  // and of those of STS and SSO
  std::string account_id;                           // "" = AWS's endpoint for all accounts
  std::string proxy_url;                            // "" = by the environment
  std::string ca_certificate;                       // "" = the machine's alone
  std::string client_certificate;                   // PEM with its key; "" = none is shown
  std::string table_prefix;
  Authentication authentication;
  Capacity capacity;
  bool create_tables = true;  // else none is created or dropped
  NewTables new_tables;
  TableWriteLimit write_limit;  // of each stream that has none of its own
  std::vector<std::pair<std::string, TableWriteLimit>>
      write_limits;                     // by "namespace.name", or the name alone
  std::optional<int> workers;           // absent: the cores that the container may use
  bool skip_rejected = false;           // on_rejected_record: skip
  std::string dead_letter_table;        // "" = refused records are kept nowhere
  std::optional<size_t> max_memory_mb;  // absent: by the container
  int64_t give_up_after_s = 600;
  std::vector<std::string> unknown_keys;  // "a", "capacity.b"; the first 20; each is worth a WARN
};

// What the environment says about where we run.
struct Deployment {
  std::string deployment_mode;  // DEPLOYMENT_MODE
  std::string airbyte_edition;  // AIRBYTE_EDITION
  // What stands in for what the config leaves empty.
  std::string endpoint = {};               // AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL
  std::string endpoint_from = {};          // which of them
  std::string region = {};                 // AWS_REGION, AWS_DEFAULT_REGION, the profile's
  std::optional<bool> use_dualstack = {};  // AWS_USE_DUALSTACK_ENDPOINT, the profile's
  std::optional<bool> use_fips = {};       // AWS_USE_FIPS_ENDPOINT, the profile's
  std::string external_id = {};            // AWS_ASSUME_ROLE_EXTERNAL_ID

  bool on_cloud() const;
};

// From the environment variables, "" where there is none.
Deployment DeploymentFromEnvironment();
// As AWS's clients read a switch, in a variable or a file: true is yes, all else no; empty is neither.
std::optional<bool> ReadSwitch(std::string_view text);

// The spec's message payload: one JSON file of the source tree (config/spec.json), compiled in.
std::string_view SpecJson();

// Errors are config_errors whose message names the key, the reason and the remedy, and never a value. That
// endpoint and region make an address together is left to ResolveEndpoint (aws/endpoint.h). `on_wait`: as of
// ReadFile.
Result<Config> LoadConfig(const std::string& path, const Deployment& deployment,
                          const std::function<void()>& on_wait = {});
Result<Config> ParseConfig(std::string_view json, const Deployment& deployment);

}  // namespace ddb
