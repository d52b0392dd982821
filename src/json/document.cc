#include "json/document.h"

#include <nlohmann/json.hpp>

namespace ddb::json {

std::string Serialize(const Document& document) {
  constexpr int kOneLine = -1;
  constexpr bool kEscapeNonAscii = false;
  return document.dump(kOneLine, ' ', kEscapeNonAscii, Document::error_handler_t::replace);
}

}  // namespace ddb::json
