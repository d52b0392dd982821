#include "aws/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace ddb {

namespace {

// After a lookup that found nothing, while older addresses are used.
constexpr Duration kLookAgain = std::chrono::seconds(5);

std::vector<Address> GetAddresses(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  std::vector<Address> addresses;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &list) != 0) return addresses;
  for (const addrinfo* entry = list; entry; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
  }
  freeaddrinfo(list);
  return addresses;
}

}  // namespace

bool Address::operator==(const Address& other) const {
  return size == other.size && std::memcmp(&storage, &other.storage, size) == 0;
}

// Where a lookup's thread leaves its answer; it outlives the Resolver if the lookup does.
struct Resolver::Mailbox {
  Mutex mutex;
  Resolver* owner GUARDED_BY(mutex) = nullptr;
};

Resolver::Resolver(EventLoop& loop, const Clock& clock, std::string host, uint16_t port, Options options)
    : loop_(loop),
      clock_(clock),
      host_(std::move(host)),
      port_(std::to_string(port)),
      options_(std::move(options)),
      mailbox_(std::make_shared<Mailbox>()) {
  const MutexLock lock(mailbox_->mutex);
  mailbox_->owner = this;
}

Resolver::~Resolver() {
  const MutexLock lock(mailbox_->mutex);
  mailbox_->owner = nullptr;
}

bool Resolver::Fresh() const { return !known_.empty() && clock_.Now() < fresh_until_; }

std::vector<Address> Resolver::Addresses() {
  std::vector<Address> order;
  for (const bool failed : {false, true}) {
    for (size_t i = 0; i < known_.size(); ++i) {
      const Known& known = known_[(turn_ + i) % known_.size()];
      if (known.failed == failed) order.push_back(known.address);
    }
  }
  ++turn_;
  return order;
}

void Resolver::Lookup(std::function<void(bool)> done) {
  looking_up_ = true;
  lookup_by_ = clock_.Now() + options_.patience;
  done_ = std::move(done);
  // The answer is posted to the loop, and taken there if this resolver still is.
  auto deliver = [mailbox = mailbox_](std::vector<Address> addresses) {
    const MutexLock lock(mailbox->mutex);
    if (!mailbox->owner) return;
    mailbox->owner->loop_.Post([mailbox, addresses = std::move(addresses)] {
      Resolver* owner = nullptr;
      {
        const MutexLock inner(mailbox->mutex);
        owner = mailbox->owner;  // it goes on this thread only
      }
      if (owner) owner->Take(addresses);
    });
  };
  std::vector<Address> literal = GetAddresses(host_, port_, AI_NUMERICHOST);
  if (!literal.empty()) {
    deliver(std::move(literal));
    return;
  }
  try {
    std::thread([deliver, host = host_, port = port_, lookup = options_.lookup] {
      deliver(lookup ? lookup(host, port) : GetAddresses(host, port, 0));
    }).detach();
  } catch (const std::system_error&) {  // no thread to be had
    deliver({});
  }
}

void Resolver::Take(const std::vector<Address>& addresses) {
  looking_up_ = false;
  if (addresses.empty()) {
    fresh_until_ = clock_.Now() + std::min(options_.ttl, kLookAgain);
  } else {
    Replace(addresses);
    fresh_until_ = clock_.Now() + options_.ttl;
  }
  const std::function<void(bool)> done = std::exchange(done_, nullptr);
  done(!known_.empty());
}

void Resolver::Replace(const std::vector<Address>& addresses) {
  std::vector<Known> known;
  for (const Address& address : addresses) {
    const auto same = [&address](const Known& old) { return old.address == address; };
    const auto before = std::find_if(known_.begin(), known_.end(), same);
    known.push_back({address, before != known_.end() && before->failed});
  }
  known_ = std::move(known);
}

void Resolver::CheckDeadline(Instant now) {
  if (!looking_up_ || now < lookup_by_) return;
  lookup_by_ = now + options_.patience;  // for those that come while the lookup goes on
  fresh_until_ = lookup_by_;
  done_(!known_.empty());
}

void Resolver::Report(const Address& address, bool reached) {
  for (Known& known : known_) {
    if (known.address == address) known.failed = !reached;
  }
}

}  // namespace ddb
