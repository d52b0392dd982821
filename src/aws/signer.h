// Signer: AWS Signature Version 4 for the one request shape there is (POST, JSON 1.0), with a cached signing
// key. One per worker thread; not thread-safe.
//
// What it is given goes into the head as it is: that the endpoint and the credentials hold no blanks or
// control characters is checked where they come from (config/).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/sha256.h"

namespace ddb {

class Signer {
 public:
  Signer(const Endpoint& endpoint, std::shared_ptr<const CredentialsSource> credentials);
  ~Signer();

  // The whole HTTP/1.1 head (request line to the empty line) of a signed request with this body.
  // `target` e.g. "DynamoDB_20120810.BatchWriteItem". `wall_millis` is the time to sign with (clock skew
  // already added). The view is valid until the next call.
  std::string_view SignedHead(std::string_view target, std::string_view body, int64_t wall_millis);
  // The same for a body of `body_size` bytes whose hash is known (two bodies hash faster together,
  // aws/sha256.h).
  std::string_view SignedHead(std::string_view target, size_t body_size, const Sha256Digest& body_hash,
                              int64_t wall_millis);
  // Of the credentials that signed the last head.
  uint64_t version() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
