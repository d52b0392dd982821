// item_vectors: runs the code that turns records into items on what stdin says, for
// tests/acceptance/test_item_encoding.py to compare with an encoder written in Python. One line in, one line
// out:
//   item_vectors encode   record data as JSON    ->  lower upper truncated nulled {item as DynamoDB JSON}
//                                                    or "invalid", or "rejected"
//                            the fields "id" and "kept" are never nulled
//   item_vectors clean    a name in hex          ->  the part of a table name that it gives
//   item_vectors names    prefix, then each stream's namespace and name, in hex behind an "x"; "-": none
//                                                ->  the streams' table names
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "items/item_encoder.h"
#include "items/table_name.h"

namespace {

std::string Encode(ddb::ItemEncoder& encoder, const std::string& data) {
  const std::string padded = data + std::string(ddb::json::kPadding, ' ');
  const char* const end = padded.data() + data.size();
  ddb::Buffer out;
  static const ddb::StreamEncoding stream(ddb::ItemEncoder::Stream{
      .sync_time_millis = 1, .generation_id = {}, .sync_id = 5, .protected_fields = {"id", "kept"}});
  if (encoder.EncodeData(padded.data(), end, &stream, out).next != end) return "invalid";
  if (encoder.Finish({"7"}, "", stream, out) != ddb::RejectReason::kNone) return "rejected";
  const auto& facts = encoder.last_item();
  return std::to_string(facts.size.lower) + " " + std::to_string(facts.size.upper) + " " +
         std::to_string(facts.truncated) + " " + std::to_string(facts.nulled) + " " + std::string(out.view());
}

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string TableNames(const std::string& line) {
  std::istringstream words(line);
  std::string prefix, ns, name, found;
  words >> prefix;
  std::vector<ddb::StreamId> streams;
  while (words >> ns >> name) {
    ddb::StreamId& stream = streams.emplace_back();
    if (ns != "-") stream.ns = FromHex(ns.substr(1));
    stream.name = FromHex(name.substr(1));
  }
  const auto names = ddb::PossibleTableNames(FromHex(prefix.substr(1)), streams);
  if (!names.ok()) return "refused";
  for (const ddb::TableName& table : ddb::SettleTableNames(streams, *names, {}).tables) {
    found += (found.empty() ? "" : " ") + table.name;
  }
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode != "encode" && mode != "clean" && mode != "names") {
    std::cerr << "usage: item_vectors encode|clean|names\n";
    return 2;
  }
  ddb::ItemEncoder encoder;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << (mode == "encode"  ? Encode(encoder, line)
                  : mode == "clean" ? ddb::CleanName(FromHex(line))
                                    : TableNames(line))
              << '\n';
  }
}
