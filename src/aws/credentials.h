// Credentials: one snapshot of who signs, and where the present one comes from. A snapshot never changes; a
// source whose keys change gives another one, with another version. Asked on every worker's thread, for each
// request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace ddb {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: none; of any length
  int64_t expires_ms = 0;     // wall time; 0: not known, or never
  uint64_t version = 1;       // of one source's snapshots, no two have the same
};

class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;

  virtual std::shared_ptr<const Credentials> Current() const = 0;
  // Of Current(): cheap, so that a signer need not take the snapshot to see that it has it.
  virtual uint64_t version() const { return 1; }

  enum class Renewal {
    kNewer,   // there are others than those that were refused: sign again
    kComing,  // they are being asked for
    kNever,   // there are none but those
  };
  // The credentials of this version were refused, most likely as they have expired. Never waits.
  virtual Renewal Refresh(uint64_t /*refused*/) { return Renewal::kNever; }
};

// Keys that stand in the config.
class StaticCredentials final : public CredentialsSource {
 public:
  StaticCredentials(std::string id, std::string secret, std::string token = {})
      : StaticCredentials(Credentials{std::move(id), std::move(secret), std::move(token)}) {}
  explicit StaticCredentials(Credentials credentials)
      : snapshot_(std::make_shared<Credentials>(std::move(credentials))) {}
  std::shared_ptr<const Credentials> Current() const override { return snapshot_; }

 private:
  std::shared_ptr<const Credentials> snapshot_;
};

}  // namespace ddb
