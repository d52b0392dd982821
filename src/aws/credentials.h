// Credentials: one snapshot of who signs. A signer asks for it with every request and keeps what it derives
// from one as long as it is given the same one: a source whose keys change gives another snapshot, and never
// changes one. Any thread.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace ddb {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: none; of any length
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
      : snapshot_(std::make_shared<Credentials>(Credentials{std::move(id), std::move(secret), {}})) {}
  std::shared_ptr<const Credentials> Current() const override { return snapshot_; }

 private:
  std::shared_ptr<const Credentials> snapshot_;
};

}  // namespace ddb
