// RandomConfigs: configs of right and wrong values in all places, the same ones in every run. Their values
// are marked, so that a message that tells one is found.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace ddb {

class RandomConfigs {
 public:
  nlohmann::ordered_json Next() {
    static const std::vector<std::string> keys = {"access_key_id",
                                                  "secret_access_key",
                                                  "dynamodb_region",
                                                  "dynamodb_table_name_prefix",
                                                  "capacity",
                                                  "workers",
                                                  "dynamodb_table_name",
                                                  "dynamodb_endpoint",
                                                  "on_rejected_record",
                                                  "dead_letter_table",
                                                  "max_memory_mb",
                                                  "give_up_after_s",
                                                  "session_token",
                                                  "authentication",
                                                  "use_fips",
                                                  "account_id",
                                                  "proxy_url",
                                                  "ca_certificate",
                                                  "client_certificate",
                                                  "new_tables",
                                                  "other"};
    nlohmann::ordered_json config = nlohmann::ordered_json::object();
    for (const std::string& key : keys) {
      const unsigned kind = Pick(16);
      if (kind == 0) continue;
      config[key] = kind < 14 ? RightValue(key) : AnyValue(3);
    }
    return config;
  }
  unsigned Pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }

  static constexpr const char* kMarker = "Zq7Zq7";
  static constexpr int64_t kNumber = 77177177;

 private:
  nlohmann::ordered_json RightValue(const std::string& key) {
    if (key == "dynamodb_region") return Pick(4) == 0 ? "" : "eu-west-1";
    if (key == "dynamodb_endpoint") return Pick(2) == 0 ? "" : std::string("http://") + kMarker + ":8000";
    if (key == "workers") return 1 + Pick(64);
    if (key == "on_rejected_record") return Pick(2) == 0 ? "skip" : "fail";
    if (key == "dead_letter_table") return Pick(2) == 0 ? "" : kMarker;
    if (key == "max_memory_mb") return 16 + Pick(1000);
    if (key == "give_up_after_s") return 10 + Pick(1000);
    if (key == "use_fips") return Pick(2) == 0;
    if (key == "account_id") return Pick(2) == 0 ? "" : "123456789012";
    if (key == "proxy_url" || key == "session_token") return Pick(2) == 0 ? "" : kMarker;
    if (key == "authentication") return RightAuthentication();
    if (key == "new_tables") {
      nlohmann::ordered_json tables = {{"stream", Pick(2) == 0 ? "none" : "new_image"}};
      if (Pick(3) == 0) tables["tags"] = Pick(2) == 0 ? std::string("k=") + kMarker : std::string(kMarker);
      if (Pick(3) == 0) tables["kms_key"] = Pick(2) == 0 ? AnyValue(2) : nlohmann::ordered_json("alias/k");
      if (Pick(3) == 0)
        tables["deletion_protection"] = Pick(2) == 0 ? AnyValue(2) : nlohmann::ordered_json("on");
      return tables;
    }
    if (key == "capacity") {
      nlohmann::ordered_json capacity = {{"mode", Pick(2) == 0 ? "on_demand" : "provisioned"}};
      if (Pick(2) == 0)
        capacity["read_units"] = Pick(3) == 0 ? AnyValue(2) : nlohmann::ordered_json(1 + Pick(1000));
      if (Pick(2) == 0)
        capacity["write_units"] = Pick(3) == 0 ? AnyValue(2) : nlohmann::ordered_json(1 + Pick(1000));
      if (Pick(4) == 0) capacity["mode"] = AnyValue(2);
      if (Pick(4) == 0) capacity.erase("mode");
      return capacity;
    }
    return kMarker;
  }

  nlohmann::ordered_json RightAuthentication() {
    static const std::vector<std::string> modes = {"access_key", "default_chain", "assume_role"};
    nlohmann::ordered_json authentication = {{"mode", modes[Pick(3)]}};
    for (const char* key : {"access_key_id", "secret_access_key", "session_token", "external_id"}) {
      if (Pick(3) == 0) authentication[key] = Pick(4) == 0 ? AnyValue(2) : nlohmann::ordered_json(kMarker);
    }
    if (Pick(3) != 0) authentication["role_arn"] = std::string("arn:aws:iam::123456789012:role/") + kMarker;
    if (Pick(3) == 0) authentication["duration_s"] = 900 + Pick(100);
    return authentication;
  }

  nlohmann::ordered_json AnyValue(int depth) {
    const std::string marker = kMarker;
    switch (Pick(depth > 0 ? 14 : 11)) {
      case 0:
        return nullptr;
      case 1:
        return true;
      case 2:
        return kNumber;
      case 3:
        return -kNumber;
      case 4:
        return 77177.25;
      case 5:
        return 1e300;
      case 6:
        return 18446744073709551615u;
      case 7:
        return marker + " with spaces\n";
      case 8:
        return "http://user:" + marker + "@host";
      case 9:
        return std::string(Pick(5000), 'Q') + marker;
      case 10:
        return marker;
      case 11:
        return nlohmann::ordered_json::array({AnyValue(depth - 1), marker});
      case 12:
        return nlohmann::ordered_json{{"mode", AnyValue(depth - 1)}, {"read_units", AnyValue(depth - 1)}};
      default:
        return nlohmann::ordered_json::object();
    }
  }

  std::mt19937 random_{20240607};
};

}  // namespace ddb
