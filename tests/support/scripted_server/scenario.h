// Scenario: what a test has scripted: the account the server plays (credentials, tables, limits), and an
// ordered list of rules, of which the first that matches a request decides its fate. tests/fault/README.md
// describes the file.
//
// Loaded once; the rules' counters are guarded by the rules' own mutex. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "scripted_server/http.h"
#include "scripted_server/line.h"
#include "scripted_server/sigv4.h"

namespace scripted {

// Which items of a batch come back unprocessed.
struct UnprocessedSpec {
  bool on = false;
  bool all = false;
  int count = 0;             // the first so many
  std::vector<int> indexes;  // and these
  std::string marker;        // and whose JSON holds this text
  bool stored = false;       // they are stored all the same: the outcome was unknown to the service
  int hidden = 0;        // the last so many are neither stored nor listed: who believes the reply loses them
  bool twice = false;    // each is listed twice
  bool changed = false;  // their bytes differ from what was sent
  bool foreign = false;  // an item that was never sent is listed too
  bool foreign_table = false;  // and a table that was never named
};

struct ErrorSpec {
  std::string name;  // ProvisionedThroughputExceededException
  int status = 400;
  std::string message;                    // {request} and {item} stand for what was sent
  std::string message_field = "message";  // or Message
  std::string type_prefix;                // "" = the service's own for that name
  std::string type_suffix;                // behind the name
  std::string type_in = "__type";         // the body's member with the name; or "header": x-amzn-ErrorType
  std::string reason;                     // a throttling reason
  std::string index;                      // whose; "": the table's
  std::string reasons_field;              // "" = the service's own for that name
};

enum class ResetAt { kNever, kBeforeBody, kInBody, kAfterBody, kAfterWrite, kInReply };

struct Action {
  std::string rule;  // name of the rule, for the log
  UnprocessedSpec unprocessed;
  ErrorSpec error;
  bool has_error = false;
  bool write = false;  // the request takes effect although an error, a status or a reset answers it
  int status = 0;      // the reply's, with `body` or an empty body
  bool has_body = false;
  std::string body;       // in place of the reply's own
  size_t body_bytes = 0;  // blanks after the body up to this size
  std::string content_type;
  ReplyFaults reply;
  ResetAt reset = ResetAt::kNever;
  int delay_ms = 0;
  bool hang = false;  // no reply, ever
  std::string
      table_becomes;  // "gone", "DELETING", "CREATING", "ACTIVE": the request's tables, before it is served
};

struct Match {
  std::vector<std::string> operations;         // empty: any
  std::string table = "*";                     // with * and ?
  std::string marker;                          // text in the request's body
  std::vector<int> nth;                        // counted over the requests that match the above; empty: any
  int from = 1, to = 0, every = 1, times = 0;  // 0: no end
  int min_items = 0;
  double probability = 1;
  double after_s = 0, before_s = 0;  // since the rule's first match; before_s 0: no end
};

struct RequestFacts {
  std::string operation;
  std::vector<std::string> tables;
  int items = 0;
  std::string_view body;
};

class Rule {
 public:
  Match match;
  Action action;
  bool enabled = true;

  int fired = 0;

  // Counts the request if it is of this rule's kind, whoever takes it; true if this rule would.
  bool Wants(const RequestFacts& facts, double now_s, std::mt19937_64& random);
  bool IsAbout(const RequestFacts& facts) const;

 private:
  int seen_ = 0;
  double first_s_ = -1;
};

// Of a table: every write takes of it as many units as of the table, times `units_per_unit`.
struct IndexBehaviour {
  std::string name;
  double wcu = 0;  // 0: no limit
  double burst_wcu = 0;
  double units_per_unit = 1;
};

// How tables whose names match behave.
struct TableBehaviour {
  std::string table = "*";
  int creating_describes = 0;  // -1: for ever
  int deleting_describes = 0;
  int creating_ms = 0;
  double wcu = 0;  // write units a second, 0: no limit
  double burst_wcu = 0;
  bool enforce_capacity = false;  // wcu as the table was created with
  double partition_wcu = 0;       // of each of `partitions`
  int partitions = 1;
  double hot_partition_wcu = 0;  // of the first of them; 0: as the others
  std::vector<IndexBehaviour> indexes;
  double account_wcu = 0;   // of the account's quota, 0: no limit
  bool count_only = false;  // keep hashes of the keys, not items
};

struct Scenario {
  std::string region = "us-east-1";
  std::string account = "123456789012";
  std::vector<Credential> credentials;
  std::vector<TableBehaviour> tables;
  std::vector<std::string> existing;  // CreateTable requests that were served before the start
  int table_limit = 2500;
  int64_t clock_offset_s = 0;
  int idle_close_ms = -1;
  // The service answers 400 to a larger head:
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
  size_t max_head_bytes = 16 * 1024;
  LineRules line;
  double control_rate = 0;  // control-plane changes a second before LimitExceededException; 0: no limit

  // The action for a request, or null. `head_only`: only rules that act before the body has been read.
  const Action* Decide(const RequestFacts& facts, bool head_only, double now_s);
  const TableBehaviour& Behaviour(const std::string& table) const;
  // Turns rules on or off by name (with * and ?); the number of those that it found.
  int Enable(const std::string& name, bool enabled);
  std::string RulesJson() const;

  // False with `error` set when the text is not a scenario.
  bool Load(const std::string& text, std::string& error);

 private:
  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
  std::mt19937_64 random_;
};

}  // namespace scripted
