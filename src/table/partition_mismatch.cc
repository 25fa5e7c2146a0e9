// SPDX-License-Identifier: Apache-2.0
#include "table/partition_mismatch.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "table/table_change.h"
#include "table/table_layout.h"

namespace kafka_iceberg::table {
namespace {

using iceberg::PartitionField;
using iceberg::PartitionSpec;

// Names and ids do not count, and void fields hold nothing.
bool SamePartitioning(const PartitionSpec& a, const PartitionSpec& b) {
  const auto fields_of = [](const PartitionSpec& spec) {
    std::vector<PartitionField> fields = spec.fields;
    std::erase_if(fields, [](const PartitionField& field) {
      return field.transform.kind == iceberg::TransformKind::kVoid;
    });
    return fields;
  };
  return std::ranges::equal(fields_of(a), fields_of(b), [](const auto& x, const auto& y) {
    return x.source_id == y.source_id && x.transform == y.transform;
  });
}

std::string Describe(const PartitionSpec& spec) {
  std::vector<std::string> names;
  for (const PartitionField& field : spec.fields) names.push_back(field.name);
  return names.empty() ? "not partitioned"
                       : fmt::format("partitioned by {}", fmt::join(names, ", "));
}

TableChange ChangeTo(const PartitionSpec& wanted, const iceberg::TableMetadata& base) {
  TableChange change;
  change.updates = {iceberg::AddPartitionSpec{wanted}, iceberg::SetDefaultPartitionSpec{}};
  change.requirements = {iceberg::AssertTableUuid{base.table_uuid},
                         iceberg::AssertLastAssignedPartitionId{base.last_partition_id},
                         iceberg::AssertDefaultSpecId{base.default_spec_id}};
  return change;
}

}  // namespace

Status SettlePartitionMismatch(OpenedTable& table, const TableOptions& options) {
  if (!options.partitioning_is_named) return {};
  const iceberg::TableMetadataPtr now = table.operations->Current().metadata;
  const PartitionSpec wanted = TRY(ParsePartitionSpec(options.partition_by, now->schema()));
  if (SamePartitioning(now->spec(), wanted)) return {};
  if (options.schema_mismatch_action != SchemaMismatchAction::kEvolve) {
    table.kept_partitioning = fmt::format("{}, and stays so; the configuration says {}",
                                          Describe(now->spec()), Describe(wanted));
    return {};
  }
  const auto plan = [&](const iceberg::TableMetadata& base) -> Result<TableChange> {
    const PartitionSpec spec = TRY(ParsePartitionSpec(options.partition_by, base.schema()));
    return SamePartitioning(base.spec(), spec) ? TableChange() : ChangeTo(spec, base);
  };
  if (TRY(ChangeTable(*table.operations, "evolve the partitioning", plan))) {
    table.evolved_partitioning =
        fmt::format("{}, from now on {}", Describe(now->spec()), Describe(wanted));
  }
  return {};
}

}  // namespace kafka_iceberg::table
