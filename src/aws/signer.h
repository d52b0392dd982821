// Signer: AWS Signature Version 4 for the one request shape there is (POST), with a cached signing
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
#include "aws/proxy.h"
#include "aws/sha256.h"

namespace ddb {

// What is signed for. DynamoDB's requests name an operation in a header of its own, others do not.
struct SigningScheme {
  std::string_view service;
  std::string_view content_type;
};
inline constexpr SigningScheme kDynamoDbScheme{"dynamodb", "application/x-amz-json-1.0"};
inline constexpr SigningScheme kStsScheme{"sts", "application/x-www-form-urlencoded; charset=utf-8"};

class Signer {
 public:
  // `form`: what a proxy changes in the head.
  Signer(const Endpoint& endpoint, std::shared_ptr<const CredentialsSource> credentials,
         const SigningScheme& scheme = kDynamoDbScheme, const RequestForm& form = {});
  ~Signer();

  // The whole HTTP/1.1 head (request line to the empty line) of a signed request with this body.
  // `target` e.g. "DynamoDB_20120810.BatchWriteItem", "" for a service without. `wall_millis` is the time to
  // sign with (clock skew already added). The view is valid until the next call.
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
