// Resolver: the addresses of one host and port, looked up off the loop and remembered for a while; it also
// keeps which of them could not be reached. Belongs to an HttpClient. Loop thread only.
//
// A lookup is getaddrinfo in a thread of its own, which nobody waits for: it cannot be interrupted, and with
// a dead name server it takes up to minutes that the end of the program must not take. A name server that
// fails or is silent says nothing about the addresses that are known: they are used until it answers.
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
  // Blocks as long as it takes, on a thread of its own. Empty: the name has no address.
  using LookupFunction =
      std::function<std::vector<Address>(const std::string& host, const std::string& port)>;
  struct Options {
    Duration ttl{};         // answers are this old at most
    Duration patience{};    // so long is an answer waited for
    LookupFunction lookup;  // empty: getaddrinfo
  };

  Resolver(EventLoop& loop, const Clock& clock, std::string host, uint16_t port, Options options);
  ~Resolver();  // `done` of a lookup under way does not run
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Whether addresses are here that may be used without a lookup.
  bool Fresh() const;
  // In the order in which to try them: those that worked or are untried before those that failed, and each
  // call begins with another one.
  std::vector<Address> Addresses();
  // Looks the name up; one lookup at a time. `done` runs on the loop with whether there are addresses: when
  // the answer is there, and each time that it was waited for in vain.
  void Lookup(std::function<void(bool found)> done);
  bool looking_up() const { return looking_up_; }
  void CheckDeadline(Instant now);  // to be called now and then: there is no timer in here
  // What came of trying an address.
  void Report(const Address& address, bool reached);

 private:
  struct Known {
    Address address;
    bool failed = false;
  };
  struct Mailbox;

  void Take(const std::vector<Address>& addresses);
  void Replace(const std::vector<Address>& addresses);

  // Set at construction.
  EventLoop& loop_;
  const Clock& clock_;
  const std::string host_;
  const std::string port_;
  const Options options_;
  const std::shared_ptr<Mailbox> mailbox_;
  // Loop thread only.
  std::vector<Known> known_;
  Instant fresh_until_;
  size_t turn_ = 0;
  bool looking_up_ = false;
  Instant lookup_by_;
  std::function<void(bool)> done_;
};

}  // namespace ddb
