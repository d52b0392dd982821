// RecentReplies: which share of what was sent lately a table refused: over the last requests, and over some
// time at the least. What is older is forgotten, and replies that came together are one entry: it
// takes 1.5 KB at the most, however busy the table is, or was before there was nothing more to send to it.
//
// Pure, a part of CapacityBound, which empties it with each cut. Units are write units, times are seconds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/ring_queue.h"
#include "delivery/capacity_rules.h"

namespace ddb {

class RecentReplies {
 public:
  // `least`: the time that is looked at, if there were enough requests in it.
  void Add(double now, double least, double stored, double refused, size_t items) {
    if (replies_.empty() || now >= replies_[replies_.size() - 1].began + least / kEntries)
      replies_.push_back({.began = now});
    Entry& last = replies_[replies_.size() - 1];
    last.stored += static_cast<float>(stored);
    last.refused += static_cast<float>(refused);
    last.items += static_cast<float>(items);
    ++last.requests;
    ++requests_;
    while (IsForgotten(replies_.front(), now, least)) {
      requests_ -= replies_.front().requests;
      replies_.pop_front();
    }
  }
  void Clear() {
    replies_.resize(0);
    requests_ = 0;
  }

  struct Share {
    double refused = 0;  // of what was sent
    double items = 0;
    size_t requests = 0;
  };
  Share Refused() const {
    double stored = 0, refused = 0, items = 0;
    for (size_t i = 0; i < replies_.size(); ++i) {
      stored += replies_[i].stored;
      refused += replies_[i].refused;
      items += replies_[i].items;
    }
    return {refused / (stored + refused), items, requests_};
  }
  size_t entries() const { return replies_.size(); }

 private:
  static constexpr double kEntries = 32;  // for the time that is looked at
  struct Entry {
    double began = 0;
    float stored = 0, refused = 0, items = 0;
    uint32_t requests = 0;
  };

  bool IsForgotten(const Entry& entry, double now, double least) const {
    if (entry.began < now - capacity_rules::kRecent) return true;
    return entry.began < now - least && requests_ - entry.requests >= capacity_rules::kRequests;
  }

  RingQueue<Entry> replies_;
  size_t requests_ = 0;
};

}  // namespace ddb
