// NameLookup: the addresses of one name, asked for once, on the loop: /etc/hosts, then the name servers and
// search domains of /etc/resolv.conf, read anew each time (c-ares). Belongs to a Resolver. Loop thread only.
//
// Not getaddrinfo: it blocks for up to minutes, and needs glibc's own shared libraries of the machine that it
// runs on, so that no program with it runs everywhere (docs/decisions/0016-portable-binary.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aws/address.h"
#include "base/event_loop.h"

namespace ddb {

// A lookup under way; destroying it ends it, and its answer does not come.
class PendingLookup {
 public:
  virtual ~PendingLookup() = default;
};

using LookupAnswer = std::function<void(std::vector<Address>)>;  // empty: the name has no address
// Begins a lookup, whose answer comes on the loop, and not inside this call.
using LookupFunction =
    std::function<std::unique_ptr<PendingLookup>(const std::string& host, uint16_t port, LookupAnswer)>;

class NameLookup final : public PendingLookup {
 public:
  struct Options {
    std::string servers{};               // "address:port,..." in place of those of /etc/resolv.conf
    std::vector<std::string> domains{};  // the same
    int timeout_ms = 2'000;              // after it the next server is asked; doubled in the second round
    int rounds = 3;
  };

  // `answer` runs once on the loop, and not inside this call. It may destroy the lookup.
  NameLookup(EventLoop& loop, const std::string& host, uint16_t port, LookupAnswer answer);
  NameLookup(EventLoop& loop, const std::string& host, uint16_t port, LookupAnswer answer,
             const Options& options);
  ~NameLookup() override;
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
