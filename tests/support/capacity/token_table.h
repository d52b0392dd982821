// TokenTable: a table of DynamoDB as far as its capacity goes: which items of a request it takes, and why it
// refuses the others. Pure: time goes in, as seconds on whatever clock; one thread at a time. It shares no
// code with src/, so that simulations, unit tests and the scripted server can all have it.
//
// As the service does: each item is taken or refused by itself; it needs its units of the table, of every
// index that holds it, of the range of keys that it falls in and of the account, or takes none of any; up to
// 300 s of what a table or index does not use is kept, and 1 s of a partition's 1,000 units. What the service
// is vague about is a rule here.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "token_bucket.h"

namespace capacity {

struct TableRules {
  double wcu = 0;            // of the table, units a second; 0: no limit
  double saves_s = 300;      // of unused capacity
  double saved_s = 0;        // that it begins with
  double grain_s = 0;        // capacity comes in steps of so many seconds
  bool debt = false;         // see TokenBucket
  double refused_share = 0;  // of the items, at random, whatever there is
  double half_refused = 0;   // of the requests, at random: those of which half of the items are refused
  // An on-demand table: it takes twice the busiest of the minutes that lie so many seconds back, and never
  // less than wcu.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
  double doubles_after_s = 0;  // 0: its capacity is provisioned
  double most_wcu = 0;         // of an on-demand table, set by its owner; 0: none

  size_t partitions = 0;  // by the key's hash; 0: no limit of theirs
  double partition_wcu = 1000;
  double partition_saves_s = 1;
  struct Range {  // of hashes of keys, with a capacity of its own
    uint64_t first = 0, last = 0;
    double wcu = 1000, saves_s = 1;
  };
  std::vector<Range> ranges{};
  struct Index {
    std::string name;
    double wcu = 0;
    double units_per_unit = 1;  // of the table's
  };
  std::vector<Index> indexes{};

  std::vector<std::pair<double, double>> dark{};   // from when to when it takes nothing
  std::vector<std::pair<double, double>> steps{};  // from when on, which wcu
};

struct TableItem {
  double units = 1;
  uint64_t key_hash = 0;
};

enum class Limit { kNone, kTable, kIndex, kKeyRange, kMaxOnDemand, kAccount };

class TokenTable {
 public:
  // What other tables share with it, and not its own; may be null.
  TokenTable(TableRules rules, double now, uint64_t seed = 1, TokenBucket* account = nullptr)
      : rules_(std::move(rules)), account_(account), random_(seed), minute_began_(now) {
    table_ = TokenBucket({rules_.wcu, rules_.saves_s, rules_.grain_s, rules_.debt, rules_.saved_s}, now);
    for (const TableRules::Index& index : rules_.indexes) {
      indexes_.emplace_back(
          TokenBucket::Rules{index.wcu, rules_.saves_s, rules_.grain_s, rules_.debt, rules_.saved_s}, now);
    }
    owner_ = TokenBucket({rules_.most_wcu, 1, rules_.grain_s, rules_.debt, -1}, now);
    const TokenBucket::Rules each{rules_.partition_wcu, rules_.partition_saves_s, rules_.grain_s, rules_.debt,
                                  -1};
    partitions_.assign(rules_.partitions, TokenBucket(each, now));
    for (const TableRules::Range& range : rules_.ranges)
      ranges_.emplace_back(TokenBucket::Rules{range.wcu, range.saves_s, rules_.grain_s, rules_.debt, -1},
                           now);
  }

  struct Outcome {
    std::vector<Limit> items;    // kNone: taken
    size_t taken = 0;            // items
    double units = 0;            // that those took of the table
    Limit limit = Limit::kNone;  // what refused most; the service tells it only if it took nothing
    size_t index = 0;            // with kIndex: which
  };
  Outcome Write(double now, std::span<const TableItem> items) {
    Pass(now);
    Outcome outcome;
    size_t refused[static_cast<size_t>(Limit::kAccount) + 1] = {};
    const bool bad =
        rules_.half_refused > 0 && std::generate_canonical<double, 32>(random_) < rules_.half_refused;
    for (const TableItem& item : items) {
      Limit limit = WhatRefuses(item, now, outcome.index);
      if (bad && limit == Limit::kNone && random_() % 2 == 0) limit = Limit::kTable;
      outcome.items.push_back(limit);
      if (limit == Limit::kNone) {
        TakeUnits(item);
        ++outcome.taken;
        outcome.units += item.units;
      } else if (++refused[static_cast<size_t>(limit)] > refused[static_cast<size_t>(outcome.limit)]) {
        outcome.limit = limit;
      }
    }
    return outcome;
  }

  // As DescribeTable would tell. After Pass.
  double wcu() const { return table_.rate(); }
  double saved() const { return table_.level(); }     // units
  double offered() const { return table_.filled(); }  // units, since the start
  const TableRules& rules() const { return rules_; }
  void SetCapacity(double wcu, double now) { table_.SetRate(wcu, now); }

  // Lets time pass.
  void Pass(double now) {
    while (next_step_ < rules_.steps.size() && rules_.steps[next_step_].first <= now) {
      const auto& [at, wcu] = rules_.steps[next_step_++];
      table_.SetRate(wcu, at);
    }
    if (rules_.doubles_after_s > 0) Double(now);
    table_.Fill(now);
    owner_.Fill(now);
    for (std::vector<TokenBucket>* buckets : {&indexes_, &partitions_, &ranges_})
      for (TokenBucket& bucket : *buckets) bucket.Fill(now);
    if (account_ != nullptr) account_->Fill(now);
  }

 private:
  void Double(double now) {
    if (now < minute_began_ + 60) return;
    minutes_.emplace_back(now, in_minute_ / (now - minute_began_));
    minute_began_ = now;
    in_minute_ = 0;
    double wcu = table_.rate();
    for (const auto& [ended, rate] : minutes_)
      if (ended <= now - rules_.doubles_after_s) wcu = std::max(wcu, 2 * rate);
    table_.SetRate(wcu, now);
  }

  Limit WhatRefuses(const TableItem& item, double now, size_t& index) {
    const auto holds = [now](const auto& spell) { return spell.first <= now && now < spell.second; };
    if (std::any_of(rules_.dark.begin(), rules_.dark.end(), holds)) return Limit::kTable;
    if (account_ != nullptr && !account_->Has(item.units)) return Limit::kAccount;
    if (!owner_.Has(item.units)) return Limit::kMaxOnDemand;
    if (!table_.Has(item.units)) return Limit::kTable;
    for (size_t i = 0; i < indexes_.size(); ++i) {
      if (indexes_[i].Has(item.units * rules_.indexes[i].units_per_unit)) continue;
      index = i;
      return Limit::kIndex;
    }
    for (const TokenBucket* range : RangesOf(item))
      if (!range->Has(item.units)) return Limit::kKeyRange;
    const bool unlucky =
        rules_.refused_share > 0 && std::generate_canonical<double, 32>(random_) < rules_.refused_share;
    return unlucky ? Limit::kTable : Limit::kNone;
  }

  void TakeUnits(const TableItem& item) {
    in_minute_ += item.units;
    table_.Take(item.units);
    owner_.Take(item.units);
    if (account_ != nullptr) account_->Take(item.units);
    for (size_t i = 0; i < indexes_.size(); ++i)
      indexes_[i].Take(item.units * rules_.indexes[i].units_per_unit);
    for (TokenBucket* range : RangesOf(item)) range->Take(item.units);
  }

  // The partition and the ranges that it falls in; until the next call.
  const std::vector<TokenBucket*>& RangesOf(const TableItem& item) {
    of_item_.clear();
    if (!partitions_.empty()) of_item_.push_back(&partitions_[item.key_hash % partitions_.size()]);
    for (size_t i = 0; i < ranges_.size(); ++i) {
      const TableRules::Range& range = rules_.ranges[i];
      if (range.first <= item.key_hash && item.key_hash <= range.last) of_item_.push_back(&ranges_[i]);
    }
    return of_item_;
  }

  const TableRules rules_;
  TokenBucket* const account_;
  std::minstd_rand random_;
  TokenBucket table_;
  TokenBucket owner_;  // what the owner of an on-demand table allows
  std::vector<TokenBucket> indexes_, partitions_, ranges_;
  std::vector<TokenBucket*> of_item_;
  size_t next_step_ = 0;
  double minute_began_, in_minute_ = 0;             // units taken
  std::vector<std::pair<double, double>> minutes_;  // when one ended, units a second
};

}  // namespace capacity
