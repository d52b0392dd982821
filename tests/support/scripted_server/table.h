// Table and Tables: what the scripted service stores, and how its tables come, go and throttle.
//
// Tables is guarded by one mutex that its user holds (Lock()) for the time of one operation; connection
// threads.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_set>
#include <vector>

#include "scripted_server/attribute_value.h"
#include "scripted_server/scenario.h"

namespace scripted {

// Write units that refill with time, as the service's do.
class TokenBucket {
 public:
  TokenBucket() = default;
  TokenBucket(double rate, double burst) : rate_(rate), burst_(burst), level_(burst) {}
  bool Has(double units, double now_s);
  bool Take(double units, double now_s);
  // What is saved stays.
  void SetRate(double rate, double burst, double now_s);

 private:
  double rate_ = 0;  // 0: no limit
  double burst_ = 0, level_ = 0, at_s_ = 0;
};

struct StoredItem {
  std::string json;
  size_t bytes = 0;
  uint64_t sequence = 0;  // of the write that stored it, over all tables
  double stored_s = 0;    // on the machine's monotonic clock
  int writes = 0;         // how often its key was written
};

struct Table {
  std::string name;
  std::string create_json;  // the CreateTable request
  std::string ttl_json;     // the last TimeToLiveSpecification
  int recovery_days = 0;    // of point-in-time recovery; 0: off
  std::map<std::string, std::string> tags;
  KeySchema schema;
  std::string status = "ACTIVE";
  int describes_left = 0;  // of a passing status, -1: it stays
  double passes_at_s = 0;  // and not before
  double created_unix_s = 0;
  int generation = 1;  // how many tables of that name there were
  bool on_demand = false;
  bool count_only = false;
  std::map<std::string, StoredItem> items;
  std::unordered_set<size_t> counted;  // count_only: hashes of the keys, in place of items
  struct Index {
    std::string name;
    TokenBucket bucket;
    double units_per_unit = 1;  // of the table's
  };
  TokenBucket bucket, account;
  std::vector<TokenBucket> partitions;
  std::vector<Index> indexes;
};

class Tables {
 public:
  explicit Tables(Scenario& scenario) : scenario_(scenario) {}

  std::unique_lock<std::mutex> Lock() { return std::unique_lock(mutex_); }

  Table* Find(const std::string& name);
  // The rest under Lock().
  Table* Add(const std::string& create_json, double now_s);
  void Remove(const std::string& name);
  // One look at the table by DescribeTable: a passing status gets nearer to its end. False when it is gone.
  bool Look(Table& table, double now_s);
  void BeginDelete(Table& table);
  // By UpdateTable: of a table whose capacity is enforced, with as much in its bucket as it had.
  void SetCapacity(Table& table, double wcu, double now_s);
  void SetStatus(const std::string& name, const std::string& status);

  // Why a write of `units` is throttled now, and of what; its units are taken if it is not.
  struct Limit {
    std::string reason;  // "": it is not
    std::string resource;
  };
  Limit Throttle(Table& table, const std::string& hash_key, double units, double now_s);
  void Store(Table& table, const std::string& key, StoredItem item, double now_s);
  void Erase(Table& table, const std::string& key);

  const std::map<std::string, Table>& all() const { return tables_; }
  const std::map<std::string, Table>& gone() const { return gone_; }  // the last of each name
  const Scenario& scenario() const { return scenario_; }
  std::string Arn(const std::string& table) const;

 private:
  Scenario& scenario_;
  std::mutex mutex_;
  std::map<std::string, Table> tables_, gone_;
  std::map<std::string, int> generations_;
  uint64_t sequence_ = 0;
};

double MonotonicSeconds();

}  // namespace scripted
