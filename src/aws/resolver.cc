#include "aws/resolver.h"

#include <algorithm>
#include <utility>

namespace ddb {

namespace {

// After a lookup that found nothing, while older addresses are used.
constexpr Duration kLookAgain = std::chrono::seconds(5);

}  // namespace

Resolver::Resolver(EventLoop& loop, const Clock& clock, std::string host, uint16_t port, Options options)
    : loop_(loop), clock_(clock), host_(std::move(host)), port_(port), options_(std::move(options)) {}

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
  Begin();
}

void Resolver::Begin() {
  if (const auto literal = LiteralAddress(host_, port_)) {
    loop_.Post([this, alive = std::weak_ptr<bool>(present_), address = *literal] {
      if (!alive.expired()) Take({address});
    });
    return;
  }
  LookupAnswer answer = [this](const std::vector<Address>& addresses) { Take(addresses); };
  pending_ = options_.lookup ? options_.lookup(host_, port_, std::move(answer))
                             : std::make_unique<NameLookup>(loop_, host_, port_, std::move(answer));
}

void Resolver::Take(const std::vector<Address>& addresses) {
  looking_up_ = false;
  pending_.reset();
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
