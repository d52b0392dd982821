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
  int64_t value_size = 0;  // upper bound
  std::string path;        // what a change of it says; empty: never nulled
  bool nulled = false;
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
  return 1 + size.upper;
}

class Shrinker {
 public:
  Shrinker(std::string_view item, const ShrinkOptions& options)
      : options_(options), attributes_(ReadMembers(item.data() + 1)) {
    total_ = ItemSize(item).upper;
    for (const Part& attribute : attributes_) {
      if (IsNamed(attribute, options_.layout.data.name))
        fields_ = ReadMembers(attribute.value.data() + token::kMapBegin.size());
      has_meta_ |= IsNamed(attribute, options_.layout.meta.name);
    }
    for (Part& field : fields_) field.path = PathOf(field);
    for (const uint32_t number : options.dropped) fields_[number].nulled = true;
  }

  // The largest first, as long as that gains anything. Nothing when it is not enough, or not called for.
  std::optional<size_t> Null() {
    std::vector<Part*> order;
    for (Part& field : fields_) order.push_back(&field);
    std::sort(order.begin(), order.end(), [](const Part* a, const Part* b) {
      return a->value_size != b->value_size ? a->value_size > b->value_size : a < b;
    });
    size_t nulled = options_.dropped.size();
    for (const uint32_t number : options_.dropped) {
      if (fields_[number].path.empty()) return std::nullopt;
      total_ += ChangeSize(fields_[number]);
    }
    if (!has_meta_) total_ += NewMetaSize();
    for (Part* field : order) {
      if (total_ <= kMaxItemBytes) break;
      const int64_t gain = NullingGain(field->value_size, ChangeSize(*field));
      if (field->path.empty() || field->nulled || gain <= 0) continue;
      field->nulled = true;
      total_ -= gain;
      ++nulled;
    }
    if (total_ > kMaxItemBytes || nulled == 0) return std::nullopt;
    return nulled;
  }

  void Write(Buffer& out) const {
    char separator = '{';
    for (const Part& attribute : attributes_) {
      out.Append(separator);
      separator = ',';
      out.Append(attribute.name);
      if (IsNamed(attribute, options_.layout.data.name)) {
        WriteData(out);
      } else if (IsNamed(attribute, options_.layout.meta.name)) {
        WriteMeta(attribute.value, out);
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

  static int64_t ChangeSize(const Part& field) { return SizeOfChange(field.path); }
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
      out.Append(std::exchange(separator, token::kComma));
      out.Append(field.name);
      out.Append(field.nulled ? token::kNull : field.value);
    }
    out.Append(token::kMapEnd);
  }
  void WriteChanges(bool first, Buffer& out) const {
    std::string element;
    for (const Part& field : fields_) {
      if (!field.nulled) continue;
      element.assign(std::exchange(first, false) ? std::string_view() : token::kComma);
      AppendChange(field.path, WordsFor(ChangeKind::kItemTooLarge), element);
      out.Append(element);
    }
  }
  // `changes` comes first in our `_airbyte_meta`, and has elements.
  void WriteMeta(std::string_view meta, Buffer& out) const {
    SizeBounds size;
    const char* const list = MeasureName(meta.data() + token::kMapBegin.size(), size);
    const char* const end = MeasureValue(list, size);
    const char* const list_end = end - token::kListEnd.size();
    out.Append(Between(meta.data(), list_end));
    WriteChanges(false, out);
    out.Append(Between(list_end, meta.data() + meta.size()));
  }
  void WriteNewMeta(Buffer& out) const {
    std::string text(token::kComma);
    BeginMeta(options_.layout, text);
    out.Append(text.append(token::kListBegin));
    WriteChanges(true, out);
    text.clear();
    EndMeta(options_.sync_id, text);
    out.Append(text);
  }

  const ShrinkOptions& options_;
  const std::vector<Part> attributes_;
  std::vector<Part> fields_;
  bool has_meta_ = false;
  int64_t total_ = 0;
};

}  // namespace

int64_t NulledChangeSize(std::string_view name) {
  std::string path;
  AppendPathName(name, path);
  return SizeOfChange(path);
}

std::optional<size_t> ShrinkItem(std::string_view item, const ShrinkOptions& options, Buffer& out) {
  Shrinker shrinker(item, options);
  const std::optional<size_t> nulled = shrinker.Null();
  if (nulled) shrinker.Write(out);
  return nulled;
}

}  // namespace ddb
