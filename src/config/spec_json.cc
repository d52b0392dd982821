// The spec's message payload, compiled in.

#include <string_view>

#include "config/config.h"

namespace ddb {

std::string_view SpecJson() {
  return
#include "config/spec.json.inc"
      ;
}

}  // namespace ddb
