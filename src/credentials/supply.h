// Supply: credentials that are renewed while a run goes on: one thread of its own fetches them, well before
// those that are there expire, and when somebody was refused with them. Current and Refresh on any thread;
// they never wait for a fetch.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "credentials/chain.h"

namespace ddb {

// When the next fetch is due, after one that gave credentials which live for `left`. Early enough that a
// service which does not answer for minutes costs nothing; as long as they live at all, where they do not
// live for long.
Duration RenewAfter(Duration left);

class CredentialSupply final : public CredentialsSource {
 public:
  // `fetch` waits, on the supply's thread; `cancel` ends its waiting. Both outlive the supply.
  CredentialSupply(const Clock& clock, Log& log, std::function<Result<Fetched>()> fetch,
                   std::function<void()> cancel);
  ~CredentialSupply() override;
  CredentialSupply(const CredentialSupply&) = delete;
  CredentialSupply& operator=(const CredentialSupply&) = delete;

  // Waits for the first ones, once, before anybody asks for the present ones: until there are some, nothing
  // can be done to get any, or `patience` is over.
  Status Start(Duration patience, const std::function<bool()>& stop_requested);

  std::shared_ptr<const Credentials> Current() const override EXCLUDES(mu_);
  uint64_t version() const override { return version_.load(std::memory_order_acquire); }
  Renewal Refresh(uint64_t refused) override EXCLUDES(mu_);

 private:
  void Run();
  void Take(Fetched fetched) REQUIRES(mu_);
  void Note(Error error) REQUIRES(mu_);
  bool AreNew(const Credentials& credentials) const REQUIRES(mu_);

  // Set at construction.
  const Clock& clock_;
  Log& log_;
  const std::function<Result<Fetched>()> fetch_;
  const std::function<void()> cancel_;

  std::atomic<uint64_t> version_{0};  // of current_
  mutable Mutex mu_;
  CondVar changed_;
  std::shared_ptr<const Credentials> current_ GUARDED_BY(mu_);
  std::optional<Error> error_ GUARDED_BY(mu_);  // of the last fetch
  int failures_ GUARDED_BY(mu_) = 0;            // in a row
  Instant fetched_ GUARDED_BY(mu_);             // when the last fetch ended
  Instant due_ GUARDED_BY(mu_);                 // the next one
  Instant said_ GUARDED_BY(mu_);                // that fetches fail
  // The version that somebody was refused with, and since when; 0: nobody was.
  uint64_t refused_ GUARDED_BY(mu_) = 0;
  Instant refused_since_ GUARDED_BY(mu_);
  bool closing_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace ddb
