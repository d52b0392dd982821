#include "items/table_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ddb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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

// With these tables there.
SettledNames Settled(std::string_view prefix, const std::vector<StreamId>& streams,
                     const std::set<std::string>& tables = {}) {
  const auto names = PossibleTableNames(prefix, streams);
  if (!names.ok()) {
    ADD_FAILURE() << names.error().message;
    return {};
  }
  std::set<std::string> found;
  for (const std::string& name : NamesToLookFor(*names)) {
    if (tables.contains(name)) found.insert(name);
  }
  return SettleTableNames(streams, *names, found);
}

std::vector<std::string> Names(std::string_view prefix, const std::vector<StreamId>& streams,
                               const std::set<std::string>& tables = {}) {
  std::vector<std::string> names;
  for (const TableName& table : Settled(prefix, streams, tables).tables) names.push_back(table.name);
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
  EXPECT_EQ(Names("airbyte_sync", {{"", "users"}}), Names1{"airbyte_sync_users"});
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

TEST(TableNames, NullAndEmptyNamespaceAreOne) {
  for (const std::string name : {"s", "a b", "_s"}) {
    EXPECT_EQ(Names("p", {{std::nullopt, name}}), Names("p", {{"", name}}));
    EXPECT_EQ(Names("p", {{std::nullopt, name}, {"x", "y_z"}, {"x_y", "z"}}),
              Names("p", {{"", name}, {"x", "y_z"}, {"x_y", "z"}}));
  }
  const std::string longest(300, 'n');
  EXPECT_EQ(Names("p", {{std::nullopt, longest}}), Names("p", {{"", longest}}));
  EXPECT_EQ(Names("p", {{std::nullopt, "a b"}, {std::nullopt, "a-b"}}),
            Names("p", {{"", "a b"}, {"", "a-b"}}));
}

// Version 1.0.0 made a part of the name of it.
TEST(TableNames, AnEmptyNamespaceGoesOnWhereItsTableIs) {
  const SettledNames settled = Settled("p", {{"", "s"}}, {"p__s"});
  EXPECT_EQ(settled.tables[0].name, "p__s");
  ASSERT_EQ(settled.warnings.size(), 1u);
  EXPECT_THAT(settled.warnings[0], AllOf(HasSubstr("table p__s"), HasSubstr("its table is p_s.")));
  EXPECT_EQ(Names("p", {{"", "s"}}, {"p__s", "p_s"}), std::vector<std::string>{"p_s"});
  EXPECT_EQ(Names("p", {{std::nullopt, "s"}}, {"p__s"}), std::vector<std::string>{"p_s"});
}

// What a catalog has beside a stream changes: a newcomer, a stream that was taken out, a clear of some.
TEST(TableNames, AStreamKeepsTheTableWithItsDigitsWhateverElseIsThere) {
  const std::vector<StreamId> both = {{std::nullopt, "a.b"}, {std::nullopt, "a_b"}};
  const std::vector<std::string> apart = Names("p", both);
  EXPECT_NE(apart[0], apart[1]);
  const std::set<std::string> tables = {"p_a_b", apart[0], apart[1]};
  EXPECT_EQ(Settled("p", both, tables).warnings.size(), 0u);
  for (const size_t i : {0, 1}) {
    EXPECT_EQ(Names("p", {both[i]}, tables), std::vector<std::string>{apart[i]});
    EXPECT_EQ(Names("p", {both[i], {"a", "b"}}, tables)[0], apart[i]);
    EXPECT_EQ(Names("p", {both[i]}, {"p_a_b", apart[1 - i]}), std::vector<std::string>{"p_a_b"});
  }
}

TEST(TableNames, ANewcomerThatMeetsATableIsToldOf) {
  const std::vector<StreamId> both = {{std::nullopt, "a.b"}, {std::nullopt, "a_b"}};
  const std::vector<std::string> apart = Names("p", both);
  EXPECT_EQ(Settled("p", both).warnings.size(), 0u);  // both are new
  for (const std::set<std::string>& tables : {std::set<std::string>{"p_a_b"}, {"p_a_b", apart[0]}}) {
    const SettledNames settled = Settled("p", both, tables);
    EXPECT_EQ(settled.tables[0].name, apart[0]);
    EXPECT_EQ(settled.tables[1].name, apart[1]);
    ASSERT_EQ(settled.warnings.size(), 1u);
    EXPECT_THAT(settled.warnings[0],
                AllOf(HasSubstr("the name p_a_b,"), HasSubstr("a.b (to " + apart[0] + ")"),
                      HasSubstr("a_b (to " + apart[1] + ")")));
  }
  std::vector<StreamId> many;
  for (const char c : std::string("!#$%&()*+,-./:;<=>?@"))
    many.push_back({std::nullopt, std::string("a") + c});
  const SettledNames settled = Settled("p", many, {"p_a_"});
  ASSERT_EQ(settled.warnings.size(), 1u);
  EXPECT_THAT(settled.warnings[0], AllOf(HasSubstr("a( (to"), HasSubstr("), ..."), Not(HasSubstr("a@"))));
}

TEST(TableNames, FitDynamoDbsLimits) {
  const SettledNames settled = Settled("", {{std::nullopt, "a"}});
  EXPECT_EQ(settled.tables.at(0).name.substr(0, 3), "_a_");
  EXPECT_TRUE(settled.tables.at(0).hashed);

  const std::string long_name(400, 'n');
  const auto names = Names("p", {{"ns", long_name}, {"ns", long_name + "2"}, {"ns", std::string(249, 'm')}});
  EXPECT_EQ(names[0].size(), 255u);
  EXPECT_EQ(names[1].size(), 255u);
  EXPECT_NE(names[0], names[1]);
  EXPECT_EQ(names[2], "p_ns_" + std::string(249, 'm'));
  EXPECT_EQ(Names("p", {{std::nullopt, std::string(253, 'm')}})[0].size(), 255u);
  EXPECT_EQ(Names("p", {{std::nullopt, std::string(253, 'm')}})[0].back(), 'm');
}

// As names in another script do, of which nothing but '_' is left.
TEST(TableNames, AsManyAsYouLikeMayMeet) {
  std::vector<StreamId> streams;
  // Marks are dropped: all of these are p__.
  for (int i = 0; i < 20000; ++i) {
    std::string name = "?";
    for (int bit = 0; bit < 15; ++bit) name += (i >> bit & 1) != 0 ? "\xCC\x80" : "\xCC\x81";
    streams.push_back({std::nullopt, name});
  }
  const SettledNames settled = Settled("p", streams, {"p__"});
  std::set<std::string> names;
  for (const TableName& table : settled.tables) names.insert(table.name);
  EXPECT_EQ(names.size(), streams.size());
  EXPECT_EQ(settled.warnings.size(), 1u);
}

// Both would be written to one table.
TEST(TableNames, AStreamThatIsCalledAsAnothersTableWithDigits) {
  const std::vector<StreamId> both = {{"x", "y_z"}, {"x_y", "z"}};
  const std::string with_digits = Names("p", both)[0];
  const StreamId called_so{std::nullopt, with_digits.substr(2)};
  for (const std::vector<StreamId>& streams :
       {std::vector<StreamId>{both[0], both[1], called_so}, {called_so, both[0]}}) {
    const auto names = PossibleTableNames("p", streams);
    ASSERT_FALSE(names.ok());
    EXPECT_EQ(names.error().type, FailureType::kConfig);
    EXPECT_THAT(names.error().message, AllOf(HasSubstr("\"x.y_z\""), HasSubstr("\"" + called_so.name + "\""),
                                             HasSubstr(with_digits)));
  }
  // Alone it cannot be known whose the table is.
  const SettledNames settled = Settled("p", {called_so}, {with_digits});
  EXPECT_EQ(settled.tables[0].name, with_digits);
  ASSERT_EQ(settled.warnings.size(), 1u);
  EXPECT_THAT(settled.warnings[0], AllOf(HasSubstr("table " + with_digits), HasSubstr("the name p_x_y_z,")));
  EXPECT_EQ(Settled("p", {called_so}).warnings.size(), 0u) << "it is new";
  for (const char* name : {"sales_20240101", "a_12345678", "a_1234567g", "adeadbeef"}) {
    const StreamId stream{std::nullopt, name};
    EXPECT_EQ(Settled("p", {stream}, {Names("p", {stream})[0]}).warnings.size(), 0u) << name;
  }
}

TEST(TableNames, BadPrefixesAreConfigErrors) {
  for (const std::string prefix : {"a b", "a/b", "é", "a\n", "x:y"}) {
    const auto tables = PossibleTableNames(prefix, {{std::nullopt, "s"}});
    ASSERT_FALSE(tables.ok()) << prefix;
    EXPECT_EQ(tables.error().type, FailureType::kConfig);
  }
  EXPECT_FALSE(PossibleTableNames(std::string(247, 'p'), {{std::nullopt, "s"}}).ok());
  EXPECT_EQ(Names(std::string(246, 'p'), {{std::nullopt, std::string(20, 's')}})[0].size(), 255u);
}

TEST(TableNames, AStreamTwiceIsAnError) {
  EXPECT_FALSE(PossibleTableNames("p", {{"n", "s"}, {"n", "s"}}).ok());
}

}  // namespace
}  // namespace ddb
