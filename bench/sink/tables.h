// Tables: what the sink answers to requests that write no batch, well enough that a client's start-up passes:
// a table exists from its CreateTable to its DeleteTable, with the keys that the CreateTable named. Nothing
// is stored; a batch is taken for any table, so that clients which create none can be measured too. Sink's
// one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace bench {

struct Answer {
  int status = 200;
  std::string body;
};

class Tables {
 public:
  // `target` is the X-Amz-Target header, e.g. "DynamoDB_20120810.DescribeTable".
  Answer Handle(std::string_view target, const std::string& body);

 private:
  struct Table {
    std::string attributes;  // raw JSON, as CreateTable had it
    std::string keys;
    std::string capacity;  // further members of the description, each with its comma
  };
  static std::string Describe(const std::string& name, const Table& table, std::string_view status);
  Answer Create(const std::string& name, const std::string& body);

  std::map<std::string, Table> tables_;
};

}  // namespace bench
