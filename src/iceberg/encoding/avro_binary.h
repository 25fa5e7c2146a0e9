// SPDX-License-Identifier: Apache-2.0
//
// Avro's binary encoding: a cursor that reads a value of a given schema, and a buffer that appends
// one. The reader trusts nothing: every length is checked against the bytes that are left, and the
// work one byte can cause is bounded. Each object is used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "iceberg/encoding/avro_schema.h"

namespace kafka_iceberg::iceberg {

class AvroReader {
 public:
  explicit AvroReader(std::string_view bytes);

  Result<bool> ReadBoolean();
  // int and long have the same encoding.
  Result<int64_t> ReadLong();
  Result<float> ReadFloat();
  Result<double> ReadDouble();
  // A view into the input: bytes and string; fixed.
  Result<std::string_view> ReadBytes();
  Result<std::string_view> ReadFixed(int32_t size);
  // The branch that follows, null for a null value; a schema that is no union is its own branch.
  Result<const AvroSchema*> ReadBranch(const AvroSchema& schema);
  // The number of items in the next block of an array or map; 0 ends it.
  Result<int64_t> ReadBlockCount();
  Status Skip(const AvroSchema& schema);

  bool at_end() const { return position_ == bytes_.size(); }
  size_t remaining() const { return bytes_.size() - position_; }

 private:
  Status Work();
  Status SkipFields(const AvroSchema& record);
  Status SkipItems(const AvroSchema& container);

  std::string_view bytes_;
  size_t position_ = 0;
  // Values that take no bytes (null, empty records) must not keep the reader busy for ever.
  size_t work_left_;
};

class AvroWriter {
 public:
  void WriteBoolean(bool value) { bytes_ += value ? '\1' : '\0'; }
  void WriteLong(int64_t value);
  void WriteFloat(float value);
  void WriteDouble(double value);
  void WriteBytes(std::string_view value);
  void WriteFixed(std::string_view value) { bytes_ += value; }
  // The branch of a union of null and something.
  void WriteNull() { bytes_ += '\0'; }
  void WriteNotNull() { bytes_ += '\2'; }
  // Before the items of an array or map; `count` may be 0, and WriteBlockEnd follows in any case.
  void WriteBlockCount(size_t count);
  void WriteBlockEnd() { bytes_ += '\0'; }

  const std::string& bytes() const { return bytes_; }
  std::string TakeBytes() && { return std::move(bytes_); }
  void Clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace kafka_iceberg::iceberg
