#include "items/item_encoder.h"

#include <cstring>
#include <string>
#include <vector>

#include "items/careful_encoder.h"
#include "items/change_log.h"
#include "items/fast_encoder.h"
#include "items/item_meta.h"
#include "items/key_filter.h"
#include "items/layout.h"
#include "items/number.h"
#include "items/shrink_item.h"
#include "items/uuid.h"

namespace ddb {
namespace {

constexpr std::string_view kItemBegin = R"({"_airbyte_data":)";
constexpr std::string_view kIdBegin = R"(,"_airbyte_ab_id":{"S":")";
constexpr std::string_view kItemEnd = "\"}}";  // behind emitted_at's digits
constexpr size_t kEnvelopeLevels = 0;          // containers around _airbyte_data's value

void Add(SizeBounds& size, SizeBounds more) {
  size.lower += more.lower;
  size.upper += more.upper;
}
void Add(SizeBounds& size, std::string_view text) {
  Add(size, {static_cast<int64_t>(text.size()), static_cast<int64_t>(text.size())});
}

// What stands between the id and emitted_at's digits, and its size with the id's.
struct Shared {
  const int64_t sync_time_millis;
  const std::optional<int64_t> generation_id;
  std::string text;
  SizeBounds size;

  explicit Shared(const ItemEncoder::Stream& of)
      : sync_time_millis(of.sync_time_millis), generation_id(of.generation_id), text("\"}") {
    Add(size, kHashAttribute);
    Add(size, {kUuidLength, kUuidLength});
    Add(size, kDataAttribute);
    AddNumber(kRangeAttribute, of.sync_time_millis);
    if (of.generation_id) AddNumber(kGenerationAttribute, *of.generation_id);
    text.append(",\"").append(kEmittedAtAttribute).append("\":{\"N\":\"");
    Add(size, kEmittedAtAttribute);
  }
  bool Is(const ItemEncoder::Stream& of) const {
    return sync_time_millis == of.sync_time_millis && generation_id == of.generation_id;
  }
  void AddNumber(std::string_view name, int64_t value) {
    const std::string digits = std::to_string(value);
    text.append(",\"").append(name).append("\":{\"N\":\"").append(digits).append("\"}");
    Add(size, name);
    Add(size, WholeNumberSize(digits));
  }
};

}  // namespace

struct ItemEncoder::Impl {
  UuidSource ids;
  KeyFilter keys{ids.Random64()};
  FastEncode* const encode_fast = ChooseFastEncode();
  ChangeLog changes;
  SizeBounds data_size;
  ItemFacts last_item;
  // Of the streams met; as many as the catalog has, so it is searched, the last one first.
  std::vector<Shared> shared;
  size_t last_shared = 0;
  size_t item_begin = 0;  // in the buffer

  const Shared& SharedOf(const Stream& stream);
  RejectReason Shrink(const Stream& stream, Buffer& out);
};

const Shared& ItemEncoder::Impl::SharedOf(const Stream& stream) {
  if (last_shared < shared.size() && shared[last_shared].Is(stream)) return shared[last_shared];
  for (last_shared = 0; last_shared < shared.size(); ++last_shared) {
    if (shared[last_shared].Is(stream)) return shared[last_shared];
  }
  return shared.emplace_back(stream);
}

RejectReason ItemEncoder::Impl::Shrink(const Stream& stream, Buffer& out) {
  Buffer smaller;
  const auto nulled =
      ShrinkItem(out.view().substr(item_begin), {stream.sync_id, &stream.protected_fields}, smaller);
  if (!nulled) return RejectReason::kItemTooLarge;
  out.Truncate(item_begin);
  out.Append(smaller.view());
  last_item.nulled = *nulled;
  last_item.size = ItemSize(smaller.view());
  return RejectReason::kNone;
}

ItemEncoder::ItemEncoder() : impl_(std::make_unique<Impl>()) {}
ItemEncoder::~ItemEncoder() = default;

EncodedData ItemEncoder::EncodeData(const char* p, const char* end, Buffer& out) {
  Impl& impl = *impl_;
  impl.changes.Clear();
  impl.item_begin = out.size();
  out.Append(kItemBegin);
  const size_t data_begin = out.size();
  const FastResult fast = impl.encode_fast(p, end, kEnvelopeLevels, impl.keys, out);
  impl.data_size = fast.size;
  if (fast.status == FastStatus::kDone) return {fast.next};
  if (fast.status == FastStatus::kInvalid) return {};
  out.Truncate(data_begin);
  const CarefulResult careful = CarefulEncode(p, end, kEnvelopeLevels, "", out, impl.changes);
  impl.data_size = careful.size;
  return {careful.next};
}

RejectReason ItemEncoder::Finish(std::string_view emitted_at, std::string_view meta, const Stream& stream,
                                 Buffer& out) {
  Impl& impl = *impl_;
  impl.last_item = {};
  char normal[kMaxCanonicalNumber];
  SizeBounds emitted_size;
  if (emitted_at.size() > kMaxNumberDigits) [[unlikely]] {  // its digits need not all be significant
    const Number number = NormalizeNumber(emitted_at.data(), emitted_at.data() + emitted_at.size(), normal);
    if (number.fit != NumberFit::kFits) return RejectReason::kEmittedAtTooLarge;
    emitted_at = {normal, number.length};
    emitted_size = number.size;
  } else {
    emitted_size = WholeNumberSize(emitted_at);
  }
  const Shared& shared = impl.SharedOf(stream);
  const size_t room =
      kIdBegin.size() + kUuidLength + shared.text.size() + emitted_at.size() + kItemEnd.size();
  char* at = out.Grow(room);
  const auto put = [&at](std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  put(kIdBegin);
  impl.ids.Write(at);
  at += kUuidLength;
  put(shared.text);
  put(emitted_at);
  put(kItemEnd);
  out.CommitTo(at);

  SizeBounds& size = impl.last_item.size;
  Add(size, impl.data_size);
  Add(size, shared.size);
  Add(size, emitted_size);
  if (!meta.empty() || !impl.changes.empty()) {
    out.Truncate(out.size() - 1);  // }
    const AppendedMeta appended = AppendMeta(meta, stream.sync_id, impl.keys, impl.changes, out);
    Add(size, appended.size);
    impl.last_item.noted_bytes = appended.noted_bytes;
    out.Append('}');
  }
  impl.last_item.truncated = impl.changes.truncated();
  return size.lower > kMaxItemBytes ? impl.Shrink(stream, out) : RejectReason::kNone;
}

const ItemEncoder::ItemFacts& ItemEncoder::last_item() const { return impl_->last_item; }

Text RejectReasonText(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNone:
      break;
    case RejectReason::kItemTooLarge:
      return "the item is larger than DynamoDB's limit of 409,600 bytes, and nulling fields does not help";
    case RejectReason::kEmittedAtTooLarge:
      return "emitted_at is more than a DynamoDB number can hold (38 significant digits, and below 1E+126)";
  }
  return "nothing is wrong";
}

}  // namespace ddb
