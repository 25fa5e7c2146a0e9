// SPDX-License-Identifier: Apache-2.0
#include "write/parquet_reader.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <numeric>
#include <optional>
#include <utility>

#include "decode/arrow_schema.h"
#include "write/arrow_status.h"
#include "write/object_io.h"

namespace kafka_iceberg::write {
namespace {

constexpr int64_t kBatchRows = 65536;

void CollectLeaves(const ::parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) leaves.push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, leaves);
}

}  // namespace

struct ParquetReader::State {
  std::string location;
  std::shared_ptr<ObjectInputFile> file;
  std::unique_ptr<::parquet::arrow::FileReader> reader;
  std::shared_ptr<arrow::Schema> schema;

  // The store's own error where there is one; otherwise a file that cannot be decoded is corrupt.
  Status Explain(Status status) const {
    if (status.ok()) return status;
    Error error = file->FirstError(status.error());
    if (error == status.error() &&
        (error.code() == ErrorCode::kInvalid || error.code() == ErrorCode::kIo)) {
      error = Error(ErrorCode::kCorrupt, error.message());
    }
    return error.WithContext(location);
  }

  std::optional<int> ColumnOf(int32_t field_id) const {
    for (int i = 0; i < schema->num_fields(); ++i) {
      if (decode::FieldId(*schema->field(i)) == field_id) return i;
    }
    return std::nullopt;
  }
};

ParquetReader::ParquetReader(std::unique_ptr<State> state) : state_(std::move(state)) {}

ParquetReader::~ParquetReader() = default;

Result<std::unique_ptr<ParquetReader>> ParquetReader::Open(storage::ObjectStore& store,
                                                           const std::string& location,
                                                           int64_t size_bytes) {
  if (size_bytes == 0) size_bytes = TRY(store.Stat(location)).size_bytes;
  auto state = std::make_unique<State>();
  state->location = location;
  state->file = std::make_shared<ObjectInputFile>(store, location, size_bytes);
  auto opened = Fenced([&]() -> Status {
    ::parquet::ReaderProperties properties;
    properties.set_page_checksum_verification(true);
    ::parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_batch_size(kBatchRows);
    arrow_properties.set_arrow_extensions_enabled(true);
    ::parquet::arrow::FileReaderBuilder builder;
    TRY(FromArrow(builder.Open(state->file, properties)));
    TRY(FromArrow(builder.properties(arrow_properties)->Build(&state->reader)));
    return FromArrow(state->reader->GetSchema(&state->schema));
  });
  TRY(state->Explain(std::move(opened)));
  return std::unique_ptr<ParquetReader>(new ParquetReader(std::move(state)));
}

const arrow::Schema& ParquetReader::schema() const { return *state_->schema; }

const ::parquet::FileMetaData& ParquetReader::footer() const {
  return *state_->reader->parquet_reader()->metadata();
}

Status ParquetReader::Read(const std::vector<int32_t>& field_ids, const Visit& visit) {
  std::vector<std::optional<int>> columns;  // by requested id: the file's column
  std::vector<int> leaves;
  std::vector<int> position(static_cast<size_t>(state_->schema->num_fields()), -1);
  for (const int32_t id : field_ids) columns.push_back(state_->ColumnOf(id));
  // Parquet yields columns in the order of the file, whatever order they are asked for in.
  int next = 0;
  for (int i = 0; i < state_->schema->num_fields(); ++i) {
    if (std::ranges::find(columns, std::optional<int>(i)) == columns.end()) continue;
    CollectLeaves(state_->reader->manifest().schema_fields[static_cast<size_t>(i)], leaves);
    position[static_cast<size_t>(i)] = next++;
  }
  arrow::FieldVector fields;
  for (size_t i = 0; i < field_ids.size(); ++i) {
    fields.push_back(columns[i] ? state_->schema->field(*columns[i])
                                : arrow::field(fmt::format("_{}", field_ids[i]), arrow::null()));
  }
  const auto schema = arrow::schema(std::move(fields));
  std::optional<Error> refused;  // the visitor's own error is passed on as it is
  auto read = Fenced([&]() -> Status {
    std::vector<int> groups(static_cast<size_t>(footer().num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    const auto batches = TRY(FromArrow(state_->reader->GetRecordBatchReader(groups, leaves)));
    while (true) {
      const auto batch = TRY(FromArrow(batches->Next()));
      if (batch == nullptr) return {};
      arrow::ArrayVector arrays;
      for (const auto& column : columns) {
        if (column) {
          arrays.push_back(batch->column(position[static_cast<size_t>(*column)]));
        } else {
          arrays.push_back(std::make_shared<arrow::NullArray>(batch->num_rows()));
        }
      }
      const auto status =
          visit(*arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(arrays)));
      if (!status.ok()) {
        refused = status.error();
        return {};
      }
    }
  });
  if (refused) return *refused;
  return state_->Explain(std::move(read));
}

Status ParquetReader::ReadAll(const Visit& visit) {
  std::vector<int32_t> ids;
  for (const auto& field : state_->schema->fields()) {
    const auto id = decode::FieldId(*field);
    if (!id)
      return Error::Invalid("{}: column {} has no field id", state_->location, field->name());
    ids.push_back(*id);
  }
  return Read(ids, visit);
}

}  // namespace kafka_iceberg::write
