// The tables of the property runner: what was stored and refused, and what may be said of it at any time.
// Test support.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "pipeline/property_plan_testing.h"

namespace ddb {

// The tables, in memory.
class Store {
 public:
  explicit Store(const Plan& plan) : plan_(plan) {}

  void Put(int stream, int id) {
    MutexLock lock(mu_);
    if (stream == kKeyed) by_key_[plan_.records[static_cast<size_t>(id)].key] = id;
    written_.insert(id);
  }
  void Refuse(int id) {
    MutexLock lock(mu_);
    refused_.insert(id);
  }

  // However often a record is sent, its key is the same.
  void SentUnder(int id, const std::string& key) {
    MutexLock lock(mu_);
    if (keys_.try_emplace(id, key).first->second != key) keys_changed_ = true;
  }
  bool keys_changed() const {
    MutexLock lock(mu_);
    return keys_changed_;
  }

  // Everything of the checkpoint's streams before it is stored, was replaced by a later write of its key, or
  // was refused.
  std::string MissingBefore(const Plan::Checkpoint& checkpoint) const {
    MutexLock lock(mu_);
    std::set<int> later;  // keys that a record from here on has written
    for (size_t i = plan_.records.size(); i-- > 0;) {
      const Plan::Record& record = plan_.records[i];
      const bool written = written_.count(record.id) > 0;
      if (record.stream == kKeyed && written) later.insert(record.key);
      if (i >= checkpoint.records_before || (checkpoint.stream >= 0 && record.stream != checkpoint.stream))
        continue;
      if (written || refused_.count(record.id) > 0 || record.odd) continue;
      if (record.stream != kKeyed) return fmt::format("record {}", i);
      if (later.count(record.key) == 0) return fmt::format("record {} of key {}", i, record.key);
    }
    return {};
  }
  // After a run that ended well.
  std::string WrongAtTheEnd() const {
    std::string missing = MissingBefore({-1, plan_.records.size(), 0});
    if (!missing.empty()) return missing + " is missing";
    MutexLock lock(mu_);
    std::map<int, int> newest;
    for (const Plan::Record& record : plan_.records) {
      if (record.stream == kKeyed && refused_.count(record.id) == 0) newest[record.key] = record.id;
    }
    for (const auto& [key, id] : newest) {
      const auto stored = by_key_.find(key);
      if (stored == by_key_.end() || stored->second != id)
        return fmt::format("key {} does not hold its last write", key);
    }
    return {};
  }
  uint64_t refused() const {
    MutexLock lock(mu_);
    return refused_.size();
  }

 private:
  const Plan& plan_;
  mutable Mutex mu_;
  std::set<int> written_ GUARDED_BY(mu_);
  std::set<int> refused_ GUARDED_BY(mu_);
  std::map<int, int> by_key_ GUARDED_BY(mu_);
  std::map<int, std::string> keys_ GUARDED_BY(mu_);
  bool keys_changed_ GUARDED_BY(mu_) = false;
};

}  // namespace ddb
