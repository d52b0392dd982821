#include "base/descriptor_set.h"

#include <unistd.h>

#include <utility>

namespace ddb {

DescriptorSet::DescriptorSet() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

DescriptorSet::~DescriptorSet() {
  if (epoll_ >= 0) close(epoll_);
}

bool DescriptorSet::Ask(Member& member, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &member;
  if (epoll_ctl(epoll_, member.inside ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, member.fd, &event) != 0) return false;
  member.inside = true;
  member.asked = events;
  return true;
}

bool DescriptorSet::Wait(Member& member) {
  const uint32_t wanted = (member.readable ? EPOLLIN : 0u) | (member.writable ? EPOLLOUT : 0u);
  if (member.inside && (wanted & ~member.asked) == 0) return true;
  return Ask(member, member.asked | wanted);
}

void DescriptorSet::Remove(Member& member) {
  if (member.inside) epoll_ctl(epoll_, EPOLL_CTL_DEL, member.fd, nullptr);
  member.inside = false;
  member.asked = 0;
  if (running_ == &member) running_ = nullptr;
  for (int i = next_; i < end_; ++i) {
    if (ready_[i].data.ptr == &member) ready_[i].data.ptr = nullptr;
  }
}

void DescriptorSet::RunReady(const std::function<bool()>& stopped) {
  next_ = 0;
  end_ = epoll_wait(epoll_, ready_, kMaxEvents, 0);
  while (next_ < end_ && !stopped()) {
    const epoll_event event = ready_[next_++];
    if (event.data.ptr != nullptr) Run(*static_cast<Member*>(event.data.ptr), event.events);
  }
  next_ = end_ = 0;
}

void DescriptorSet::Run(Member& member, uint32_t events) {
  const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const uint32_t wanted = (member.readable ? EPOLLIN : 0u) | (member.writable ? EPOLLOUT : 0u);
  // What is ready and not waited for would be told again at once; a failure is told whatever is asked for.
  if (failed && wanted == 0) {
    Remove(member);
    return;
  }
  const uint32_t needless = events & member.asked & ~wanted;
  if (needless != 0) Ask(member, member.asked & ~needless);

  running_ = &member;
  if ((failed || (events & EPOLLIN) != 0) && member.readable) {
    const Function call = std::exchange(member.readable, nullptr);
    call();
  }
  if (running_ == &member && (failed || (events & EPOLLOUT) != 0) && member.writable) {
    const Function call = std::exchange(member.writable, nullptr);
    call();
  }
  running_ = nullptr;
}

}  // namespace ddb
