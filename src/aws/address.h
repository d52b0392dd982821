// Address: where a connection may go: one IPv4 or IPv6 address and a port.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>
#include <string>

namespace ddb {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  // `address` is a sockaddr_in or a sockaddr_in6 of its family.
  static Address From(const sockaddr* address, socklen_t size) {
    Address result;
    std::memcpy(&result.storage, address, size);
    result.size = size;
    return result;
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool operator==(const Address& other) const {
    return size == other.size && std::memcmp(&storage, &other.storage, size) == 0;
  }
};

// The address that a host is in itself: "127.0.0.1", "127.1", "::1", "fe80::1%eth0". Empty: it is a name.
std::optional<Address> LiteralAddress(const std::string& host, uint16_t port);

}  // namespace ddb
