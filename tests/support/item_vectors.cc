// item_vectors: runs the code that turns records into items on what stdin says, for
// tests/acceptance/test_item_encoding.py to compare with an encoder written in Python. One line in, one line
// out:
//   item_vectors encode   record data as JSON    ->  lower upper truncated nulled {item as DynamoDB JSON}
//                                                    or "invalid", or "rejected"
//   item_vectors clean    a name in hex          ->  the part of a table name that it gives
#include <iostream>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "items/item_encoder.h"
#include "items/table_name.h"

namespace {

std::string Encode(ddb::ItemEncoder& encoder, const std::string& data) {
  const std::string padded = data + std::string(ddb::ItemEncoder::kPadding, ' ');
  const char* const end = padded.data() + data.size();
  ddb::Buffer out;
  if (encoder.EncodeData(padded.data(), end, out).next != end) return "invalid";
  const ddb::ItemEncoder::Stream stream{.sync_time_millis = 1, .sync_id = 5};
  if (encoder.Finish("7", "", stream, out) != ddb::RejectReason::kNone) return "rejected";
  const auto& facts = encoder.last_item();
  constexpr std::string_view kBefore = R"({"PutRequest":{"Item":)", kBehind = "}}";
  return std::to_string(facts.size.lower) + " " + std::to_string(facts.size.upper) + " " +
         std::to_string(facts.truncated) + " " + std::to_string(facts.nulled) + " " +
         std::string(out.view(kBefore.size(), out.size() - kBefore.size() - kBehind.size()));
}

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode != "encode" && mode != "clean") {
    std::cerr << "usage: item_vectors encode|clean\n";
    return 2;
  }
  ddb::ItemEncoder encoder;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << (mode == "encode" ? Encode(encoder, line) : ddb::CleanName(FromHex(line))) << '\n';
  }
}
