// SPDX-License-Identifier: Apache-2.0
//
// What AvroRowReader does with values that no column takes. Nothing here runs for a record whose
// fields all have their column.
#include <algorithm>

#include "decode/avro/avro_json.h"
#include "decode/avro/avro_row_reader.h"

namespace kafka_iceberg::decode {

AvroRowReader::Next AvroRowReader::WriteJson(const AvroSchema& schema, const Column* column,
                                             Next at) {
  scratch_.clear();
  AvroJson json(input_, rescue_->bytes_max(), empty_items_left_, scratch_);
  const Next next = json.Write(schema, at);
  if (next != nullptr) return next;
  const std::string path = column == nullptr ? "" : column->path();
  failure_ = {
      json.code(), path,
      fmt::format("{} {}", path.empty() ? "a field that no column takes" : path, json.reason())};
  return nullptr;
}

AvroRowReader::Next AvroRowReader::ReadRescued(const AvroOp& op, Next at) {
  const AvroRescue& rescue = program_->rescues[static_cast<size_t>(op.argument)];
  at = WriteJson(*rescue.schema, rescue.column, at);
  if (at == nullptr) return nullptr;
  if (rescue.is_member) {
    if (!rescue_->AddMember(rescue.column, rescue.name, scratch_)) ++ignored_fields_;
  } else if (scratch_ != "null") {
    rescue_->AddValue(*rescue.column, scratch_);
  }
  return at;
}

AvroRowReader::Next AvroRowReader::FailValue(const AvroOp& op, Next start, std::string_view code,
                                             std::string_view reason) {
  const auto number = static_cast<uint32_t>(&op - program_->ops.data());
  const auto misfit = std::ranges::lower_bound(program_->misfits, number, {},
                                               [](const auto& m) { return m.first; });
  const bool is_rescued = misfit != program_->misfits.end() && misfit->first == number;
  if (!is_rescued) return Fail(op, code, reason);
  const Next next = WriteJson(*misfit->second, op.column, start);
  if (next == nullptr) return nullptr;
  rescue_->AddValue(*op.column, scratch_);
  op.column->AppendNull();
  return next;
}

}  // namespace kafka_iceberg::decode
