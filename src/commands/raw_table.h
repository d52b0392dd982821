// The key schema of tables of layout `raw`, as write needs it and check tries it. Pure.
#pragma once

#include <string>

#include "dynamodb/table.h"
#include "items/layout.h"

namespace ddb {

inline TableKeys RawTableKeys() {
  return {{std::string(kHashAttribute), 'S'}, KeyAttribute{std::string(kRangeAttribute), 'N'}};
}

}  // namespace ddb
