#include "items/item_meta.h"

#include <algorithm>
#include <string>

#include "items/careful_encoder.h"
#include "items/fast_encoder.h"
#include "items/item_text.h"
#include "items/kept_fields.h"
#include "json/escape.h"
#include "json/members.h"

namespace ddb {
namespace {

constexpr int kListOuterLevels = 1;  // _airbyte_meta's map is around the list

struct Changes {
  std::string_view list = {};  // with elements; "": there is none
  bool lost = false;           // it is no list, and something else, of which nothing can be kept
};

// The last member `changes` counts, as JSON's parsers agree. An empty text or object says nothing: so some
// languages write a list without elements.
Changes FindChanges(std::string_view meta) {
  const char* const end = meta.data() + meta.size();
  const char* const object = json::SkipWhitespace(meta.data(), end);
  if (object == end || *object != '{') return {};
  std::string_view found;
  std::string text;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& name, std::string_view value) {
    json::Unescape(name.raw, text);
    if (text == kMetaChanges) found = value;
  });
  if (found.empty() || found == "null" || found == "\"\"") return {};
  const bool is_list = found.front() == '[';
  if (is_list || found.front() == '{') {
    const char first = *json::SkipWhitespace(found.data() + 1, end);
    if (first == (is_list ? ']' : '}')) return {};
  }
  return {is_list ? found : std::string_view(), !is_list};
}

// How many of its elements no item can hold.
uint64_t EncodeList(std::string_view list, KeyFilter& keys, ChangeLog& log, Buffer& out) {
  const size_t begin = out.size();
  const char* const end = list.data() + list.size();
  if (list.size() <= kMaxFastInput) {
    const FastResult fast = ChooseFastEncode()(list.data(), end, kListOuterLevels, keys, out);
    if (fast.status == FastStatus::kDone) return 0;
    out.Truncate(begin);
  }
  KeptFields kept(out);
  kept.BeginList();
  CarefulEncode(list.data(), end, kListOuterLevels, kUnnamedChanges, out, log, &kept);
  return kept.left_out();
}

}  // namespace

void BeginMeta(const Layout& layout, std::string& out) {
  ItemText(out).Name(layout.meta.name).BeginMap().Name(kMetaChanges);
}

void AppendChange(std::string_view field, ChangeWords words, std::string& out) {
  ItemText text(out);
  text.BeginMap().Name(kChangeField).BeginString();
  json::AppendEscaped(field, out);
  text.EndScalar().Name(kChangeChange).String(words.change).Name(kChangeReason).String(words.reason).EndMap();
}

void AppendCountedChange(std::string_view field, uint64_t count, std::string& out) {
  AppendChange(field, WordsFor(ChangeKind::kLeftOut), out);
  out.resize(out.size() - token::kMapEnd.size());
  ItemText(out).Name(kChangeCount).Number(static_cast<int64_t>(std::min(count, kMostCounted))).EndMap();
}

void EndMeta(std::optional<int64_t> sync_id, std::string& out) {
  ItemText text(out);
  text.EndList();
  if (sync_id) text.Name(kMetaSyncId).Number(*sync_id);
  text.EndMap();
}

AppendedMeta AppendMeta(std::string_view meta, const Layout& layout, std::optional<int64_t> sync_id,
                        KeyFilter& keys, ChangeLog& log, Buffer& out) {
  const auto [theirs, lost] = FindChanges(meta);
  if (lost) {
    ChangeLog::TopField top{.length = kUnnamedChanges.size()};
    log.Add(ChangeKind::kNoList, kUnnamedChanges, top);
  }
  if (theirs.empty() && log.empty()) return {};
  const size_t begin = out.size();
  std::string text(token::kComma);
  BeginMeta(layout, text);
  out.Append(text);
  AppendedMeta appended;
  if (theirs.empty()) {
    out.Append(token::kListBegin);
  } else {
    appended.unnamed = EncodeList(theirs, keys, log, out);
    out.Truncate(out.size() - token::kListEnd.size());
  }
  const size_t own_begin = out.size();
  if (appended.unnamed == 0) {
    bool first = theirs.empty();
    for (const FieldChange& change : log.changes()) {
      text.assign(first ? std::string_view() : token::kComma);
      first = false;
      AppendChange(change.field, WordsFor(change.kind), text);
      out.Append(text);
    }
  } else {  // what comes behind elements that have no room has none either
    appended.unnamed += log.changes().size();
  }
  appended.noted_bytes = out.size() - own_begin;
  text.clear();
  EndMeta(sync_id, text);
  out.Append(text);
  MeasureValue(MeasureName(out.data() + begin + token::kComma.size(), appended.size), appended.size);
  return appended;
}

}  // namespace ddb
