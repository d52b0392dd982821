#include "items/kept_fields.h"

#include <algorithm>
#include <cstring>

#include "items/growth_bound.h"
#include "items/item_tokens.h"
#include "items/shrink_item.h"
#include "json/escape.h"

namespace ddb {
namespace {

constexpr growth::Piece kLongestNumber = growth::WorstNumber();
constexpr int64_t kSmallestNumber = 2;
static_assert(kLongestNumber.out <= kMaxWrittenPerByte * (1 + kSmallestNumber),
              "an element of a list counts for one more");
static_assert(growth::kEscaped <= kMaxWrittenPerByte, "a byte of a string");

}  // namespace

bool KeptFields::Begin(size_t name_bytes) {
  begin_ = out_.size();
  Field field{.name_bytes = name_bytes, .begin = begin_};
  in_field_ = !cutting_ || !MayBeNull(field);
  if (!in_field_) {
    ++left_out_;
    return false;
  }
  if (text_begin_ == 0) text_begin_ = begin_;
  fields_.push_back(field);
  return true;
}

void KeptFields::BeginList() {
  begin_ = out_.size();
  is_list_ = true;
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
    field.protect = true;
    return false;
  }
  field.change = NulledChangeSize(name);
  return true;
}

void KeptFields::Drop() {
  out_.Truncate(begin_);
  out_.Append(token::kNull);
  Field& field = fields_.back();
  field.dropped = true;
  if (!MayBeNull(field)) hopeless_ = true;  // it is over the limit by itself
}

void KeptFields::End() {
  if (!in_field_) return;
  in_field_ = false;
  Field& field = fields_.back();
  field.end = out_.size();
  field.name_size = TextSize(RawName(field));
  if (field.dropped) {
    seen_ += field.name_size + kMaxItemBytes + 1;
  } else {
    SizeBounds size;
    MeasureValue(out_.data() + begin_, size);
    field.upper = size.upper;
    seen_ += field.name_size + size.lower;
  }
  kept_ += field.KeptSize();
  if (cutting_ || out_.size() - text_begin_ > kMaxHeldText) DropLargest();
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
  if (kept_ > kMaxItemBytes) LeaveOutLast();
  CloseGaps();
}

// All that gains anything is null, and they are still too many: then the last ones will be left out until the
// rest is within the limit, so that none comes back of those that are not within it now, nor any that follow.
void KeptFields::LeaveOutLast() {
  cutting_ = true;
  kept_ = 0;
  for (const Field& field : fields_) {
    if (field.protect) kept_ += field.KeptSize();
  }
  hopeless_ = kept_ > kMaxItemBytes;
  bool left_out = false;
  for (Field& field : fields_) {
    if (field.protect) continue;
    left_out |= kept_ + field.KeptSize() > kMaxItemBytes;
    field.left_out = left_out;
    if (left_out) {
      ++left_out_;
    } else {
      kept_ += field.KeptSize();
    }
  }
}

// Moves what is kept together.
void KeptFields::CloseGaps() {
  char* const data = out_.data();
  size_t to = 0;    // where the next byte goes
  size_t from = 0;  // where the field before ended: comma and name are between it and the next one's value
  const auto move = [&](size_t begin, size_t end) {
    std::memmove(data + to, data + begin, end - begin);
    to += end - begin;
  };
  bool first = true;
  for (Field& field : fields_) {
    const size_t begin = field.begin, end = field.end;
    if (from == 0) from = to = begin - token::kNameEnd.size() - field.name_bytes - token::kNameBegin.size();
    if (!field.left_out) {
      // One that is the first now has a comma before its name.
      move(first && data[from] == ',' ? from + 1 : from, begin);
      first = false;
      field.begin = to;
      if (field.dropped) {
        std::memcpy(data + to, token::kNull.data(), token::kNull.size());
        to += token::kNull.size();
      } else {
        move(begin, end);
      }
      field.end = to;
    }
    from = end;
  }
  out_.Truncate(to);
  std::erase_if(fields_, [](const Field& field) { return field.left_out; });
}

std::vector<uint32_t> KeptFields::dropped() const {
  std::vector<uint32_t> numbers;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].dropped) numbers.push_back(static_cast<uint32_t>(i));
  }
  return numbers;
}

}  // namespace ddb
