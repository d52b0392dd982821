// Tcp: the system calls of a connection's socket, none of which waits. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ddb {

struct Address;

namespace tcp {

enum class Io { kOk, kWait, kEnd, kFailed };

// A socket that is connecting; -1 with errno: it is not.
int StartConnecting(const Address& address);
// `done`: how many bytes, at kOk.
Io Read(int fd, char* data, size_t size, size_t* done);
Io Write(int fd, std::string_view bytes, size_t* done);
// Bytes that were given to the kernel and that the peer has not acknowledged yet; 0 where the kernel does not
// say.
uint64_t Unacknowledged(int fd);

}  // namespace tcp
}  // namespace ddb
