// UuidSource: random (version 4) UUIDs as text, about 10 ns each: AES-128 in counter mode over blocks, keyed
// by the kernel's random bytes and keyed anew with every block. One per worker; not thread-safe.
// https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ddb {

inline constexpr size_t kUuidLength = 36;

class UuidSource {
 public:
  UuidSource();
  ~UuidSource();

  // Writes kUuidLength characters, lower case.
  void Write(char* out);
  uint64_t Random64();

 private:
  static constexpr size_t kUuidBytes = 16;
  static constexpr size_t kBlock = 4096;
  struct Cipher;

  const unsigned char* Take();
  void Refill();

  std::unique_ptr<Cipher> cipher_;
  size_t next_ = kBlock;
  alignas(16) unsigned char block_[kBlock];
};

// 16 bytes as 8-4-4-4-12 hexadecimal digits; the portable one is the other's twin.
void FormatUuid(const unsigned char* bytes, char* out);
void FormatUuidPortable(const unsigned char* bytes, char* out);

}  // namespace ddb
