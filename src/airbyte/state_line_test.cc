#include "airbyte/state_line.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "airbyte/message_parser.h"
#include "json/scan.h"
#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

std::string Spliced(const std::string& line, const RecordCounts& counts) {
  MessageParser parser;
  NoRecords sink;
  const std::string padded = line + std::string(json::kPadding, ' ');
  const ParsedLine parsed = parser.Parse(std::string_view(padded).substr(0, line.size()), sink);
  EXPECT_EQ(parsed.kind, LineKind::kState) << parsed.reason;
  const std::string out = WithDestinationStats(line, parsed.state, counts);
  const std::string padded_out = out + std::string(json::kPadding, ' ');
  EXPECT_EQ(parser.Parse(std::string_view(padded_out).substr(0, out.size()), sink).kind, LineKind::kState)
      << out;
  // The same where the line has room for it.
  std::string roomy;
  roomy.reserve(line.size() + kMostStatsBytes);
  roomy.assign(line);
  const char* const bytes = roomy.data();
  const std::string in_place = WithDestinationStats(std::move(roomy), parsed.state, counts);
  EXPECT_EQ(in_place, out);
  EXPECT_EQ(in_place.data(), bytes);
  return out;
}

TEST(StateLine, AddsStatsAtTheEndOfTheState) {
  EXPECT_EQ(
      Spliced(R"({"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},)"
              R"("stream_state":{"lsn":12345678901234567890, "f":1.10}},"id":7},"x":[1 ]})",
              {3, 0, 0, 0}),
      R"({"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},)"
      R"("stream_state":{"lsn":12345678901234567890, "f":1.10}},"id":7,"destinationStats":{"recordCount":3.0}},"x":[1 ]})");
  EXPECT_EQ(Spliced(R"({"state":{ },"type":"STATE"})", {0, 0, 0, 0}),
            R"({"state":{ "destinationStats":{"recordCount":0.0}},"type":"STATE"})");
}

TEST(StateLine, ReplacesStatsInPlace) {
  EXPECT_EQ(
      Spliced(R"({"type":"STATE","state":{"destinationStats":null,"data":{"a":1}}})", {2, 1, 0, 0}),
      R"({"type":"STATE","state":{"destinationStats":{"recordCount":2.0,"rejectedRecordCount":1.0},"data":{"a":1}}})");
  EXPECT_EQ(Spliced(R"({"type":"STATE","state":{"data":{},"destinationStats" : {"recordCount":9.0} }})",
                    {2, 0, 0, 0}),
            R"({"type":"STATE","state":{"data":{},"destinationStats" : {"recordCount":2.0} }})");
}

TEST(StateLine, AdditionalStatsOnlyWhenThereAreAny) {
  const std::string line = R"({"type":"STATE","state":{"data":{}}})";
  EXPECT_EQ(
      Spliced(line, {5, 0, 2, 0}),
      R"({"type":"STATE","state":{"data":{},"destinationStats":{"recordCount":5.0,"additionalStats":{"nulledValueCount":2.0}}}})");
  EXPECT_EQ(
      Spliced(line, {5, 4, 2, 3}),
      R"({"type":"STATE","state":{"data":{},"destinationStats":{"recordCount":5.0,"rejectedRecordCount":4.0,)"
      R"("additionalStats":{"nulledValueCount":2.0,"truncatedValueCount":3.0}}}})");
  EXPECT_EQ(
      Spliced(line, {0, 0, 0, 1}),
      R"({"type":"STATE","state":{"data":{},"destinationStats":{"recordCount":0.0,"additionalStats":{"truncatedValueCount":1.0}}}})");
}

}  // namespace
}  // namespace ddb
