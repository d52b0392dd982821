// Dice: what is drawn, from a stream of its own for each decision: the seed of the run, the kind of decision
// and its number. So a decision that goes, as a plan is made smaller, changes no other.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace ddb::simulation {

// The kinds of decisions. A plan that is kept means by its numbers what it meant when it was found: new ones
// go to the end.
enum class Draw : uint64_t {
  kPlan,
  kTurn,     // which loop turns next, and how far
  kTie,      // what comes first of what happens at one instant
  kEntropy,  // what the program takes for the kernel's random bytes
  kInput,    // the pieces in which stdin comes
  kOutput,   // how much a reader of stdout takes at once
  kLine,     // jitter
  kTable,
  kFault,             // + the fault's own number: whether a request meets it
  kFaultShape = 100,  // + the fault's own number: how it looks
  kLook = 200,        // what comes back for a DescribeTable
  kCapacity,          // another one in mid-run
};

// https://prng.di.unimi.it/splitmix64.c
constexpr uint64_t SplitMix(uint64_t& state) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

class Dice {
 public:
  Dice(uint64_t seed, Draw kind, uint64_t number = 0) : Dice(seed, static_cast<uint64_t>(kind), number) {}
  Dice(uint64_t seed, uint64_t kind, uint64_t number) : state_(seed) {
    state_ = SplitMix(state_) ^ (kind * 0xd6e8feb86659fd93);
    state_ = SplitMix(state_) ^ (number * 0xa0761d6478bd642f);
  }

  uint64_t Next() { return SplitMix(state_); }
  uint64_t Below(uint64_t n) { return Next() % n; }  // n is far below 2^64
  int Between(int low, int high) {
    return low + static_cast<int>(Below(static_cast<uint64_t>(high - low + 1)));
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }  // [0, 1)
  bool Chance(double p) { return Unit() < p; }
  double Uniform(double low, double high) { return low + (high - low) * Unit(); }
  double LogUniform(double low, double high) { return low * std::pow(high / low, Unit()); }
  size_t LogSize(size_t low, size_t high) {
    return static_cast<size_t>(LogUniform(static_cast<double>(low), static_cast<double>(high) + 0.999));
  }

 private:
  uint64_t state_;
};

}  // namespace ddb::simulation
