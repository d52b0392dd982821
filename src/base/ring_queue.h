// RingQueue: a queue that grows and shrinks at both ends, for what there is thousands of times and mostly
// empty: a queue per table. One that was never used has no memory of its own, where a std::deque takes 600
// bytes at once, and one that has grown shrinks with what it holds. Elements move when it does either.
// Value; as an int is.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace ddb {

template <class T>
class RingQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t capacity() const { return places_.size(); }
  // By its place from the front.
  T& operator[](size_t at) { return places_[Place(at)]; }
  const T& operator[](size_t at) const { return places_[Place(at)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }

  void push_back(T value) {
    GrowIfFull();
    ++size_;
    (*this)[size_ - 1] = std::move(value);
  }
  void push_front(T value) {
    GrowIfFull();
    begin_ = Place(places_.size() - 1);
    ++size_;
    front() = std::move(value);
  }
  void pop_front() {
    front() = T();
    begin_ = Place(1);
    --size_;
    Shrink();
  }
  // Before that which is at this place now; those on its shorter side move.
  void insert(size_t at, T value) {
    if (at < size_ / 2) {
      push_front(std::move(value));
      for (size_t i = 0; i < at; ++i) std::swap((*this)[i], (*this)[i + 1]);
    } else {
      push_back(std::move(value));
      for (size_t i = size_ - 1; i > at; --i) std::swap((*this)[i], (*this)[i - 1]);
    }
  }
  // To no more than there are: the first ones stay.
  void resize(size_t size) {
    assert(size <= size_);
    while (size_ > size) (*this)[--size_] = T();
    Shrink();
  }

 private:
  static constexpr size_t kLeast = 4;  // places

  // The number of places is a power of two.
  size_t Place(size_t at) const { return (begin_ + at) & (places_.size() - 1); }
  void GrowIfFull() {
    if (size_ < places_.size()) return;
    MoveTo(places_.empty() ? kLeast : 2 * places_.size());
  }
  // To twice as many as are used, when it is eight times that.
  void Shrink() {
    size_t places = places_.size();
    if (size_ > places / 8 || places <= kLeast) return;
    while (places > kLeast && size_ <= places / 4) places /= 2;
    MoveTo(places);
  }
  void MoveTo(size_t places) {
    std::vector<T> moved(places);
    for (size_t i = 0; i < size_; ++i) moved[i] = std::move((*this)[i]);
    places_ = std::move(moved);
    begin_ = 0;
  }

  std::vector<T> places_;
  size_t begin_ = 0;
  size_t size_ = 0;
};

}  // namespace ddb
