// SPDX-License-Identifier: Apache-2.0
#include "decode/column.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

namespace kafka_iceberg::decode {
namespace {

using iceberg::TypeId;

int64_t WidthOf(const iceberg::Type& type) {
  switch (type.id) {
    case TypeId::kInt:
    case TypeId::kFloat:
    case TypeId::kDate: return 4;
    case TypeId::kLong:
    case TypeId::kDouble:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: return 8;
    case TypeId::kDecimal:
    case TypeId::kUuid: return 16;
    case TypeId::kFixed: return type.length;
    default: return 0;
  }
}

int64_t BitmapBytes(int64_t rows) { return (rows + 7) / 8; }

}  // namespace

Column::Column(const iceberg::Field& field, std::string path)
    : width_(WidthOf(field.type)),
      storage_(StorageOf(field.type.id)),
      required_(field.required),
      type_(field.type),
      path_(std::move(path)) {
  children_.reserve(field.type.fields.size());
  for (const iceberg::Field& child : field.type.fields) {
    children_.push_back(std::make_unique<Column>(child, path_ + "." + child.name));
  }
}

Column::Storage Column::StorageOf(TypeId id) {
  switch (id) {
    case TypeId::kBoolean: return Storage::kBits;
    case TypeId::kString:
    case TypeId::kBinary: return Storage::kBytes;
    case TypeId::kList:
    case TypeId::kMap: return Storage::kList;
    case TypeId::kStruct: return Storage::kStruct;
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography: return Storage::kNone;
    default: return Storage::kFixed;
  }
}

void Column::StartValidity() {
  if (has_validity_) return;
  has_validity_ = true;
  const int64_t bytes = BitmapBytes(size_);
  validity_.Ensure(bytes + 1);
  if (bytes > 0) std::memset(validity_.data(), 0xff, static_cast<size_t>(bytes));
}

void Column::AppendNull() {
  if (!required_ && storage_ != Storage::kNone) StartValidity();
  switch (storage_) {
    case Storage::kNone: break;
    case Storage::kBits: SetBit(values_, size_, false); break;
    case Storage::kFixed: std::memset(ReserveFixedBytes(), 0, static_cast<size_t>(width_)); break;
    case Storage::kBytes: AppendOffset(bytes_size_); break;
    case Storage::kList: AppendOffset(child_rows()); break;
    case Storage::kStruct:
      for (auto& child : children_) child->AppendNull();
      break;
  }
  const bool appended = storage_ == Storage::kBytes || storage_ == Storage::kList;
  if (!appended) AppendValid();
  if (!required_ && has_validity_) SetBit(validity_, size_ - 1, false);
}

void Column::AppendValue(const iceberg::Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return AppendBool(*boolean);
  if (const auto* number = std::get_if<int32_t>(&value)) return AppendFixed(*number);
  if (const auto* number = std::get_if<int64_t>(&value)) return AppendFixed(*number);
  if (const auto* number = std::get_if<float>(&value)) return AppendFixed(*number);
  if (const auto* number = std::get_if<double>(&value)) return AppendFixed(*number);
  if (const auto* number = std::get_if<iceberg::DecimalValue>(&value)) {
    return AppendFixed(number->unscaled);
  }
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return AppendNull();
  if (storage_ == Storage::kBytes) return AppendString(*text);
  CHECK(static_cast<int64_t>(text->size()) == width_);
  std::memcpy(ReserveFixedBytes(), text->data(), text->size());
  AppendFixedBytes();
}

void Column::TruncateTo(int64_t rows) {
  if (rows < size_) size_ = rows;
  if (storage_ == Storage::kBytes) bytes_size_ = child_rows();
  if (storage_ == Storage::kList) {
    for (auto& child : children_) child->TruncateTo(child_rows());
  }
  if (storage_ == Storage::kStruct) {
    for (auto& child : children_) child->TruncateTo(size_);
  }
}

std::string_view Column::RawValue(int64_t row) const {
  if (storage_ == Storage::kBits) {
    return (values_.data()[row >> 3] >> (row & 7) & 1) != 0 ? "t" : "f";
  }
  if (storage_ == Storage::kBytes) {
    const auto* offsets = values_.As<int32_t>();
    return {bytes_.As<char>() + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row])};
  }
  return {values_.As<char>() + row * width_, static_cast<size_t>(width_)};
}

int64_t Column::bytes() const {
  int64_t total = has_validity_ ? BitmapBytes(size_) : 0;
  switch (storage_) {
    case Storage::kNone:
    case Storage::kStruct: break;
    case Storage::kBits: total += BitmapBytes(size_); break;
    case Storage::kFixed: total += size_ * width_; break;
    case Storage::kBytes:
    case Storage::kList:
      total += size_ * static_cast<int64_t>(sizeof(int32_t)) + bytes_size_;
      break;
  }
  for (const auto& child : children_) total += child->bytes();
  return total;
}

std::shared_ptr<arrow::ArrayData> Column::FinishNested(const std::shared_ptr<arrow::DataType>& type,
                                                       std::shared_ptr<arrow::Buffer> validity,
                                                       int64_t rows) {
  std::vector<std::shared_ptr<arrow::ArrayData>> arrays;
  const int64_t child_length = storage_ == Storage::kStruct ? rows : children_[0]->size_;
  // Arrow keeps a map's key and value in a struct of its own.
  const bool is_map = type_.id == TypeId::kMap;
  const arrow::DataType& parent = is_map ? *type->field(0)->type() : *type;
  for (size_t i = 0; i < children_.size(); ++i) {
    CHECK(children_[i]->size_ == child_length);
    arrays.push_back(children_[i]->Finish(parent.field(static_cast<int>(i))->type()));
  }
  const int64_t nulls = validity == nullptr ? 0 : arrow::kUnknownNullCount;
  if (storage_ == Storage::kStruct) {
    return arrow::ArrayData::Make(type, rows, {std::move(validity)}, std::move(arrays), nulls);
  }
  if (is_map) {
    arrays = {arrow::ArrayData::Make(type->field(0)->type(), child_length, {nullptr},
                                     std::move(arrays), 0)};
  }
  auto offsets = values_.Finish((rows + 1) * static_cast<int64_t>(sizeof(int32_t)));
  return arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(offsets)},
                                std::move(arrays), nulls);
}

std::shared_ptr<arrow::ArrayData> Column::Finish(const std::shared_ptr<arrow::DataType>& type) {
  const int64_t rows = size_;
  auto validity = has_validity_ ? validity_.Finish(BitmapBytes(rows)) : nullptr;
  const int64_t nulls = has_validity_ ? arrow::kUnknownNullCount : 0;
  if (rows == 0 && (storage_ == Storage::kBytes || storage_ == Storage::kList)) {
    values_.Ensure(sizeof(int32_t));
    values_.As<int32_t>()[0] = 0;
  }
  std::shared_ptr<arrow::ArrayData> array;
  switch (storage_) {
    case Storage::kNone: array = arrow::ArrayData::Make(type, rows, {nullptr}, rows); break;
    case Storage::kBits:
      array =
          arrow::ArrayData::Make(type, rows, {validity, values_.Finish(BitmapBytes(rows))}, nulls);
      break;
    case Storage::kFixed:
      array = arrow::ArrayData::Make(type, rows, {validity, values_.Finish(rows * width_)}, nulls);
      break;
    case Storage::kBytes:
      array = arrow::ArrayData::Make(
          type, rows,
          {validity, values_.Finish((rows + 1) * static_cast<int64_t>(sizeof(int32_t))),
           bytes_.Finish(bytes_size_)},
          nulls);
      break;
    case Storage::kList:
    case Storage::kStruct: array = FinishNested(type, std::move(validity), rows); break;
  }
  size_ = 0;
  bytes_size_ = 0;
  has_validity_ = false;
  return array;
}

}  // namespace kafka_iceberg::decode
