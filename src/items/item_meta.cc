#include "items/item_meta.h"

#include <string>

#include "items/careful_encoder.h"
#include "items/fast_encoder.h"
#include "items/kept_fields.h"
#include "items/layout.h"
#include "json/escape.h"
#include "json/members.h"

namespace ddb {
namespace {

constexpr int kListOuterLevels = 1;  // _airbyte_meta's map is around the list
constexpr std::string_view kListPath = "_airbyte_meta.changes";

// The value of the last member `changes`, "" if there is none or it is no list with elements.
std::string_view FindChanges(std::string_view meta) {
  const char* const end = meta.data() + meta.size();
  const char* const object = json::SkipWhitespace(meta.data(), end);
  if (object == end || *object != '{') return {};
  std::string_view found;
  std::string text;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& name, std::string_view value) {
    json::Unescape(name.raw, text);
    if (text == "changes") found = value;
  });
  if (found.empty() || found.front() != '[') return {};
  return *json::SkipWhitespace(found.data() + 1, end) == ']' ? std::string_view() : found;
}

// False: no item can hold it.
bool EncodeList(std::string_view list, KeyFilter& keys, ChangeLog& log, Buffer& out) {
  const size_t begin = out.size();
  const char* const end = list.data() + list.size();
  if (list.size() <= kMaxFastInput) {
    const FastResult fast = ChooseFastEncode()(list.data(), end, kListOuterLevels, keys, out);
    if (fast.status == FastStatus::kDone) return true;
    out.Truncate(begin);
  }
  KeptFields kept(out);
  kept.BeginWhole();
  CarefulEncode(list.data(), end, kListOuterLevels, kListPath, out, log, &kept);
  return !kept.hopeless();
}

}  // namespace

void AppendChange(std::string_view field, ChangeWords words, std::string& out) {
  out.append(kChangeField);
  json::AppendEscaped(field, out);
  out.append(kChangeChange).append(words.change);
  out.append(kChangeReason).append(words.reason).append(kChangeEnd);
}

AppendedMeta AppendMeta(std::string_view meta, std::optional<int64_t> sync_id, KeyFilter& keys,
                        ChangeLog& log, Buffer& out) {
  const std::string_view theirs = FindChanges(meta);
  if (theirs.empty() && log.empty()) return {};
  const size_t begin = out.size();
  out.Append(",\"");
  out.Append(kMetaAttribute);
  out.Append(kMetaBegin);
  if (theirs.empty()) {
    out.Append(token::kListBegin);
  } else {
    if (!EncodeList(theirs, keys, log, out)) return {.size = {}, .noted_bytes = 0, .too_large = true};
    out.Truncate(out.size() - 2);  // ]}
  }
  bool first = theirs.empty();
  AppendedMeta appended;
  const size_t own_begin = out.size();
  std::string element;
  for (const FieldChange& change : log.changes()) {
    element.assign(first ? "" : ",");
    first = false;
    AppendChange(change.field, WordsFor(change.kind), element);
    out.Append(element);
  }
  appended.noted_bytes = out.size() - own_begin;
  out.Append(token::kListEnd);
  if (sync_id) {
    out.Append(kMetaSyncId);
    out.Append(std::to_string(*sync_id));
    out.Append(token::kScalarEnd);
  }
  out.Append(token::kMapEnd);
  MeasureValue(MeasureName(out.data() + begin + 1, appended.size), appended.size);
  return appended;
}

}  // namespace ddb
