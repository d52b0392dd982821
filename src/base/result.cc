#include "base/result.h"

namespace ddb {
namespace {

// "file.cc:12 Function": of the path the last part, of the signature the name without its scopes.
std::string PlaceOf(const std::source_location& where) {
  std::string_view file = where.file_name();
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  std::string_view function = where.function_name();
  constexpr std::string_view kUnnamed = "(anonymous namespace)::";  // as clang writes it
  if (const size_t unnamed = function.rfind(kUnnamed); unnamed != function.npos) {
    function.remove_prefix(unnamed + kUnnamed.size());
  }
  function = function.substr(0, function.find('('));
  function.remove_prefix(function.find_last_of(": ") + 1);
  std::string place(file);
  place.append(":").append(std::to_string(where.line()));
  if (!function.empty()) place.append(" ").append(function);
  return place;
}

}  // namespace

Error MakeError(FailureType type, std::string message, std::string internal, std::source_location where) {
  if (internal.empty()) internal = message;
  return {type, std::move(message), std::move(internal), std::nullopt, PlaceOf(where)};
}

}  // namespace ddb
