// Buffer: the growable bytes that a record is encoded into, once, and from which it is sent, without a copy.
//
// In front of the bytes there is room for an HTTP head, so that head and body leave in one write (two writes
// cost a Nagle stall or a second TLS record). Appending never value-initialises. Not thread-safe; moves are
// cheap.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace ddb {

class Buffer {
 public:
  // Room in front of the body, in bytes, for the request line, headers and signature. Only a session token
  // makes them longer (AWS documents no maximum), and then WithHead makes more of it.
  static constexpr size_t kHeadRoom = 4 * 1024;

  Buffer() = default;
  explicit Buffer(size_t capacity) { Reserve(capacity); }
  Buffer(Buffer&& other) noexcept { Swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));  // what was held here goes at once
    Swap(taken);
    return *this;
  }
  ~Buffer() { std::free(base()); }

  // Bytes that follow may be written at once with Grow + Commit: Grow(n) returns the end, with room for n
  // bytes.
  char* Grow(size_t n) {
    if (size_ + n > capacity_) Reallocate(size_ + n);
    return data_ + size_;
  }
  void CommitTo(const char* end) {
    size_ = static_cast<size_t>(end - data());
    assert(size_ <= capacity_);
  }
  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Grow(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Append(char c) {
    *Grow(1) = c;
    ++size_;
  }
  void Reserve(size_t capacity) {
    if (capacity > capacity_) Reallocate(capacity);
  }
  void Truncate(size_t size) {
    assert(size <= size_);
    size_ = size;
  }
  void Clear() { size_ = 0; }
  // Gives memory back after something large was cut off: at most `slack` bytes beyond the size stay.
  void ShrinkTo(size_t slack) {
    if (capacity_ <= size_ + slack) return;
    void* smaller = std::realloc(base(), head_room_ + size_ + slack);
    if (!smaller) return;  // the larger one still stands
    data_ = static_cast<char*>(smaller) + head_room_;
    capacity_ = size_ + slack;
  }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  size_t head_room() const { return head_room_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data(), size_}; }
  std::string_view view(size_t begin, size_t length) const { return view().substr(begin, length); }

  // Writes `head` directly in front of the body and returns head and body as one run of bytes, valid until
  // the buffer changes. Can be repeated (a retry has a new head). Needs a reserved buffer. A head for which
  // there is no room moves the body.
  std::string_view WithHead(std::string_view head) {
    assert(data_);
    if (head.size() > head_room_) MakeHeadRoom(head.size());
    char* start = data_ - head.size();
    std::memcpy(start, head.data(), head.size());
    return {start, head.size() + size_};
  }

 private:
  void Reallocate(size_t needed) {
    size_t capacity = capacity_ < 512 ? 512 : capacity_ * 2;
    if (capacity < needed) capacity = needed;
    void* grown = std::realloc(base(), head_room_ + capacity);
    if (!grown) throw std::bad_alloc();
    data_ = static_cast<char*>(grown) + head_room_;
    capacity_ = capacity;
  }
  void MakeHeadRoom(size_t needed) {
    // So that a token of another length, or a later date, does not move it again.
    const size_t room = (needed / kHeadRoom + 1) * kHeadRoom;
    void* moved = std::malloc(room + capacity_);
    if (!moved) throw std::bad_alloc();
    std::memcpy(static_cast<char*>(moved) + room, data_, size_);
    std::free(base());
    head_room_ = room;
    data_ = static_cast<char*>(moved) + room;
  }
  void Swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(head_room_, other.head_room_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  void* base() { return data_ ? data_ - head_room_ : nullptr; }

  char* data_ = nullptr;  // of the body
  size_t head_room_ = kHeadRoom;
  size_t size_ = 0;
  size_t capacity_ = 0;  // of the body
};

}  // namespace ddb
