// Credentials: one snapshot of who signs. Static keys give one that never expires; providers that refresh
// come with the roles work and publish a new snapshot, which every signer sees with its next request. Any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ddb {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;              // empty: none
  std::optional<int64_t> expires_millis;  // wall time; empty: never
  uint64_t version = 0;  // grows with each snapshot: a signer's cached key belongs to one version
};

class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  virtual std::shared_ptr<const Credentials> Current() const = 0;
};

// Keys that stand in the config.
class StaticCredentials final : public CredentialsSource {
 public:
  StaticCredentials(std::string id, std::string secret)
      : snapshot_(std::make_shared<Credentials>(Credentials{std::move(id), std::move(secret), {}, {}, 1})) {}
  std::shared_ptr<const Credentials> Current() const override { return snapshot_; }

 private:
  std::shared_ptr<const Credentials> snapshot_;
};

}  // namespace ddb
