// Layout `raw`: the four attributes that users of the connector know, and the two that appear only when they
// mean something.
//   _airbyte_ab_id (S, HASH, uuid v4)   sync_time (N, RANGE, ms since 1970, one per run)
//   _airbyte_data (M)                   _airbyte_emitted_at (N, the digits sent)
//   _airbyte_generation_id (N), only when the catalog carries one    _airbyte_meta (M), only when there are
//   changes
// Pure.
#pragma once

#include <string_view>

namespace ddb {

inline constexpr std::string_view kHashAttribute = "_airbyte_ab_id";
inline constexpr std::string_view kRangeAttribute = "sync_time";
inline constexpr std::string_view kDataAttribute = "_airbyte_data";
inline constexpr std::string_view kEmittedAtAttribute = "_airbyte_emitted_at";
inline constexpr std::string_view kGenerationAttribute = "_airbyte_generation_id";
inline constexpr std::string_view kMetaAttribute = "_airbyte_meta";

}  // namespace ddb
