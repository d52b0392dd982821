// For tests of the encoder: runs it on one record, and reads its output back by other code than its own.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "items/item_encoder.h"

namespace ddb::testkit {

inline constexpr std::string_view kNoUuid = "00000000-0000-4000-8000-000000000000";

struct Encoded {
  bool valid = false;  // the data was valid JSON
  RejectReason reject = RejectReason::kNone;
  std::string item;  // {"_airbyte_data":...}, with kNoUuid for the random id
  size_t consumed = 0;
  ItemEncoder::ItemFacts facts;
};

inline ItemEncoder::Stream SomeStream() {
  return {.sync_time_millis = 1'700'000'000'123, .generation_id = {}, .sync_id = {}};
}

// `text` begins with the data; what follows it is there as the rest of a line is.
inline Encoded Encode(ItemEncoder& encoder, std::string_view text, std::string_view meta = "",
                      const ItemEncoder::Stream& stream = SomeStream(),
                      std::string_view emitted_at = "1700000000001") {
  // Padding that would be taken for more of anything.
  std::string padded(text);
  padded.append("1\"}]").append(json::kPadding, '7');
  std::string padded_meta(meta);
  padded_meta.append(json::kPadding, ' ');
  Buffer out;
  out.Append("before");
  Encoded result;
  const StreamEncoding encoding(stream);
  const EncodedData data = encoder.EncodeData(padded.data(), padded.data() + text.size(), &encoding, out);
  if (data.next == nullptr) return result;
  result.valid = true;
  result.consumed = static_cast<size_t>(data.next - padded.data());
  result.reject = encoder.Finish({emitted_at, emitted_at.find_first_not_of("-0123456789") == emitted_at.npos},
                                 std::string_view(padded_meta).substr(0, meta.size()), encoding, out);
  result.facts = encoder.last_item();
  if (result.reject == RejectReason::kEmittedAtTooLarge) return result;  // nothing was finished
  constexpr std::string_view kBegin = "before";
  const std::string_view all = out.view();
  EXPECT_EQ(all.substr(0, kBegin.size()), kBegin);
  result.item = all.substr(kBegin.size());
  constexpr std::string_view kId = "\"_airbyte_ab_id\":{\"S\":\"";
  const size_t id = result.item.rfind(kId);
  // Of an item that is too large nothing need be finished.
  if (result.reject == RejectReason::kNone) {
    EXPECT_NE(id, std::string::npos) << result.item;
  }
  if (id != std::string::npos) result.item.replace(id + kId.size(), kNoUuid.size(), kNoUuid);
  return result;
}

inline Encoded Encode(std::string_view text, std::string_view meta = "") {
  ItemEncoder encoder;
  return Encode(encoder, text, meta);
}

// Of a good item: the value of _airbyte_data.
inline std::string DataOf(const Encoded& encoded) {
  constexpr std::string_view kBegin = "{\"_airbyte_data\":";
  const size_t end = encoded.item.rfind(",\"_airbyte_ab_id\"");
  if (!encoded.valid || end == std::string::npos) return "not valid";
  return encoded.item.substr(kBegin.size(), end - kBegin.size());
}

// The value of _airbyte_meta, "" without one.
inline std::string MetaOf(const Encoded& encoded) {
  constexpr std::string_view kBegin = ",\"_airbyte_meta\":";
  const size_t begin = encoded.item.rfind(kBegin);
  if (begin == std::string::npos) return "";
  return encoded.item.substr(begin + kBegin.size(), encoded.item.size() - 1 - begin - kBegin.size());
}

}  // namespace ddb::testkit
