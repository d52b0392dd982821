// Random streams, sizes, STATEs, chunk sizes, workers and faults, by seed, through the whole pipeline into a
// store in memory that loses, delays, refuses and lies. Whatever the dice say:
//   P1  when a STATE is out, everything that it covers is stored (or was refused and counted);
//   P2  a run that ends well has stored or counted everything, and every STATE is out, in order, with the
//   right counts, and of a run that fails what lies before the record that is refused; P3  the memory budget
//   is given back to the last byte; P4  however often a record is sent, it is sent under one key.
//
// DDB_PROPERTY_SEEDS=n runs n seeds, DDB_PROPERTY_FIRST_SEED=s starts with s:
//   DDB_PROPERTY_SEEDS=1 DDB_PROPERTY_FIRST_SEED=4711 pipeline_test --gtest_filter='*Property*'
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "pipeline/chunk_room.h"
#include "pipeline/run.h"
#include "support/pipeline/plans.h"
#include "support/pipeline/property_store.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// For a hang: every STATE is checked against all records before the next is read, on a busy machine too.
constexpr Duration kFlushWithin = seconds(300);

// A DynamoDB that meets the plan's share of faults. Replies come after a random while, in any order.
class FaultyClient final : public Client {
 public:
  FaultyClient(EventLoop& loop, const Plan& plan, Store& store, uint64_t seed)
      : loop_(loop), plan_(plan), store_(store), dice_(seed) {}

  void Send(const Operation& operation, Buffer& body, Done done) override {
    ++in_flight_;
    if (operation.name != "BatchWriteItem") {  // a look at a table, which nobody may make
      loop_.Post([this, done = std::move(done)] {
        --in_flight_;
        Reply reply;
        reply.verdict.reaction = Reaction::kFailConfig;
        reply.verdict.code = ErrorCode::kAccessDenied;
        done(reply);
      });
      return;
    }
    auto timer = std::make_shared<EventLoop::Timer>(loop_);
    const bool at_once = dice_.Chance(3);
    auto answer = [this, timer, &body, done = std::move(done)]() {
      --in_flight_;
      Answer(body.view(), done);
    };
    if (at_once) {
      loop_.Post(std::move(answer));
    } else {
      EventLoop::Timer& start = *timer;
      start.Start(RealClock().Now() + std::chrono::microseconds(dice_.Below(3000)), std::move(answer));
    }
  }
  size_t in_flight() const override { return in_flight_; }

 private:
  struct Item {
    int id;
    std::string bytes;
  };

  void Answer(std::string_view body, const Done& done) {
    simdjson::dom::parser parser;
    const simdjson::dom::object tables = parser.parse(body.data(), body.size())["RequestItems"];
    std::vector<Item> items;
    std::string table;
    std::set<std::string> keys;
    for (const auto& [name, list] : tables) {
      table = name;
      for (const simdjson::dom::element request : simdjson::dom::array(list)) {
        Item item;
        const simdjson::dom::element put = request["PutRequest"]["Item"];
        item.id = std::stoi(std::string(std::string_view(put["_airbyte_data"]["M"]["id"]["N"])));
        item.bytes = simdjson::minify(request);
        const std::string_view key = put["_airbyte_ab_id"]["S"];
        EXPECT_TRUE(keys.insert(std::string(key)).second) << "one key twice in a request";
        store_.SentUnder(item.id, std::string(key));
        items.push_back(std::move(item));
      }
    }
    EXPECT_LE(items.size(), 25u);
    Reply reply;
    const bool fault = plan_.faults_in > 0 && dice_.Chance(static_cast<uint64_t>(plan_.faults_in));
    const std::string text = fault ? Fault(items, table, reply) : Write(items, reply);
    reply.body = text;
    done(reply);
  }

  static void Fail(Reply& reply, Reaction reaction, ErrorCode code) {
    reply.verdict.reaction = reaction;
    reply.verdict.code = code;
    reply.verdict.status = 400;
    reply.verdict.reason = "refused by the test";
  }

  bool AnyBad(const std::vector<Item>& items) const {
    return std::any_of(items.begin(), items.end(),
                       [&](const Item& item) { return plan_.records[static_cast<size_t>(item.id)].bad; });
  }

  std::string Write(const std::vector<Item>& items, Reply& reply) {
    if (AnyBad(items)) {
      if (items.size() == 1) store_.Refuse(items[0].id);
      Fail(reply, Reaction::kRejectItem, ErrorCode::kValidation);
      return {};
    }
    for (const Item& item : items) store_.Put(item.id);
    return R"({"UnprocessedItems":{}})";
  }

  std::string Fault(const std::vector<Item>& items, const std::string& table, Reply& reply) {
    switch (dice_.Below(10)) {
      case 0:  // rare, because it costs a second
        Fail(reply, Reaction::kThrottle, ErrorCode::kThrottled);
        return {};
      case 1: {  // some of them unprocessed; rare in number, for the same reason
        if (AnyBad(items)) return Write(items, reply);
        std::string left;
        const bool all = dice_.Chance(4);
        for (const Item& item : items) {
          if (!all && dice_.Chance(2)) {
            store_.Put(item.id);
          } else {
            left += (left.empty() ? "" : ",") + item.bytes;
          }
        }
        if (left.empty()) return R"({"UnprocessedItems":{}})";
        return R"({"UnprocessedItems":{")" + table + R"(":[)" + left + "]}}";
      }
      case 2:
      case 3:  // an error, and yet it was written
        if (!AnyBad(items)) {
          for (const Item& item : items) store_.Put(item.id);
        }
        [[fallthrough]];
      case 4:
      case 5:
        Fail(reply, Reaction::kRetry, ErrorCode::kServerError);
        return {};
      case 6:  // a 200 that does not add up, nothing written
        return dice_.Chance(2) ? "{}" : R"({"UnprocessedItems":{"other_table":[{}]}})";
      case 7:
        Fail(reply, Reaction::kReauthenticate, ErrorCode::kClockSkew);
        return {};
      default:
        if (items.size() > 1) {
          Fail(reply, Reaction::kSplit, ErrorCode::kRequestTooLarge);
          return {};
        }
        return Write(items, reply);
    }
  }

  EventLoop& loop_;
  const Plan& plan_;
  Store& store_;
  Dice dice_;
  size_t in_flight_ = 0;
};

class PropertyRun {
 public:
  explicit PropertyRun(uint64_t seed)
      : seed_(seed), plan_(MakePlan(seed)), store_(plan_), dice_(seed ^ 0x5eed) {}

  // Empty: nothing was wrong.
  std::string Run() {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return "no pipes";
    std::thread feeder([&] { Feed(in[1]); });
    std::thread checker([&] { Check(out[0]); });
    const RunPlan run_plan = PlanOfRun();
    MemoryBudget budget(Budget());
    RunResult result;
    bool flushed = false;
    {
      RealClock clock;
      MessageWriter writer(out[1], LogLevel::kError, clock, &budget);
      std::atomic<uint64_t> clients{0};
      const ClientFactory make_client = [&](EventLoop& loop) {
        return std::make_unique<FaultyClient>(loop, plan_, store_, seed_ * 131 + clients++);
      };
      result = RunSync(run_plan, {.clock = clock,
                                  .writer = writer,
                                  .budget = budget,
                                  .make_client = make_client,
                                  .prepare = TablesAreThere(run_plan),
                                  .input_fd = in[0]});
      flushed = writer.Flush(clock.Now() + kFlushWithin);
    }
    close(in[0]);  // what was not read any more
    feeder.join();
    close(out[1]);
    checker.join();
    close(out[0]);
    if (!flushed) Wrong("what was to be said did not all get out in time");
    Judge(result, budget);
    if (store_.keys_changed()) Wrong("a record was sent again under another key");
    return wrong_;
  }

 private:
  // Half of the runs have room for all, the others for a few chunks, or for hardly one and the longest line.
  size_t Budget() const {
    Dice dice(seed_ ^ 0xb0d6e7);
    if (dice.Chance(2)) return 48u << 20;
    const size_t chunk = plan_.chunk_bytes + RoomForChunk(plan_.chunk_bytes);
    return (size_t{64} << 10) + dice.Below(4) * chunk;
  }

  RunPlan PlanOfRun() const {
    RunPlan plan;
    plan.workers = plan_.workers;
    plan.chunk_bytes = plan_.chunk_bytes;
    plan.connections = plan_.connections;
    plan.send_window_bytes = plan_.window;
    plan.skip_rejected = plan_.skip;
    for (const char* name : kStreamNames) AddStream(plan, name);
    return plan;
  }

  void Feed(int fd) {
    const std::string& input = plan_.input;
    for (size_t sent = 0; sent < input.size();) {
      const size_t piece = std::min<size_t>(input.size() - sent, 1 + dice_.Below(20'000));
      const ssize_t n = write(fd, input.data() + sent, piece);
      if (n <= 0) break;  // the run stopped reading
      sent += static_cast<size_t>(n);
      if (dice_.Chance(30)) std::this_thread::sleep_for(milliseconds(dice_.Below(10)));
    }
    close(fd);
  }

  // Reads STATEs as they come out and looks at once whether all that they cover is stored.
  void Check(int fd) {
    std::string text;
    char bytes[4096];
    for (ssize_t n = read(fd, bytes, sizeof bytes); n > 0; n = read(fd, bytes, sizeof bytes)) {
      text.append(bytes, static_cast<size_t>(n));
      for (size_t newline = text.find('\n'); newline != std::string::npos; newline = text.find('\n')) {
        CheckState(text.substr(0, newline));
        text.erase(0, newline + 1);
      }
    }
  }

  void CheckState(const std::string& line) {
    const size_t at = line.find("\"n\":");
    if (at == std::string::npos) return;
    const size_t number = std::stoul(line.substr(at + 4));
    const Plan::Checkpoint& checkpoint = plan_.checkpoints.at(number);
    const std::string missing = store_.MissingBefore(checkpoint);
    if (!missing.empty()) Wrong(fmt::format("P1: STATE {} is out before {}", number, missing));
    int& last = last_out_[checkpoint.stream];
    if (static_cast<int>(number) < last) Wrong(fmt::format("STATE {} came after {}", number, last));
    last = static_cast<int>(number) + 1;
    uint64_t counted = 0;
    for (const char* member : {"\"recordCount\":", "\"rejectedRecordCount\":"}) {
      const size_t found = line.find(member);
      if (found != std::string::npos)
        counted += std::stoul(line.substr(found + std::string_view(member).size()));
    }
    if (counted != checkpoint.covers) {
      Wrong(fmt::format("STATE {} counts {} records, not {}", number, counted, checkpoint.covers));
    }
    ++states_out_;
    out_.insert(number);
  }

  void Judge(const RunResult& result, const MemoryBudget& budget) {
    const bool has_odd =
        std::any_of(plan_.records.begin(), plan_.records.end(), [](const auto& r) { return r.odd; });
    const bool has_bad =
        std::any_of(plan_.records.begin(), plan_.records.end(), [](const auto& r) { return r.bad || r.odd; });
    if (result.reason == StopReason::kNone) {
      const std::string wrong = store_.WrongAtTheEnd();
      if (!wrong.empty()) Wrong("P2: " + wrong);
      if (states_out_ != plan_.checkpoints.size()) {
        Wrong(fmt::format("{} of {} STATEs are out", states_out_, plan_.checkpoints.size()));
      }
      if (budget.used() != 0)
        Wrong(fmt::format("P3: {} bytes of the budget are not given back", budget.used()));
      if ((store_.refused() > 0 || has_odd) && !plan_.skip)
        Wrong("a refused record, and yet the run ended well");
    } else if (!has_bad || plan_.skip) {
      Wrong("failed: " + (result.error ? result.error->message : "no error"));
    } else {
      JudgeWhatLiesBeforeTheFailure();
    }
  }

  // Whatever happened to the requests: no try waits so long that the time for it runs out.
  void JudgeWhatLiesBeforeTheFailure() {
    const auto first = std::find_if(plan_.records.begin(), plan_.records.end(),
                                    [](const auto& r) { return r.bad || r.odd; });
    const auto before = static_cast<size_t>(first - plan_.records.begin());
    for (size_t number = 0; number < plan_.checkpoints.size(); ++number) {
      if (plan_.checkpoints[number].records_before <= before && out_.count(number) == 0)
        Wrong(fmt::format("STATE {} lies before the first refused record {} and is not out", number, before));
    }
  }

  void Wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  const uint64_t seed_;
  const Plan plan_;
  Store store_;
  Dice dice_;
  std::map<int, int> last_out_;
  size_t states_out_ = 0;
  std::set<size_t> out_;  // STATEs
  std::string wrong_;
};

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::stoull(value) : otherwise;
}

TEST(PipelinePropertyTest, HoldsWhateverTheDiceSay) {
  const uint64_t first = FromEnvironment("DDB_PROPERTY_FIRST_SEED", 1);
  const uint64_t count = FromEnvironment("DDB_PROPERTY_SEEDS", 500);
  std::atomic<uint64_t> next{first};
  std::atomic<uint64_t> found{0};
  std::signal(SIGPIPE, SIG_IGN);  // a run that fails stops reading
  // A run waits most of its time.
  std::vector<std::thread> runners;
  for (int i = 0; i < 8; ++i) {
    runners.emplace_back([&] {
      for (uint64_t seed = next++; seed < first + count && found < 5; seed = next++) {
        const std::string wrong = PropertyRun(seed).Run();
        if (wrong.empty()) continue;
        ++found;
        ADD_FAILURE() << "seed " << seed << ": " << wrong
                      << "\nagain: DDB_PROPERTY_SEEDS=1 DDB_PROPERTY_FIRST_SEED=" << seed
                      << " pipeline_test --gtest_filter='*Property*'";
      }
    });
  }
  for (std::thread& runner : runners) runner.join();
}

}  // namespace
}  // namespace ddb
