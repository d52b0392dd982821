// Fakes for tests: virtual time, and a DynamoDB of tables that takes its time, driven through Client. Only
// tests include this. One thread.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "dynamodb/client.h"
#include "dynamodb/control_loop.h"

namespace ddb::testkit {

class FakeLoop final : public ControlLoop {
 public:
  Instant Now() const override { return now_; }
  void After(Duration delay, std::function<void()> fn) override {
    queue_.emplace(std::pair(now_ + delay, next_++), std::move(fn));
  }
  void Run() override {
    stopped_ = std::exchange(stop_early_, false);
    while (!stopped_) {
      if (queue_.empty()) {
        ADD_FAILURE() << "everything waits for nothing";
        return;
      }
      auto entry = queue_.extract(queue_.begin());
      now_ = entry.key().first;
      entry.mapped()();
    }
    stop_early_ = false;
  }
  void Stop() override { stopped_ = stop_early_ = true; }

 private:
  Instant now_{std::chrono::hours(1)};
  uint64_t next_ = 0;
  std::map<std::pair<Instant, uint64_t>, std::function<void()>> queue_;
  bool stopped_ = false;
  bool stop_early_ = false;
};

class CollectingLog final : public Log {
 public:
  void Write(LogLevel level, std::string message) override { lines.emplace_back(level, std::move(message)); }
  std::string All(LogLevel level) const {
    std::string all;
    for (const auto& [line_level, text] : lines) {
      if (line_level == level) all += text + "\n";
    }
    return all;
  }
  std::vector<std::pair<LogLevel, std::string>> lines;
};

inline Verdict Refusal(Reaction reaction, ErrorCode code, Text name = "ValidationException") {
  Verdict verdict;
  verdict.reaction = reaction;
  verdict.code = code;
  verdict.status = 400;
  verdict.reason = "refused by the test";
  verdict.error_name = name;
  return verdict;
}
inline Verdict Denied() {
  return Refusal(Reaction::kFailConfig, ErrorCode::kAccessDenied, "AccessDeniedException");
}
inline Verdict Unreachable(TransportError error) {
  Verdict verdict;
  verdict.reaction = Reaction::kRetry;
  verdict.code = ErrorCode::kTransport;
  verdict.transport = error;
  return verdict;
}

class FakeDynamoDb final : public Client {
 public:
  explicit FakeDynamoDb(FakeLoop& loop) : loop_(loop) {}

  struct Table {
    std::string create;             // body of its CreateTable
    std::optional<double> created;  // CreationDateTime
    std::string more;               // further members of its description, each begun by a comma
    std::string ttl;
    int recovery_days = 0;
    std::string tags = "[]";
    std::vector<std::string> more_tags;  // further pages of them
    Instant active_at{};
    std::optional<Instant> gone_at;
  };

  // --- what a test sets
  std::map<std::string, Table> tables;
  Duration latency = std::chrono::milliseconds(5);
  std::map<std::string, Duration, std::less<>> latency_of;  // by operation, in place of `latency`
  std::string managed_key = "arn:managed";  // of a table that is encrypted in KMS, but with no key named
  Duration creating = std::chrono::seconds(6);
  Duration deleting = std::chrono::seconds(4);
  // Asked first for each request: a failure in place of the reply.
  std::function<std::optional<Verdict>(std::string_view operation, std::string_view table)> intercept;
  // With `intercept`: the operation is done all the same, only its reply is lost.
  bool done_all_the_same = false;
  // By operation: in place of the body of a reply that is a success.
  std::map<std::string, std::string, std::less<>> body_of;
  // What a BatchWriteItem answers.
  std::function<std::string(std::string_view body)> on_batch;

  // --- what it sees
  std::vector<std::string>
      calls;            // "CreateTable t"; of a table that is there: "Probe t"; "ProbeTimeToLive t"
  std::string request;  // the latest, as `intercept` is asked about it
  size_t most_in_flight = 0;
  int Count(std::string_view call) const {
    int n = 0;
    for (const std::string& seen : calls) n += seen == call ? 1 : 0;
    return n;
  }

  void Send(const Operation& operation, Buffer& body, Done done) override;
  size_t in_flight() const override { return in_flight_; }

  // Those whose time has come; each call does it first.
  void RemoveGone();

  // The description of a table, without what is around it.
  std::string Description(const std::string& name);

 private:
  void Handle(const std::string& operation, const std::string& sent, const Done& done);
  std::optional<Verdict> Execute(const std::string& operation, const std::string& sent,
                                 const std::string& name, std::string& body);
  bool SetsWhatIsSet(const std::string& operation, const std::string& name) const;
  std::optional<Verdict> ExecuteOn(Table& table, const std::string& operation, const std::string& name,
                                   std::string& body);

  FakeLoop& loop_;
  size_t in_flight_ = 0;
};

}  // namespace ddb::testkit
