// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_binary.h"

#include <bit>
#include <cstring>

namespace kafka_iceberg::iceberg {
namespace {

static_assert(std::endian::native == std::endian::little,
              "Avro floats are copied as they are in memory");

template <typename T>
Result<T> Load(Result<std::string_view> bytes) {
  const std::string_view view = TRY(std::move(bytes));
  T value;
  std::memcpy(&value, view.data(), sizeof(value));
  return value;
}

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

}  // namespace

AvroReader::AvroReader(std::string_view bytes)
    : bytes_(bytes), work_left_(8 * bytes.size() + 1024) {}

Result<bool> AvroReader::ReadBoolean() {
  if (at_end()) return Error::Corrupt("Avro data ends inside a boolean");
  const char byte = bytes_[position_++];
  if (byte != 0 && byte != 1) return Error::Corrupt("Avro boolean is neither 0 nor 1");
  return byte == 1;
}

Result<int64_t> AvroReader::ReadLong() {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_end()) return Error::Corrupt("Avro data ends inside an integer");
    const auto byte = static_cast<uint8_t>(bytes_[position_++]);
    if (shift == 63 && byte > 1) return Error::Corrupt("Avro integer has more than 64 bits");
    value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
  }
  return Error::Corrupt("Avro integer has more than 64 bits");
}

Result<float> AvroReader::ReadFloat() { return Load<float>(ReadFixed(sizeof(float))); }

Result<double> AvroReader::ReadDouble() { return Load<double>(ReadFixed(sizeof(double))); }

Result<std::string_view> AvroReader::ReadBytes() {
  const int64_t length = TRY(ReadLong());
  if (length < 0 || static_cast<uint64_t>(length) > remaining()) {
    return Error::Corrupt("Avro data ends inside a value of {} bytes", length);
  }
  const std::string_view view = bytes_.substr(position_, static_cast<size_t>(length));
  position_ += view.size();
  return view;
}

Result<std::string_view> AvroReader::ReadFixed(int32_t size) {
  if (size < 0 || static_cast<size_t>(size) > remaining()) {
    return Error::Corrupt("Avro data ends inside a value of {} bytes", size);
  }
  const std::string_view view = bytes_.substr(position_, static_cast<size_t>(size));
  position_ += view.size();
  return view;
}

Status AvroReader::Work() {
  if (work_left_ == 0) return Error::Corrupt("Avro data holds too many empty values");
  --work_left_;
  return {};
}

Result<const AvroSchema*> AvroReader::ReadBranch(const AvroSchema& schema) {
  TRY(Work());
  const AvroSchema* branch = &schema;
  if (schema.kind == AvroKind::kUnion) {
    const int64_t index = TRY(ReadLong());
    if (index < 0 || static_cast<uint64_t>(index) >= schema.children.size()) {
      return Error::Corrupt("Avro union has no branch {}", index);
    }
    branch = &schema.children[static_cast<size_t>(index)];
  }
  return branch->kind == AvroKind::kNull ? nullptr : branch;
}

Result<int64_t> AvroReader::ReadBlockCount() {
  int64_t count = TRY(ReadLong());
  if (count < 0) {
    // A negative count is followed by the block's size in bytes, which only helps those who skip.
    if (count == INT64_MIN) return Error::Corrupt("Avro block count is out of range");
    count = -count;
    TRY(ReadLong());
  }
  // Every item of the types read here takes a byte at least.
  if (static_cast<uint64_t>(count) > remaining()) {
    return Error::Corrupt("Avro block of {} items does not fit {} bytes", count, remaining());
  }
  return count;
}

Status AvroReader::Skip(const AvroSchema& schema) {
  TRY(Work());
  switch (schema.kind) {
    case AvroKind::kNull: return {};
    case AvroKind::kBoolean: TRY(ReadFixed(1)); return {};
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum: TRY(ReadLong()); return {};
    case AvroKind::kFloat: TRY(ReadFixed(sizeof(float))); return {};
    case AvroKind::kDouble: TRY(ReadFixed(sizeof(double))); return {};
    case AvroKind::kBytes:
    case AvroKind::kString: TRY(ReadBytes()); return {};
    case AvroKind::kFixed: TRY(ReadFixed(schema.size)); return {};
    case AvroKind::kUnion: {
      const AvroSchema* branch = TRY(ReadBranch(schema));
      return branch == nullptr ? Status() : Skip(*branch);
    }
    case AvroKind::kRecord: return SkipFields(schema);
    case AvroKind::kArray:
    case AvroKind::kMap: return SkipItems(schema);
  }
  return Error::Corrupt("Avro schema has an unknown kind");
}

Status AvroReader::SkipFields(const AvroSchema& record) {
  for (const AvroField& field : record.fields) TRY(Skip(field.schema));
  return {};
}

Status AvroReader::SkipItems(const AvroSchema& container) {
  while (int64_t count = TRY(ReadBlockCount())) {
    for (; count > 0; --count) {
      if (container.kind == AvroKind::kMap) TRY(ReadBytes());
      TRY(Skip(container.children.front()));
    }
  }
  return {};
}

void AvroWriter::WriteLong(int64_t value) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    bytes_ += static_cast<char>(bits | 0x80U);
    bits >>= 7;
  }
  bytes_ += static_cast<char>(bits);
}

void AvroWriter::WriteFloat(float value) { bytes_ += BytesOf(value); }

void AvroWriter::WriteDouble(double value) { bytes_ += BytesOf(value); }

void AvroWriter::WriteBytes(std::string_view value) {
  WriteLong(static_cast<int64_t>(value.size()));
  bytes_ += value;
}

void AvroWriter::WriteBlockCount(size_t count) {
  if (count > 0) WriteLong(static_cast<int64_t>(count));
}

}  // namespace kafka_iceberg::iceberg
