#include "items/kept_fields.h"

#include <algorithm>
#include <cstring>

#include "items/growth_bound.h"
#include "items/item_tokens.h"
#include "items/shrink_item.h"
#include "json/escape.h"

namespace ddb {
namespace {

constexpr growth::Piece kLongest = growth::WorstNumber();
constexpr int64_t kSmallestNumber = 2;
static_assert(kLongest.out <= kMaxWrittenPerByte * (1 + kSmallestNumber),
              "an element of a list counts for one more");
static_assert(growth::kEscaped <= kMaxWrittenPerByte, "a byte of a string");

}  // namespace

void KeptFields::Begin(size_t name_bytes) {
  begin_ = out_.size();
  fields_.push_back({.name_bytes = name_bytes, .begin = begin_});
  if (fields_.size() == 1) text_begin_ = begin_;
}

void KeptFields::BeginWhole() {
  begin_ = out_.size();
  whole_ = true;
}

std::string_view KeptFields::RawName(const Field& field) const {
  return out_.view(field.begin - token::kNameEnd.size() - field.name_bytes, field.name_bytes);
}

// False for a protected one. Else its `change` is known.
bool KeptFields::MayBeNull(Field& field) const {
  std::string name;
  json::Unescape(RawName(field), name);
  if (protected_fields_ != nullptr &&
      std::find(protected_fields_->begin(), protected_fields_->end(), name) != protected_fields_->end()) {
    return false;
  }
  field.change = NulledChangeSize(name);
  return true;
}

void KeptFields::Drop() {
  out_.Truncate(begin_);
  out_.Append(token::kNull);
  if (whole_) {
    hopeless_ = true;
    return;
  }
  Field& field = fields_.back();
  field.dropped = true;
  if (!MayBeNull(field)) hopeless_ = true;  // it is over the limit by itself
}

void KeptFields::End() {
  Field& field = fields_.back();
  field.end = out_.size();
  const int64_t name = TextSize(RawName(field));
  if (field.dropped) {
    seen_ += name + kMaxItemBytes + 1;
    kept_ += name + kNullSize + field.change;
  } else {
    SizeBounds size;
    MeasureValue(out_.data() + begin_, size);
    field.upper = size.upper;
    seen_ += name + size.lower;
    kept_ += name + size.upper;
  }
  if (out_.size() - text_begin_ > kMaxHeldText) DropLargest();
}

// What is over the limit now is so when the record is complete: then its largest fields become null, one
// after the other, until the rest is within it. Of the fields met so far the largest is among those, whatever
// may still come: if it stayed, so would all that are smaller, which are too much already.
void KeptFields::DropLargest() {
  if (hopeless_ || seen_ <= kMaxItemBytes) return;
  std::vector<Field*> order;
  for (Field& field : fields_) {
    if (!field.dropped && MayBeNull(field) && NullingGain(field.upper, field.change) > 0)
      order.push_back(&field);
  }
  std::sort(order.begin(), order.end(), [](const Field* a, const Field* b) {
    return a->upper != b->upper ? a->upper > b->upper : a < b;
  });
  for (Field* field : order) {
    if (kept_ <= kMaxItemBytes) break;
    field->dropped = true;
    kept_ -= NullingGain(field->upper, field->change);
  }
  if (kept_ > kMaxItemBytes) hopeless_ = true;
  CloseGaps();
}

// Moves what is kept together.
void KeptFields::CloseGaps() {
  char* const data = out_.data();
  const size_t size = out_.size();
  size_t to = fields_.front().begin;
  for (size_t i = 0; i < fields_.size(); ++i) {
    Field& field = fields_[i];
    const size_t from = field.begin, end = field.end;
    field.begin = to;
    if (field.dropped) {
      std::memcpy(data + to, token::kNull.data(), token::kNull.size());
      to += token::kNull.size();
    } else {
      std::memmove(data + to, data + from, end - from);
      to += end - from;
    }
    field.end = to;
    const size_t next = i + 1 < fields_.size() ? fields_[i + 1].begin : size;  // comma and name are between
    std::memmove(data + to, data + end, next - end);
    to += next - end;
  }
  out_.Truncate(to);
}

std::vector<uint32_t> KeptFields::dropped() const {
  std::vector<uint32_t> numbers;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].dropped) numbers.push_back(static_cast<uint32_t>(i));
  }
  return numbers;
}

}  // namespace ddb
