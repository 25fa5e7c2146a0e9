// SPDX-License-Identifier: Apache-2.0
//
// Column: one Iceberg field while its rows are being decoded; becomes an Arrow array without being
// copied.
//
// Every append adds exactly one row. TruncateTo() forgets rows at any depth, half-built ones
// included, which is how a record that fails midway leaves no trace. Nested values: the children
// are appended first, the parent last. Owned by one decoder.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "decode/growable_buffer.h"
#include "iceberg/type.h"
#include "iceberg/value.h"

namespace arrow {
class DataType;
struct ArrayData;
}  // namespace arrow

namespace kafka_iceberg::decode {

class Column {
 public:
  // Writers of var-length values may touch this many bytes past what they append.
  static constexpr int64_t kSlack = 64;

  // `path` names the column in messages ("user.address.zip", "tags.element"). The type is one
  // ToArrowField() takes.
  Column(const iceberg::Field& field, std::string path);
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  const iceberg::Type& type() const { return type_; }
  const std::string& path() const { return path_; }
  bool required() const { return required_; }
  int64_t size() const { return size_; }
  // Struct: its fields; list: element; map: key, value.
  std::vector<std::unique_ptr<Column>>& children() { return children_; }
  const std::vector<std::unique_ptr<Column>>& children() const { return children_; }

  // int, date: int32_t; long, time, timestamps: int64_t; float; double; decimal: Int128.
  template <typename T>
  void AppendFixed(T value) {
    values_.Ensure((size_ + 1) * static_cast<int64_t>(sizeof(T)));
    std::memcpy(values_.data() + size_ * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
    AppendValid();
  }
  void AppendBool(bool value) {
    SetBit(values_, size_, value);
    AppendValid();
  }
  // uuid and fixed: room for the next row's bytes, to be filled before AppendFixedBytes().
  uint8_t* ReserveFixedBytes() {
    values_.Ensure((size_ + 1) * width_);
    return values_.data() + size_ * width_;
  }
  void AppendFixedBytes() { AppendValid(); }
  // string and binary: room for `bytes` (plus kSlack), of which AppendBytes() takes the first.
  uint8_t* ReserveBytes(int64_t bytes) {
    bytes_.Ensure(bytes_size_ + bytes + kSlack);
    return bytes_.data() + bytes_size_;
  }
  void AppendBytes(int64_t bytes) {
    bytes_size_ += bytes;
    AppendOffset(bytes_size_);
  }
  void AppendString(std::string_view value) {
    const auto bytes = static_cast<int64_t>(value.size());
    if (bytes > 0) std::memcpy(ReserveBytes(bytes), value.data(), value.size());
    AppendBytes(bytes);
  }
  // Ends a list or map row: everything its children got since the last row.
  void AppendList() { AppendOffset(children_[0]->size_); }
  // Ends a struct row: each child has got one row more.
  void AppendStruct() { AppendValid(); }
  // Any type. A required column (below a null struct) takes an empty value instead.
  void AppendNull();
  // A primitive value of this column's type, in the storage form of iceberg::Value.
  void AppendValue(const iceberg::Value& value);

  void TruncateTo(int64_t rows);
  // Rows of the (list or map) children that belong to finished rows.
  int64_t child_rows() const { return size_ == 0 ? 0 : values_.As<int32_t>()[size_]; }
  // The stored bytes of one primitive row, to compare rows with; a boolean's are one letter.
  std::string_view RawValue(int64_t row) const;
  // Memory used by the rows, children included; grows with the number of columns, not of rows.
  int64_t bytes() const;
  // All rows as one immutable array of `type` (what ToArrowField() made of the field); the column
  // is empty after.
  std::shared_ptr<arrow::ArrayData> Finish(const std::shared_ptr<arrow::DataType>& type);

 private:
  enum class Storage : uint8_t { kNone, kBits, kFixed, kBytes, kList, kStruct };

  static void SetBit(GrowableBuffer& bits, int64_t index, bool value) {
    bits.Ensure((index >> 3) + 1);
    const auto mask = static_cast<uint8_t>(1U << (index & 7));
    uint8_t& byte = bits.data()[index >> 3];
    byte = static_cast<uint8_t>(value ? byte | mask : byte & ~mask);
  }
  void AppendValid() {
    if (has_validity_) SetBit(validity_, size_, true);
    ++size_;
  }
  void AppendOffset(int64_t end) {
    CHECK(end <= kOffsetMax);  // a decoder is sealed long before: see kPendingBytesMax
    values_.Ensure((size_ + 2) * static_cast<int64_t>(sizeof(int32_t)));
    // The first offset is written again by each first row: cheaper than a test.
    auto* offsets = values_.As<int32_t>();
    if (size_ == 0) offsets[0] = 0;
    offsets[size_ + 1] = static_cast<int32_t>(end);
    AppendValid();
  }
  void StartValidity();
  static Storage StorageOf(iceberg::TypeId id);
  std::shared_ptr<arrow::ArrayData> FinishNested(const std::shared_ptr<arrow::DataType>& type,
                                                 std::shared_ptr<arrow::Buffer> validity,
                                                 int64_t rows);

  static constexpr int64_t kOffsetMax = INT32_MAX;

  int64_t size_ = 0;
  GrowableBuffer values_;  // fixed values, bits, or offsets
  int64_t bytes_size_ = 0;
  GrowableBuffer bytes_;
  int64_t width_ = 0;
  Storage storage_;
  bool required_;
  bool has_validity_ = false;  // no bitmap until the first null
  GrowableBuffer validity_;
  std::vector<std::unique_ptr<Column>> children_;
  iceberg::Type type_;
  std::string path_;
};

}  // namespace kafka_iceberg::decode
