#include "aws/name_lookup.h"

#include <ares.h>
#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

namespace ddb {

namespace {

// Counts its callers without a lock, so it is called once.
bool LibraryIsReady() {
  static const bool ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

std::vector<Address> Copy(const ares_addrinfo* found) {
  std::vector<Address> addresses;
  for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    const Address address = Address::From(node->ai_addr, node->ai_addrlen);
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

std::optional<Address> LiteralAddress(const std::string& host, uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (inet_aton(host.c_str(), &v4.sin_addr) != 0)
    return Address::From(reinterpret_cast<const sockaddr*>(&v4), sizeof(v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const size_t percent = host.find('%');
  if (inet_pton(AF_INET6, host.substr(0, percent).c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  if (percent != std::string::npos) {
    const std::string zone = host.substr(percent + 1);
    v6.sin6_scope_id = if_nametoindex(zone.c_str());
    if (v6.sin6_scope_id == 0)
      v6.sin6_scope_id = static_cast<uint32_t>(std::strtoul(zone.c_str(), nullptr, 10));
  }
  return Address::From(reinterpret_cast<const sockaddr*>(&v6), sizeof(v6));
}

struct NameLookup::Impl {
  Impl(EventLoop& event_loop, LookupAnswer on_answer)
      : loop(event_loop), answer(std::move(on_answer)), timer(event_loop) {}
  ~Impl() {
    if (channel != nullptr) ares_destroy(channel);  // calls back: what is under way has ended
  }

  bool Open(const Options& options);
  void Ask(const std::string& host, uint16_t port);
  void OnSocket(int fd, bool readable, bool writable);
  void Await(int fd);
  void Process(int readable_fd, int writable_fd);
  void RestartTimer();
  void Answer(std::vector<Address> addresses);

  struct Socket {
    Socket(EventLoop& loop, int fd) : watch(loop, fd) {}
    EventLoop::Watch watch;
    bool readable = false;
    bool writable = false;
  };

  EventLoop& loop;
  const LookupAnswer answer;
  const std::shared_ptr<bool> present = std::make_shared<bool>(true);  // for what is posted
  std::map<int, Socket> sockets;                                       // those that the channel has open
  EventLoop::Timer timer;
  ares_channel channel = nullptr;  // it goes first, and takes its sockets out of the above
};

bool NameLookup::Impl::Open(const Options& options) {
  if (!LibraryIsReady()) return false;
  ares_options asked{};
  asked.timeout = options.timeout_ms;
  asked.tries = options.rounds;
  asked.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<Impl*>(self)->OnSocket(fd, readable != 0, writable != 0);
  };
  asked.sock_state_cb_data = this;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  std::vector<char*> domains;  // copied by the channel
  for (const std::string& domain : options.domains) domains.push_back(const_cast<char*>(domain.c_str()));
  if (!domains.empty()) {
    asked.domains = domains.data();
    asked.ndomains = static_cast<int>(domains.size());
    mask |= ARES_OPT_DOMAINS;
  }
  if (ares_init_options(&channel, &asked, mask) != ARES_SUCCESS) {
    channel = nullptr;
    return false;
  }
  return options.servers.empty() ||
         ares_set_servers_ports_csv(channel, options.servers.c_str()) == ARES_SUCCESS;
}

void NameLookup::Impl::Ask(const std::string& host, uint16_t port) {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NUMERICSERV;
  ares_getaddrinfo(
      channel, host.c_str(), std::to_string(port).c_str(), &hints,
      [](void* self, int status, int, ares_addrinfo* found) {
        std::vector<Address> addresses;
        if (status == ARES_SUCCESS) addresses = Copy(found);
        ares_freeaddrinfo(found);
        if (status != ARES_EDESTRUCTION) static_cast<Impl*>(self)->Answer(std::move(addresses));
      },
      this);
  RestartTimer();
}

// What the channel waits for, or, with neither, that it is about to close the socket.
void NameLookup::Impl::OnSocket(int fd, bool readable, bool writable) {
  if (!readable && !writable) {
    sockets.erase(fd);
    return;
  }
  Socket& socket = sockets.try_emplace(fd, loop, fd).first->second;
  socket.watch.Cancel();
  socket.readable = readable;
  socket.writable = writable;
  Await(fd);
}

void NameLookup::Impl::Await(int fd) {
  const auto found = sockets.find(fd);
  if (found == sockets.end()) return;
  Socket& socket = found->second;
  if (socket.readable) socket.watch.WhenReadable([this, fd] { Process(fd, ARES_SOCKET_BAD); });
  if (socket.writable) socket.watch.WhenWritable([this, fd] { Process(ARES_SOCKET_BAD, fd); });
}

void NameLookup::Impl::Process(int readable_fd, int writable_fd) {
  ares_process_fd(channel, readable_fd, writable_fd);
  Await(readable_fd != ARES_SOCKET_BAD ? readable_fd : writable_fd);
  RestartTimer();
}

void NameLookup::Impl::RestartTimer() {
  timeval room{};
  const timeval* const left = ares_timeout(channel, nullptr, &room);
  if (left == nullptr) {
    timer.Cancel();
    return;
  }
  // One more than what is left, rounded up: the channel looks at its own clock.
  const auto wait = std::chrono::seconds(left->tv_sec) + std::chrono::microseconds(left->tv_usec);
  timer.StartAfter(wait + std::chrono::milliseconds(1),
                   [this] { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

void NameLookup::Impl::Answer(std::vector<Address> addresses) {
  loop.Post([this, alive = std::weak_ptr<bool>(present), found = std::move(addresses)] {
    if (alive.expired()) return;
    const LookupAnswer call = answer;  // it may destroy this
    call(found);
  });
}

NameLookup::NameLookup(EventLoop& loop, const std::string& host, uint16_t port, LookupAnswer answer)
    : NameLookup(loop, host, port, std::move(answer), Options()) {}

NameLookup::NameLookup(EventLoop& loop, const std::string& host, uint16_t port, LookupAnswer answer,
                       const Options& options)
    : impl_(std::make_unique<Impl>(loop, std::move(answer))) {
  if (impl_->Open(options)) {
    impl_->Ask(host, port);
  } else {
    impl_->Answer({});
  }
}

NameLookup::~NameLookup() = default;

}  // namespace ddb
