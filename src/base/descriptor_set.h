// DescriptorSet: which of many descriptors are ready: the event loop's own epoll instance (epoll(7),
// level-triggered). A member stays in it as it was last asked for, so that a connection that waits for one
// reply after the other costs no system call for each wait. One thread, the loop's.
//
// What epoll does not take for a reason of its own (no memory, /proc/sys/fs/epoll/max_user_watches, sets in
// sets in sets) is polled instead, at the price of a system call each time, until epoll takes it: never is
// something said to be ready that is not, since a socket that is ready for the first time is a connected one.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace ddb {

class DescriptorSet {
 public:
  using Function = std::function<void()>;

  // One descriptor and its waits, one-shot each. The owner keeps it, and the descriptor open, until Remove.
  struct Member {
    const int fd;
    Function readable = nullptr;  // empty: not waited for
    Function writable = nullptr;
    Function broken = nullptr;
    uint32_t asked = 0;  // EPOLLIN, EPOLLOUT: what the set tells of it
    bool inside = false;
    bool polled = false;
  };

  DescriptorSet();  // std::system_error when the system has no descriptor left
  ~DescriptorSet();
  DescriptorSet(const DescriptorSet&) = delete;
  DescriptorSet& operator=(const DescriptorSet&) = delete;

  // Readable when a member is ready that is not polled.
  int fd() const { return epoll_; }

  // After a wait of the member was set. False: it is not waited for, since it is always ready: a regular file
  // (or /dev/null), or a descriptor that is closed, as the read or write that follows will tell.
  [[nodiscard]] bool Wait(Member& member);
  void Remove(Member& member);

  // Runs the waits of the members that are ready, without waiting, until `stopped`. They may wait again and
  // remove any member, their own too. An error or hang-up counts as ready for both reading and writing; where
  // neither is waited for, as broken.
  void RunReady(const std::function<bool()>& stopped);
  bool needs_polling() const { return !polled_.empty(); }  // RunReady has to be called now and then

 private:
  static constexpr int kMaxEvents = 256;
  bool Ask(Member& member, uint32_t events);
  void Poll(const std::function<bool()>& stopped);
  void Run(Member& member, uint32_t events);

  const int epoll_;
  std::vector<Member*> polled_;  // null: removed while Poll goes on
  // Of the RunReady that goes on: members that are removed meanwhile are taken out.
  epoll_event ready_[kMaxEvents];
  int next_ = 0;
  int end_ = 0;
  const Member* running_ = nullptr;
};

}  // namespace ddb
