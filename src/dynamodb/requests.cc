#include "dynamodb/requests.h"

#include <fmt/format.h>

#include <iterator>

#include "json/escape.h"

namespace ddb {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  json::AppendString(text, out);
  return out;
}

// {"a":1,"b":2}: members are added as ready JSON.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectWriter() { out_ += '}'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  // Begins a member; the caller appends its value.
  std::string& Member(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    json::AppendString(name, out_);
    return out_ += ':';
  }
  void String(std::string_view name, std::string_view value) { json::AppendString(value, Member(name)); }
  void Number(std::string_view name, int64_t value) {
    fmt::format_to(std::back_inserter(Member(name)), "{}", value);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <typename List, typename Fn>
void AppendArray(std::string& out, const List& list, Fn append) {
  out += '[';
  bool first = true;
  for (const auto& element : list) {
    if (!first) out += ',';
    first = false;
    append(out, element);
  }
  out += ']';
}

void AppendKey(std::string& out, const IndexSettings::Key& key) {
  ObjectWriter object(out);
  object.String("AttributeName", key.name);
  object.String("KeyType", key.hash ? "HASH" : "RANGE");
}

void AppendAttribute(std::string& out, const KeyAttribute& attribute) {
  ObjectWriter object(out);
  object.String("AttributeName", attribute.name);
  object.String("AttributeType", std::string_view(&attribute.type, 1));
}

void AddCapacity(ObjectWriter& parent, const TableCapacity& capacity) {
  if (!capacity.on_demand) {
    ObjectWriter object(parent.Member("ProvisionedThroughput"));
    object.Number("ReadCapacityUnits", capacity.read_units.value_or(1));
    object.Number("WriteCapacityUnits", capacity.write_units.value_or(1));
  } else if (capacity.read_units || capacity.write_units) {
    ObjectWriter object(parent.Member("OnDemandThroughput"));
    object.Number("MaxReadRequestUnits", capacity.read_units.value_or(-1));
    object.Number("MaxWriteRequestUnits", capacity.write_units.value_or(-1));
  }
}

void AppendIndex(std::string& out, const IndexSettings& index) {
  ObjectWriter object(out);
  object.String("IndexName", index.name);
  AppendArray(object.Member("KeySchema"), index.keys, AppendKey);
  {
    ObjectWriter projection(object.Member("Projection"));
    projection.String("ProjectionType", index.projection);
    if (!index.projected.empty()) {
      AppendArray(projection.Member("NonKeyAttributes"), index.projected,
                  [](std::string& to, const std::string& name) { json::AppendString(name, to); });
    }
  }
  if (index.global) AddCapacity(object, index.capacity);
}

void AppendTags(std::string& out, const TableSettings& settings) {
  AppendArray(out, settings.tags, [](std::string& to, const auto& tag) {
    ObjectWriter object(to);
    object.String("Key", tag.first);
    object.String("Value", tag.second);
  });
}

void AddIndexes(ObjectWriter& body, const TableSettings& settings, bool global) {
  std::vector<IndexSettings> indexes;
  for (const IndexSettings& index : settings.indexes) {
    if (index.global == global) indexes.push_back(index);
  }
  if (indexes.empty()) return;
  AppendArray(body.Member(global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes"), indexes, AppendIndex);
}

void AddKeys(ObjectWriter& body, const TableKeys& keys, const TableSettings& settings) {
  std::vector<IndexSettings::Key> schema{{keys.hash.name, true}};
  std::vector<KeyAttribute> attributes{keys.hash};
  if (keys.range) {
    schema.push_back({keys.range->name, false});
    attributes.push_back(*keys.range);
  }
  if (!settings.attributes.empty()) attributes = settings.attributes;
  AppendArray(body.Member("KeySchema"), schema, AppendKey);
  AppendArray(body.Member("AttributeDefinitions"), attributes, AppendAttribute);
}

}  // namespace

std::string TableKeys::Text() const {
  std::string text = fmt::format("HASH {} ({})", hash.name, hash.type);
  if (range) text += fmt::format(", RANGE {} ({})", range->name, range->type);
  return text;
}

std::string BatchWriteHead(std::string_view table) { return R"({"RequestItems":{)" + Quoted(table) + ":["; }

std::string TableNameBody(std::string_view table) { return R"({"TableName":)" + Quoted(table) + "}"; }

std::string CreateTableBody(std::string_view table, const TableKeys& keys, const TableSettings& settings) {
  std::string out;
  {
    ObjectWriter body(out);
    body.String("TableName", table);
    AddKeys(body, keys, settings);
    body.String("BillingMode", settings.capacity.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
    AddCapacity(body, settings.capacity);
    AddIndexes(body, settings, false);
    AddIndexes(body, settings, true);
    if (!settings.stream_view.empty()) {
      ObjectWriter stream(body.Member("StreamSpecification"));
      stream.Member("StreamEnabled") += "true";
      stream.String("StreamViewType", settings.stream_view);
    }
    if (!settings.table_class.empty()) body.String("TableClass", settings.table_class);
    if (settings.kms) {
      ObjectWriter sse(body.Member("SSESpecification"));
      sse.Member("Enabled") += "true";
      sse.String("SSEType", "KMS");
      if (!settings.kms_key_arn.empty()) sse.String("KMSMasterKeyId", settings.kms_key_arn);
    }
    if (!settings.tags.empty()) AppendTags(body.Member("Tags"), settings);
  }
  return out;
}

std::string UpdateTimeToLiveBody(std::string_view table, std::string_view attribute) {
  return fmt::format(R"({{"TableName":{},"TimeToLiveSpecification":{{"AttributeName":{},"Enabled":true}}}})",
                     Quoted(table), Quoted(attribute));
}

std::string ListTagsBody(std::string_view arn, std::string_view next_token) {
  std::string out = R"({"ResourceArn":)" + Quoted(arn);
  if (!next_token.empty()) out += R"(,"NextToken":)" + Quoted(next_token);
  return out + "}";
}

}  // namespace ddb
