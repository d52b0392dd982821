#include "dynamodb/responses.h"

#include <simdjson.h>

namespace ddb {
namespace {

namespace dom = simdjson::dom;

std::string_view TextIn(const dom::element& parent, std::string_view name) {
  std::string_view text;
  return parent[name].get(text) ? std::string_view() : text;
}

std::optional<int64_t> Number(const dom::element& parent, std::string_view name) {
  int64_t number = 0;
  if (!parent[name].get(number)) return number;
  double real = 0;  // some engines write 10.0
  if (parent[name].get(real) || real < 0 || real > 1e15) return std::nullopt;
  return static_cast<int64_t>(real);
}

bool Flag(const dom::element& parent, std::string_view name) {
  bool flag = false;
  return !parent[name].get(flag) && flag;
}

TableStatus StatusOf(std::string_view text) {
  if (text == "ACTIVE") return TableStatus::kActive;
  if (text == "CREATING") return TableStatus::kCreating;
  if (text == "UPDATING") return TableStatus::kUpdating;
  if (text == "DELETING") return TableStatus::kDeleting;
  if (text == "INACCESSIBLE_ENCRYPTION_CREDENTIALS") return TableStatus::kKeyInaccessible;
  if (text == "ARCHIVING" || text == "ARCHIVED") return TableStatus::kArchived;
  return TableStatus::kOther;
}

bool ReadAttributes(const dom::element& table, std::vector<KeyAttribute>& attributes) {
  dom::array list;
  if (table["AttributeDefinitions"].get(list)) return false;
  for (const dom::element entry : list) {
    const std::string_view type = TextIn(entry, "AttributeType");
    if (type != "S" && type != "N" && type != "B") return false;
    attributes.push_back({std::string(TextIn(entry, "AttributeName")), type[0]});
  }
  return true;
}

bool ReadKeySchema(const dom::element& parent, std::vector<IndexSettings::Key>& keys) {
  dom::array list;
  if (parent["KeySchema"].get(list)) return false;
  for (const dom::element entry : list) {
    const std::string_view type = TextIn(entry, "KeyType");
    if (type != "HASH" && type != "RANGE") return false;
    keys.push_back({std::string(TextIn(entry, "AttributeName")), type == "HASH"});
  }
  return !keys.empty();
}

bool ReadTableKeys(const dom::element& table, const std::vector<KeyAttribute>& attributes, TableKeys& keys) {
  std::vector<IndexSettings::Key> schema;
  if (!ReadKeySchema(table, schema)) return false;
  bool hash = false;
  for (const IndexSettings::Key& key : schema) {
    const KeyAttribute* attribute = nullptr;
    for (const KeyAttribute& candidate : attributes) {
      if (candidate.name == key.name) attribute = &candidate;
    }
    if (!attribute) return false;
    if (key.hash) {
      keys.hash = *attribute;
      hash = true;
    } else {
      keys.range = *attribute;
    }
  }
  return hash;
}

// The maxima of on-demand capacity; -1 stands for none.
TableCapacity OnDemand(const dom::element& parent) {
  TableCapacity capacity;
  capacity.on_demand = true;
  dom::element limits;
  if (parent["OnDemandThroughput"].get(limits)) return capacity;
  capacity.read_units = Number(limits, "MaxReadRequestUnits");
  capacity.write_units = Number(limits, "MaxWriteRequestUnits");
  if (capacity.read_units && *capacity.read_units < 0) capacity.read_units.reset();
  if (capacity.write_units && *capacity.write_units < 0) capacity.write_units.reset();
  return capacity;
}

TableCapacity Provisioned(const dom::element& parent) {
  TableCapacity capacity;
  dom::element throughput;
  if (parent["ProvisionedThroughput"].get(throughput)) return capacity;
  capacity.read_units = Number(throughput, "ReadCapacityUnits");
  capacity.write_units = Number(throughput, "WriteCapacityUnits");
  return capacity;
}

// BillingModeSummary is absent from tables that were always provisioned; 0 units mean on-demand.
TableCapacity ReadTableCapacity(const dom::element& table) {
  dom::element summary;
  if (!table["BillingModeSummary"].get(summary)) {
    if (TextIn(summary, "BillingMode") == "PAY_PER_REQUEST") return OnDemand(table);
  }
  const TableCapacity provisioned = Provisioned(table);
  return provisioned.write_units.value_or(0) > 0 ? provisioned : OnDemand(table);
}

// An index of which no units are told, or 0, gets the table's: as few as CreateTable takes would hold the
// whole table to them, since a write waits for each index that it changes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
TableCapacity IndexCapacity(const dom::element& index, const TableCapacity& table) {
  if (table.on_demand) return OnDemand(index);
  TableCapacity capacity = Provisioned(index);
  if (capacity.read_units.value_or(0) <= 0) capacity.read_units = table.read_units;
  if (capacity.write_units.value_or(0) <= 0) capacity.write_units = table.write_units;
  return capacity;
}

bool ReadIndexes(const dom::element& table, bool global, TableSettings& settings) {
  dom::array list;
  if (table[global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes"].get(list)) return true;
  for (const dom::element entry : list) {
    if (TextIn(entry, "IndexStatus") == "DELETING") continue;
    IndexSettings index;
    index.name = TextIn(entry, "IndexName");
    index.global = global;
    if (!ReadKeySchema(entry, index.keys)) return false;
    dom::element projection;
    if (entry["Projection"].get(projection)) return false;
    index.projection = TextIn(projection, "ProjectionType");
    dom::array projected;
    if (!projection["NonKeyAttributes"].get(projected)) {
      for (const dom::element name : projected) {
        std::string_view text;
        if (name.get(text)) return false;
        index.projected.emplace_back(text);
      }
    }
    if (global) index.capacity = IndexCapacity(entry, settings.capacity);
    settings.indexes.push_back(std::move(index));
  }
  return true;
}

// An index that is going away leaves its attributes behind; CreateTable refuses one that no key uses.
void ForgetUnusedAttributes(const TableKeys& keys, TableSettings& settings) {
  std::erase_if(settings.attributes, [&](const KeyAttribute& attribute) {
    if (attribute == keys.hash || attribute == keys.range) return false;
    for (const IndexSettings& index : settings.indexes) {
      for (const IndexSettings::Key& key : index.keys) {
        if (key.name == attribute.name) return false;
      }
    }
    return true;
  });
}

void ReadPlainSettings(const dom::element& table, TableSettings& settings) {
  dom::element part;
  if (!table["StreamSpecification"].get(part) && Flag(part, "StreamEnabled")) {
    settings.stream_view = TextIn(part, "StreamViewType");
  }
  if (!table["TableClassSummary"].get(part)) {
    const std::string_view name = TextIn(part, "TableClass");
    if (name != "STANDARD") settings.table_class = name;
  }
  if (!table["SSEDescription"].get(part) && TextIn(part, "SSEType") == "KMS") {
    const std::string_view status = TextIn(part, "Status");
    settings.kms = status != "DISABLED" && status != "DISABLING";
    if (settings.kms) settings.kms_key_arn = TextIn(part, "KMSMasterKeyArn");
  }
}

// GlobalTableVersion is there "if the table is replicated across Regions", with either version of them:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
bool IsReplicated(const dom::element& table) {
  if (!TextIn(table, "GlobalTableVersion").empty()) return true;
  for (const std::string_view name : {"Replicas", "GlobalTableWitnesses"}) {
    dom::array list;
    if (!table[name].get(list) && list.size() > 0) return true;
  }
  return false;
}

// Calls `read(root)` with the parsed body; nullopt when it is no JSON.
template <typename T, typename Fn>
std::optional<T> WithRoot(std::string_view body, Fn read) {
  dom::parser parser;
  dom::element root;
  if (body.empty() || parser.parse(body.data(), body.size()).get(root)) return std::nullopt;
  return read(root);
}

std::optional<TableDescription> DescriptionOf(const dom::element& root) {
  dom::element table;
  if (root["Table"].get(table) && root["TableDescription"].get(table)) return std::nullopt;
  TableDescription description;
  description.name = TextIn(table, "TableName");
  description.arn = TextIn(table, "TableArn");
  const std::string_view status = TextIn(table, "TableStatus");
  description.status = StatusOf(status);
  if (double created = 0; !table["CreationDateTime"].get(created)) description.created = created;
  if (description.name.empty() || status.empty()) return std::nullopt;
  // While a table goes away, DeleteTable and DescribeTable may tell no more than this.
  if (description.status == TableStatus::kDeleting) return description;
  TableSettings& settings = description.settings;
  if (!ReadAttributes(table, settings.attributes) ||
      !ReadTableKeys(table, settings.attributes, description.keys)) {
    return std::nullopt;
  }
  settings.capacity = ReadTableCapacity(table);
  if (!ReadIndexes(table, false, settings) || !ReadIndexes(table, true, settings)) return std::nullopt;
  ForgetUnusedAttributes(description.keys, settings);
  ReadPlainSettings(table, settings);
  description.deletion_protected = Flag(table, "DeletionProtectionEnabled");
  description.replicated = IsReplicated(table);
  dom::array vector_indexes;
  description.vector_indexes = !table["VectorIndexes"].get(vector_indexes) && vector_indexes.size() > 0;
  return description;
}

std::optional<TagsPage> TagsOf(const dom::element& root) {
  dom::array list;
  TagsPage page;
  const auto tags = root["Tags"];
  if (tags.error() == simdjson::NO_SUCH_FIELD) return page;
  if (tags.get(list)) return std::nullopt;
  for (const dom::element entry : list) {
    const std::string_view key = TextIn(entry, "Key");
    if (key.empty()) return std::nullopt;
    page.tags.emplace_back(key, TextIn(entry, "Value"));
  }
  page.next_token = TextIn(root, "NextToken");
  return page;
}

}  // namespace

std::optional<TableDescription> ReadTableDescription(std::string_view body) {
  return WithRoot<TableDescription>(body, DescriptionOf);
}

std::optional<std::string> ReadTimeToLive(std::string_view body) {
  return WithRoot<std::string>(body, [](const dom::element& root) -> std::optional<std::string> {
    dom::element ttl;
    if (root["TimeToLiveDescription"].get(ttl) || !ttl.is_object()) return std::nullopt;
    const std::string_view status = TextIn(ttl, "TimeToLiveStatus");
    if (status != "ENABLED" && status != "ENABLING") return std::string();
    std::string attribute(TextIn(ttl, "AttributeName"));
    if (attribute.empty()) return std::nullopt;
    return attribute;
  });
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoveryDescription.html
std::optional<int> ReadRecoveryDays(std::string_view body) {
  return WithRoot<int>(body, [](const dom::element& root) -> std::optional<int> {
    dom::element backups;
    if (root["ContinuousBackupsDescription"].get(backups) || !backups.is_object()) return std::nullopt;
    dom::element recovery;
    if (backups["PointInTimeRecoveryDescription"].get(recovery)) return 0;
    if (TextIn(recovery, "PointInTimeRecoveryStatus") != "ENABLED") return 0;
    int64_t days = 0;
    if (recovery["RecoveryPeriodInDays"].get(days)) return kUsualRecoveryDays;
    if (days < 1 || days > kUsualRecoveryDays) return std::nullopt;
    return static_cast<int>(days);
  });
}

std::optional<TagsPage> ReadTags(std::string_view body) { return WithRoot<TagsPage>(body, TagsOf); }

}  // namespace ddb
