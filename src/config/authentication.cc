#include "config/authentication.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "config/schema.h"

namespace ddb {
namespace {

using Json = nlohmann::json;
using Mode = Authentication::Mode;

// What goes into a header as it is.
bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return ' ' < c && c <= '~'; });
}

struct GivenKey {
  AccessKey key;
  std::string prefix;  // of the names of its members: "authentication."
  bool has_id = false, has_secret = false;

  bool any() const { return !key.id.empty() || !key.secret.empty() || !key.session_token.empty(); }
};

GivenKey KeyIn(const Json& object, std::string prefix) {
  GivenKey given;
  given.prefix = std::move(prefix);
  given.key = {object.value("access_key_id", ""), object.value("secret_access_key", ""),
               object.value("session_token", "")};
  given.has_id = object.contains("access_key_id");
  given.has_secret = object.contains("secret_access_key");
  return given;
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
Status CheckKey(const GivenKey& given) {
  const AccessKey& key = given.key;
  const auto error = [&](const char* name, const std::string& reason) {
    return FieldError(given.prefix + name, reason);
  };
  if (key.id.empty()) return error("access_key_id", given.has_id ? "is empty" : "is missing");
  if (key.secret.empty()) return error("secret_access_key", given.has_secret ? "is empty" : "is missing");
  if (!IsPlain(key.id) || key.id.find_first_of("/,") != std::string::npos) {
    return error("access_key_id", "has a character that no access key id has (is the secret in its place?)");
  }
  if (!IsPlain(key.session_token)) {
    return error("session_token", "has a character that no session token has, such as a line break");
  }
  if (key.id.starts_with("ASIA") && key.session_token.empty()) {
    return error(
        "access_key_id",
        "begins with ASIA: it is that of temporary credentials, which are valid only together with their "
        "session token. Give the token as session_token, or use the access key of a user, which begins with "
        "AKIA");
  }
  if (key.id.starts_with("AKIA") && !key.session_token.empty()) {
    return error(
        "session_token",
        "does not belong to access_key_id, which begins with AKIA: such a key is permanent and has no "
        "session token. Leave the token out, or give the key (it begins with ASIA) and the secret that came "
        "with it");
  }
  return Ok();
}

Mode ModeOf(const Json& authentication, const GivenKey& flat) {
  if (authentication.empty()) return flat.any() ? Mode::kAccessKey : Mode::kDefaultChain;
  const Json mode = authentication.value("mode", Json());
  if (mode == "assume_role") return Mode::kAssumeRole;
  return mode == "default_chain" ? Mode::kDefaultChain : Mode::kAccessKey;
}

Status ReadRole(const Json& object, const Deployment& deployment, Authentication& out) {
  out.role_arn = object.value("role_arn", "");
  out.external_id = object.value("external_id", "");
  out.session_name = object.value("session_name", "");
  out.duration_s = object.value("duration_s", int64_t{0});
  if (out.role_arn.empty()) return FieldError("authentication.role_arn", "is missing");
  const bool own_keys = !out.key.id.empty();
  if (out.on_cloud && !own_keys) {
    // The platform's own keys assume a role only for the workspace that it names: else anybody could have
    // them assume a role that is not his.
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    if (deployment.external_id.empty()) {
      return FieldError(
          "authentication.role_arn",
          "cannot be assumed: on Airbyte Cloud that takes keys of your own, or those that the platform "
          "hands in together with an external id (AWS_ASSUME_ROLE_EXTERNAL_ID), and it hands in none");
    }
    if (!out.external_id.empty() && out.external_id != deployment.external_id) {
      return FieldError(
          "authentication.external_id",
          "is not the one of this workspace. On Airbyte Cloud leave it empty: the platform's is used");
    }
  }
  if (out.external_id.empty() && !own_keys) out.external_id = deployment.external_id;
  return Ok();
}

}  // namespace

Result<Authentication> ReadAuthentication(const Json& config, const Deployment& deployment) {
  const auto found = config.find("authentication");
  const Json object = found == config.end() ? Json::object() : *found;
  const GivenKey flat = KeyIn(config, "");
  Authentication out;
  out.mode = ModeOf(object, flat);
  // What a way does not have is an unknown key, which may be anything.
  const bool has_keys = !object.empty() && out.mode != Mode::kDefaultChain;
  const GivenKey own = has_keys ? KeyIn(object, "authentication.") : GivenKey();
  out.on_cloud = deployment.on_cloud();
  const GivenKey& given = own.any() ? own : flat;
  if (out.mode == Mode::kAccessKey || (out.mode == Mode::kAssumeRole && given.any())) {
    if (Status good = CheckKey(given); !good.ok()) return std::move(good).error();
    out.key = given.key;
  }
  if (out.mode == Mode::kAssumeRole) {
    if (Status good = ReadRole(object, deployment, out); !good.ok()) return std::move(good).error();
  }
  if (out.mode == Mode::kDefaultChain && out.on_cloud) {
    return FieldError("access_key_id",
                      "is missing, and on Airbyte Cloud the default chain of credentials (environment, "
                      "profiles, IMDS) is not used, "
                      "as the machine's are not yours. Give an access key, or a role as authentication");
  }
  return out;
}

}  // namespace ddb
