// FindRepeatedNames: the members that a later member of the same object and name replaces, as every JSON
// parser that Airbyte's sources and users run reads it (last wins). Rare, so it may take its time. Pure.
#pragma once

#include <vector>

namespace ddb {

// `p` at a value that is valid by the lenient grammar. The opening quotes of the names of members to be left
// out, in ascending order; containers more than `levels` deep are not looked into.
std::vector<const char*> FindRepeatedNames(const char* p, const char* end, int levels);

}  // namespace ddb
