// SPDX-License-Identifier: Apache-2.0
#include "write/partition_splitter.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <optional>
#include <unordered_map>
#include <utility>

#include "decode/arrow_schema.h"
#include "write/arrow_status.h"
#include "write/partition_values.h"

namespace kafka_iceberg::write {
namespace {

using buffer::RowRun;

// Where a field id sits: a column and struct children below it.
std::optional<std::vector<int>> PathOf(int32_t field_id, const arrow::FieldVector& fields) {
  for (int i = 0; i < static_cast<int>(fields.size()); ++i) {
    const arrow::Field& field = *fields[static_cast<size_t>(i)];
    if (decode::FieldId(field) == field_id) return std::vector<int>{i};
    if (field.type()->id() != arrow::Type::STRUCT) continue;
    if (auto below = PathOf(field_id, field.type()->fields())) {
      below->insert(below->begin(), i);
      return below;
    }
  }
  return std::nullopt;
}

// A field of a null struct is null: parents' nulls are merged in on the way down.
Result<std::shared_ptr<arrow::Array>> ColumnAt(const arrow::RecordBatch& rows,
                                               const std::vector<int>& path) {
  std::shared_ptr<arrow::Array> column = rows.column(path[0]);
  for (size_t i = 1; i < path.size(); ++i) {
    const auto& parent = static_cast<const arrow::StructArray&>(*column);
    column = TRY(FromArrow(parent.GetFlattenedField(path[i])));
  }
  return column;
}

// Groups of rows while field after field is taken in.
struct Grouping {
  std::vector<iceberg::PartitionTuple> tuples;
  std::vector<uint32_t> groups;  // by row; empty while there is only one group
};

void Refine(PartitionValues values, int64_t rows, Grouping& grouping) {
  if (values.codes.empty()) {
    for (auto& tuple : grouping.tuples) tuple.push_back(values.values[0]);
    return;
  }
  if (grouping.groups.empty()) {
    const iceberg::PartitionTuple prefix = std::move(grouping.tuples[0]);
    grouping.tuples.assign(values.values.size(), prefix);
    for (size_t i = 0; i < values.values.size(); ++i) {
      grouping.tuples[i].push_back(std::move(values.values[i]));
    }
    grouping.groups = std::move(values.codes);
    return;
  }
  std::vector<iceberg::PartitionTuple> tuples;
  std::unordered_map<uint64_t, uint32_t> pairs;
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    const uint32_t code = values.codes[row];
    uint32_t& group = grouping.groups[row];
    const auto [found, added] =
        pairs.try_emplace(uint64_t{group} << 32 | code, static_cast<uint32_t>(tuples.size()));
    if (added) {
      tuples.push_back(grouping.tuples[group]);
      tuples.back().push_back(values.values[code]);
    }
    group = found->second;
  }
  grouping.tuples = std::move(tuples);
}

std::vector<PartitionGroup> ToGroups(Grouping grouping, int64_t rows) {
  std::vector<PartitionGroup> groups;
  groups.reserve(grouping.tuples.size());
  for (auto& tuple : grouping.tuples) groups.push_back({std::move(tuple), {}});
  if (grouping.groups.empty()) {
    groups[0].runs.push_back({0, 0, static_cast<int32_t>(rows)});
    return groups;
  }
  for (int32_t row = 0; row < static_cast<int32_t>(rows); ++row) {
    AddRow(groups[grouping.groups[static_cast<size_t>(row)]].runs, 0, row);
  }
  return groups;
}

}  // namespace

Result<PartitionSplitter> PartitionSplitter::Make(const iceberg::PartitionSpec& spec,
                                                  const iceberg::Schema& schema,
                                                  const arrow::Schema& columns) {
  PartitionSplitter splitter;
  for (const iceberg::PartitionField& field : spec.fields) {
    Source source{.transform = field.transform, .type = {}, .path = {}};
    if (field.transform.kind == iceberg::TransformKind::kUnknown) {
      return Error::Unsupported("partition field {} has the unknown transform {}", field.name,
                                ToString(field.transform));
    }
    if (field.transform.kind != iceberg::TransformKind::kVoid) {
      const iceberg::Field* column = schema.FindField(field.source_id);
      auto path = PathOf(field.source_id, columns.fields());
      if (column == nullptr || !path) {
        return Error::Invalid("partition field {} needs the column with id {}, which is missing",
                              field.name, field.source_id);
      }
      TRY(iceberg::ResultType(field.transform, column->type));
      source.type = column->type;
      source.path = *std::move(path);
    }
    splitter.sources_.push_back(std::move(source));
  }
  return splitter;
}

Result<std::vector<PartitionGroup>> PartitionSplitter::Split(const arrow::RecordBatch& rows) const {
  if (rows.num_rows() == 0) return std::vector<PartitionGroup>{};
  Grouping grouping;
  grouping.tuples.resize(1);
  for (const Source& source : sources_) {
    PartitionValues values{.values = {iceberg::Value{}}, .codes = {}};
    if (!source.path.empty()) {
      const auto column = TRY(ColumnAt(rows, source.path));
      values = TRY(ComputePartitionValues(source.transform, source.type, *column));
    }
    Refine(std::move(values), rows.num_rows(), grouping);
  }
  return ToGroups(std::move(grouping), rows.num_rows());
}

}  // namespace kafka_iceberg::write
