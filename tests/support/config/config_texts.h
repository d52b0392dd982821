// Configs as texts for tests: one that is right, with some of its keys changed, parsed. Only tests include
// this.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "config/config.h"

namespace ddb {

inline const Deployment kOss{"OSS", ""};

// A config that is right, as JSON texts by key, with some keys changed; an empty text removes the key.
inline std::string Json(const std::map<std::string, std::string>& changes) {
  std::map<std::string, std::string> members = {{"dynamodb_table_name_prefix", R"("p")"},
                                                {"dynamodb_region", R"("us-east-1")"},
                                                {"access_key_id", R"("AKID")"},
                                                {"secret_access_key", R"("hush")"}};
  for (const auto& [key, value] : changes) members[key] = value;
  std::string json = "{";
  for (const auto& [key, value] : members) {
    if (value.empty()) continue;
    json += (json.size() > 1 ? ",\"" : "\"") + key + "\":" + value;
  }
  return json + "}";
}

inline Result<Config> Parse(const std::map<std::string, std::string>& changes,
                            const Deployment& deployment = kOss) {
  return ParseConfig(Json(changes), deployment);
}

inline std::string MessageOf(const Result<Config>& config) {
  if (config.ok()) return "(accepted)";
  EXPECT_EQ(config.error().type, FailureType::kConfig);
  return config.error().message;
}

}  // namespace ddb
