// Resolver: the addresses of one host and port, looked up and remembered for a while; it also keeps which of
// them could not be reached. Belongs to an HttpClient. Loop thread only.
//
// A name server that fails or is silent says nothing about the addresses that are known: they are used until
// it answers. Nobody waits for a lookup longer than `patience`, though it goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aws/address.h"
#include "aws/name_lookup.h"
#include "base/clock.h"
#include "base/event_loop.h"

namespace ddb {

class Resolver {
 public:
  struct Options {
    Duration ttl{};         // answers are this old at most
    Duration patience{};    // so long is an answer waited for
    LookupFunction lookup;  // empty: NameLookup
  };

  Resolver(EventLoop& loop, const Clock& clock, std::string host, uint16_t port, Options options);
  ~Resolver() = default;  // `done` of a lookup under way does not run
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

  void Begin();
  void Take(const std::vector<Address>& addresses);
  void Replace(const std::vector<Address>& addresses);

  // Set at construction.
  EventLoop& loop_;
  const Clock& clock_;
  const std::string host_;
  const uint16_t port_;
  const Options options_;
  const std::shared_ptr<bool> present_ = std::make_shared<bool>(true);  // for what is posted
  // Loop thread only.
  std::vector<Known> known_;
  Instant fresh_until_;
  size_t turn_ = 0;
  bool looking_up_ = false;
  Instant lookup_by_;
  std::function<void(bool)> done_;
  std::unique_ptr<PendingLookup> pending_;
};

}  // namespace ddb
