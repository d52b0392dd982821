// Lines that are no JSON: which of them are one record all the same, and that no other is hidden by it.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "airbyte/line_skim.h"

namespace ddb {
namespace {

std::string ShownBroken(std::string_view line) {
  const SkimmedLine whole = Skim(line);
  LineSkim by_bytes;
  for (const char& c : line) by_bytes.Feed({&c, 1});
  const SkimmedLine pieces = by_bytes.Finish();
  EXPECT_EQ(whole.kind, pieces.kind) << line;
  EXPECT_EQ(whole.reason, pieces.reason) << line;
  if (whole.kind != LineKind::kRecord) return std::string(whole.reason.view());
  return (whole.reason == kRecordNotJson  ? "broken "
          : whole.reason == kOtherWriting ? "other "
                                          : "whole ") +
         whole.stream->ns.value_or("-") + "/" + whole.stream->name;
}

std::string WithData(std::string_view data) {
  return R"({"type":"RECORD","record":{"stream":"a","data":)" + std::string(data) + R"(,"emitted_at":1}})";
}

TEST(LineSkimBroken, WhatIsBrokenWithinARecordsMemberIsThatRecordsAlone) {
  for (const std::string_view data :
       {"{'x':None,'y':(1,2)}", R"({"x":1,})", R"({"x":[1,2,]})", R"({"x":.,"y":)x(})",
        R"({"x":<Decimal 1>})", R"({"x":"a\qb"})", R"({"x":"a\u12"})", R"({"x":1 /* ] */})", R"('text')",
        R"({x:1})", R"({"x"=>1})", R"({"x":'it"s'})", R"({"x":"it's",'y':1})", R"(<object at 0x7f>)"}) {
    EXPECT_EQ(ShownBroken(WithData(data)),
              data.find("/*") == std::string::npos ? "broken -/a" : "line is not valid JSON")
        << data;
  }
  EXPECT_EQ(ShownBroken(WithData("{\"x\":\"a\tb\"}")), "broken -/a");
  EXPECT_EQ(ShownBroken(R"({"record":{"data":{'x':1},"namespace":"n","stream":"a"},"type":"RECORD"})"),
            "broken n/a");
  EXPECT_EQ(ShownBroken(R"({"type":"RECORD","record":{"stream":"a","data":{},},})"), "broken -/a");
}

TEST(LineSkimBroken, ARecordInAnotherWritingIsToldAsThat) {
  EXPECT_EQ(
      ShownBroken(R"({'type': 'RECORD', 'record': {'stream': 'a', 'data': {'x': None}, 'namespace': None}})"),
      "other -/a");
  EXPECT_EQ(
      ShownBroken(
          R"({'log': None, 'type': "RECORD", 'record': {'namespace': 'n', 'stream': 'a', 'data': {'x': "it's"}}})"),
      "other n/a");
  EXPECT_EQ(
      ShownBroken(R"({"type"=>"RECORD", "record"=>{"stream"=>"a", "namespace"=>nil, "data"=>{"x"=>1}}})"),
      "other -/a");
  EXPECT_EQ(ShownBroken(R"({ type: 'RECORD', record: { stream: 'a', data: { x: undefined } } })"),
            "other -/a");
}

TEST(LineSkimBroken, WhatIsNotCertainIsNoRecord) {
  const std::string bad = "line is not valid JSON";
  for (const std::string& line : {
           WithData("{'x':1]"),
           WithData("{'x':{}"),
           WithData(R"({'x':"a})"),
           WithData("{}} "),
           WithData("{} {}"),
           WithData(std::string("{'x':\0}", 7)),
           WithData(R"({'x':1,'record':{'stream':'b','data':{'y':1}}})"),
           WithData(R"({'x':'{"type":"RECORD","record":{"stream":"b","data":{}}}'})"),
           std::string(R"({'type':'STATE','state':{'data':{}}})"),
           std::string(R"({'type':'LOG','log':{'level':'INFO'}})"),
           std::string(R"({'type':'record','record':{'stream':'a','data':{}}})"),
           std::string(R"({'record':{'stream':'a','data':{}}})"),
           std::string(R"({'type':'RECORD','record':{'data':{}}})"),
           std::string(R"({'type':'RECORD','record':{'stream':'a\'b','data':{}}})"),
           std::string(R"({'type':'RECORD','record':{'stream':'a','namespace':7,'data':{}}})"),
           std::string(R"({'type':'RECORD','record':{'stream':'a','stream':'b','data':{}}})"),
           std::string(R"({'type':'RECORD','record':{'stream':'a'},'record':{'stream':'b'}})"),
           std::string(R"({'type':'RECORD','record':{'stream':'a'},'Record':{'stream':'b'}})"),
           std::string(R"({'type':'RECORD','record':{'stream':'a'},'x':[1]})"),
           std::string(R"({'type':'RECORD','record':{'stream':'a','data':{}}}{'type':'RECORD'})"),
           std::string(R"({main} INFO)"),
       }) {
    EXPECT_EQ(ShownBroken(line), bad) << line;
  }
}

TEST(LineSkimBroken, AStreamMayHaveAnyName) {
  EXPECT_EQ(ShownBroken(R"({'type':'RECORD','record':{'stream':'record','namespace':'rec','data':{'x':1}}})"),
            "other rec/record");
}

// Wherever the first of them is cut off.
TEST(LineSkimBroken, TwoThatLostWhatStoodBetweenThemAreNeverOne) {
  const std::string records[] = {
      WithData(R"({"x":"a{b","y":[{"z":"]}'"}],"t":true})"),
      WithData(R"({'x':"a{b",'y':[{'z':']}"'}],'t':True})"),
      R"({"record":{"data":{"x":1.5},"emitted_at":1,"namespace":null,"stream":"b"},"type":"RECORD"})",
      R"({'type': 'RECORD', 'record': {'stream': 'a', 'data': {'x': "it's", 'y': ['{', '"']}, 'emitted_at': 1}})",
      R"({type: "RECORD", record: {stream: 'a', data: {x: "'", y: ['{', '"']}, emitted_at: 1}})"};
  for (const std::string& first : records) {
    for (const std::string& second : records) {
      for (size_t cut = 1; cut <= first.size(); ++cut) {
        const std::string line = first.substr(0, cut) + second;
        ASSERT_NE(Skim(line).kind, LineKind::kRecord) << line;
      }
    }
  }
}

}  // namespace
}  // namespace ddb
