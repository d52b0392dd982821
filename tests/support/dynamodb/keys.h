// Keys of a table for tests of what is written and read of one. Only tests include this; any thread.
#pragma once

#include "dynamodb/table.h"

namespace ddb::testkit {

inline const TableKeys kIdAndTime{{"id", 'S'}, KeyAttribute{"t", 'N'}};

}  // namespace ddb::testkit
