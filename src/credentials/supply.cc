#include "credentials/supply.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/times.h"

namespace ddb {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// AWS's clients begin a quarter of an hour before the end; a service of an instance has new ones five minutes
// before. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
constexpr Duration kLead = minutes(10);
constexpr Duration kLeast = seconds(1);          // between two fetches
constexpr Duration kLongestPause = seconds(30);  // between two that fail
constexpr Duration kSameAgain = minutes(1);      // between two that give the same
constexpr Duration kWrongClock = seconds(10);
constexpr Duration kNeverExpire = std::chrono::hours(24 * 365);

}  // namespace

Duration RenewAfter(Duration left) {
  return std::max<Duration>(kLeast, left - std::min<Duration>(kLead, left / 2));
}

CredentialSupply::CredentialSupply(const Clock& clock, Log& log, std::function<Result<Fetched>()> fetch,
                                   std::function<void()> cancel)
    : clock_(clock), log_(log), fetch_(std::move(fetch)), cancel_(std::move(cancel)) {}

CredentialSupply::~CredentialSupply() {
  {
    const MutexLock lock(mu_);
    closing_ = true;
    changed_.NotifyAll();
  }
  cancel_();
  if (thread_.joinable()) thread_.join();
}

Status CredentialSupply::Start(Duration patience, const std::function<bool()>& stop_requested) {
  const Instant until = clock_.Now() + patience;
  thread_ = std::thread([this] { Run(); });
  const MutexLock lock(mu_);
  while (!current_) {
    if (error_ && error_->type != FailureType::kTransient) return *error_;
    const Instant now = clock_.Now();
    if (stop_requested()) return TransientError("Stopped while waiting for credentials.");
    if (now >= until) {
      if (error_) {
        error_->type = FailureType::kConfig;  // it was never set up right, most likely
        return *error_;
      }
      return ConfigError(
          fmt::format("No credentials came within {} seconds: whatever gives them does not answer.",
                      std::chrono::duration_cast<seconds>(patience).count()));
    }
    (void)changed_.WaitUntil(mu_, std::min(until, now + times::kSignalPoll));
  }
  return Ok();
}

void CredentialSupply::Run() {
  for (;;) {
    Result<Fetched> fetched = fetch_();
    const MutexLock lock(mu_);
    if (closing_) return;
    fetched_ = clock_.Now();
    if (fetched.ok()) {
      Take(std::move(fetched).value());
    } else {
      Note(std::move(fetched).error());
    }
    changed_.NotifyAll();
    while (!closing_ && clock_.Now() < due_) (void)changed_.WaitUntil(mu_, due_);
    if (closing_) return;
  }
}

bool CredentialSupply::AreNew(const Credentials& credentials) const {
  return !current_ || current_->access_key_id != credentials.access_key_id ||
         current_->secret_access_key != credentials.secret_access_key ||
         current_->session_token != credentials.session_token;
}

void CredentialSupply::Take(Fetched fetched) {
  if (failures_ > 0 && current_)
    log_.Info("The credentials were renewed after all, from " + fetched.from + ".");
  failures_ = 0;
  error_.reset();
  Credentials& credentials = fetched.credentials;
  Duration left = kNeverExpire;
  if (credentials.expires_ms != 0) {
    left = std::chrono::milliseconds(credentials.expires_ms - clock_.WallMillis());
  }
  // Those that have long expired when they come say that this machine's clock is wrong: no reason to ask all
  // the time. (Ends are told in whole seconds.)
  left = left < -kWrongClock ? 2 * kSameAgain : std::max<Duration>(left, Duration::zero());
  if (!AreNew(credentials)) {
    due_ = fetched_ + (left == kNeverExpire ? left : std::clamp<Duration>(left / 4, kLeast, kSameAgain));
    return;
  }
  if (!current_) log_.Info("Credentials: " + fetched.from + ".");
  refused_ = 0;
  credentials.version = version_.load(std::memory_order_relaxed) + 1;
  const uint64_t version = credentials.version;
  current_ = std::make_shared<const Credentials>(std::move(credentials));
  version_.store(version, std::memory_order_release);
  due_ = fetched_ + (left == kNeverExpire ? kNeverExpire : RenewAfter(left));
}

// Those that are there go on being used: only whoever is asked with them knows whether they have expired.
void CredentialSupply::Note(Error error) {
  ++failures_;
  due_ = fetched_ + std::min<Duration>(kLeast * (1 << std::min(failures_ - 1, 8)), kLongestPause);
  if (current_ && (failures_ == 1 || fetched_ - said_ >= times::kSayAgain)) {
    said_ = fetched_;
    log_.Warn("The credentials could not be renewed; those that are there are used on. " + error.message);
  }
  error_ = std::move(error);
}

std::shared_ptr<const Credentials> CredentialSupply::Current() const {
  const MutexLock lock(mu_);
  return current_;
}

CredentialsSource::Renewal CredentialSupply::Refresh(uint64_t refused) {
  const MutexLock lock(mu_);
  if (version_.load(std::memory_order_relaxed) > refused) return Renewal::kNewer;
  const Instant now = clock_.Now();
  if (refused_ != refused) {
    refused_ = refused;
    refused_since_ = now;
  }
  // It was asked meanwhile, and gives the same ones, or says that there are none.
  const bool none = !error_ || error_->type == FailureType::kConfig;
  if (none && fetched_ > refused_since_ && now - refused_since_ > times::kLapse) return Renewal::kNever;
  if (const Instant soonest = fetched_ + kLeast; soonest < due_) {
    due_ = soonest;
    changed_.NotifyAll();
  }
  return Renewal::kComing;
}

}  // namespace ddb
