// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_file.h"

#include <utility>

#include "core/hashing.h"

namespace kafka_iceberg::iceberg {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kMagic = "Obj\1"sv;
constexpr std::string_view kSchemaKey = "avro.schema";
constexpr std::string_view kCodecKey = "avro.codec";
constexpr int32_t kSyncBytes = 16;
constexpr size_t kHeaderKeysMax = 1000;
constexpr size_t kBlockBytesTarget = 64U << 10;  // before compression
// Limits for files of others. Manifests aim at 8 MiB compressed and blocks at 64 KiB; these leave
// ample room.
constexpr size_t kBlockBytesMax = 64U << 20;
constexpr size_t kFileBytesMax = 512U << 20;

Result<AvroCodec> CodecNamed(std::string_view name) {
  if (name == "null") return AvroCodec::kNull;
  if (name == "deflate") return AvroCodec::kDeflate;
  if (name == "snappy") return AvroCodec::kSnappy;
  if (name == "zstandard") return AvroCodec::kZstandard;
  if (name == "bzip2" || name == "xz")
    return Error::Unsupported("Avro codec {} is not supported", name);
  return Error::Corrupt("Avro file names an unknown codec");
}

}  // namespace

Result<std::unique_ptr<AvroFileReader>> AvroFileReader::Open(std::string_view bytes) {
  std::unique_ptr<AvroFileReader> reader(new AvroFileReader(bytes));
  TRY(reader->ReadHeader());
  return reader;
}

Status AvroFileReader::ReadHeader() {
  const auto magic = file_.ReadFixed(static_cast<int32_t>(kMagic.size()));
  if (!magic.ok() || *magic != kMagic) return Error::Corrupt("not an Avro file");
  while (int64_t count = TRY(file_.ReadBlockCount())) {
    for (; count > 0; --count) {
      std::string key(TRY(file_.ReadBytes()));
      header_.insert_or_assign(std::move(key), std::string(TRY(file_.ReadBytes())));
      if (header_.size() > kHeaderKeysMax) {
        return Error::Corrupt("Avro header has more than {} keys", kHeaderKeysMax);
      }
    }
  }
  sync_ = TRY(file_.ReadFixed(kSyncBytes));
  codec_ = TRY(CodecNamed(Header(kCodecKey).value_or("null")));
  const auto schema = Header(kSchemaKey);
  if (!schema) return Error::Corrupt("Avro header has no schema");
  schema_ = TRY(AvroSchemaFromJson(*schema));
  return {};
}

std::optional<std::string_view> AvroFileReader::Header(std::string_view key) const {
  const auto found = header_.find(key);
  if (found == header_.end()) return std::nullopt;
  return found->second;
}

Result<AvroReader*> AvroFileReader::NextRecord() {
  while (records_left_ == 0) {
    if (!block_.at_end()) return Error::Corrupt("Avro block is longer than its records");
    if (file_.at_end()) return nullptr;
    TRY(LoadBlock());
  }
  --records_left_;
  return &block_;
}

Status AvroFileReader::LoadBlock() {
  const int64_t count = TRY(file_.ReadLong());
  const std::string_view stored = TRY(file_.ReadBytes());
  if (TRY(file_.ReadFixed(kSyncBytes)) != sync_)
    return Error::Corrupt("Avro block does not end in the sync marker");
  block_bytes_ = TRY(AvroDecompress(codec_, stored, kBlockBytesMax));
  decoded_bytes_ += block_bytes_.size();
  if (decoded_bytes_ > kFileBytesMax)
    return Error::Corrupt("Avro file holds more than {} bytes", kFileBytesMax);
  // No record read here is empty, so a count beyond the bytes is a lie.
  if (count < 0 || static_cast<uint64_t>(count) > block_bytes_.size()) {
    return Error::Corrupt("Avro block of {} bytes claims {} records", block_bytes_.size(), count);
  }
  block_ = AvroReader(block_bytes_);
  records_left_ = count;
  return {};
}

AvroFileWriter::AvroFileWriter(const AvroSchema& schema,
                               std::map<std::string, std::string> header) {
  header.insert_or_assign(std::string(kSchemaKey), AvroSchemaToJson(schema));
  header.insert_or_assign(std::string(kCodecKey), "deflate");
  file_.WriteFixed(kMagic);
  file_.WriteBlockCount(header.size());
  for (const auto& [key, value] : header) {
    file_.WriteBytes(key);
    file_.WriteBytes(value);
  }
  file_.WriteBlockEnd();
  // Blocks carry their length, so any marker will do; one that follows from the header keeps files
  // reproducible.
  sync_ = Sha256Hex(file_.bytes()).substr(0, kSyncBytes);
  file_.WriteFixed(sync_);
}

Status AvroFileWriter::Append(std::string_view record) {
  block_ += record;
  ++block_records_;
  return block_.size() >= kBlockBytesTarget ? FlushBlock() : Status();
}

Status AvroFileWriter::FlushBlock() {
  if (block_records_ == 0) return {};
  file_.WriteLong(block_records_);
  file_.WriteBytes(TRY(AvroDeflate(block_)));
  file_.WriteFixed(sync_);
  block_.clear();
  block_records_ = 0;
  return {};
}

Result<std::string> AvroFileWriter::Finish() {
  TRY(FlushBlock());
  return std::move(file_).TakeBytes();
}

}  // namespace kafka_iceberg::iceberg
