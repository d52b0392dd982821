// Tables: the service's side: parses what is sent, as DynamoDB would, lets each table take what it takes
// (capacity::TokenTable), and gives back the bytes of a reply.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/judge.h"
#include "support/capacity/token_table.h"

namespace ddb::simulation {

struct HttpAnswer {
  int status = 200;
  std::string body;
  bool right_crc = true;
};

class Tables {
 public:
  Tables(const Plan& plan, const Input& input, Judge& judge, Scheduler& scheduler);

  // What a request consists of; it is parsed once, when it is sent.
  struct Item {
    size_t id = 0;
    std::string request;  // `{"PutRequest":...}`, as it was sent
    capacity::TableItem cost;
  };
  struct Request {
    int table = 0;
    std::vector<Item> items;
    bool wants_capacity = false, wants_indexes = false;
  };
  Request Parse(std::string_view body);

  // Carries it out.
  HttpAnswer Write(const Request& request);
  // The same, but of the items only these.
  HttpAnswer WriteSome(const Request& request, const std::vector<bool>& taken);
  HttpAnswer Describe(std::string_view body);  // DescribeTable
  static HttpAnswer Error(int status, std::string_view type, std::string_view reason = {});

  uint64_t stored() const { return stored_; }
  uint64_t sent() const { return sent_; }

 private:
  bool AnyRefused(const Request& request) const;
  HttpAnswer Refuse(const Request& request);
  HttpAnswer Throttle(const capacity::TokenTable::Outcome& outcome, int table) const;
  HttpAnswer Reply(const Request& request, const std::vector<bool>& taken, double units) const;

  const Plan& plan_;
  const Input& input_;
  Judge& judge_;
  Scheduler& scheduler_;
  std::vector<capacity::TokenTable> tables_;
  simdjson::dom::parser parser_;
  uint64_t stored_ = 0;
  uint64_t sent_ = 0;
};

}  // namespace ddb::simulation
