#include "airbyte/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "airbyte/not_a_catalog.h"
#include "airbyte/platform_terms.h"
#include "base/read_file.h"
#include "base/text.h"
#include "json/padding.h"
#include "json/view.h"

namespace ddb {
namespace {

using json::View;

constexpr size_t kMaxCatalogBytes = size_t{256} << 20;  // schemas of thousands of streams are a few MiB
// What a file may take beside the memory budget: it is gone before there are connections and batches.
constexpr size_t kBesideTheBudget = size_t{24} << 20;
constexpr size_t kMaxNames = 20;  // in one warning

Error Invalid(const std::string& what, std::string internal = {},
              std::source_location where = std::source_location::current()) {
  if (internal.empty()) internal = what;
  return ConfigError("The configured catalog cannot be used: " + what, "catalog: " + internal, where);
}

// Names for one warning: each once, the first kMaxNames.
class Names {
 public:
  void Add(std::string_view name) {
    if (names_.size() < kMaxNames) names_.insert(Printable(ShortText(name, kShownNameBytes)));
  }
  bool empty() const { return names_.empty(); }
  std::string Text() const { return fmt::format("{}", fmt::join(names_, ", ")); }

 private:
  std::set<std::string> names_;
};

struct Warnings {
  Names unknown;    // members
  Names bad_paths;  // streams

  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    if (!unknown.empty()) {
      texts.push_back("The catalog has members that this version does not know, and that are not obeyed: " +
                      unknown.Text());
    }
    if (!bad_paths.empty()) {
      texts.push_back(
          "The primary key or the cursor of these streams is not a list of names. Neither is needed to "
          "append "
          "or overwrite, but their fields may be set to null where an item is too large: " +
          bad_paths.Text());
    }
    return texts;
  }
};

// The members of an object that are in the list, each with its value; a null is absent.
class Members {
 public:
  Members(const View& object, std::span<const PlatformTerm> terms, Names& unknown) {
    object.ForEachMember([&](std::string_view name, View value) {
      const PlatformTerm* const term = FindTerm(terms, name);
      if (term == nullptr) {
        const PlatformTerm* const meant = FindOtherWriting(terms, name);
        if (meant == nullptr) return unknown.Add(name);
        if (meant->treatment == Treatment::kHarmless || AsksForNothing(value)) return;
        if (meant->treatment == Treatment::kRefused) {
          members_.emplace_back(meant, value);
          return;
        }
        other_writing_ = Printable(ShortText(name, kShownNameBytes));
        meant_ = meant;
        return;
      }
      if (Has(term)) twice_ = term;
      members_.emplace_back(term, value);
    });
  }

  View Find(std::string_view name) const {
    for (const auto& [term, value] : members_) {
      if (term->name == name) return value;
    }
    return {};
  }

  // Whichever of the two was meant, the other may have been: readers of JSON differ in which of them they
  // take (RFC 8259, section 4).
  Status RefuseTwice(std::string_view where) const {
    if (twice_ == nullptr) return Ok();
    return Invalid(fmt::format("{} has the member {} twice. Remove one of the two. Nothing was changed.",
                               where, twice_->name.view()));
  }

  // Passed over, it would be asked for and not done: minimumGenerationId removes nothing.
  Status RefuseOtherWriting(std::string_view where) const {
    if (meant_ == nullptr) return Ok();
    return Invalid(
        fmt::format("{} has a member {}, which the protocol calls {}. Give it that name, or take it "
                    "out. Nothing was changed.",
                    where, other_writing_, meant_->name.view()),
        fmt::format("{} in another writing", meant_->name.view()));
  }

  Status RefuseWhatIsAskedFor(std::string_view display) const {
    for (const auto& [term, value] : members_) {
      if (term->treatment != Treatment::kRefused || AsksForNothing(value)) continue;
      return Invalid(fmt::format("stream {} asks for {}. Nothing was changed.", display, term->why.view()),
                     fmt::format("stream {} has {}", display, term->name.view()));
    }
    return Ok();
  }

 private:
  static bool AsksForNothing(const View& value) {
    if (value.is_null() || value.is_false() || value.Whole() == 0) return true;
    if (value.is_list() || value.is_object()) return value.is_empty();
    const std::optional<std::string> text = value.Text();
    return text && (Trimmed(*text).empty() || ToLower(*text) == "false");
  }

  bool Has(const PlatformTerm* term) const {
    return std::ranges::any_of(members_, [term](const auto& member) { return member.first == term; });
  }

  std::vector<std::pair<const PlatformTerm*, View>> members_;
  const PlatformTerm* twice_ = nullptr;  // the last that is there more than once
  const PlatformTerm* meant_ = nullptr;  // by a name in another writing
  std::string other_writing_;            // it
};

Result<std::optional<std::string>> TextMember(const Members& owner, std::string_view name,
                                              std::string_view where) {
  const View value = owner.Find(name);
  if (value.is_null()) return std::optional<std::string>();
  std::optional<std::string> text = value.Text();
  if (!text) return Invalid(fmt::format("{} of {} is not text.", name, where));
  return text;
}

Result<StreamId> ReadStreamId(const Members& stream, std::string_view where) {
  Result<std::optional<std::string>> name = TextMember(stream, "name", where);
  if (!name.ok()) return std::move(name).error();
  if (!*name) return Invalid(fmt::format("{} has no name.", where));
  Result<std::optional<std::string>> ns = TextMember(stream, "namespace", where);
  if (!ns.ok()) return std::move(ns).error();
  return StreamId{std::move(ns).value(), *std::move(name).value()};
}

Result<DestinationSyncMode> ReadMode(const Members& configured, const std::string& display) {
  constexpr std::string_view kRemedy = "Choose \"append\" or \"overwrite\" for it.";
  Result<std::optional<std::string>> mode =
      TextMember(configured, "destination_sync_mode", "stream " + display);
  if (!mode.ok()) return std::move(mode).error();
  if (!*mode) return Invalid(fmt::format("stream {} has no destination_sync_mode. {}", display, kRemedy));
  const PlatformTerm* const term = FindTerm(SyncModes(), **mode);
  if (term == nullptr) {
    return Invalid(
        fmt::format("stream {} has a destination_sync_mode that is not known. {}", display, kRemedy));
  }
  if (term->treatment == Treatment::kRefused) {
    return Invalid(fmt::format("stream {} asks for {}. Nothing was changed.", display, term->why.view()),
                   fmt::format("stream {} has the mode {}", display, term->name.view()));
  }
  return **mode == "append" ? DestinationSyncMode::kAppend : DestinationSyncMode::kOverwrite;
}

Status ReadIds(const Members& configured, const std::string& display, CatalogStream& stream) {
  for (const auto& [name, member] : {std::pair("generation_id", &stream.generation_id),
                                     std::pair("minimum_generation_id", &stream.minimum_generation_id),
                                     std::pair("sync_id", &stream.sync_id)}) {
    const View value = configured.Find(name);
    *member = value.Whole();
    if (!*member && !value.is_null()) {
      return Invalid(fmt::format("{} of stream {} is not a whole number.", name, display));
    }
    if (member->value_or(0) < 0) {
      return Invalid(
          fmt::format("{} of stream {} is negative, which no platform sends. Correct the catalog, or "
                      "leave it out. Nothing was changed.",
                      name, display));
    }
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

// A path such as ["id"], or into objects: the field of data that it begins in. A bare name is one too.
struct KeyFields {
  std::vector<std::string> names;
  bool understood = true;

  void AddPath(const View& path) {
    View first = path;
    bool any = path.is_text();
    path.ForEachElement([&](View name) {
      if (!any) first = name;
      any = true;
    });
    if (path.is_list() && !any) return;
    std::optional<std::string> field = first.Text();
    if (!field) {
      understood = false;
    } else {
      names.push_back(*std::move(field));
    }
  }
  void AddPaths(const View& paths) {
    if (paths.is_text()) return AddPath(paths);
    understood = understood && (paths.is_list() || paths.is_null());
    paths.ForEachElement([this](View path) { AddPath(path); });
  }
};

// The configured ones, else the source's. What is no path is passed over: neither mode needs a key.
KeyFields ReadKeyFields(const Members& configured, const Members& stream) {
  KeyFields key;
  key.AddPaths(configured.Find("primary_key"));
  if (key.names.empty()) key.AddPaths(stream.Find("source_defined_primary_key"));
  const size_t before = key.names.size();
  for (const View& cursor : {configured.Find("cursor_field"), stream.Find("default_cursor_field")}) {
    if (!cursor.is_null() && key.names.size() == before) key.AddPath(cursor);
  }
  return key;
}

Result<CatalogStream> ReadStream(const View& entry, size_t position, Warnings& warnings) {
  const std::string where = fmt::format("the stream at position {}", position + 1);
  const Members configured(entry, ConfiguredStreamMembers(), warnings.unknown);
  Status named = configured.RefuseOtherWriting(where);
  if (!named.ok()) return std::move(named).error();
  const View described = configured.Find("stream");
  if (!described.is_object()) return Invalid(fmt::format("{} has no description (stream).", where));
  const Members described_members(described, StreamMembers(), warnings.unknown);
  named = described_members.RefuseOtherWriting("the description (stream) of " + where);
  if (!named.ok()) return std::move(named).error();
  Status once = described_members.RefuseTwice("the description (stream) of " + where);
  if (!once.ok()) return std::move(once).error();
  Result<StreamId> id = ReadStreamId(described_members, where);
  if (!id.ok()) return std::move(id).error();

  CatalogStream stream;
  stream.id = std::move(id).value();
  const std::string display = stream.id.Display();
  once = configured.RefuseTwice("stream " + display);
  if (!once.ok()) return std::move(once).error().For(stream.id);
  Result<DestinationSyncMode> mode = ReadMode(configured, display);
  if (!mode.ok()) return std::move(mode).error().For(stream.id);
  stream.mode = *mode;
  Status status = configured.RefuseWhatIsAskedFor(display);
  if (status.ok()) status = ReadIds(configured, display, stream);
  if (status.ok()) status = RefuseTruncation(stream, display);
  if (!status.ok()) return std::move(status).error().For(stream.id);
  KeyFields key = ReadKeyFields(configured, described_members);
  if (!key.understood) warnings.bad_paths.Add(display);
  stream.key_fields = std::move(key.names);
  return stream;
}

Result<Catalog> ReadStreams(const View& configured, Warnings& warnings) {
  Catalog catalog;
  std::set<std::pair<std::string, std::string>> seen;  // a null namespace and "" are one
  std::optional<Error> error;
  configured.ForEachElement([&](View entry) {
    if (error) return;
    Result<CatalogStream> stream = ReadStream(entry, catalog.streams.size(), warnings);
    if (!stream.ok()) {
      error = std::move(stream).error();
    } else if (const StreamId& id = stream->id; !seen.emplace(id.ns.value_or(""), id.name).second) {
      error = Invalid(fmt::format("stream {} is in it twice. Remove one of the two.", id.Display())).For(id);
    } else {
      catalog.streams.push_back(std::move(stream).value());
    }
  });
  if (error) return *std::move(error);
  if (catalog.streams.empty())
    return Invalid("it has no stream. Select at least one stream in the connection.");
  catalog.warnings = warnings.Texts();
  return catalog;
}

uint64_t Hash(std::string_view ns, std::string_view name) {
  const std::hash<std::string_view> hash;
  const uint64_t of_name = hash(name);
  // Most runs have no namespaces, or one.
  return ns.empty() ? of_name : of_name ^ (hash(ns) * 0x9E3779B97F4A7C15);
}

}  // namespace

Result<Catalog> ParseCatalog(std::string text) {
  const size_t size = text.size();
  text.append(json::kPadding, ' ');
  const std::string_view json = WithoutByteOrderMark(std::string_view(text).substr(0, size));
  const std::optional<View> top = View::Parse(json);
  if (!top) return Invalid(NotJson(json));
  if (const std::string other = InsteadOfACatalog(*top); !other.empty()) return Invalid(other);
  Warnings warnings;
  const Members members(*top, CatalogMembers(), warnings.unknown);
  if (Status named = members.RefuseOtherWriting("it"); !named.ok()) return std::move(named).error();
  if (Status once = members.RefuseTwice("it"); !once.ok()) return std::move(once).error();
  const View streams = members.Find("streams");
  if (!streams.is_list() && !streams.is_null()) return Invalid("streams is not a list.");
  return ReadStreams(streams, warnings);
}

Result<Catalog> LoadCatalog(const std::string& path, size_t memory_bytes,
                            const std::function<void()>& on_wait) {
  const size_t room = std::min(kMaxCatalogBytes, memory_bytes + kBesideTheBudget);
  Result<std::string> json = ReadFile(path, room, on_wait);
  if (!json.ok() && json.error().internal == kFileTooLarge && room < kMaxCatalogBytes) {
    return ConfigError(fmt::format("The catalog file {} is larger than {} MiB, for which there is not enough "
                                   "memory (max_memory_mb). Raise that, or select fewer streams.",
                                   path, room >> 20),
                       "catalog: larger than the memory budget and what may be beside it");
  }
  if (!json.ok()) {
    return ConfigError(
        fmt::format("The catalog file {} cannot be read: {}. Check the path given with --catalog.", path,
                    json.error().message),
        "catalog: " + json.error().internal);
  }
  return ParseCatalog(*std::move(json));
}

StreamIndex::StreamIndex(std::vector<StreamId> streams) : streams_(std::move(streams)), slots_(2) {
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
