// NestedSets: a descriptor that can be waited for, but that epoll refuses: sets in sets, as deep as the
// kernel lets them be. It is what lack of memory for epoll looks like. Tests only.
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <vector>

namespace ddb::testkit {

class NestedSets {
 public:
  // Ready when `fd` is readable.
  explicit NestedSets(int fd) : fd_(fd) {
    for (int inner = fd;;) {
      const int outer = epoll_create1(EPOLL_CLOEXEC);
      if (!Add(outer, inner)) {
        close(outer);
        break;
      }
      sets_.push_back(inner = outer);
    }
  }
  ~NestedSets() {
    for (const int set : sets_) close(set);
  }
  NestedSets(const NestedSets&) = delete;
  NestedSets& operator=(const NestedSets&) = delete;

  int fd() const { return sets_.back(); }
  // From now on epoll takes it.
  void Flatten() const {
    epoll_ctl(sets_.back(), EPOLL_CTL_DEL, sets_[sets_.size() - 2], nullptr);
    Add(sets_.back(), fd_);
  }

 private:
  static bool Add(int outer, int inner) {
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) == 0;
  }

  const int fd_;
  std::vector<int> sets_;
};

}  // namespace ddb::testkit
