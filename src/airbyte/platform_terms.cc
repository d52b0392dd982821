#include "airbyte/platform_terms.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace ddb {
namespace {

using enum Treatment;

constexpr Text kMedium = "DATA_CHANNEL_MEDIUM";
constexpr Text kSockets =
    "the data channel of sockets, which is not supported. Set DATA_CHANNEL_MEDIUM to STDIO, or leave SOCKET "
    "out of the connector's supportedTransport";

constexpr PlatformTerm kVariables[] = {
    {kMedium, kRefused, kSockets, "stdio"},
    {"DATA_CHANNEL_FORMAT", kRefused,
     "messages in another form than lines of JSON, which is not supported. Set DATA_CHANNEL_FORMAT to JSONL, "
     "or leave all but JSONL out of the connector's supportedSerialization",
     "jsonl json"},
    {"DATA_CHANNEL_SOCKET_PATHS", kRefused, kSockets, "", true},
    {"NAMESPACE_MAPPING_CONFIG_PATH", kRefused,
     "namespaces and names to be mapped here, as with the data channel of sockets, which is not supported. "
     "Take the variable away; over stdin, names come mapped",
     "", true},
    {"USE_FILE_TRANSFER", kRefused,
     "files to be copied (file transfer), which is not supported. Switch file transfer off in the connection",
     "false 0 no off"},
    {"AIRBYTE_STAGING_DIRECTORY", kHarmless,
     "where files would lie; USE_FILE_TRANSFER and include_files ask"},
    {"DEPLOYMENT_MODE", kObeyed, "CLOUD: the endpoint has to be https"},
    {"AIRBYTE_EDITION", kObeyed, "cloud: the endpoint has to be https"},
    {"LOG_LEVEL", kObeyed, "which LOG messages are written"},
    {"AIRBYTE_VERSION", kHarmless, "for people"},
    {"AIRBYTE_URL", kHarmless, "for people"},
    {"WORKER_CONNECTOR_IMAGE", kHarmless, "for people"},
    {"WORKER_JOB_ID", kHarmless, "for people"},
    {"WORKER_JOB_ATTEMPT", kHarmless, "for people"},
    {"OPERATION_TYPE", kHarmless, "what the command line says too"},
    {"WORKLOAD_ID", kHarmless, "for people"},
    {"USE_STREAM_CAPABLE_STATE", kHarmless, "every kind of STATE is taken"},
    {"CONNECTOR_STORAGE_LIMIT_BYTES", kHarmless, "nothing is written to disk"},
    {"JAVA_OPTS", kHarmless, "there is no JVM"},
    {"AIRBYTE_ENABLE_UNSAFE_CODE", kHarmless, "of sources"},
    {"CONCURRENT_SOURCE_STREAM_READ", kHarmless, "of sources"},
    {"AIRBYTE_DESTINATION_RECORD_BATCH_SIZE_OVERRIDE", kHarmless,
     "STATEs are never held back by a batch's size"},
    {"AWS_ACCESS_KEY_ID", kObeyed, "where the config has no keys"},
    {"AWS_SECRET_ACCESS_KEY", kObeyed, "where the config has no keys"},
    {"AWS_ASSUME_ROLE_EXTERNAL_ID", kHarmless, "of a role of Airbyte's; ours is the config's external_id"},
    {"AWS_ASSUME_ROLE_ACCESS_KEY_ID", kHarmless, "for the pods beside this one"},
    {"AWS_ASSUME_ROLE_SECRET_ACCESS_KEY", kHarmless, "for the pods beside this one"},
    {"DD_*", kHarmless, "metrics of the platform"},
    {"MICROMETER_*", kHarmless, "metrics of the platform"},
};

constexpr PlatformTerm kCatalog[] = {
    {"streams", kObeyed, "what is written where"},
};

constexpr PlatformTerm kConfiguredStream[] = {
    {"stream", kObeyed, "the stream's own description"},
    {"sync_mode", kHarmless, "how the source reads"},
    {"destination_sync_mode", kObeyed, "see SyncModes"},
    {"cursor_field", kObeyed, "never nulled to make an item small enough"},
    {"primary_key", kObeyed, "never nulled to make an item small enough"},
    {"generation_id", kObeyed, "kept with every item"},
    {"minimum_generation_id", kObeyed, "refused where it asks for rows to be removed"},
    {"sync_id", kObeyed, "kept with every item that was changed"},
    {"include_files", kRefused,
     "its files to be copied (include_files), which is not supported. Switch the copying of files off for "
     "it"},
    {"destination_object_name", kRefused,
     "an object of the destination to be written to (destination_object_name, of data activation), which is "
     "not supported. Use a sync mode that writes into the stream's own table"},
    // What a connection's own description has (config-models' ConfiguredAirbyteStream, the platform's API).
    // The platform obeys it before the records come here, and sends none of it.
    {"mappers", kRefused,
     "its records to be changed on the way (mappers), which is not supported here: the platform does that, "
     "before they come. Take the member out of the catalog if it has"},
    {"hashed_fields", kRefused,
     "fields to be hashed (hashed_fields), which is not supported here: the platform does that, before the "
     "records come. Take the member out of the catalog if it has"},
    {"selected_fields", kRefused,
     "some of its fields alone to be written (selected_fields), which is not supported here: the platform or "
     "the source does that, before the records come. Take the member out of the catalog if it has"},
    {"fields", kHarmless, "values are stored as they come, of whatever type"},
};

constexpr PlatformTerm kStream[] = {
    {"name", kObeyed, "which stream it is"},
    {"namespace", kObeyed, "which stream it is"},
    {"source_defined_primary_key", kObeyed, "stands in for primary_key"},
    {"default_cursor_field", kObeyed, "stands in for cursor_field"},
    {"json_schema", kHarmless, "values are stored as they come, of whatever type"},
    {"supported_sync_modes", kHarmless, "what the source can do"},
    {"source_defined_cursor", kHarmless, "how the source reads"},
    {"is_resumable", kHarmless, "what the source can do"},
    {"is_file_based", kHarmless, "what the source can do; include_files asks for the files"},
};

constexpr PlatformTerm kModes[] = {
    {"append", kObeyed, ""},
    {"overwrite", kObeyed, ""},
    {"append_dedup", kRefused,
     "append + deduped (append_dedup), which is not supported. Choose \"append\" or \"overwrite\" for it; in "
     "PyAirbyte, whose default this is for a stream with a primary key, write_strategy=\"append\" or "
     "write_strategy=\"replace\""},
    {"overwrite_dedup", kRefused,
     "overwrite + deduped (overwrite_dedup), which is not supported. Choose \"append\" or \"overwrite\" for "
     "it"},
    {"update", kRefused,
     "rows to be updated (update, of data activation), which is not supported. Choose \"append\" or "
     "\"overwrite\" for it"},
    {"soft_delete", kRefused,
     "rows to be marked as deleted (soft_delete, of data activation), which is not supported. Choose "
     "\"append\" or \"overwrite\" for it"},
};

bool IsIdle(const PlatformTerm& term, std::string_view value) {
  std::string_view idle = term.idle;
  while (!idle.empty()) {
    const size_t end = std::min(idle.find(' '), idle.size());
    if (idle.substr(0, end) == value) return true;
    idle.remove_prefix(std::min(end + 1, idle.size()));
  }
  return false;
}

// Letters and digits alone count, in either case.
bool SameLetters(std::string_view a, std::string_view b) {
  const auto next = [](std::string_view& text) {
    while (!text.empty() && !IsAlnum(text.front())) text.remove_prefix(1);
    if (text.empty()) return '\0';
    const char c = ToLower(text.front());
    text.remove_prefix(1);
    return c;
  };
  for (;;) {
    const char c = next(a);
    if (c != next(b)) return false;
    if (c == '\0') return true;
  }
}

std::string Meaning(const std::string& value) { return ToLower(Trimmed(value)); }

}  // namespace

std::span<const PlatformTerm> PlatformVariables() { return kVariables; }
std::span<const PlatformTerm> CatalogMembers() { return kCatalog; }
std::span<const PlatformTerm> ConfiguredStreamMembers() { return kConfiguredStream; }
std::span<const PlatformTerm> StreamMembers() { return kStream; }
std::span<const PlatformTerm> SyncModes() { return kModes; }

const PlatformTerm* FindTerm(std::span<const PlatformTerm> terms, std::string_view name) {
  for (const PlatformTerm& term : terms) {
    const std::string_view of = term.name;
    if (of == name || (of.ends_with('*') && name.starts_with(of.substr(0, of.size() - 1)))) return &term;
  }
  return nullptr;
}

const PlatformTerm* FindOtherWriting(std::span<const PlatformTerm> terms, std::string_view name) {
  for (const PlatformTerm& term : terms) {
    if (SameLetters(term.name, name)) return &term;
  }
  return nullptr;
}

Status RefuseVariables(const std::function<std::string(const std::string&)>& value_of) {
  const bool over_stdin = Meaning(value_of(std::string(kMedium))) == "stdio";
  for (const PlatformTerm& term : kVariables) {
    if (term.treatment != kRefused || (term.of_sockets && over_stdin)) continue;
    const std::string value = Meaning(value_of(std::string(term.name)));
    if (value.empty() || IsIdle(term, value)) continue;
    return ConfigError(fmt::format("The environment variable {} asks for {}. Nothing was changed.",
                                   term.name.view(), term.why.view()),
                       fmt::format("environment: {} has a value that is not supported", term.name.view()));
  }
  return Ok();
}

}  // namespace ddb
