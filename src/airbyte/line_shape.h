// line_shape: which objects and lists of a line are open, and where a value ends that is no JSON, told by its
// brackets and quotes alone as json::SkipShape does, of a text that comes in pieces. Values; for LineSkim.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ddb {

// A bit for each.
class OpenLevels {
 public:
  size_t depth() const { return depth_; }
  bool top_is_object() const {
    return depth_ > 0 && (objects_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1) != 0;
  }
  // False: there are too many.
  bool Push(bool is_object) {
    if (depth_ == kMost) return false;
    if (objects_.size() * 64 == depth_) objects_.push_back(0);
    const uint64_t bit = uint64_t{1} << (depth_ % 64);
    objects_[depth_ / 64] = is_object ? objects_[depth_ / 64] | bit : objects_[depth_ / 64] & ~bit;
    ++depth_;
    return true;
  }
  void Pop() { --depth_; }

 private:
  static constexpr size_t kMost = size_t{8} << 20;

  size_t depth_ = 0;
  std::vector<uint64_t> objects_;
};

// From the byte on that is no JSON.
class BrokenValue {
 public:
  enum class Is {
    kGoesOn,
    kOver,        // with this byte
    kOverBefore,  // this byte is not its own
    kUncertain,   // brackets or quotes do not match, or bytes are NUL: two lines that lost what stood between
                  // them, or no text
  };
  // `outside`: how many levels are open around it. `quote`: of the text that it breaks in, 0: in none.
  BrokenValue(size_t outside, char quote, bool is_escaped, bool is_begun)
      : outside_(outside), quote_(quote), is_escaped_(is_escaped), is_begun_(is_begun) {}
  Is Step(char c, OpenLevels& levels);

 private:
  size_t outside_;
  char quote_;
  bool is_escaped_;
  bool is_begun_;
};

}  // namespace ddb
