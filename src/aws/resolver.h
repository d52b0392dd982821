// Resolver: the addresses of one host and port, looked up off the loop and remembered for a while; it also
// keeps which of them could not be reached. Belongs to an HttpClient. Loop thread only.
//
// A lookup is getaddrinfo in a thread of its own, which nobody waits for: it cannot be interrupted, and with
// a dead name server it takes up to minutes that the end of the program must not take.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"

namespace ddb {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool operator==(const Address& other) const;
};

class Resolver {
 public:
  Resolver(EventLoop& loop, const Clock& clock, std::string host, uint16_t port, Duration ttl);
  ~Resolver();  // `done` of a lookup under way does not run
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Whether addresses not older than the ttl are here.
  bool Fresh() const;
  // In the order in which to try them: those that worked or are untried before those that failed, and each
  // call begins with another one.
  std::vector<Address> Addresses();
  // Looks the name up; one lookup at a time. `done` runs on the loop with whether the name has an address.
  void Lookup(std::function<void(bool found)> done);
  bool looking_up() const { return looking_up_; }
  // What came of trying an address.
  void Report(const Address& address, bool reached);

 private:
  struct Known {
    Address address;
    bool failed = false;
  };
  struct Mailbox;

  void Take(const std::vector<Address>& addresses);

  // Set at construction.
  EventLoop& loop_;
  const Clock& clock_;
  const std::string host_;
  const std::string port_;
  const Duration ttl_;
  const std::shared_ptr<Mailbox> mailbox_;
  // Loop thread only.
  std::vector<Known> known_;
  Instant resolved_at_;
  size_t turn_ = 0;
  bool looking_up_ = false;
  std::function<void(bool)> done_;
};

}  // namespace ddb
