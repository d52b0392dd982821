// The connector's version, as the build names it (project() in CMakeLists.txt).
#pragma once

#include <string_view>

namespace ddb {

inline constexpr std::string_view kVersion = DDB_VERSION;

}  // namespace ddb
