// The connector's commands: what main.cc calls once the command line is read. Each runs on the main thread,
// is the only user of stdout while it runs, and returns the process's exit code.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#common-interface
#pragma once

#include <string>

namespace ddb {

// The SPEC message.
int RunSpec();

// A destination of records has nothing to discover: a TRACE ERROR that says so.
int RunDiscover();

// Does what a write does, harmlessly, and answers with one CONNECTION_STATUS. 0 for a check that failed too,
// since the message says so.
int RunCheck(const std::string& config_path);

// stdin to DynamoDB, STATEs to stdout. 0 when everything that was read is stored, else 1 after one TRACE
// ERROR.
int RunWrite(const std::string& config_path, const std::string& catalog_path);

}  // namespace ddb
