// signer_vectors: signs the requests that stdin describes and prints each request's head in hex, for
// tests/acceptance/test_signer.py to compare with what botocore signs.
//
// A line is: host header, path, region, access key id, secret, session token, target, wall-clock
// milliseconds, body; all in hex, separated by blanks, an empty one written "-". One Signer lives per host,
// path and region, so that its cached key meets changing days and credentials.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "aws/signer.h"

namespace {

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; hex != "-" && i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

class Changing final : public ddb::CredentialsSource {
 public:
  std::shared_ptr<const ddb::Credentials> Current() const override { return current_; }
  uint64_t version() const override { return version_; }
  void Set(const std::string& id, const std::string& secret, const std::string& token) {
    if (current_ && current_->access_key_id == id && current_->secret_access_key == secret &&
        current_->session_token == token) {
      return;
    }
    current_ = std::make_shared<ddb::Credentials>(ddb::Credentials{id, secret, token, 0, ++version_});
  }

 private:
  uint64_t version_ = 0;
  std::shared_ptr<const ddb::Credentials> current_;
};

}  // namespace

int main() {
  const auto credentials = std::make_shared<Changing>();
  std::map<std::string, std::unique_ptr<ddb::Signer>> signers;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::vector<std::string> field;
    for (std::string word; words >> word;) field.push_back(FromHex(word));
    if (field.size() != 9) {
      std::cerr << "a line needs 9 fields\n";
      return EXIT_FAILURE;
    }
    credentials->Set(field[3], field[4], field[5]);
    std::unique_ptr<ddb::Signer>& signer = signers[field[0] + '\n' + field[1] + '\n' + field[2]];
    if (!signer) {
      ddb::Endpoint endpoint;
      endpoint.host_header = field[0];
      endpoint.path = field[1];
      endpoint.region = field[2];
      signer = std::make_unique<ddb::Signer>(endpoint, credentials);
    }
    for (const char c : signer->SignedHead(field[6], field[8], std::stoll(field[7]))) {
      std::printf("%02x", static_cast<unsigned char>(c));
    }
    std::printf("\n");
  }
  return EXIT_SUCCESS;
}
