#include "airbyte/catalog.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <functional>
#include <set>
#include <utility>

#include "base/read_file.h"

namespace ddb {
namespace {

using simdjson::dom::element;

constexpr size_t kMaxCatalogBytes = size_t{256} << 20;  // schemas of thousands of streams are a few MiB

Error Invalid(const std::string& what, std::string internal = {},
              std::source_location where = std::source_location::current()) {
  if (internal.empty()) internal = what;
  return ConfigError("The configured catalog cannot be used: " + what, "catalog: " + internal, where);
}

// A member, nullopt when it is absent or null.
std::optional<element> Member(const element& owner, std::string_view name) {
  element value;
  if (owner.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

Result<std::optional<std::string>> TextMember(const element& owner, std::string_view name,
                                              std::string_view where) {
  const std::optional<element> value = Member(owner, name);
  if (!value) return std::optional<std::string>();
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS)
    return Invalid(fmt::format("{} of {} is not text.", name, where));
  return std::optional<std::string>(text);
}

Result<std::optional<int64_t>> IdMember(const element& owner, std::string_view name, std::string_view where) {
  const std::optional<element> value = Member(owner, name);
  if (!value) return std::optional<int64_t>();
  int64_t number = 0;
  if (value->get(number) != simdjson::SUCCESS) {
    return Invalid(fmt::format("{} of stream {} is not a whole number.", name, where));
  }
  return std::optional<int64_t>(number);
}

Result<StreamId> ReadStreamId(const element& configured, size_t position) {
  const std::string where = fmt::format("the stream at position {}", position + 1);
  const std::optional<element> stream = Member(configured, "stream");
  if (!stream || !stream->is_object()) return Invalid(fmt::format("{} has no description (stream).", where));
  Result<std::optional<std::string>> name = TextMember(*stream, "name", where);
  if (!name.ok()) return std::move(name).error();
  if (!*name) return Invalid(fmt::format("{} has no name.", where));
  Result<std::optional<std::string>> ns = TextMember(*stream, "namespace", where);
  if (!ns.ok()) return std::move(ns).error();
  return StreamId{std::move(ns).value(), *std::move(name).value()};
}

Result<DestinationSyncMode> ReadMode(const element& configured, const std::string& display) {
  constexpr std::string_view kRemedy = "Choose \"append\" or \"overwrite\" for it.";
  Result<std::optional<std::string>> mode =
      TextMember(configured, "destination_sync_mode", "stream " + display);
  if (!mode.ok()) return std::move(mode).error();
  if (!*mode) return Invalid(fmt::format("stream {} has no destination_sync_mode. {}", display, kRemedy));
  if (**mode == "append") return DestinationSyncMode::kAppend;
  if (**mode == "overwrite") return DestinationSyncMode::kOverwrite;
  if (**mode == "append_dedup") {
    return Invalid(fmt::format(
        "stream {} asks for append + deduped (append_dedup), which is not supported. {}", display, kRemedy));
  }
  return Invalid(
      fmt::format("stream {} has a destination_sync_mode that is not known. {}", display, kRemedy));
}

Status ReadIds(const element& configured, const std::string& display, CatalogStream& stream) {
  for (const auto& [name, member] : {std::pair("generation_id", &stream.generation_id),
                                     std::pair("minimum_generation_id", &stream.minimum_generation_id),
                                     std::pair("sync_id", &stream.sync_id)}) {
    Result<std::optional<int64_t>> id = IdMember(configured, name, display);
    if (!id.ok()) return std::move(id).error();
    *member = *id;
  }
  // Only "keep all" (0) and "keep this generation alone" have a meaning.
  const int64_t minimum = stream.minimum_generation_id.value_or(0);
  if (minimum != 0 && minimum != stream.generation_id) {
    return Invalid(fmt::format(
        "stream {} has a minimum_generation_id that is neither 0 nor its generation_id. Clear the "
        "stream's data and sync again; if that does not help, this is an error of the platform.",
        display));
  }
  return Ok();
}

// A clear, or a refresh that removes records, comes as `append` with the stream's own generation as the least
// one to keep: rows of older generations have to go once the sync has succeeded. Nothing here removes them
// yet, and exit 0 would say that they are gone. Generation 1 is the first, with nothing older: PyAirbyte
// sends 1 for all three ids of every stream, and expects `append` to append.
Status RefuseTruncation(const CatalogStream& stream, const std::string& display) {
  constexpr int64_t kFirstGeneration = 1;
  if (stream.mode != DestinationSyncMode::kAppend) return Ok();
  if (stream.minimum_generation_id.value_or(0) <= kFirstGeneration) return Ok();
  return Invalid(
      fmt::format("stream {} asks for its records of earlier generations to be removed (append with a "
                  "minimum_generation_id equal to its generation_id: a clear, or a refresh that removes "
                  "records), which is not supported. Nothing was changed. Choose a refresh that retains "
                  "records, or \"overwrite\" for it, which makes its table anew.",
                  display),
      fmt::format("stream {} asks to be truncated", display));
}

// A path such as ["id"], or into objects: the field of data that it begins in. Nothing when it is empty.
Result<std::optional<std::string>> FieldOfPath(const element& path, std::string_view name,
                                               std::string_view display) {
  simdjson::dom::array names;
  std::string_view field;
  const bool is_list = path.get(names) == simdjson::SUCCESS;
  if (is_list && names.size() == 0) return std::optional<std::string>();
  if (!is_list || names.at(0).get(field) != simdjson::SUCCESS)
    return Invalid(fmt::format("{} of stream {} is not a list of names.", name, display));
  return std::optional<std::string>(field);
}

// Adds the fields of the paths; nothing for an absent member.
Status AddKeyFields(const std::optional<element>& paths, std::string_view name, std::string_view display,
                    std::vector<std::string>& fields) {
  if (!paths) return Ok();
  simdjson::dom::array list;
  if (paths->get(list) != simdjson::SUCCESS)
    return Invalid(fmt::format("{} of stream {} is not a list.", name, display));
  for (const element path : list) {
    Result<std::optional<std::string>> field = FieldOfPath(path, name, display);
    if (!field.ok()) return std::move(field).error();
    if (*field) fields.push_back(*std::move(field).value());
  }
  return Ok();
}

Status ReadKeyFields(const element& configured, std::string_view display, std::vector<std::string>& fields) {
  const std::optional<element> source = Member(configured, "stream");
  Status key = AddKeyFields(Member(configured, "primary_key"), "primary_key", display, fields);
  if (key.ok() && fields.empty()) {
    constexpr std::string_view kName = "source_defined_primary_key";
    key = AddKeyFields(Member(*source, kName), kName, display, fields);
  }
  if (!key.ok()) return key;
  for (const auto& [owner, name] :
       {std::pair(&configured, "cursor_field"), std::pair(&*source, "default_cursor_field")}) {
    const std::optional<element> path = Member(*owner, name);
    if (!path) continue;
    Result<std::optional<std::string>> field = FieldOfPath(*path, name, display);
    if (!field.ok()) return std::move(field).error();
    if (!*field) continue;
    fields.push_back(*std::move(field).value());
    break;
  }
  return Ok();
}

// Of `append` with generation 1 as the least: rows that carry no generation stay too.
std::string TruncateWarning(const std::vector<std::string>& streams) {
  return fmt::format(
      "These streams ask for their older generations to be removed after the sync; this version appends and "
      "removes nothing: {}",
      fmt::join(streams, ", "));
}

Result<Catalog> ReadStreams(const simdjson::dom::array& configured) {
  Catalog catalog;
  std::set<std::pair<std::string, std::string>> seen;  // a null namespace and "" are one
  std::vector<std::string> truncating;
  for (const element entry : configured) {
    Result<StreamId> id = ReadStreamId(entry, catalog.streams.size());
    if (!id.ok()) return std::move(id).error();
    CatalogStream stream;
    stream.id = std::move(id).value();
    const std::string display = stream.id.Display();
    if (!seen.emplace(stream.id.ns.value_or(""), stream.id.name).second) {
      return Invalid(fmt::format("stream {} is in it twice. Remove one of the two.", display)).For(stream.id);
    }
    Result<DestinationSyncMode> mode = ReadMode(entry, display);
    if (!mode.ok()) return std::move(mode).error().For(stream.id);
    stream.mode = *mode;
    Status ids = ReadIds(entry, display, stream);
    if (!ids.ok()) return std::move(ids).error().For(stream.id);
    Status keys = ReadKeyFields(entry, display, stream.key_fields);
    if (!keys.ok()) return std::move(keys).error().For(stream.id);
    Status truncation = RefuseTruncation(stream, display);
    if (!truncation.ok()) return std::move(truncation).error().For(stream.id);
    if (stream.mode == DestinationSyncMode::kAppend && stream.minimum_generation_id.value_or(0) > 0) {
      truncating.push_back(display);
    }
    catalog.streams.push_back(std::move(stream));
  }
  if (catalog.streams.empty())
    return Invalid("it has no stream. Select at least one stream in the connection.");
  if (!truncating.empty()) catalog.warnings.push_back(TruncateWarning(truncating));
  return catalog;
}

uint64_t Hash(std::string_view ns, std::string_view name) {
  const std::hash<std::string_view> hash;
  const uint64_t of_name = hash(name);
  // Most runs have no namespaces, or one.
  return ns.empty() ? of_name : of_name ^ (hash(ns) * 0x9E3779B97F4A7C15);
}

}  // namespace

Result<Catalog> ParseCatalog(std::string_view text) {
  const std::string_view json = WithoutByteOrderMark(text);
  simdjson::dom::parser parser;
  element top;
  const simdjson::error_code code = parser.parse(json.data(), json.size()).get(top);
  if (code != simdjson::SUCCESS) {
    return Invalid("it is not valid JSON.", simdjson::error_message(code));
  }
  if (!top.is_object()) return Invalid("it is not a JSON object.");
  const std::optional<element> streams = Member(top, "streams");
  simdjson::dom::array configured;
  if (streams && streams->get(configured) != simdjson::SUCCESS) return Invalid("streams is not a list.");
  if (!streams) return Invalid("it has no stream. Select at least one stream in the connection.");
  return ReadStreams(configured);
}

Result<Catalog> LoadCatalog(const std::string& path) {
  Result<std::string> json = ReadFile(path, kMaxCatalogBytes);
  if (!json.ok()) {
    return ConfigError(
        fmt::format("The catalog file {} cannot be read: {}. Check the path given with --catalog.", path,
                    json.error().message),
        "catalog: " + json.error().internal);
  }
  return ParseCatalog(*json);
}

StreamIndex::StreamIndex(const std::vector<StreamId>& streams) : streams_(streams), slots_(2) {
  while (slots_.size() < 2 * streams_.size()) slots_.resize(slots_.size() * 2);
  for (size_t i = 0; i < streams_.size(); ++i) {
    const uint64_t hash = Hash(streams_[i].ns ? std::string_view(*streams_[i].ns) : "", streams_[i].name);
    size_t at = hash & (slots_.size() - 1);
    while (slots_[at].stream) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hash, StreamNo(i)};
  }
}

std::optional<StreamNo> StreamIndex::Find(std::optional<std::string_view> ns, std::string_view name) const {
  const std::string_view ns_text = ns.value_or(std::string_view());
  const uint64_t hash = Hash(ns_text, name);
  std::optional<StreamNo> alike;
  for (size_t at = hash & (slots_.size() - 1); slots_[at].stream; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].hash != hash) continue;
    const StreamId& stream = streams_[slots_[at].stream->value()];
    const std::string_view stream_ns = stream.ns ? std::string_view(*stream.ns) : std::string_view();
    if (stream.name != name || stream_ns != ns_text) continue;
    if (stream.ns.has_value() == ns.has_value()) return slots_[at].stream;
    if (!alike) alike = slots_[at].stream;
  }
  return alike;
}

}  // namespace ddb
