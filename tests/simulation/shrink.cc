#include "simulation/shrink.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simulation/one_run.h"

namespace ddb::simulation {
namespace {

class Shrinker {
 public:
  Shrinker(Plan plan, std::function<bool(const Plan&)> breaks, int most_runs)
      : best_(std::move(plan)), breaks_(std::move(breaks)), left_(most_runs), most_(most_runs) {}

  Shrunk Run() {
    ListFaults();
    for (bool smaller = true; smaller && left_ > 0;) {
      smaller = false;
      smaller |= Thin(&Plan::input);
      if (best_.fired) smaller |= ThinFired();
      smaller |= Thin(&Plan::faults);
      smaller |= Thin(&Plan::line_stalls);
      smaller |= Thin(&Plan::reader_stalls);
      smaller |= Simplify();
      smaller |= ShortenPieces();
    }
    return {best_, most_ - left_};
  }

 private:
  bool Try(const Plan& plan) {
    if (left_ <= 0) return false;
    --left_;
    if (!breaks_(plan)) return false;
    best_ = plan;
    return true;
  }

  // From dice to a list, so that single ones can go.
  void ListFaults() {
    if (best_.fired) return;
    Plan listed = best_;
    listed.fired = RunOnce(best_).fired;
    listed.faults.clear();
    Try(listed);
  }

  // Leaves out parts of a list: halves, quarters, ..., single ones.
  template <typename T>
  bool ThinList(const std::function<std::vector<T>&(Plan&)>& list) {
    bool smaller = false;
    for (size_t part = std::max<size_t>(1, list(best_).size() / 2); left_ > 0; part /= 2) {
      for (size_t at = 0; at < list(best_).size() && left_ > 0;) {
        Plan plan = best_;
        std::vector<T>& items = list(plan);
        const auto begin = items.begin() + static_cast<ptrdiff_t>(at);
        items.erase(begin, begin + static_cast<ptrdiff_t>(std::min(part, items.size() - at)));
        Try(plan) ? smaller = true : at += part;
      }
      if (part <= 1) break;
    }
    return smaller;
  }
  template <typename T>
  bool Thin(std::vector<T> Plan::* list) {
    return ThinList<T>([list](Plan& plan) -> std::vector<T>& { return plan.*list; });
  }
  bool ThinFired() {
    return ThinList<FiredFault>([](Plan& plan) -> std::vector<FiredFault>& { return *plan.fired; });
  }

  template <typename T>
  bool Set(T Plan::* member, T value) {
    if (best_.*member == value) return false;
    Plan plan = best_;
    plan.*member = value;
    return Try(plan);
  }

  bool Simplify() {
    bool smaller = false;
    for (const int workers : {1, 2}) {
      if (best_.workers > workers) smaller |= Set(&Plan::workers, workers);
    }
    smaller |= Set(&Plan::turn_us, 0.0);
    smaller |= Set(&Plan::input_bytes_per_s, 0.0);
    smaller |= Set(&Plan::jitter, 0.0);
    smaller |= Set(&Plan::line_bytes_per_s, 1e9);
    smaller |= Set(&Plan::delay_s, 0.01);
    smaller |= Set(&Plan::connections, 8);
    smaller |= Set<uint64_t>(&Plan::chunk_bytes, 256 * 1024);
    smaller |= Set<uint64_t>(&Plan::window_bytes, 2 << 20);
    smaller |= Set<uint64_t>(&Plan::memory_bytes, 48 << 20);
    smaller |= Set<uint64_t>(&Plan::piece_bytes, 1 << 16);
    smaller |= Set(&Plan::give_up_s, 600.0);
    smaller |= Set(&Plan::reader_closes_s, -1.0);
    smaller |= Set(&Plan::signal_s, -1.0);
    smaller |= Set(&Plan::global, false);
    if (best_.tables.size() > 1) {
      Plan plan = best_;
      plan.tables.pop_back();
      smaller |= Try(plan);
    }
    for (size_t i = 0; i < best_.tables.size(); ++i) {
      const TableSetting& table = best_.tables[i];
      if (table.wcu == 0 && table.dark.empty()) continue;
      Plan plan = best_;
      plan.tables[i] = {};
      smaller |= Try(plan);
    }
    return smaller;
  }

  bool ShortenPieces() {
    bool smaller = false;
    for (size_t i = 0; i < best_.input.size(); ++i) {
      for (int InputPiece::* member : {&InputPiece::count, &InputPiece::bytes}) {
        while (best_.input[i].*member > 1) {
          Plan plan = best_;
          plan.input[i].*member /= 2;
          if (!Try(plan)) break;
          smaller = true;
        }
      }
    }
    return smaller;
  }

  Plan best_;
  const std::function<bool(const Plan&)> breaks_;
  int left_;
  const int most_;
};

}  // namespace

Shrunk Shrink(Plan plan, std::function<bool(const Plan&)> breaks, int most_runs) {
  return Shrinker(std::move(plan), std::move(breaks), most_runs).Run();
}

}  // namespace ddb::simulation
