// simulate: the data path by seed, in virtual time (docs/simulation.md).
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "simulation/one_run.h"
#include "simulation/plan.h"
#include "simulation/shrink.h"

namespace ddb::simulation {
namespace {

// For who is ended by a signal: which seed it was.
std::atomic<uint64_t> running_seed{0};

void OnCrash(int signal) {
  fmt::print(stderr, "\nsignal {} in seed {}; again: simulate --seed {} --trace\n", signal,
             running_seed.load(), running_seed.load());
  ::signal(signal, SIG_DFL);
  raise(signal);
}

struct Options {
  uint64_t first_seed = 1;
  uint64_t seeds = 0;
  double seconds = 0;
  uint64_t seed = 0;
  std::string plan;
  std::string keep;
  bool trace = false;
  bool shrink = false;
  bool print_plan = false;
};

double Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

RunReport Run(const Plan& plan, bool trace) {
  if (!trace) return RunOnce(plan);
  return RunOnce(plan, [](const std::string& line) { std::cout << line << '\n'; });
}

void Tell(const RunReport& report) {
  fmt::print(
      "{}; {} records, {} requests, {} items sent, {} stored, {:.3f} virtual s, {} steps, trace {:016x}\n",
      report.end, report.records, report.requests, report.items_sent, report.items_stored, report.seconds,
      report.steps, report.trace_hash);
}

// A plan that breaks an invariant: the smallest that still does, as a file.
void KeepSmallest(const Plan& plan, const Violation& violation, const std::string& path) {
  const Shrunk shrunk = Shrink(plan, [&](const Plan& smaller) {
    const RunReport report = RunOnce(smaller);
    return report.violation && report.violation->invariant == violation.invariant;
  });
  const RunReport again = RunOnce(shrunk.plan);
  nlohmann::json json = ToJson(shrunk.plan);
  json["broke"] = violation.invariant;
  std::ofstream(path) << json.dump(1) << '\n';
  fmt::print("made smaller in {} runs: {}: {}\n", shrunk.runs, path,
             again.violation ? again.violation->what() : "it does not break any more");
}

// 0: nothing was wrong.
int RunOne(const Plan& plan, const Options& options) {
  if (options.print_plan) std::cout << ToJson(plan).dump(1) << '\n';
  const RunReport report = Run(plan, options.trace);
  Tell(report);
  if (!report.violation) return 0;
  fmt::print("{}: {}\n", report.violation->invariant, report.violation->what());
  if (options.shrink)
    KeepSmallest(plan, *report.violation, options.keep.empty() ? "smallest.json" : options.keep);
  return 1;
}

// Whether the same plan runs the same again: a difference would be a mistake of the simulation, or something
// in the program that depends on addresses, threads or the machine's clock.
bool IsTheSameAgain(const Plan& plan, const RunReport& first) {
  const RunReport second = RunOnce(plan);
  if (second.trace_hash == first.trace_hash && second.steps == first.steps) return true;
  fmt::print("seed {}: not the same when it is run again: trace {:016x}, {:016x}\n", plan.seed,
             first.trace_hash, second.trace_hash);
  return false;
}

int RunMany(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  uint64_t runs = 0;
  uint64_t found = 0;
  double virtual_seconds = 0;
  uint64_t records = 0;
  for (uint64_t seed = options.first_seed;; ++seed) {
    if (options.seeds > 0 && runs >= options.seeds) break;
    if (options.seconds > 0 && Since(begin) >= options.seconds) break;
    running_seed = seed;
    const Plan plan = MakePlan(seed);
    const RunReport report = RunOnce(plan);
    ++runs;
    virtual_seconds += report.seconds;
    records += report.records;
    if (report.violation) {
      ++found;
      fmt::print("seed {}: {}: {}\n  again: simulate --seed {} [--trace] [--shrink]\n", seed,
                 report.violation->invariant, report.violation->what(), seed);
    } else if (seed % 100 == 0 && !IsTheSameAgain(plan, report)) {
      ++found;
    }
    std::fflush(stdout);
    if (found >= 10) break;
  }
  const double seconds = Since(begin);
  fmt::print("{} runs in {:.1f} s ({:.0f} a second), {:.0f} virtual hours, {} records, {} broken\n", runs,
             seconds, static_cast<double>(runs) / seconds, virtual_seconds / 3600, records, found);
  return found > 0 ? 1 : 0;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("The data path by seed, in virtual time, between simulated streams, network and tables.");
  app.add_option("--seeds", options.seeds, "How many seeds");
  app.add_option("--first-seed", options.first_seed, "The first of them");
  app.add_option("--seconds", options.seconds, "For so long");
  app.add_option("--seed", options.seed, "This one");
  app.add_option("--plan", options.plan, "This plan, a JSON file");
  app.add_flag("--trace", options.trace, "Print everything that happens");
  app.add_flag("--print-plan", options.print_plan, "Print the plan");
  app.add_flag("--shrink", options.shrink, "Make a plan that breaks an invariant smaller");
  app.add_option("--keep", options.keep, "Where the smaller plan goes");
  CLI11_PARSE(app, argc, argv);
  signal(SIGPIPE, SIG_IGN);  // a run that ends stops reading
  for (const int each : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS}) signal(each, OnCrash);
  if (!options.plan.empty())
    return RunOne(PlanFrom(nlohmann::json::parse(std::ifstream(options.plan))), options);
  if (app.count("--seed") > 0) {
    running_seed = options.seed;
    return RunOne(MakePlan(options.seed), options);
  }
  if (options.seeds == 0 && options.seconds == 0) options.seeds = 1000;
  return RunMany(options);
}

}  // namespace
}  // namespace ddb::simulation

int main(int argc, char** argv) { return ddb::simulation::Main(argc, argv); }
