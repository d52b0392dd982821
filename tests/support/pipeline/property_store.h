// The tables of the property runner: what was stored and refused, and what may be said of it at any time.
// Test support.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>

#include "base/mutex.h"
#include "support/pipeline/property_plan.h"

namespace ddb {

// The tables, in memory.
class Store {
 public:
  explicit Store(const Plan& plan) : plan_(plan) {}

  void Put(int id) {
    MutexLock lock(mu_);
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

  // Everything of the checkpoint's streams before it is stored, or was refused.
  std::string MissingBefore(const Plan::Checkpoint& checkpoint) const {
    MutexLock lock(mu_);
    for (size_t i = 0; i < checkpoint.records_before; ++i) {
      const Plan::Record& record = plan_.records[i];
      if (checkpoint.stream >= 0 && record.stream != checkpoint.stream) continue;
      if (written_.count(record.id) > 0 || refused_.count(record.id) > 0 || record.odd) continue;
      return fmt::format("record {}", i);
    }
    return {};
  }
  // After a run that ended well.
  std::string WrongAtTheEnd() const {
    const std::string missing = MissingBefore({-1, plan_.records.size(), 0});
    return missing.empty() ? missing : missing + " is missing";
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
  std::map<int, std::string> keys_ GUARDED_BY(mu_);
  bool keys_changed_ GUARDED_BY(mu_) = false;
};

}  // namespace ddb
