// Service: takes one whole HTTP request, checks it, plays the scenario's rule on it, and gives back the
// reply. Its operations stand in batch_write.cc, reads.cc and table_operations.cc. Connection threads.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "scripted_server/errors.h"
#include "scripted_server/http.h"
#include "scripted_server/request_log.h"
#include "scripted_server/scenario.h"
#include "scripted_server/table.h"

namespace scripted {

// One request on its way through the service.
struct Exchange {
  const HttpRequest* http = nullptr;
  RequestFacts facts;
  const Action* action = nullptr;  // null: nothing scripted
  Reply reply;
  LogEntry log;
};

class Service {
 public:
  Service(Scenario& scenario, RequestLog& log);

  // The rule, if any, that breaks this request's connection before its body was read.
  const Action* DecideOnHead(const HttpRequest& request, int connection);
  Exchange Serve(const HttpRequest& request, int connection);
  void Finished() { --in_flight_; }  // once for each Serve, when its reply is out
  Reply ServeControl(const HttpRequest& request);

 private:
  Reply Authorize(Exchange& exchange);  // status 0: go on
  Reply Dispatch(Exchange& exchange);
  void ApplyScript(Exchange& exchange);
  Reply Denied(const Exchange& exchange, const std::string& action_name, const std::string& table) const;

  // batch_write.cc
  Reply BatchWriteItem(Exchange& exchange);
  Reply PutItem(Exchange& exchange);
  Reply DeleteItem(Exchange& exchange);
  // reads.cc
  Reply GetItem(Exchange& exchange);
  Reply Scan(Exchange& exchange);
  // table_operations.cc
  Reply CreateTable(Exchange& exchange);
  Reply DescribeTable(Exchange& exchange);
  Reply DeleteTable(Exchange& exchange);
  Reply UpdateTable(Exchange& exchange);
  Reply ListTables(Exchange& exchange);
  Reply TimeToLive(Exchange& exchange);
  Reply Tags(Exchange& exchange);
  Reply ContinuousBackups(Exchange& exchange);
  bool ControlRateExceeded();

  Scenario& scenario_;
  RequestLog& log_;
  Tables tables_;
  const double start_s_;
  std::atomic<int> in_flight_{0};
  TokenBucket control_bucket_;  // guarded by tables_' lock
};

}  // namespace scripted
