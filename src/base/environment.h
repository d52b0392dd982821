// Environment: a variable of the environment. Main thread, before there are others.
#pragma once

#include <cstdlib>
#include <string>

namespace ddb {

// "" where there is none.
inline std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace ddb
