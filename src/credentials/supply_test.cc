// Renewals, with fetches that the test answers.
#include "credentials/supply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class KeptLog final : public Log {
 public:
  void Write(LogLevel, std::string message) override {
    const MutexLock lock(mu_);
    all_ += message + "\n";
  }
  std::string all() {
    const MutexLock lock(mu_);
    return all_;
  }

 private:
  Mutex mu_;
  std::string all_ GUARDED_BY(mu_);
};

bool Never() { return false; }

class Supply : public testing::Test {
 protected:
  // `answer` is asked with the number of the fetch.
  void Make(std::function<Result<Fetched>(int)> answer) {
    supply_ = std::make_unique<CredentialSupply>(
        clock_, log_, [this, answer = std::move(answer)] { return answer(fetches_++); }, [] {});
  }
  Result<Fetched> Key(int number, Duration lives) const {
    Credentials credentials{"ASIA" + std::to_string(number), "s", "t"};
    if (lives != Duration::zero()) {
      credentials.expires_ms = clock_.WallMillis() + std::chrono::duration_cast<milliseconds>(lives).count();
    }
    return Fetched{credentials, "a test"};
  }
  template <typename Condition>
  bool Await(Condition condition) {
    for (int i = 0; i < 3000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(10));
    return condition();
  }

  RealClock clock_;
  KeptLog log_;
  std::atomic<int> fetches_{0};
  std::unique_ptr<CredentialSupply> supply_;
};

TEST(RenewAfter, WellBeforeTheEnd) {
  EXPECT_EQ(RenewAfter(minutes(60)), minutes(50));
  EXPECT_EQ(RenewAfter(minutes(20)), minutes(10));
  EXPECT_EQ(RenewAfter(seconds(10)), seconds(5));
  EXPECT_EQ(RenewAfter(seconds(1)), seconds(1));
  EXPECT_EQ(RenewAfter(Duration::zero()), seconds(1));
}

TEST_F(Supply, IsRenewedBeforeTheEnd) {
  Make([this](int n) { return Key(n, seconds(2)); });
  ASSERT_TRUE(supply_->Start(seconds(20), Never).ok());
  EXPECT_EQ(supply_->Current()->access_key_id, "ASIA0");
  EXPECT_EQ(supply_->version(), 1u);
  EXPECT_TRUE(Await([&] { return supply_->version() >= 3; }));
  EXPECT_EQ(supply_->Current()->version, supply_->version());
}

TEST_F(Supply, IsRenewedWhenRefused) {
  Make([this](int n) { return Key(n, minutes(60)); });
  ASSERT_TRUE(supply_->Start(seconds(20), Never).ok());
  EXPECT_EQ(supply_->Refresh(1), CredentialsSource::Renewal::kComing);
  EXPECT_TRUE(Await([&] { return supply_->version() == 2; }));
  EXPECT_EQ(supply_->Refresh(1), CredentialsSource::Renewal::kNewer);
  EXPECT_EQ(fetches_, 2);
}

TEST_F(Supply, TheSameAgainAreNoOthers) {
  Make([this](int) { return Key(7, Duration::zero()); });
  ASSERT_TRUE(supply_->Start(seconds(20), Never).ok());
  EXPECT_EQ(supply_->Refresh(1), CredentialsSource::Renewal::kComing);
  EXPECT_TRUE(Await([&] { return fetches_ >= 2; }));
  EXPECT_EQ(supply_->version(), 1u);
  EXPECT_EQ(supply_->Refresh(1), CredentialsSource::Renewal::kComing);  // for half a minute
}

// A service may tell the end in whole seconds, or give what it has until the last moment.
TEST_F(Supply, ThoseThatAreAboutToExpireAreNoSignOfAWrongClock) {
  Make([this](int n) {
    return Key(n, n == 0 ? Duration(milliseconds(300)) : n == 1 ? Duration(-seconds(1)) : minutes(60));
  });
  ASSERT_TRUE(supply_->Start(seconds(20), Never).ok());
  EXPECT_TRUE(Await([&] { return supply_->version() == 3; }));
}

TEST_F(Supply, AFailureIsToldOnceAndThePresentOnesStay) {
  Make([this](int n) -> Result<Fetched> {
    if (n == 1 || n == 2) return TransientError("The service is away.");
    return Key(n, n == 0 ? Duration(seconds(2)) : Duration(minutes(60)));
  });
  ASSERT_TRUE(supply_->Start(seconds(20), Never).ok());
  EXPECT_TRUE(Await([&] { return supply_->version() == 2; }));
  const std::string said = log_.all();
  EXPECT_THAT(said,
              HasSubstr("could not be renewed; those that are there are used on. The service is away."));
  EXPECT_THAT(said, HasSubstr("renewed after all"));
  EXPECT_EQ(said.find("could not"), said.rfind("could not"));
  EXPECT_EQ(supply_->Current()->access_key_id, "ASIA3");
}

TEST_F(Supply, TheFirstOnes) {
  Make([](int) -> Result<Fetched> { return ConfigError("Refused."); });
  EXPECT_EQ(supply_->Start(seconds(20), Never).error().message, "Refused.");
  EXPECT_EQ(fetches_, 1);
  Make([this](int n) -> Result<Fetched> {
    if (n < 3) return TransientError("Away.");
    return Key(n, Duration::zero());
  });
  EXPECT_TRUE(supply_->Start(seconds(20), Never).ok());
  Make([](int) -> Result<Fetched> { return TransientError("Away."); });
  const Status late = supply_->Start(milliseconds(100), Never);
  EXPECT_EQ(late.error().message, "Away.");
  EXPECT_EQ(late.error().type, FailureType::kConfig);
}

TEST_F(Supply, AStopEndsTheWaiting) {
  std::atomic<bool> cancelled{false};
  CredentialSupply supply(
      clock_, log_,
      [&]() -> Result<Fetched> {
        while (!cancelled) std::this_thread::sleep_for(milliseconds(1));
        return TransientError("Cancelled.");
      },
      [&] { cancelled = true; });
  EXPECT_FALSE(supply.Start(seconds(60), [] { return true; }).ok());
}

}  // namespace
}  // namespace ddb
