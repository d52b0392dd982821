#include "items/table_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ddb {
namespace {

TEST(CleanName, AsTheJavaConnectorDoes) {
  const std::pair<std::string, std::string> kCases[] = {
      {"users", "users"},
      {"UsErS", "UsErS"},
      {"users USE special !@#$", "users_USE_special_____"},
      {"123identifier_name", "123identifier_name"},
      {",identifier+name", "_identifier_name"},
      {"identifiêr name", "identifier_name"},
      {"a_unicode_name_文", "a_unicode_name__"},
      {"identifier__name__", "identifier__name__"},
      {"identifier-name.weee", "identifier_name_weee"},
      {"\"identifier name\"", "_identifier_name_"},
      {"identifier%", "identifier_"},
      {"`identifier`", "_identifier_"},
      {"  lead  trail  ", "_lead_trail_"},
      {"a\tb\nc", "a_b_c"},
      {"a\x0B"
       "b",
       "a_b"},
      {"a\u00A0b", "a_b"},
      {"a\u2028b", "a_b"},
      {"a\u0085b", "a_b"},
      {"a\u200Bb", "a_b"},
      {"\u3000z", "_z"},
      {"\x01x", "_x"},
      {"", ""},
      {"café", "cafe"},
      {"cafe\u0301", "cafe"},
      {"Øre", "_re"},
      {"Łódź", "_odz"},
      {"ß", "_"},
      {"İstanbul", "Istanbul"},
      {"\uFB01le", "file"},
      {"\u01C4", "DZ"},
      {"①", "1"},
      {"½", "1_2"},
      {"²", "2"},
      {"ª", "a"},
      {"™", "TM"},
      {"ＡＢＣ", "ABC"},
      {"…end", "___end"},
      {"\u00B5", "_"},
      {"\u2126", "_"},
      {"\u212B", "A"},
      {"😀x", "_x"},
      {"こんにちは", "_____"},
      {"が", "_"},
      {"한", "___"},
      {"กำ", "__"},
      {"iDenTiFieR_name", "iDenTiFieR_name"},
      {"__identifier_name", "__identifier_name"},
      {"i0d0e0n0t0i0f0i0e0r0n0a0m0e", "i0d0e0n0t0i0f0i0e0r0n0a0m0e"},
      // A run of spaces that a mark only seems to interrupt; a no-break space joins a run.
      {"a \u0301 b", "a_b"},
      {"a \u00A0\u3000 b", "a_b"},
      {"a\u2028\u2028b", "a__b"},
      {"\xFF\xFEx", "__x"},
  };
  for (const auto& [name, clean] : kCases) EXPECT_EQ(CleanName(name), clean) << name;
}

std::vector<std::string> Names(std::string_view prefix, const std::vector<StreamId>& streams) {
  const auto tables = ResolveTableNames(prefix, streams);
  if (!tables.ok()) {
    ADD_FAILURE() << tables.error().message;
    return {};
  }
  std::vector<std::string> names;
  for (const TableName& table : *tables) names.push_back(table.name);
  return names;
}

TEST(TableNames, WorkedExamples) {
  const std::optional<std::string> null;
  using Names1 = std::vector<std::string>;
  EXPECT_EQ(Names("test_table", {{"test_namespace", "test_stream"}}),
            Names1{"test_table_test_namespace_test_stream"});
  EXPECT_EQ(Names("integration-test", {{null, "exchange_rate"}}), Names1{"integration-test_exchange_rate"});
  EXPECT_EQ(Names("airbyte_sync", {{"public", "users"}}), Names1{"airbyte_sync_public_users"});
  EXPECT_EQ(Names("airbyte_sync", {{"public", "stream-with:spécial:character_names"}}),
            Names1{"airbyte_sync_public_stream_with_special_character_names"});
  EXPECT_EQ(Names("airbyte_sync", {{"", "users"}}), Names1{"airbyte_sync__users"});
  EXPECT_EQ(Names("", {{"ns", "s"}}), Names1{"_ns_s"});
  EXPECT_EQ(Names("a.b-c", {{"my ns", "1st"}}), Names1{"a.b-c_my_ns_1st"});
  EXPECT_EQ(Names("p", {{"x", "y_z"}}), Names1{"p_x_y_z"});
  EXPECT_EQ(Names("p", {{"x_y", "z"}}), Names1{"p_x_y_z"});
}

TEST(TableNames, StreamsThatMeetAreToldApartWhateverTheirOrder) {
  std::vector<StreamId> streams = {{"x", "y_z"}, {"x_y", "z"}, {"x", "other"}, {std::nullopt, "x_y_z"}};
  const auto names = Names("p", streams);
  ASSERT_EQ(names.size(), 4u);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 4u);
  EXPECT_EQ(names[2], "p_x_other");
  for (const size_t i : {0, 1, 3}) {
    EXPECT_EQ(names[i].substr(0, 8), "p_x_y_z_") << names[i];
    EXPECT_EQ(names[i].size(), 16u);
  }
  std::vector<size_t> order = {0, 1, 2, 3};
  do {
    std::vector<StreamId> mixed;
    for (const size_t i : order) mixed.push_back(streams[i]);
    const auto again = Names("p", mixed);
    for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(again[i], names[order[i]]);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(TableNames, TheHashIsOfNamespaceAndName) {
  // printf 'x\0y_z' | sha256sum, and with the byte FF for no namespace.
  const auto names = Names("p", {{"x", "y_z"}, {"x_y", "z"}, {std::nullopt, "x_y_z"}});
  EXPECT_EQ(names[0], "p_x_y_z_053db67a");
  EXPECT_EQ(names[2], "p_x_y_z_c3cad42d");
}

TEST(TableNames, NullAndEmptyNamespaceDiffer) {
  const auto names = Names("p", {{std::nullopt, "_s"}, {"", "s"}});
  EXPECT_NE(names[0], names[1]);
  EXPECT_EQ(names[0].substr(0, 5), "p__s_");
}

TEST(TableNames, FitDynamoDbsLimits) {
  const auto tables = ResolveTableNames("", {{std::nullopt, "a"}});
  ASSERT_TRUE(tables.ok());
  EXPECT_EQ(tables->at(0).name.substr(0, 3), "_a_");
  EXPECT_TRUE(tables->at(0).hashed);

  const std::string long_name(400, 'n');
  const auto names = Names("p", {{"ns", long_name}, {"ns", long_name + "2"}, {"ns", std::string(249, 'm')}});
  EXPECT_EQ(names[0].size(), 255u);
  EXPECT_EQ(names[1].size(), 255u);
  EXPECT_NE(names[0], names[1]);
  EXPECT_EQ(names[2], "p_ns_" + std::string(249, 'm'));
  EXPECT_EQ(Names("p", {{std::nullopt, std::string(253, 'm')}})[0].size(), 255u);
  EXPECT_EQ(Names("p", {{std::nullopt, std::string(253, 'm')}})[0].back(), 'm');
}

TEST(TableNames, AHashedNameThatAnotherStreamHasGetsMoreDigits) {
  std::vector<StreamId> streams = {{"x", "y_z"}, {"x_y", "z"}};
  const auto first = Names("p", streams);
  streams.push_back({std::nullopt, first[0].substr(2)});  // its plain name is the first one's hashed name
  const auto names = Names("p", streams);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 3u);
  EXPECT_EQ(names[0].size(), first[0].size() + 8);
  EXPECT_EQ(names[1], first[1]);
}

TEST(TableNames, BadPrefixesAreConfigErrors) {
  for (const std::string prefix : {"a b", "a/b", "é", "a\n", "x:y"}) {
    const auto tables = ResolveTableNames(prefix, {{std::nullopt, "s"}});
    ASSERT_FALSE(tables.ok()) << prefix;
    EXPECT_EQ(tables.error().type, FailureType::kConfig);
  }
  EXPECT_FALSE(ResolveTableNames(std::string(247, 'p'), {{std::nullopt, "s"}}).ok());
  EXPECT_EQ(Names(std::string(246, 'p'), {{std::nullopt, std::string(20, 's')}})[0].size(), 255u);
}

TEST(TableNames, AStreamTwiceIsAnError) {
  EXPECT_FALSE(ResolveTableNames("p", {{"n", "s"}, {"n", "s"}}).ok());
}

}  // namespace
}  // namespace ddb
