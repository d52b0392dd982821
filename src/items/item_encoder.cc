#include "items/item_encoder.h"

#include <cstring>
#include <string>
#include <vector>

#include "items/careful_encoder.h"
#include "items/change_log.h"
#include "items/fast_encoder.h"
#include "items/growth_bound.h"
#include "items/item_meta.h"
#include "items/item_text.h"
#include "items/kept_fields.h"
#include "items/key_filter.h"
#include "items/number.h"
#include "items/shrink_item.h"
#include "items/uuid.h"

namespace ddb {
namespace {

constexpr std::string_view kItemEnd = "\"}}";  // behind emitted_at's digits
constexpr size_t kEnvelopeLevels = 0;          // containers around _airbyte_data's value

void Add(SizeBounds& size, SizeBounds more) {
  size.lower += more.lower;
  size.upper += more.upper;
}
void Add(SizeBounds& size, std::string_view text) {
  Add(size, {static_cast<int64_t>(text.size()), static_cast<int64_t>(text.size())});
}

}  // namespace

StreamEncoding::StreamEncoding(const ItemEncoder::Stream& stream)
    : layout_(stream.layout),
      sync_id_(stream.sync_id),
      protected_fields_(stream.protected_fields),
      begin_("{"),
      text_(token::kComma) {
  ItemText(begin_).Name(layout_.data.name);
  ItemText text(text_);
  text.Name(layout_.id.name).BeginString();
  id_in_text_ = text_.size();
  text_.append(kUuidLength, '0');
  text.EndScalar();
  Add(size_, layout_.id.name);
  Add(size_, {kUuidLength, kUuidLength});
  Add(size_, layout_.data.name);
  AddNumber(layout_.sync_time.name, stream.sync_time_millis);
  if (stream.generation_id) AddNumber(layout_.generation_id.name, *stream.generation_id);
  text.Name(layout_.emitted_at.name).BeginNumber();
  Add(size_, layout_.emitted_at.name);
}

void StreamEncoding::AddNumber(std::string_view name, int64_t value) {
  ItemText(text_).Name(name).Number(value);
  Add(size_, name);
  Add(size_, WholeNumberSize(std::to_string(value)));
}

namespace {

const StreamEncoding& NoStream() {
  static const StreamEncoding none = ItemEncoder::Stream{};
  return none;
}

}  // namespace

struct ItemEncoder::Impl {
  UuidSource ids;
  KeyFilter keys{ids.Random64()};
  FastEncode* const encode_fast = ChooseFastEncode();
  ChangeLog changes;
  SizeBounds data_size;
  ItemFacts last_item;
  size_t item_begin = 0;  // in the buffer
  // What KeptFields said of the data.
  std::vector<uint32_t> dropped;
  uint64_t left_out = 0;
  bool hopeless = false;
  uint64_t unnamed = 0;  // changes for which no item has room

  bool TooLarge() const {
    return last_item.size.lower > kMaxItemBytes || !dropped.empty() || left_out + unnamed > 0;
  }

  Number WholeEmittedAt(std::string_view number, const StreamEncoding& stream, char* out);
  RejectReason Shrink(const StreamEncoding& stream, Buffer& out);
};

Number ItemEncoder::Impl::WholeEmittedAt(std::string_view number, const StreamEncoding& stream, char* out) {
  bool cut = false;
  const Number whole = NormalizeWholePart(number.data(), number.data() + number.size(), out, cut);
  if (cut) {
    ChangeLog::TopField top{.length = stream.layout().emitted_at.name.size()};
    changes.Add(ChangeKind::kFraction, stream.layout().emitted_at.name, top);
  }
  return whole;
}

RejectReason ItemEncoder::Impl::Shrink(const StreamEncoding& stream, Buffer& out) {
  Buffer smaller;
  const ShrinkOptions options{.layout = stream.layout(),
                              .sync_id = stream.sync_id(),
                              .protected_fields = &stream.protected_fields(),
                              .dropped = dropped,
                              .left_out = left_out,
                              .unnamed = unnamed};
  const std::optional<Shrunk> shrunk = ShrinkItem(out.view().substr(item_begin), options, smaller);
  if (!shrunk) return RejectReason::kItemTooLarge;
  out.Truncate(item_begin);
  out.Append(smaller.view());
  last_item.nulled = shrunk->nulled;
  last_item.truncated += shrunk->truncated;
  last_item.noted_bytes += growth::kCountedChanges;
  last_item.size = ItemSize(smaller.view());
  return RejectReason::kNone;
}

ItemEncoder::ItemEncoder() : impl_(std::make_unique<Impl>()) {}
ItemEncoder::~ItemEncoder() = default;

EncodedData ItemEncoder::EncodeData(const char* p, const char* end, const StreamEncoding* stream,
                                    Buffer& out) {
  Impl& impl = *impl_;
  impl.changes.Clear();
  impl.dropped.clear();
  impl.left_out = 0;
  impl.hopeless = false;
  impl.item_begin = out.size();
  out.Append(stream != nullptr ? stream->begin() : NoStream().begin());
  const size_t data_begin = out.size();
  if (static_cast<size_t>(end - p) <= kMaxFastInput) {
    const FastResult fast = impl.encode_fast(p, end, kEnvelopeLevels, impl.keys, out);
    impl.data_size = fast.size;
    if (fast.status == FastStatus::kDone) return {fast.next};
    out.Truncate(data_begin);  // it is rare, or no JSON: perhaps of a kind that is understood
  }
  KeptFields fields(out, stream == nullptr ? nullptr : &stream->protected_fields());
  const CarefulResult careful = CarefulEncode(p, end, kEnvelopeLevels, "", out, impl.changes, &fields);
  impl.data_size = careful.size;
  impl.dropped = fields.dropped();
  impl.left_out = fields.left_out();
  impl.hopeless = fields.hopeless();
  return {careful.next};
}

RejectReason ItemEncoder::Finish(const EmittedAt& sent, std::string_view meta, const StreamEncoding& stream,
                                 Buffer& out) {
  Impl& impl = *impl_;
  impl.last_item = {};
  char normal[kMaxCanonicalNumber];
  SizeBounds emitted_size;
  std::string_view emitted_at = sent.number;
  // Not all of its digits need be significant.
  if (!sent.is_digits || emitted_at.size() > kMaxNumberDigits) [[unlikely]] {
    const Number number = impl.WholeEmittedAt(emitted_at, stream, normal);
    if (number.fit != NumberFit::kFits) return RejectReason::kEmittedAtTooLarge;
    emitted_at = {normal, number.length};
    emitted_size = number.size;
  } else {
    emitted_size = WholeNumberSize(emitted_at);
  }
  if (impl.hopeless) return RejectReason::kItemTooLarge;
  const size_t room = stream.text().size() + emitted_at.size() + kItemEnd.size();
  char* at = out.Grow(room);
  const auto put = [&at](std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  char* const id = at + stream.id_in_text();
  put(stream.text());
  impl.ids.Write(id);
  put(emitted_at);
  put(kItemEnd);
  out.CommitTo(at);

  SizeBounds& size = impl.last_item.size;
  Add(size, impl.data_size);
  Add(size, stream.size());
  Add(size, emitted_size);
  impl.unnamed = 0;
  if (!meta.empty() || !impl.changes.empty()) {
    out.Truncate(out.size() - 1);  // }
    const AppendedMeta appended =
        AppendMeta(meta, stream.layout(), stream.sync_id(), impl.keys, impl.changes, out);
    Add(size, appended.size);
    impl.last_item.noted_bytes = appended.noted_bytes;
    impl.unnamed = appended.unnamed + impl.changes.unnamed();
    out.Append('}');
  }
  impl.last_item.truncated = impl.changes.truncated();
  return impl.TooLarge() ? impl.Shrink(stream, out) : RejectReason::kNone;
}

const ItemEncoder::ItemFacts& ItemEncoder::last_item() const { return impl_->last_item; }

Text RejectReasonText(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNone:
      break;
    case RejectReason::kItemTooLarge:
      return "the item is larger than DynamoDB's limit of 409,600 bytes, even with its primary key and "
             "cursor alone";
    case RejectReason::kEmittedAtTooLarge:
      return "emitted_at is more than a DynamoDB number can hold (38 significant digits, and below 1E+126)";
  }
  return "nothing is wrong";
}

}  // namespace ddb
