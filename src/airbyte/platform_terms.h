// PlatformTerms: all that a platform can ask a destination for beside its messages: variables of the
// environment, members of the configured catalog, sync modes; and what becomes of each. What is asked for and
// not done here must not end in exit 0, so a name stands in one of these lists or is told to the user. The
// fault suite tries every entry through the program (tests/fault/test_platform_terms.py).
//
// Names and meanings: Airbyte's protocol 0.18.0 (airbyte_protocol.yaml) and what airbyte-platform at
// 310e6cb6 sets for a destination (RuntimeEnvVarFactory.kt, ArchitectureDecider.kt). Pure; main thread.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/literal.h"
#include "base/result.h"

namespace ddb {

enum class Treatment {
  kObeyed,
  kHarmless,  // it asks for nothing that could be missed
  kRefused,   // a config_error, before any table is touched
};

struct PlatformTerm {
  Text name;  // "*" at its end: all that begin so
  Treatment treatment = Treatment::kHarmless;
  Text why;  // refused: the sentence behind "asks for", with the remedy; else the reason, for readers
  Text idle =
      "";  // of a refused variable: the values that ask for nothing, apart by spaces, in small letters
  bool of_sockets = false;  // of a refused variable: it means nothing where the data comes over stdin
};

std::span<const PlatformTerm> PlatformVariables();
std::span<const PlatformTerm> CatalogMembers();           // of the catalog itself
std::span<const PlatformTerm> ConfiguredStreamMembers();  // of each element of its streams
std::span<const PlatformTerm> StreamMembers();            // of `stream` in that
std::span<const PlatformTerm> SyncModes();                // values of destination_sync_mode

// nullptr: it is not in the list.
const PlatformTerm* FindTerm(std::span<const PlatformTerm> terms, std::string_view name);

// One that is called so in another writing, as generationId is generation_id in the platform's API. nullptr:
// none.
const PlatformTerm* FindOtherWriting(std::span<const PlatformTerm> terms, std::string_view name);

// The error of the first variable that asks for what is not done. `value_of` gives "" for one that is not
// set.
Status RefuseVariables(const std::function<std::string(const std::string&)>& value_of);

}  // namespace ddb
