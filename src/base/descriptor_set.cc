#include "base/descriptor_set.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace ddb {

namespace {

uint32_t Wanted(const DescriptorSet::Member& member) {
  return (member.readable ? EPOLLIN : 0u) | (member.writable ? EPOLLOUT : 0u);
}

}  // namespace

DescriptorSet::DescriptorSet() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

DescriptorSet::~DescriptorSet() { close(epoll_); }

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
  const uint32_t wanted = Wanted(member);
  if (member.polled || (member.inside && (wanted & ~member.asked) == 0)) return true;
  if (Ask(member, member.asked | wanted)) return true;
  if (errno == EPERM || errno == EBADF) return false;
  member.polled = true;
  polled_.push_back(&member);
  return true;
}

void DescriptorSet::Remove(Member& member) {
  if (member.inside) epoll_ctl(epoll_, EPOLL_CTL_DEL, member.fd, nullptr);
  member.inside = false;
  member.asked = 0;
  if (running_ == &member) running_ = nullptr;
  member.polled = false;
  for (Member*& each : polled_) {
    if (each == &member) each = nullptr;
  }
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
  if (!polled_.empty()) Poll(stopped);
}

void DescriptorSet::Poll(const std::function<bool()>& stopped) {
  for (size_t i = 0; i < polled_.size() && !stopped(); ++i) {  // it may grow meanwhile
    Member* const member = polled_[i];
    if (member == nullptr) continue;
    const uint32_t wanted = Wanted(*member);
    pollfd look{member->fd, static_cast<int16_t>(wanted), 0};  // EPOLLIN is POLLIN, and so on
    const bool waits = wanted != 0 || member->broken;
    if (waits && !Ask(*member, wanted) && poll(&look, 1, 0) <= 0) continue;
    member->polled = false;
    polled_[i] = nullptr;
    // What epoll takes now it will tell of.
    if (!member->inside && waits) Run(*member, static_cast<uint16_t>(look.revents));
  }
  std::erase(polled_, nullptr);
}

void DescriptorSet::Run(Member& member, uint32_t events) {
  const bool failed = (events & (EPOLLERR | EPOLLHUP | POLLNVAL)) != 0;
  const uint32_t wanted = Wanted(member);
  // What is ready and not waited for would be told again at once; a failure is told whatever is asked for.
  if (failed && wanted == 0) {
    Remove(member);
    if (const Function call = std::exchange(member.broken, nullptr)) call();
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
