// Any bytes as a record's data: the encoder reads nothing but them and their padding, all kernels agree, what
// simdjson takes is taken, and nothing else but what the lenient grammar has; what is read back from the item
// is what was sent, or is noted as changed; every item is JSON, and none is longer than growth_bound says.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "items/fast_encoder.h"
#include "items/growth_bound.h"
#include "items/item_encoder.h"
#include "items/item_size.h"
#include "json/string_copy.h"
#include "json/utf8.h"
#include "support/items/encoder_oracle.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

std::string Summary(ddb::FastEncode* encode, const char* p, const char* end) {
  static ddb::KeyFilter keys(1);  // large, and what it remembers changes no outcome
  ddb::Buffer out;
  const ddb::FastResult result = encode(p, end, 0, keys, out);
  if (result.status != ddb::FastStatus::kDone) return std::to_string(static_cast<int>(result.status));
  return std::to_string(result.next - p) + std::string(out.view());
}

// What simdjson reads differently: half a surrogate pair, names that only meet by their substitute, and what
// is no JSON.
bool IsBeyondTheOracle(std::string_view text) {
  return text.find("NaN") != text.npos || text.find("Infinity") != text.npos ||
         !ddb::json::ValidUtf8(text.data(), text.data() + text.size()) || text.find("\\ud") != text.npos ||
         text.find("\\uD") != text.npos || text.find("_airbyte_") != text.npos;
}

void CompareWithOracle(std::string_view text, std::string_view item, size_t truncated) {
  namespace od = simdjson::ondemand;
  static od::parser parser, item_parser;
  const simdjson::padded_string padded(text), padded_item(item);
  try {
    od::document document = parser.iterate(padded);
    size_t changes = 0;
    const std::string expected = ddb::testkit::Expected(document.get_value().value(), 0, changes);
    od::document stored = item_parser.iterate(padded_item);
    Check(ddb::testkit::Stored(stored.find_field("_airbyte_data").value()) == expected);
    Check(truncated == changes);
  } catch (const simdjson::simdjson_error& error) {
    Check(error.error() == simdjson::DEPTH_ERROR);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || data[0] != '{') return 0;  // the parser calls the encoder for objects only
  // In memory of its own, so that the address sanitizer sees every read outside.
  const std::unique_ptr<char[]> bytes(new char[size + ddb::json::kPadding]);
  std::memcpy(bytes.get(), data, size);
  std::memset(bytes.get() + size, '"', ddb::json::kPadding);
  const char* const p = bytes.get();
  const char* const end = p + size;

  const std::string portable = Summary(ddb::FastEncodePortable, p, end);
#if defined(__SSE2__)
  Check(Summary(ddb::FastEncodeSse2, p, end) == portable);
  if (ddb::json::HasAvx2()) Check(Summary(ddb::FastEncodeAvx2, p, end) == portable);
#endif

  static ddb::ItemEncoder encoder;  // one for all records, as a worker has it
  ddb::Buffer out;
  static const ddb::StreamEncoding stream(ddb::ItemEncoder::Stream{.sync_time_millis = 1});
  const ddb::EncodedData encoded = encoder.EncodeData(p, end, &stream, out);
  if (encoded.next == nullptr) {
    static simdjson::dom::parser parser;
    Check(parser.parse(p, size).error() != simdjson::SUCCESS);
    return 0;
  }
  Check(encoded.next > p && encoded.next <= end);
  const bool stored = encoder.Finish({"1"}, {}, stream, out) == ddb::RejectReason::kNone;
  const auto line = ddb::growth::kLine.size() + static_cast<size_t>(encoded.next - p);
  const size_t noted = encoder.last_item().noted_bytes;
  Check(out.size() + ddb::growth::kMaxEnvelope <= ddb::GrownBytes(line) + noted);
  Check(noted <= ddb::kMaxNotedByPath + ddb::GrownBytes(line) + line * ddb::growth::kEscaped);
  if (!stored) return 0;
  const std::string_view item = out.view();
  Check(ddb::ItemSize(item) == encoder.last_item().size);
  static simdjson::dom::parser any;
  Check(any.parse(simdjson::padded_string(item)).error() == simdjson::SUCCESS);
  const std::string_view text(p, static_cast<size_t>(encoded.next - p));
  const bool whole = encoder.last_item().nulled == 0;
  if (whole && !IsBeyondTheOracle(text)) CompareWithOracle(text, item, encoder.last_item().truncated);
  return 0;
}
