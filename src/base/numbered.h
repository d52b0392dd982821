// Numbered: numbers that count different things are different types, and a vector that only its own number
// indexes.
//
//   struct StreamTag;
//   using StreamNo = Ordinal<StreamTag>;
//   NumberedVector<StreamNo, Timeline> timelines;   timelines[stream]
//
// A number of a table given for a stream, or a bare int, does not compile. "No such stream" is an
// std::optional<StreamNo>, never a magic value. Values; any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ddb {

template <class Tag>
class Ordinal {
 public:
  constexpr Ordinal() = default;
  constexpr explicit Ordinal(size_t value) : value_(static_cast<uint32_t>(value)) {}
  constexpr size_t value() const { return value_; }
  constexpr auto operator<=>(const Ordinal&) const = default;

 private:
  uint32_t value_ = 0;
};

// The elements of a vector, by their Ordinal. Filled before it is shared; what may be called from where is
// the element's matter.
template <class No, class T>
class NumberedVector {
 public:
  NumberedVector() = default;
  explicit NumberedVector(size_t size) : elements_(size) {}
  NumberedVector(size_t size, const T& value) : elements_(size, value) {}

  void reserve(size_t size) { elements_.reserve(size); }
  No push_back(T value) {
    elements_.push_back(std::move(value));
    return No(elements_.size() - 1);
  }
  decltype(auto) operator[](No at) { return elements_[at.value()]; }
  decltype(auto) operator[](No at) const { return elements_[at.value()]; }
  bool contains(No at) const { return at.value() < elements_.size(); }
  size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }
  std::span<const T> all() const { return elements_; }
  auto begin() { return elements_.begin(); }
  auto end() { return elements_.end(); }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }

  // The numbers, in order: for (const No at : vector.numbers()).
  class Numbers {
   public:
    class Iterator {
     public:
      constexpr explicit Iterator(size_t at) : at_(at) {}
      constexpr No operator*() const { return No(at_); }
      constexpr Iterator& operator++() {
        ++at_;
        return *this;
      }
      constexpr bool operator==(const Iterator&) const = default;

     private:
      size_t at_;
    };
    constexpr explicit Numbers(size_t size) : size_(size) {}
    constexpr Iterator begin() const { return Iterator(0); }
    constexpr Iterator end() const { return Iterator(size_); }

   private:
    size_t size_;
  };
  Numbers numbers() const { return Numbers(elements_.size()); }

 private:
  std::vector<T> elements_;
};

}  // namespace ddb
