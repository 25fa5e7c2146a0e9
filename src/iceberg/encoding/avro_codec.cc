// SPDX-License-Identifier: Apache-2.0
//
// The block codecs of Avro files (Avro specification, "Required Codecs", "Optional Codecs").
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>

#include "iceberg/encoding/avro_file.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr size_t kChunkBytes = 64U << 10;
constexpr int kRawDeflate = -15;  // window bits; negative: without the zlib header and checksum
constexpr size_t kCrcBytes = 4;   // behind a snappy block

// Makes room for another chunk of output, up to one byte more than allowed.
size_t Grow(std::string& output, size_t used, size_t bytes_max) {
  const size_t room = std::min(std::max(kChunkBytes, used), bytes_max + 1 - used);
  output.resize(used + room);
  return room;
}

Error TooLarge(size_t bytes_max) {
  return Error::Corrupt("Avro block decompresses to more than {} bytes", bytes_max);
}

Result<std::string> Inflate(std::string_view bytes, size_t bytes_max) {
  z_stream stream = {};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) return Error::Io("cannot start zlib");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string output;
  size_t used = 0;
  // Whatever follows the end of the stream is left alone: some writers cut the checksum of zlib off
  // only in part.
  for (int code = Z_OK; code != Z_STREAM_END;) {
    const size_t room = Grow(output, used, bytes_max);
    stream.next_out = reinterpret_cast<Bytef*>(output.data() + used);
    stream.avail_out = static_cast<uInt>(room);
    code = inflate(&stream, Z_NO_FLUSH);
    used += room - stream.avail_out;
    if (used > bytes_max) return TooLarge(bytes_max);
    if (code != Z_OK && code != Z_STREAM_END)
      return Error::Corrupt("Avro block is not valid deflate data");
  }
  output.resize(used);
  return output;
}

Result<std::string> UnZstandard(std::string_view bytes, size_t bytes_max) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          &ZSTD_freeDStream);
  if (stream == nullptr) return Error::Io("cannot start zstandard");
  ZSTD_inBuffer input = {bytes.data(), bytes.size(), 0};
  std::string output;
  size_t used = 0;
  size_t hint = 1;  // 0: a frame is complete
  while (hint != 0 || input.pos < input.size) {
    const size_t room = Grow(output, used, bytes_max);
    ZSTD_outBuffer chunk = {output.data() + used, room, 0};
    const size_t position_before = input.pos;
    hint = ZSTD_decompressStream(stream.get(), &chunk, &input);
    if (ZSTD_isError(hint) != 0) return Error::Corrupt("Avro block is not valid zstandard data");
    used += chunk.pos;
    if (used > bytes_max) return TooLarge(bytes_max);
    if (hint != 0 && chunk.pos == 0 && input.pos == position_before) {
      return Error::Corrupt("Avro block ends inside a zstandard frame");
    }
  }
  output.resize(used);
  return output;
}

Result<std::string> UnSnappy(std::string_view bytes, size_t bytes_max) {
  if (bytes.size() < kCrcBytes) return Error::Corrupt("Avro block has no snappy checksum");
  const std::string_view body = bytes.substr(0, bytes.size() - kCrcBytes);
  size_t size = 0;
  if (snappy_uncompressed_length(body.data(), body.size(), &size) != SNAPPY_OK) {
    return Error::Corrupt("Avro block is not valid snappy data");
  }
  if (size > bytes_max) return TooLarge(bytes_max);
  std::string output(size, '\0');
  if (snappy_uncompress(body.data(), body.size(), output.data(), &size) != SNAPPY_OK ||
      size != output.size()) {
    return Error::Corrupt("Avro block is not valid snappy data");
  }
  uint32_t expected = 0;
  for (const char c : bytes.substr(body.size())) expected = expected << 8 | static_cast<uint8_t>(c);
  const auto* data = reinterpret_cast<const Bytef*>(output.data());
  if (crc32_z(0, data, output.size()) != expected) {
    return Error::Corrupt("Avro block does not match its snappy checksum");
  }
  return output;
}

}  // namespace

Result<std::string> AvroDecompress(AvroCodec codec, std::string_view bytes, size_t bytes_max) {
  if (bytes.size() > UINT32_MAX) return Error::Corrupt("Avro block has {} bytes", bytes.size());
  switch (codec) {
    case AvroCodec::kNull:
      if (bytes.size() > bytes_max) return TooLarge(bytes_max);
      return std::string(bytes);
    case AvroCodec::kDeflate: return Inflate(bytes, bytes_max);
    case AvroCodec::kZstandard: return UnZstandard(bytes, bytes_max);
    case AvroCodec::kSnappy: return UnSnappy(bytes, bytes_max);
  }
  return Error::Unsupported("unknown Avro codec");
}

Result<std::string> AvroDeflate(std::string_view bytes) {
  z_stream stream = {};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, MAX_MEM_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error::Io("cannot start zlib");
  }
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> end(&stream, &deflateEnd);
  std::string output(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
    return Error::Io("zlib could not compress a block");
  output.resize(output.size() - stream.avail_out);
  return output;
}

}  // namespace kafka_iceberg::iceberg
