// SPDX-License-Identifier: Apache-2.0
//
// Avro object container files: header, blocks, codecs (null, deflate, snappy and zstandard are
// read; deflate is written). The bytes of a file are held by the caller; records are read and
// written with avro_binary.h. Each object is used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "iceberg/encoding/avro_binary.h"
#include "iceberg/encoding/avro_schema.h"

namespace kafka_iceberg::iceberg {

enum class AvroCodec : uint8_t { kNull, kDeflate, kSnappy, kZstandard };

// kCorrupt when `bytes` are not of that codec or when more than `bytes_max` would come out.
Result<std::string> AvroDecompress(AvroCodec codec, std::string_view bytes, size_t bytes_max);
Result<std::string> AvroDeflate(std::string_view bytes);

class AvroFileReader {
 public:
  AvroFileReader(const AvroFileReader&) = delete;
  AvroFileReader& operator=(const AvroFileReader&) = delete;
  // `bytes` must outlive the reader. kCorrupt for what is no Avro file, kUnsupported for a legal
  // but unknown codec.
  static Result<std::unique_ptr<AvroFileReader>> Open(std::string_view bytes);

  const AvroSchema& schema() const { return schema_; }
  // A value of the file's header, as text; absent when there is no such key.
  std::optional<std::string_view> Header(std::string_view key) const;
  // A reader at the first byte of the next record, which the caller has to consume whole; null at
  // the end of the file.
  Result<AvroReader*> NextRecord();

 private:
  explicit AvroFileReader(std::string_view bytes) : file_(bytes), block_({}) {}
  Status ReadHeader();
  Status LoadBlock();

  AvroReader file_;
  std::map<std::string, std::string, std::less<>> header_;
  AvroSchema schema_;
  AvroCodec codec_ = AvroCodec::kNull;
  std::string_view sync_;
  std::string block_bytes_;
  AvroReader block_;
  int64_t records_left_ = 0;
  size_t decoded_bytes_ = 0;
};

class AvroFileWriter {
 public:
  // `header` is what stands beside avro.schema and avro.codec.
  AvroFileWriter(const AvroSchema& schema, std::map<std::string, std::string> header);

  // One record in Avro binary.
  Status Append(std::string_view record);
  // About the size of the file if it were finished now.
  size_t size() const { return file_.bytes().size() + block_.size(); }
  // The bytes of the file; the writer may not be used afterwards.
  Result<std::string> Finish();

 private:
  Status FlushBlock();

  AvroWriter file_;
  std::string sync_;
  std::string block_;
  int64_t block_records_ = 0;
};

}  // namespace kafka_iceberg::iceberg
