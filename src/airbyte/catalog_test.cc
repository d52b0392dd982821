#include "airbyte/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace ddb {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string One(const std::string& name, const std::string& more) {
  return R"({"stream":{"name":")" + name + R"(","json_schema":{}},"sync_mode":"full_refresh")" + more + "}";
}
std::string Of(const std::string& streams) { return R"({"streams":[)" + streams + "]}"; }

// The message of the config_error that `json` gives.
std::string WhyNot(const std::string& json) {
  const Result<Catalog> catalog = ParseCatalog(json);
  if (catalog.ok()) return "accepted";
  EXPECT_EQ(catalog.error().type, FailureType::kConfig);
  return catalog.error().message;
}

TEST(Catalog, Streams) {
  const Result<Catalog> catalog = ParseCatalog(R"({"streams":[
    {"stream":{"name":"users","namespace":"public","json_schema":{"type":"object"},"supported_sync_modes":["full_refresh"],
      "source_defined_cursor":null,"is_resumable":null},"sync_mode":"incremental","destination_sync_mode":"append",
      "cursor_field":["id"],"primary_key":[["id"]],"generation_id":3,"minimum_generation_id":0,"sync_id":42,"later":{}},
    {"stream":{"name":"users","namespace":null},"destination_sync_mode":"overwrite","generation_id":null,
      "minimum_generation_id":null,"sync_id":null},
    {"stream":{"name":"a \u00e4"},"destination_sync_mode":"overwrite","generation_id":1,"minimum_generation_id":1}],
    "unknown":null})");
  ASSERT_TRUE(catalog.ok()) << catalog.error().message;
  ASSERT_EQ(catalog->streams.size(), 3U);
  EXPECT_EQ(catalog->streams[0].id, (StreamId{"public", "users"}));
  EXPECT_EQ(catalog->streams[0].mode, DestinationSyncMode::kAppend);
  EXPECT_EQ(catalog->streams[0].generation_id, 3);
  EXPECT_EQ(catalog->streams[0].minimum_generation_id, 0);
  EXPECT_EQ(catalog->streams[0].sync_id, 42);
  EXPECT_EQ(catalog->streams[1].id, (StreamId{std::nullopt, "users"}));
  EXPECT_EQ(catalog->streams[1].mode, DestinationSyncMode::kOverwrite);
  EXPECT_EQ(catalog->streams[1].generation_id, std::nullopt);
  EXPECT_EQ(catalog->streams[1].sync_id, std::nullopt);
  EXPECT_EQ(catalog->streams[2].id, (StreamId{std::nullopt, "a \xC3\xA4"}));
  EXPECT_THAT(catalog->warnings,
              ElementsAre(AllOf(HasSubstr("does not know"), HasSubstr(": later, unknown"))));
}

TEST(Catalog, AByteOrderMarkInFront) {
  EXPECT_TRUE(ParseCatalog("\xEF\xBB\xBF"
                           R"({"streams":[{"stream":{"name":"a"},"destination_sync_mode":"append"}]})")
                  .ok());
}

TEST(Catalog, EmptyOrNone) {
  for (const char* json : {R"({"streams":[]})", R"({"streams":null})", "{}"}) {
    EXPECT_THAT(WhyNot(json), HasSubstr("it has no stream")) << json;
  }
  EXPECT_THAT(WhyNot("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(WhyNot(R"({"streams":{}})"), HasSubstr("streams is not a list"));
  for (const char* json : {"", "{", R"({"streams":[)", "x", R"({"streams":[]} x)"}) {
    EXPECT_THAT(WhyNot(json), HasSubstr("not valid JSON")) << json;
  }
}

TEST(Catalog, AStreamTwice) {
  const std::string mode = R"(,"destination_sync_mode":"append")";
  EXPECT_THAT(WhyNot(Of(One("users", mode) + "," + One("users", mode))),
              HasSubstr("stream users is in it twice"));
  const std::string empty = R"({"stream":{"name":"users","namespace":""})" + mode + "}";
  const std::string other = R"({"stream":{"name":"users","namespace":"n"})" + mode + "}";
  EXPECT_THAT(WhyNot(Of(One("users", mode) + "," + empty)), HasSubstr("twice"));
  EXPECT_THAT(WhyNot(Of(other + "," + other)), HasSubstr("stream n.users is in it twice"));
  EXPECT_EQ(WhyNot(Of(One("users", mode) + "," + other + "," + One("Users", mode))), "accepted");
  const Result<Catalog> catalog = ParseCatalog(Of(other + "," + other));
  EXPECT_EQ(catalog.error().stream, (StreamId{"n", "users"}));
}

// Which of the two was meant cannot be known: by the last one a table could be replaced, or not.
TEST(Catalog, AMemberTwice) {
  const std::string append = R"(,"destination_sync_mode":"append")";
  for (const std::string& more : {append + R"(,"destination_sync_mode":"overwrite")", append + append,
                                  append + R"(,"destination\u005fsync_mode":"overwrite")",
                                  append + R"(,"destination_sync_mode":null)"}) {
    const Result<Catalog> catalog = ParseCatalog(Of(One("b", append) + "," + One("a", more)));
    ASSERT_FALSE(catalog.ok()) << more;
    EXPECT_EQ(catalog.error().type, FailureType::kConfig);
    EXPECT_EQ(catalog.error().stream, (StreamId{std::nullopt, "a"}));
    EXPECT_THAT(
        catalog.error().message,
        AllOf(HasSubstr("stream a has the member destination_sync_mode twice"), Not(HasSubstr("overwrite"))));
  }
  for (const std::string name :
       {"generation_id", "minimum_generation_id", "sync_id", "sync_mode", "primary_key"}) {
    const std::string twice = ",\"" + name + "\":0,\"" + name + "\":1";
    EXPECT_THAT(WhyNot(Of(One("a", append + twice))),
                HasSubstr("stream a has the member " + name + " twice"));
  }
  for (const std::string stream :
       {R"("name":"a","name":"b")", R"("name":"a","namespace":"n","namespace":null)",
        R"("name":"a","json_schema":{},"json_schema":{})"}) {
    EXPECT_THAT(WhyNot(Of(One("b", append) + R"(,{"stream":{)" + stream + "}" + append + "}")),
                HasSubstr("the description (stream) of the stream at position 2 has the member"))
        << stream;
  }
  EXPECT_THAT(WhyNot(Of(R"({"stream":{"name":"a"},"stream":{"name":"b"})" + append + "}")),
              HasSubstr("has the member stream twice"));
  const std::string streams = R"("streams":[)" + One("a", append) + "]";
  EXPECT_THAT(WhyNot("{" + streams + "," + streams + "}"), HasSubstr("it has the member streams twice"));
  // What is in a schema, or not known, is nothing that is obeyed.
  EXPECT_EQ(
      WhyNot(Of(R"({"stream":{"name":"a","json_schema":{"x":1,"x":2}},"later":1,"later":2)" + append + "}")),
      "accepted");
}

TEST(Catalog, SyncModes) {
  EXPECT_THAT(WhyNot(Of(One("a", ""))),
              AllOf(HasSubstr("stream a has no destination_sync_mode"), HasSubstr("Choose")));
  EXPECT_THAT(WhyNot(Of(One("a", R"(,"destination_sync_mode":null)"))),
              HasSubstr("has no destination_sync_mode"));
  EXPECT_THAT(WhyNot(Of(One("a", R"(,"destination_sync_mode":"append_dedup")"))),
              AllOf(HasSubstr("append_dedup"), HasSubstr("write_strategy=\"append\""),
                    HasSubstr("write_strategy=\"replace\"")));
  for (const char* mode : {"overwrite_dedup", "update", "soft_delete"}) {
    EXPECT_THAT(WhyNot(Of(One("a", R"(,"destination_sync_mode":")" + std::string(mode) + "\""))),
                AllOf(HasSubstr(mode), HasSubstr("not supported")));
  }
  for (const char* mode : {"\"Append\"", "\"\"", "\"*\""}) {
    EXPECT_THAT(WhyNot(Of(One("a", R"(,"destination_sync_mode":)" + std::string(mode)))),
                HasSubstr("not known"))
        << mode;
  }
  EXPECT_THAT(WhyNot(Of(One("a", R"(,"destination_sync_mode":1)"))), HasSubstr("is not text"));
}

TEST(Catalog, StreamsWithoutAName) {
  EXPECT_THAT(WhyNot(Of("5")), HasSubstr("stream at position 1"));
  EXPECT_THAT(WhyNot(Of(One("a", R"(,"destination_sync_mode":"append")") + ",{}")),
              HasSubstr("stream at position 2"));
  EXPECT_THAT(WhyNot(Of(R"({"stream":{}})")), HasSubstr("has no name"));
  EXPECT_THAT(WhyNot(Of(R"({"stream":{"name":null}})")), HasSubstr("has no name"));
  EXPECT_THAT(WhyNot(Of(R"({"stream":{"name":1}})")), HasSubstr("is not text"));
  EXPECT_THAT(WhyNot(Of(R"({"stream":{"name":"a","namespace":[]}})")), HasSubstr("is not text"));
}

// What a refusal says; or kAccepted.
constexpr std::string_view kAccepted = "accepted";
constexpr std::string_view kNoSuch = "minimum_generation_id that is neither 0 nor its generation_id";
constexpr std::string_view kTruncates = "asks for its records of earlier generations to be removed";
constexpr std::string_view kNegative = "of stream a is negative";
constexpr std::string_view kNoNumber = "generation_id of stream a is not a whole number";

std::string Ids(std::string_view generation, std::string_view minimum, std::string_view sync) {
  std::string ids;
  for (const auto& [name, value] :
       {std::pair("generation_id", generation), std::pair("minimum_generation_id", minimum),
        std::pair("sync_id", sync)}) {
    if (!value.empty()) ids += std::string(",\"") + name + "\":" + std::string(value);
  }
  return ids;
}

TEST(Catalog, Generations) {
  constexpr std::string_view kAbsent;
  const struct {
    std::string_view generation, minimum, sync, append, overwrite;
  } cases[] = {
      {kAbsent, kAbsent, kAbsent, kAccepted, kAccepted},  // a platform without refreshes
      {"null", "null", "null", kAccepted, kAccepted},
      {"0", "0", "0", kAccepted, kAccepted},
      {"0", "0", "42", kAccepted, kAccepted},
      {"5", "0", "42", kAccepted, kAccepted},  // a normal sync
      {"5", "null", "42", kAccepted, kAccepted},
      {"5", kAbsent, kAbsent, kAccepted, kAccepted},
      {kAbsent, "0", "42", kAccepted, kAccepted},
      {"1", "0", "1", kAccepted, kAccepted},
      {"1", "1", "1", kAccepted, kAccepted},  // PyAirbyte
      {"1", "1", "42", kAccepted, kAccepted},
      {"1", "1", kAbsent, kAccepted, kAccepted},
      {"2", "2", "42", kTruncates, kAccepted},  // a clear, a truncating refresh
      {"5", "5", "42", kTruncates, kAccepted},
      {"5", "5", "1", kTruncates, kAccepted},
      {"5", "5", "null", kTruncates, kAccepted},
      {"5", "5", kAbsent, kTruncates, kAccepted},
      {"9007199254740993", "9007199254740993", "42", kTruncates, kAccepted},
      {"5", "3", "42", kNoSuch, kNoSuch},
      {"5", "1", "42", kNoSuch, kNoSuch},
      {"5", "6", "42", kNoSuch, kNoSuch},
      {"0", "1", "42", kNoSuch, kNoSuch},
      {"null", "6", "42", kNoSuch, kNoSuch},
      {kAbsent, "1", "42", kNoSuch, kNoSuch},
      {"5.0", "0.0", "4.2e1", kAccepted, kAccepted},
      {"1.0", "1", "1", kAccepted, kAccepted},
      {"5.0", "5", "42", kTruncates, kAccepted},
      {"5", "50e-1", "42", kTruncates, kAccepted},
      {"9007199254740993.0", "9007199254740992", "42", kNoSuch, kNoSuch},
      {"\"5\"", "0", "42", kNoNumber, kNoNumber},
      {"1.5", "0", "42", kNoNumber, kNoNumber},
      {"5", "true", "42", kNoNumber, kNoNumber},
      {"-1", kAbsent, "42", kNegative, kNegative},
      {"-1", "-1", "42", kNegative, kNegative},
      {"5", "-5", "42", kNegative, kNegative},
      {"5", "0", "-1", kNegative, kNegative},
      {"-9223372036854775808", "0", "1", kNegative, kNegative},
      {"-0", "0.0", "-0.0", kAccepted, kAccepted},
  };
  for (const auto& at : cases) {
    for (const auto& [mode, expected] :
         {std::pair("append", at.append), std::pair("overwrite", at.overwrite)}) {
      const std::string catalog = Of(One("a", std::string(R"(,"destination_sync_mode":")") + mode + '"' +
                                                  Ids(at.generation, at.minimum, at.sync)));
      SCOPED_TRACE(catalog);
      EXPECT_THAT(WhyNot(catalog), HasSubstr(std::string(expected)));
      if (expected == kAccepted) {
        EXPECT_THAT(ParseCatalog(catalog)->warnings, IsEmpty());
      }
    }
  }
}

TEST(Catalog, ATruncationThatIsRefusedSaysWhichStreamAndWhatToDo) {
  const std::string keep = One("kept", R"(,"destination_sync_mode":"append","generation_id":7)");
  const std::string truncate =
      R"(,"destination_sync_mode":"append","generation_id":2,"minimum_generation_id":2)";
  const Result<Catalog> catalog = ParseCatalog(Of(keep + "," + One("cleared", truncate)));
  ASSERT_FALSE(catalog.ok());
  EXPECT_EQ(catalog.error().type, FailureType::kConfig);
  EXPECT_EQ(catalog.error().stream, (StreamId{std::nullopt, "cleared"}));
  EXPECT_THAT(catalog.error().message,
              AllOf(HasSubstr("stream cleared asks"), HasSubstr("Choose a refresh that retains records")));
}

TEST(Catalog, FieldsOfPrimaryKeyAndCursor) {
  const auto fields = [](const std::string& stream, const std::string& configured) {
    const Result<Catalog> catalog =
        ParseCatalog(R"({"streams":[{"stream":{"name":"a")" + stream +
                     R"(},"destination_sync_mode":"append")" + configured + "}]}");
    EXPECT_TRUE(catalog.ok());
    return catalog.ok() ? catalog->streams[0].key_fields : std::vector<std::string>();
  };
  const std::string source = R"(,"source_defined_primary_key":[["k"]],"default_cursor_field":["c"])";
  EXPECT_THAT(fields("", ""), IsEmpty());
  EXPECT_THAT(fields("", R"(,"primary_key":null,"cursor_field":null)"), IsEmpty());
  EXPECT_THAT(fields("", R"(,"primary_key":[],"cursor_field":[])"), IsEmpty());
  EXPECT_THAT(fields("", R"(,"primary_key":[["a"],["b","in it"]],"cursor_field":["\u00e4"])"),
              ElementsAre("a", "b", "\xC3\xA4"));
  EXPECT_THAT(fields(source, ""), ElementsAre("k", "c"));
  EXPECT_THAT(fields(source, R"(,"primary_key":[[]],"cursor_field":[])"), ElementsAre("k", "c"));
  EXPECT_THAT(fields(source, R"(,"primary_key":[["a"]],"cursor_field":["b"])"), ElementsAre("a", "b"));
  // Names where paths belong.
  EXPECT_THAT(fields("", R"(,"primary_key":["a","b"],"cursor_field":"c")"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(fields("", R"(,"primary_key":"a")"), ElementsAre("a"));
}

TEST(Catalog, WhatNeitherModeNeedsEndsNoSync) {
  for (const char* mode : {"append", "overwrite"}) {
    const std::string with_mode = std::string(R"(,"destination_sync_mode":")") + mode + '"';
    for (const std::string wrong : {R"([[1]])", "{}", "7", "[true]", "[[\"\\ud800\"]]"}) {
      for (const std::string name : {"primary_key", "cursor_field"}) {
        const Result<Catalog> catalog =
            ParseCatalog(Of(One("a", with_mode + ",\"" + name + "\":" + wrong) + "," +
                            One("b", with_mode + R"(,"primary_key":[["k"]])")));
        SCOPED_TRACE(name + wrong);
        ASSERT_TRUE(catalog.ok()) << catalog.error().message;
        EXPECT_THAT(catalog->streams[0].key_fields, IsEmpty());
        EXPECT_THAT(catalog->streams[1].key_fields, ElementsAre("k"));
        EXPECT_THAT(catalog->warnings,
                    ElementsAre(AllOf(HasSubstr("is not a list of names"), EndsWith(": a"))));
      }
    }
    const std::string deep = std::string(200000, '[') + std::string(200000, ']');
    for (const std::string& schema : std::vector<std::string>{
             "null", "7", R"({"maximum":1e999,"minimum":-123456789012345678901234567890})",
             R"({"description":"\ud800"})", "{\"x\":" + deep + "}"}) {
      const std::string stream = R"({"stream":{"name":"a","json_schema":)" + schema +
                                 R"(,"supported_sync_modes":{},"is_resumable":"?"},"sync_mode":7)" +
                                 with_mode + "}";
      EXPECT_EQ(WhyNot(Of(stream)), "accepted");
      EXPECT_THAT(ParseCatalog(Of(stream))->warnings, IsEmpty());
    }
  }
}

TEST(Catalog, WhatIsAskedForAndNotDoneIsRefused) {
  const std::string mode = R"(,"destination_sync_mode":"append")";
  for (const std::string name : {"include_files", "destination_object_name", "mappers"}) {
    for (const std::string nothing : {"null", "false", "\" \"", "\"False\"", "0", "0.0", "{}", "[]"}) {
      EXPECT_EQ(WhyNot(Of(One("a", mode + ",\"" + name + "\":" + nothing))), "accepted") << name << nothing;
    }
    for (const std::string asked : {"true", "\"true\"", "1", "\"x\"", "[{}]", "0.5"}) {
      const std::string streams = One("b", mode) + "," + One("a", mode + ",\"" + name + "\":" + asked);
      EXPECT_THAT(WhyNot(Of(streams)), AllOf(HasSubstr("stream a asks for"), HasSubstr(name))) << asked;
      EXPECT_EQ(ParseCatalog(Of(streams)).error().stream, (StreamId{std::nullopt, "a"}));
    }
  }
}

TEST(Catalog, UnknownMembersAreNamedOnce) {
  std::string streams;
  for (int i = 0; i < 100; ++i) {
    streams += (i == 0 ? "" : ",") +
               One("s" + std::to_string(i), R"(,"destination_sync_mode":"append","later":[],"n)" +
                                                std::to_string(i) + "\":{\"secret\":1}");
  }
  const Result<Catalog> catalog = ParseCatalog(Of(streams));
  ASSERT_TRUE(catalog.ok());
  ASSERT_EQ(catalog->warnings.size(), 1u);
  EXPECT_THAT(catalog->warnings[0], AllOf(HasSubstr("later, n0, n1"), Not(HasSubstr("secret"))));
  EXPECT_EQ(std::count(catalog->warnings[0].begin(), catalog->warnings[0].end(), ','), 20);
}

TEST(Catalog, WhatIsGivenInItsPlaceIsRecognised) {
  const std::string configured = Of(One("a", R"(,"destination_sync_mode":"append")"));
  const std::pair<std::string, const char*> kCases[] = {
      {R"({"streams":[{"name":"a","json_schema":{}}]})", "it is a discovered catalog"},
      {R"({"streams":[{"name":"a"},{"name":"b"}],"more":1})", "it is a discovered catalog"},
      {R"({"type":"CATALOG","catalog":{"streams":[{"name":"a","json_schema":{}}]}})",
       "the message with the discovered catalog"},
      {R"({"dynamodb_region":"us-east-1","secret_access_key":"x"})", "--config and --catalog exchanged"},
      {R"({"connectionConfiguration":{"dynamodb_region":"x"}})", "--config and --catalog exchanged"},
      {"{\"configuredCatalog\":" + configured + "}", "wrapped in \"configuredCatalog\""},
      {"{\"catalog\":" + configured + "}", "wrapped in \"catalog\""},
      {"[" + configured + "]", "not a JSON object"},
      {"\"{}\"", "not a JSON object"},
      {"{\"streams\":[],}", "not valid JSON: it has a comma before a closing bracket in line 1"},
      {"// mine\n" + configured, "not valid JSON: it has a comment in line 1"},
      {"", "not valid JSON: it is empty"},
  };
  for (const auto& [text, what] : kCases) EXPECT_THAT(WhyNot(text), HasSubstr(what)) << text;
  std::string utf16 = "\xFF\xFE";
  for (const char c : configured) utf16 += {c, '\0'};
  EXPECT_THAT(WhyNot(utf16), HasSubstr("not valid JSON: it is UTF-16"));
}

TEST(Catalog, FromAFile) {
  EXPECT_THAT(LoadCatalog("/does/not/exist", 0).error().message, HasSubstr("not/exist cannot be read"));
  EXPECT_EQ(LoadCatalog("/", 0).error().type, FailureType::kConfig);
  char path[] = "/tmp/catalog_test_XXXXXX";
  const int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  const auto json = Of(One("a", R"(,"destination_sync_mode":"append")"));
  ASSERT_EQ(write(fd, json.data(), json.size()), static_cast<ssize_t>(json.size()));
  EXPECT_TRUE(LoadCatalog(path, 0).ok());
  // It is held whole while it is read.
  ASSERT_EQ(ftruncate(fd, (24 << 20) + 1), 0);
  close(fd);
  EXPECT_THAT(LoadCatalog(path, 0).error().message, HasSubstr("is not enough memory (max_memory_mb)"));
  EXPECT_THAT(LoadCatalog(path, 1 << 20).error().message, HasSubstr("not valid JSON"));
  std::remove(path);
}

TEST(StreamIndex, ExactlyThenWithoutTellingNullFromEmpty) {
  const StreamIndex index(
      {{"n", "a"}, {std::nullopt, "a"}, {"", "b"}, {std::nullopt, "c"}, {"", "c"}, {"a", ""}});
  EXPECT_EQ(index.Find("n", "a"), StreamNo(0));
  EXPECT_EQ(index.Find(std::nullopt, "a"), StreamNo(1));
  EXPECT_EQ(index.Find("", "a"), StreamNo(1));
  EXPECT_EQ(index.Find(std::nullopt, "b"), StreamNo(2));
  EXPECT_EQ(index.Find("", "b"), StreamNo(2));
  EXPECT_EQ(index.Find(std::nullopt, "c"), StreamNo(3));
  EXPECT_EQ(index.Find("", "c"), StreamNo(4));
  EXPECT_EQ(index.Find("a", ""), StreamNo(5));
  EXPECT_EQ(index.Find("n", "b"), std::nullopt);
  EXPECT_EQ(index.Find("m", "a"), std::nullopt);
  EXPECT_EQ(index.Find(std::nullopt, "A"), std::nullopt);
  EXPECT_EQ(index.Find(std::nullopt, ""), std::nullopt);
  EXPECT_EQ(index.Find("na", ""), std::nullopt);
  EXPECT_EQ(StreamIndex({}).Find(std::nullopt, "a"), std::nullopt);
}

TEST(StreamIndex, ManyStreams) {
  std::vector<StreamId> streams;
  for (int i = 0; i < 5000; ++i) {
    StreamId id{std::nullopt, "stream_" + std::to_string(i / 3)};
    if (i % 3 != 0) id.ns = "ns" + std::to_string(i % 3);
    streams.push_back(id);
  }
  const StreamIndex index(streams);
  for (size_t i = 0; i < streams.size(); ++i) {
    const std::optional<std::string>& ns = streams[i].ns;
    ASSERT_EQ(index.Find(ns ? std::optional<std::string_view>(*ns) : std::nullopt, streams[i].name),
              StreamNo(i));
    ASSERT_EQ(index.Find("ns3", streams[i].name), std::nullopt);
  }
}

}  // namespace
}  // namespace ddb
