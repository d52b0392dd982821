// What the tests of Replacements share: a run of two streams whose tables are to be made anew. Only tests
// include this; any thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "support/pipeline/run_fixture.h"

namespace ddb {

inline constexpr char kLog[] = "{\"type\":\"LOG\",\"log\":{\"level\":\"INFO\",\"message\":\"m\"}}\n";
inline constexpr char kFatal[] = "{\"type\":\"LOG\",\"log\":{\"level\":\"FATAL\",\"message\":\"m\"}}\n";
inline constexpr char kUnknown[] = "{\"type\":\"SCHEMA\",\"stream\":\"users\"}\n";
inline constexpr char kGlobal[] =
    "{\"type\":\"STATE\",\"state\":{\"type\":\"GLOBAL\",\"global\":{\"n\":1}}}\n";
inline constexpr char kError[] =
    "{\"type\":\"TRACE\",\"trace\":{\"type\":\"ERROR\",\"emitted_at\":1,\"error\":{\"message\":\"m\"}}}\n";

inline std::string StatusLine(const std::string& stream, const std::string& status) {
  return "{\"type\":\"TRACE\",\"trace\":{\"type\":\"STREAM_STATUS\",\"emitted_at\":1,\"stream_status\":"
         "{\"stream_descriptor\":{\"name\":\"" +
         stream + "\"},\"status\":\"" + status + "\"}}}\n";
}

class ReplacementsTest : public RunTest {
 protected:
  ReplacementsTest() {
    to_replace_ = [this] { return std::vector<TableNo>{TableOf(kUsers), TableOf(kOrders)}; };
    replace_ = [this](const std::vector<TableNo>& which, const StopRequested&, const TableReplaced&) {
      for (const TableNo table : which) Note(table);
      return Anew(which);
    };
  }
  Result<std::vector<TableDescription>> Anew(const std::vector<TableNo>& which) const {
    const TableDescriptions all = TablesAreThere(plan_)({}).value();
    std::vector<TableDescription> anew;
    for (const TableNo table : which) anew.push_back(all[table]);
    return anew;
  }
  TableNo TableOf(StreamNo stream) const { return plan_.streams[stream].table; }
  void Note(TableNo table) {
    MutexLock lock(mu_);
    EXPECT_TRUE(replaced_.insert(table).second) << "twice";
  }
  bool Replaced(StreamNo stream) const {
    MutexLock lock(mu_);
    return replaced_.contains(TableOf(stream));
  }
  size_t replaced() const {
    MutexLock lock(mu_);
    return replaced_.size();
  }
  bool Within(std::chrono::milliseconds time, const std::function<bool()>& is) {
    const Instant limit = RealClock().Now() + time;
    while (!is() && RealClock().Now() < limit) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return is();
  }
  // All of it is there when the run starts.
  void RunWith(const std::string& text) {
    Send(text);
    Start();
    Finish();
  }
  void EndsWell() const { EXPECT_EQ(result_.reason, StopReason::kNone); }

 private:
  mutable Mutex mu_;
  std::set<TableNo> replaced_ GUARDED_BY(mu_);
};

}  // namespace ddb
