#include "airbyte/platform_terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "airbyte/catalog.h"

namespace ddb {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Refusal(const std::map<std::string, std::string>& environment) {
  const Status status = RefuseVariables([&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
  });
  if (status.ok()) return "accepted";
  EXPECT_EQ(status.error().type, FailureType::kConfig);
  return status.error().message;
}

TEST(PlatformTerms, EveryOneIsOnceInItsListAndSaysWhy) {
  for (const auto terms :
       {PlatformVariables(), CatalogMembers(), ConfiguredStreamMembers(), StreamMembers(), SyncModes()}) {
    for (const PlatformTerm& term : terms) {
      EXPECT_EQ(FindTerm(terms, term.name), &term) << term.name;
      if (term.treatment == Treatment::kRefused) {
        EXPECT_THAT(std::string(term.why), HasSubstr("not supported")) << term.name;
      }
    }
    EXPECT_EQ(FindTerm(terms, "no_such_name"), nullptr);
    EXPECT_EQ(FindTerm(terms, ""), nullptr);
  }
  EXPECT_NE(FindTerm(PlatformVariables(), "DD_AGENT_HOST"), nullptr);
}

TEST(PlatformTerms, VariablesThatAskForWhatIsNotDone) {
  EXPECT_EQ(Refusal({}), "accepted");
  for (const PlatformTerm& term : PlatformVariables()) {
    const std::string name(term.name);
    for (const char* value :
         {"x", "true", "SOCKET", "PROTOBUF", " /var/run/sockets/airbyte_socket_1.sock "}) {
      const std::string refusal = Refusal({{name, value}});
      if (term.treatment == Treatment::kRefused) {
        EXPECT_THAT(refusal, AllOf(HasSubstr(name), HasSubstr("not supported"))) << value;
      } else {
        EXPECT_EQ(refusal, "accepted") << name << value;
      }
    }
    EXPECT_EQ(Refusal({{name, ""}}), "accepted") << name;
    EXPECT_EQ(Refusal({{name, " "}}), "accepted") << name;
  }
}

TEST(PlatformTerms, ValuesThatAskForNothing) {
  const std::map<std::string, std::string> accepted[] = {
      {{"DATA_CHANNEL_MEDIUM", "STDIO"}, {"DATA_CHANNEL_FORMAT", "JSONL"}},
      {{"DATA_CHANNEL_MEDIUM", " stdio\n"}, {"DATA_CHANNEL_FORMAT", "jsonl"}},
      {{"USE_FILE_TRANSFER", "false"}, {"AIRBYTE_STAGING_DIRECTORY", "/staging/files"}},
      {{"USE_FILE_TRANSFER", "FALSE"}},
      {{"USE_FILE_TRANSFER", "0"}},
      {{"DATA_CHANNEL_MEDIUM", "STDIO"},
       {"DATA_CHANNEL_SOCKET_PATHS", "/var/run/sockets/airbyte_socket_1.sock"},
       {"NAMESPACE_MAPPING_CONFIG_PATH", "/dest/namespace-mapping.json"}},
  };
  for (const auto& environment : accepted) EXPECT_EQ(Refusal(environment), "accepted");
  const std::map<std::string, std::string> refused[] = {
      {{"DATA_CHANNEL_MEDIUM", "STDIO"}, {"DATA_CHANNEL_FORMAT", "PROTOBUF"}},
      {{"DATA_CHANNEL_MEDIUM", "STDIO"}, {"DATA_CHANNEL_FORMAT", "FLATBUFFERS"}},
      {{"DATA_CHANNEL_MEDIUM", "socket"}},
      {{"DATA_CHANNEL_MEDIUM", "STDI"}},
      {{"USE_FILE_TRANSFER", "True"}},
  };
  for (const auto& environment : refused) EXPECT_THAT(Refusal(environment), HasSubstr("not supported"));
}

std::string CatalogRefusal(const std::string& of_the_stream, const std::string& described = {},
                           const std::string& of_the_catalog = {}) {
  const Result<Catalog> catalog =
      ParseCatalog(R"({"streams":[{"stream":{"name":"a")" + described +
                   R"(},"destination_sync_mode":"append")" + of_the_stream + "}]" + of_the_catalog + "}");
  if (catalog.ok()) return "accepted";
  EXPECT_EQ(catalog.error().type, FailureType::kConfig);
  return catalog.error().message;
}

// What is passed over is not done: nothing would be removed, copied or hashed, and exit 0 would say that it
// was.
TEST(PlatformTerms, AMemberInAnotherWritingIsRefused) {
  const auto says = [](const std::string& written, const std::string& meant) {
    return AllOf(HasSubstr("has a member " + written + ", which the protocol calls " + meant + "."),
                 HasSubstr("Nothing was changed"));
  };
  EXPECT_THAT(CatalogRefusal(R"(,"generationId":5)"), says("generationId", "generation_id"));
  EXPECT_THAT(CatalogRefusal(R"(,"minimum-generation-id":5)"),
              says("minimum-generation-id", "minimum_generation_id"));
  EXPECT_THAT(CatalogRefusal(R"(,"Include_Files":true)"),
              HasSubstr("include_files), which is not supported"));
  EXPECT_THAT(CatalogRefusal(R"(,"destinationObjectName":"x")"),
              HasSubstr("of data activation), which is not supported"));
  EXPECT_THAT(CatalogRefusal(R"(,"primaryKey":[["id"]])"), says("primaryKey", "primary_key"));
  EXPECT_THAT(CatalogRefusal("", R"(,"Namespace":"n")"), says("Namespace", "namespace"));
  EXPECT_THAT(CatalogRefusal("", "", R"(,"Streams":[{}])"), says("Streams", "streams"));
  EXPECT_THAT(CatalogRefusal(R"(,"HASHEDFIELDS":["x"])"),
              HasSubstr("hashed_fields), which is not supported"));
  // They ask for nothing.
  for (const char* nothing : {R"(,"minimumGenerationId":0)", R"(,"primaryKey":[])", R"(,"cursorField":[ ])",
                              R"(,"includeFiles":false)", R"(,"generationId":null)",
                              R"(,"destinationObjectName":"")", R"(,"syncMode":"incremental")"}) {
    EXPECT_EQ(CatalogRefusal(nothing), "accepted") << nothing;
  }
  EXPECT_EQ(CatalogRefusal("", R"(,"jsonSchema":{"x":1})"), "accepted");
}

TEST(PlatformTerms, WhatThePlatformDoesBeforeTheRecordsComeIsRefused) {
  EXPECT_THAT(CatalogRefusal(R"(,"mappers":[{"name":"hashing"}])"),
              AllOf(HasSubstr("stream a asks for its records to be changed on the way (mappers)"),
                    HasSubstr("not supported"), HasSubstr("Nothing was changed")));
  EXPECT_THAT(CatalogRefusal(R"(,"hashed_fields":["x"])"), HasSubstr("not supported"));
  EXPECT_THAT(CatalogRefusal(R"(,"selected_fields":[{"fieldPath":["x"]}])"), HasSubstr("not supported"));
  EXPECT_EQ(CatalogRefusal(R"(,"mappers":[],"hashed_fields":{},"selected_fields":null,"fields":[{}])"),
            "accepted");
}

TEST(PlatformTerms, OtherWritings) {
  for (const char* name : {"syncId", "SYNC_ID", "sync-id", "sync id", "sync.id", " sync_id "}) {
    ASSERT_NE(FindOtherWriting(ConfiguredStreamMembers(), name), nullptr) << name;
    EXPECT_EQ(FindOtherWriting(ConfiguredStreamMembers(), name)->name.view(), "sync_id");
  }
  for (const char* name : {"", "_", "sync", "sync_ids", "sync_i", "xsync_id", "later"}) {
    EXPECT_EQ(FindOtherWriting(ConfiguredStreamMembers(), name), nullptr) << name;
  }
}

}  // namespace
}  // namespace ddb
