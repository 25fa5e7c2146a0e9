// SPDX-License-Identifier: Apache-2.0
#include "buffer/conform.h"

#include <arrow/array/array_base.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <string>
#include <utility>
#include <vector>

#include "buffer/arrow_status.h"

namespace kafka_iceberg::buffer {
namespace {

using ArrayDataPtr = std::shared_ptr<arrow::ArrayData>;

std::string FieldId(const arrow::Field& field) {
  if (field.metadata() == nullptr) return {};
  return field.metadata()->Get("PARQUET:field_id").ValueOr("");
}

Result<ArrayDataPtr> Nulls(const std::shared_ptr<arrow::DataType>& type, int64_t rows) {
  return TRY(FromArrow(arrow::MakeArrayOfNull(type, rows)))->data();
}

template <typename From, typename To>
Result<ArrayDataPtr> Widen(const arrow::ArrayData& from,
                           const std::shared_ptr<arrow::DataType>& type) {
  std::shared_ptr<arrow::Buffer> buffer =
      TRY(FromArrow(arrow::AllocateBuffer((from.offset + from.length) * int64_t{sizeof(To)})));
  // Whole buffers, so that the offset still counts for all of them.
  const From* values = from.GetValues<From>(1, 0);
  To* wide = reinterpret_cast<To*>(buffer->mutable_data());
  for (int64_t i = 0; i < from.offset + from.length; ++i) wide[i] = static_cast<To>(values[i]);
  auto widened = from.Copy();
  widened->type = type;
  widened->buffers[1] = std::move(buffer);
  return widened;
}

Result<ArrayDataPtr> ConformColumn(const ArrayDataPtr& data, const arrow::Field& to);

// By position in lists and maps, by field id in structs.
Result<ArrayDataPtr> ConformNested(const ArrayDataPtr& data,
                                   const std::shared_ptr<arrow::DataType>& to) {
  auto conformed = data->Copy();
  conformed->type = to;
  conformed->child_data.clear();
  for (int i = 0; i < to->num_fields(); ++i) {
    const arrow::Field& field = *to->field(i);
    int source = to->id() == arrow::Type::STRUCT ? -1 : i;
    for (int child = 0; source < 0 && child < data->type->num_fields(); ++child) {
      if (FieldId(*data->type->field(child)) == FieldId(field)) source = child;
    }
    // A struct's children have as many rows as its buffers, whatever part of them is meant.
    conformed->child_data.push_back(
        source < 0 ? TRY(Nulls(field.type(), data->offset + data->length))
                   : TRY(ConformColumn(data->child_data[static_cast<size_t>(source)], field)));
  }
  return conformed;
}

Result<ArrayDataPtr> ConformColumn(const ArrayDataPtr& data, const arrow::Field& to) {
  const arrow::DataType& from = *data->type;
  if (from.Equals(*to.type(), /*check_metadata=*/true)) return data;
  if (from.id() == arrow::Type::INT32 && to.type()->id() == arrow::Type::INT64)
    return Widen<int32_t, int64_t>(*data, to.type());
  if (from.id() == arrow::Type::FLOAT && to.type()->id() == arrow::Type::DOUBLE)
    return Widen<float, double>(*data, to.type());
  if (from.id() != to.type()->id()) {
    return Error::Invalid("column '{}' became {}, having been {}", to.name(), to.type()->ToString(),
                          from.ToString());
  }
  if (from.num_fields() > 0) return ConformNested(data, to.type());
  // A decimal of more digits is stored in the same way.
  auto renamed = data->Copy();
  renamed->type = to.type();
  return renamed;
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> Conform(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                    const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<ArrayDataPtr> columns;
  for (const auto& field : schema->fields()) {
    const std::string id = FieldId(*field);
    int source = -1;
    for (int i = 0; source < 0 && i < rows->num_columns(); ++i) {
      if (FieldId(*rows->schema()->field(i)) == id) source = i;
    }
    columns.push_back(source < 0 ? TRY(Nulls(field->type(), rows->num_rows()))
                                 : TRY(ConformColumn(rows->column_data(source), *field)));
  }
  return arrow::RecordBatch::Make(schema, rows->num_rows(), std::move(columns));
}

}  // namespace kafka_iceberg::buffer
