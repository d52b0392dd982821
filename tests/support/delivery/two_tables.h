// Tables for the tests of what fills batches: bodies that can be read. Test support.
#pragma once

#include <string>
#include <utility>

#include "delivery/batch.h"

namespace ddb {

// "a" and "b"; a request of the first is `a[item,item]`.
inline TableTargets TwoTables() {
  TableTargets tables;
  for (const char* name : {"a", "b"}) {
    TableTarget target;
    target.name = name;
    target.write = BatchWrite(name, {});  // its limits
    target.write.head = std::string(name) + "[";
    target.write.tail = "]";
    target.write.put = {};
    tables.push_back(std::move(target));
  }
  return tables;
}

}  // namespace ddb
