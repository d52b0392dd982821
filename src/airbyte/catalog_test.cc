#include "airbyte/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <string>

namespace ddb {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string One(const std::string& name, const std::string& more) {
  return R"({"stream":{"name":")" + name + R"(","json_schema":{}},"sync_mode":"full_refresh")" + more + "}";
}
std::string Of(const std::string& streams) { return R"({"streams":[)" + streams + "]}"; }

// The message of the config_error that `json` gives.
std::string Refusal(const std::string& json) {
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
  EXPECT_THAT(catalog->warnings, IsEmpty());
}

TEST(Catalog, AByteOrderMarkInFront) {
  EXPECT_TRUE(ParseCatalog("\xEF\xBB\xBF"
                           R"({"streams":[{"stream":{"name":"a"},"destination_sync_mode":"append"}]})")
                  .ok());
}

TEST(Catalog, EmptyOrNone) {
  for (const char* json : {R"({"streams":[]})", R"({"streams":null})", "{}"}) {
    EXPECT_THAT(Refusal(json), HasSubstr("it has no stream")) << json;
  }
  EXPECT_THAT(Refusal("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(Refusal(R"({"streams":{}})"), HasSubstr("streams is not a list"));
  for (const char* json : {"", "{", R"({"streams":[)", "x", R"({"streams":[]} x)"}) {
    EXPECT_THAT(Refusal(json), HasSubstr("not valid JSON")) << json;
  }
}

TEST(Catalog, AStreamTwice) {
  const std::string mode = R"(,"destination_sync_mode":"append")";
  EXPECT_THAT(Refusal(Of(One("users", mode) + "," + One("users", mode))),
              HasSubstr("stream users is in it twice"));
  const std::string empty = R"({"stream":{"name":"users","namespace":""})" + mode + "}";
  const std::string other = R"({"stream":{"name":"users","namespace":"n"})" + mode + "}";
  EXPECT_THAT(Refusal(Of(One("users", mode) + "," + empty)), HasSubstr("twice"));
  EXPECT_THAT(Refusal(Of(other + "," + other)), HasSubstr("stream n.users is in it twice"));
  EXPECT_EQ(Refusal(Of(One("users", mode) + "," + other + "," + One("Users", mode))), "accepted");
  const Result<Catalog> catalog = ParseCatalog(Of(other + "," + other));
  EXPECT_EQ(catalog.error().stream, (StreamId{"n", "users"}));
}

TEST(Catalog, SyncModes) {
  EXPECT_THAT(Refusal(Of(One("a", ""))),
              AllOf(HasSubstr("stream a has no destination_sync_mode"), HasSubstr("Choose")));
  EXPECT_THAT(Refusal(Of(One("a", R"(,"destination_sync_mode":null)"))),
              HasSubstr("has no destination_sync_mode"));
  EXPECT_THAT(Refusal(Of(One("a", R"(,"destination_sync_mode":"append_dedup")"))), HasSubstr("append_dedup"));
  for (const char* mode : {"\"update\"", "\"soft_delete\"", "\"Append\"", "\"\""}) {
    EXPECT_THAT(Refusal(Of(One("a", R"(,"destination_sync_mode":)" + std::string(mode)))),
                HasSubstr("not known"))
        << mode;
  }
  EXPECT_THAT(Refusal(Of(One("a", R"(,"destination_sync_mode":1)"))), HasSubstr("is not text"));
}

TEST(Catalog, StreamsWithoutAName) {
  EXPECT_THAT(Refusal(Of("5")), HasSubstr("stream at position 1"));
  EXPECT_THAT(Refusal(Of(One("a", R"(,"destination_sync_mode":"append")") + ",{}")),
              HasSubstr("stream at position 2"));
  EXPECT_THAT(Refusal(Of(R"({"stream":{}})")), HasSubstr("has no name"));
  EXPECT_THAT(Refusal(Of(R"({"stream":{"name":null}})")), HasSubstr("has no name"));
  EXPECT_THAT(Refusal(Of(R"({"stream":{"name":1}})")), HasSubstr("is not text"));
  EXPECT_THAT(Refusal(Of(R"({"stream":{"name":"a","namespace":[]}})")), HasSubstr("is not text"));
}

TEST(Catalog, Generations) {
  const auto with = [](const std::string& mode, const std::string& generation, const std::string& minimum) {
    return Of(One("a", R"(,"destination_sync_mode":")" + mode + R"(","generation_id":)" + generation +
                           R"(,"minimum_generation_id":)" + minimum));
  };
  for (const char* mode : {"append", "overwrite"}) {
    EXPECT_THAT(Refusal(with(mode, "5", "3")), HasSubstr("minimum_generation_id"));
    EXPECT_THAT(Refusal(with(mode, "5", "6")), HasSubstr("minimum_generation_id"));
    EXPECT_THAT(Refusal(with(mode, "null", "6")), HasSubstr("minimum_generation_id"));
    EXPECT_EQ(Refusal(with(mode, "5", "0")), "accepted");
    EXPECT_EQ(Refusal(with(mode, "5", "5")), "accepted");
    EXPECT_EQ(Refusal(with(mode, "0", "0")), "accepted");
    EXPECT_EQ(Refusal(with(mode, "5", "null")), "accepted");
    EXPECT_THAT(Refusal(with(mode, "\"5\"", "0")),
                HasSubstr("generation_id of stream a is not a whole number"));
    EXPECT_THAT(Refusal(with(mode, "1.5", "0")), HasSubstr("is not a whole number"));
  }
  EXPECT_THAT(ParseCatalog(with("append", "5", "5"))->warnings,
              ElementsAre(AllOf(HasSubstr("removes nothing"), HasSubstr(": a"))));
  EXPECT_THAT(ParseCatalog(with("overwrite", "5", "5"))->warnings, IsEmpty());
  EXPECT_THAT(ParseCatalog(with("append", "0", "0"))->warnings, IsEmpty());
  const std::string truncate =
      R"(,"destination_sync_mode":"append","generation_id":2,"minimum_generation_id":2)";
  EXPECT_THAT(ParseCatalog(Of(One("a", truncate) + "," + One("b", truncate)))->warnings,
              ElementsAre(HasSubstr(": a, b")));
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
  for (const std::string wrong : {R"("id")", R"(["id"])", R"([[1]])", "{}", "7"}) {
    EXPECT_THAT(Refusal(Of(One("a", R"(,"destination_sync_mode":"append","primary_key":)" + wrong))),
                AllOf(HasSubstr("primary_key"), HasSubstr("stream a")))
        << wrong;
  }
  EXPECT_THAT(Refusal(Of(One("a", R"(,"destination_sync_mode":"append","cursor_field":"id")"))),
              HasSubstr("cursor_field of stream a is not a list"));
}

TEST(Catalog, FromAFile) {
  EXPECT_THAT(LoadCatalog("/does/not/exist").error().message, HasSubstr("/does/not/exist cannot be read"));
  EXPECT_EQ(LoadCatalog("/").error().type, FailureType::kConfig);
  char path[] = "/tmp/catalog_test_XXXXXX";
  const int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  const std::string json = Of(One("a", R"(,"destination_sync_mode":"append")"));
  ASSERT_EQ(write(fd, json.data(), json.size()), static_cast<ssize_t>(json.size()));
  close(fd);
  EXPECT_TRUE(LoadCatalog(path).ok());
  std::remove(path);
}

TEST(StreamIndex, ExactlyThenWithoutTellingNullFromEmpty) {
  const StreamIndex index(
      {{"n", "a"}, {std::nullopt, "a"}, {"", "b"}, {std::nullopt, "c"}, {"", "c"}, {"a", ""}});
  EXPECT_EQ(index.Find("n", "a"), 0);
  EXPECT_EQ(index.Find(std::nullopt, "a"), 1);
  EXPECT_EQ(index.Find("", "a"), 1);
  EXPECT_EQ(index.Find(std::nullopt, "b"), 2);
  EXPECT_EQ(index.Find("", "b"), 2);
  EXPECT_EQ(index.Find(std::nullopt, "c"), 3);
  EXPECT_EQ(index.Find("", "c"), 4);
  EXPECT_EQ(index.Find("a", ""), 5);
  EXPECT_EQ(index.Find("n", "b"), -1);
  EXPECT_EQ(index.Find("m", "a"), -1);
  EXPECT_EQ(index.Find(std::nullopt, "A"), -1);
  EXPECT_EQ(index.Find(std::nullopt, ""), -1);
  EXPECT_EQ(index.Find("na", ""), -1);
  EXPECT_EQ(StreamIndex({}).Find(std::nullopt, "a"), -1);
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
              static_cast<int>(i));
    ASSERT_EQ(index.Find("ns3", streams[i].name), -1);
  }
}

}  // namespace
}  // namespace ddb
