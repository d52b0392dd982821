#include "dynamodb/reduced_settings.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace ddb {
namespace {

void NoMaximum(TableCapacity& capacity) {
  if (!capacity.on_demand) return;
  capacity.read_units.reset();
  capacity.write_units.reset();
}

struct Part {
  std::string_view name;
  Loss loss;
  void (*leave_out)(TableSettings&);
};

constexpr Part kParts[] = {
    {"tags", Loss::kMinor, [](TableSettings& settings) { settings.tags.clear(); }},
    {"table class", Loss::kMinor, [](TableSettings& settings) { settings.table_class.clear(); }},
    {"maximum of on-demand capacity", Loss::kMinor,
     [](TableSettings& settings) {
       NoMaximum(settings.capacity);
       for (IndexSettings& index : settings.indexes) NoMaximum(index.capacity);
     }},
    {"stream", Loss::kMinor, [](TableSettings& settings) { settings.stream_view.clear(); }},
    // DescribeTable tells the key that AWS manages like any other, but CreateTable wants it without its name:
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSESpecification.html
    {"encryption key", Loss::kKeyName, [](TableSettings& settings) { settings.kms_key_arn.clear(); }},
    {"encryption with a key in KMS", Loss::kWeaker,
     [](TableSettings& settings) {
       settings.kms = false;
       settings.kms_key_arn.clear();
     }},
    {"indexes", Loss::kWeaker,
     [](TableSettings& settings) {
       settings.indexes.clear();
       settings.attributes.clear();
     }},
};

}  // namespace

std::vector<ReducedSettings> Reductions(const TableSettings& settings) {
  std::vector<ReducedSettings> all;
  std::vector<const Part*> present;
  for (const Part& part : kParts) {
    if (&part == std::end(kParts) - 1 && settings.indexes.empty()) continue;  // attributes of the keys alone
    ReducedSettings reduced{settings, std::string(part.name), part.leave_out == kParts[0].leave_out,
                            part.loss};
    part.leave_out(reduced.settings);
    if (reduced.settings == settings) continue;
    present.push_back(&part);
    all.push_back(std::move(reduced));
  }
  ReducedSettings more{settings, "", false, Loss::kMinor};
  for (const Part* part : present) {
    part->leave_out(more.settings);
    more.left_out.append(more.left_out.empty() ? "" : ", ").append(part->name);
    more.loss = std::max(more.loss, part->loss);
    if (part != present.front()) all.push_back(more);
  }
  return all;
}

}  // namespace ddb
