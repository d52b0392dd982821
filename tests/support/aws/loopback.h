// Loopback: the address of a port of this machine, as a lookup would give it. Tests only.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <cstring>

#include "aws/resolver.h"

namespace ddb::testkit {

inline Address Loopback(uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.sin_port = htons(port);
  Address address;
  std::memcpy(&address.storage, &v4, sizeof(v4));
  address.size = sizeof(v4);
  return address;
}

}  // namespace ddb::testkit
