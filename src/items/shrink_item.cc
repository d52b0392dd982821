#include "items/shrink_item.h"

#include <algorithm>
#include <utility>

#include "items/change_log.h"
#include "items/item_meta.h"
#include "items/item_size.h"
#include "items/item_tokens.h"
#include "json/escape.h"

namespace ddb {
namespace {

struct Part {
  std::string_view name;   // as it stands in JSON, with quotes and colon
  std::string_view value;  // DynamoDB JSON
  int64_t name_size = 0;
  int64_t value_size = 0;  // upper bound
  std::string path;        // what a change of it says; empty: it stays as it is
  enum Fate : uint8_t { kStays, kNulled, kLeftOut } fate = kStays;
};

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

// The members of a map, `p` behind its brace.
std::vector<Part> ReadMembers(const char* p) {
  std::vector<Part> parts;
  while (*p != '}') {
    if (*p == ',') ++p;
    Part& part = parts.emplace_back();
    SizeBounds name_size;
    const char* const value = MeasureName(p, name_size);
    SizeBounds value_size;
    const char* const end = MeasureValue(value, value_size);
    part.name = Between(p, value);
    part.value = Between(value, end);
    part.name_size = name_size.upper;
    part.value_size = value_size.upper;
    p = end;
  }
  return parts;
}

bool IsNamed(const Part& part, std::string_view name) {
  return part.name.substr(1, part.name.size() - 3) == name;
}

// One element of the list.
int64_t SizeOfChange(std::string_view path) {
  std::string element;
  AppendChange(path, WordsFor(ChangeKind::kItemTooLarge), element);
  SizeBounds size;
  MeasureValue(element.data(), size);
  return kSizeOfMember + size.upper;
}
// One that says how many it stands for, however many these are.
int64_t SizeOfCountedChange(std::string_view path) {
  std::string element;
  AppendCountedChange(path, kMostCounted, element);
  SizeBounds size;
  MeasureValue(element.data(), size);
  return kSizeOfMember + size.upper;
}

class Shrinker {
 public:
  Shrinker(std::string_view item, const ShrinkOptions& options)
      : options_(options), attributes_(ReadMembers(item.data() + 1)) {
    total_ = ItemSize(item).upper;
    for (const Part& attribute : attributes_) {
      if (IsNamed(attribute, options_.layout.data.name))
        fields_ = ReadMembers(attribute.value.data() + token::kMapBegin.size());
      if (IsNamed(attribute, options_.layout.meta.name)) ReadChanges(attribute.value);
    }
    for (Part& field : fields_) field.path = PathOf(field);
    for (const uint32_t number : options.dropped) fields_[number].fate = Part::kNulled;
    if (options.left_out > 0) LeaveOut(options.left_out);
    if (options.unnamed > 0) CutChanges(options.unnamed);
  }

  // Nothing when it is not enough, or not called for.
  std::optional<Shrunk> Shrink() {
    for (const uint32_t number : options_.dropped) {
      if (fields_[number].path.empty()) return std::nullopt;
      total_ += SizeOfChange(fields_[number].path);
    }
    const bool called_for = total_ > kMaxItemBytes || !options_.dropped.empty() || left_out_ + unnamed_ > 0;
    if (!called_for) return std::nullopt;
    if (!has_meta_) total_ += NewMetaSize();
    CutLongChanges();
    NullFields();
    LeaveOutFields();
    if (total_ > kMaxItemBytes) return std::nullopt;
    const auto nulled =
        std::count_if(fields_.begin(), fields_.end(), [](const Part& f) { return f.fate == Part::kNulled; });
    return Shrunk{static_cast<size_t>(nulled) + left_out_, unnamed_ > 0 ? size_t{1} : 0};
  }

  void Write(Buffer& out) const {
    std::string_view separator = "{";
    for (const Part& attribute : attributes_) {
      out.Append(std::exchange(separator, token::kComma));
      out.Append(attribute.name);
      if (IsNamed(attribute, options_.layout.data.name)) {
        WriteData(out);
      } else if (IsNamed(attribute, options_.layout.meta.name)) {
        out.Append(Between(attribute.value.data(), list_begin_));
        WriteChanges(out);
        out.Append(Between(list_end_, attribute.value.data() + attribute.value.size()));
      } else {
        out.Append(attribute.value);
      }
    }
    if (!has_meta_) WriteNewMeta(out);
    out.Append('}');
  }

 private:
  std::string PathOf(const Part& field) const {
    std::string name;
    json::Unescape(field.name.substr(1, field.name.size() - 3), name);
    const auto* const kept = options_.protected_fields;
    if (kept != nullptr && std::find(kept->begin(), kept->end(), name) != kept->end()) return {};
    std::string path;
    AppendPathName(name, path);
    return path;
  }

  // `changes` comes first in our `_airbyte_meta`.
  void ReadChanges(std::string_view meta) {
    has_meta_ = true;
    SizeBounds name;
    const char* p = MeasureName(meta.data() + token::kMapBegin.size(), name) + token::kListBegin.size();
    list_begin_ = kept_changes_end_ = p;
    int64_t size = 0;
    while (*p != ']') {
      if (*p == ',') ++p;
      SizeBounds element;
      p = MeasureValue(p, element);
      size += kSizeOfMember + element.upper;
      if (size <= kMostOfChanges) {
        kept_changes_end_ = p;
      } else {
        ++other_changes_;
        other_changes_size_ += kSizeOfMember + element.upper;
      }
    }
    list_end_ = p;
  }

  void LeaveOut(uint64_t count) {
    if (left_out_ == 0) total_ += SizeOfCountedChange(options_.layout.data.name);
    left_out_ += count;
  }
  void CutChanges(uint64_t count) {
    if (unnamed_ == 0) total_ += SizeOfCountedChange(kUnnamedChanges);
    unnamed_ += count;
  }

  // A list that takes more than its share of an item keeps its first entries.
  void CutLongChanges() {
    if (other_changes_ == 0) return;
    CutChanges(other_changes_);
    total_ -= other_changes_size_;
  }

  // The largest first, as long as that gains anything.
  void NullFields() {
    std::vector<Part*> order;
    for (Part& field : fields_) order.push_back(&field);
    std::sort(order.begin(), order.end(), [](const Part* a, const Part* b) {
      return a->value_size != b->value_size ? a->value_size > b->value_size : a < b;
    });
    for (Part* field : order) {
      if (total_ <= kMaxItemBytes) return;
      if (field->path.empty() || field->fate == Part::kNulled) continue;
      const int64_t gain = NullingGain(field->value_size, SizeOfChange(field->path));
      if (gain <= 0) continue;
      field->fate = Part::kNulled;
      total_ -= gain;
    }
  }

  // The last first.
  void LeaveOutFields() {
    for (size_t i = fields_.size(); i-- > 0 && total_ > kMaxItemBytes;) {
      Part& field = fields_[i];
      if (field.path.empty()) continue;
      LeaveOut(1);
      total_ -= kSizeOfMember + field.name_size +
                (field.fate == Part::kNulled ? kNullSize + SizeOfChange(field.path) : field.value_size);
      field.fate = Part::kLeftOut;
    }
  }

  int64_t NewMetaSize() const {
    std::string meta;
    BeginMeta(options_.layout, meta);
    meta.append(token::kListBegin);
    EndMeta(options_.sync_id, meta);
    SizeBounds size;
    MeasureValue(MeasureName(meta.data(), size), size);
    return size.upper;
  }

  void WriteData(Buffer& out) const {
    out.Append(token::kMapBegin);
    std::string_view separator;
    for (const Part& field : fields_) {
      if (field.fate == Part::kLeftOut) continue;
      out.Append(std::exchange(separator, token::kComma));
      out.Append(field.name);
      out.Append(field.fate == Part::kNulled ? token::kNull : field.value);
    }
    out.Append(token::kMapEnd);
  }
  // The elements: those that were there, then what was done here.
  void WriteChanges(Buffer& out) const {
    const std::string_view kept = Between(list_begin_, kept_changes_end_);
    out.Append(kept);
    std::string_view separator = kept.empty() ? std::string_view() : token::kComma;
    std::string element;
    const auto append = [&] {
      out.Append(std::exchange(separator, token::kComma));
      out.Append(element);
      element.clear();
    };
    for (const Part& field : fields_) {
      if (field.fate != Part::kNulled) continue;
      AppendChange(field.path, WordsFor(ChangeKind::kItemTooLarge), element);
      append();
    }
    if (left_out_ > 0) {
      AppendCountedChange(options_.layout.data.name, left_out_, element);
      append();
    }
    if (unnamed_ > 0) {
      AppendCountedChange(kUnnamedChanges, unnamed_, element);
      append();
    }
  }
  void WriteNewMeta(Buffer& out) const {
    std::string text(token::kComma);
    BeginMeta(options_.layout, text);
    out.Append(text.append(token::kListBegin));
    WriteChanges(out);
    text.clear();
    EndMeta(options_.sync_id, text);
    out.Append(text);
  }

  const ShrinkOptions& options_;
  const std::vector<Part> attributes_;
  std::vector<Part> fields_;
  // The list's elements: those that are kept in any case, and where all of them end.
  const char* list_begin_ = nullptr;
  const char* kept_changes_end_ = nullptr;
  const char* list_end_ = nullptr;
  uint64_t other_changes_ = 0;
  int64_t other_changes_size_ = 0;
  bool has_meta_ = false;
  uint64_t left_out_ = 0;  // fields
  uint64_t unnamed_ = 0;   // changes
  int64_t total_ = 0;
};

}  // namespace

int64_t NulledChangeSize(std::string_view name) {
  std::string path;
  AppendPathName(name, path);
  return SizeOfChange(path);
}

std::optional<Shrunk> ShrinkItem(std::string_view item, const ShrinkOptions& options, Buffer& out) {
  Shrinker shrinker(item, options);
  const std::optional<Shrunk> shrunk = shrinker.Shrink();
  if (shrunk) shrinker.Write(out);
  return shrunk;
}

}  // namespace ddb
