// What the tests of stand-ins share: a table of every setting that is to be replaced, and runs that are
// killed. Only tests include this. One thread.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dynamodb/stand_in.h"
#include "support/dynamodb/fake_dynamodb.h"
#include "support/dynamodb/tables_fixture.h"

namespace ddb::testkit {

inline const std::string kName = StandInName("a");

class StandInTest : public Tables {
 protected:
  StandInTest() {
    Plan("a", TableMode::kRecreate);
    settings_.tags = {{"team", "x"}};
    Add();
  }
  void Add() {
    FakeDynamoDb::Table& table = Existing("a", settings_);
    table.ttl = "expires";
    table.tags = R"([{"Key":"team","Value":"x"}])";
  }
  // As if killed: from this call on nothing comes through any more.
  void KilledAt(std::string call) {
    db_.intercept = [this, call](std::string_view, std::string_view) -> std::optional<Verdict> {
      if (db_.calls.back() == call) killed_ = true;
      return killed_ ? std::optional(Unreachable(TransportError::kReset)) : std::nullopt;
    };
    bool first = true;
    options_.stop_requested = [this, first]() mutable { return killed_ && !std::exchange(first, false); };
  }
  void NextRun() {
    killed_ = false;
    db_.intercept = {};
    options_.stop_requested = {};
    db_.calls.clear();
    log_.lines.clear();
    db_.RemoveGone();
  }
  // Of the tags of CreateTable the fake makes none.
  void TagLikeTheTable() { db_.tables.at(kName).tags = R"([{"Key":"team","Value":"x"}])"; }
  bool HasStandIn() const { return db_.tables.contains(kName) && !db_.tables.at(kName).gone_at; }
  int Created() const { return db_.Count("CreateTable " + kName); }

  TableSettings settings_ = EverySetting();
  bool killed_ = false;
};

}  // namespace ddb::testkit
