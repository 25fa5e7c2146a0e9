// SPDX-License-Identifier: Apache-2.0
#include "iceberg/json/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace kafka_iceberg::iceberg {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr size_t kChunkBytes = size_t{64} << 10U;

class Inflater {
 public:
  Inflater() = default;
  ~Inflater() {
    if (open_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> Run(std::string_view bytes, size_t bytes_max) {
    open_ = inflateInit2(&stream_, kGzipOnly) == Z_OK;
    if (!open_) return Error::Io("cannot start zlib");
    // zlib's interface is not const-correct; it only reads the input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    std::array<char, kChunkBytes> chunk;
    int status = Z_OK;
    while (status == Z_OK) {
      stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      out.append(chunk.data(), chunk.size() - stream_.avail_out);
      if (out.size() > bytes_max) {
        return Error::Corrupt("gzip content is larger than {} bytes", bytes_max);
      }
    }
    if (status != Z_STREAM_END) return Error::Corrupt("not a complete gzip stream");
    if (stream_.avail_in > 0) return Error::Corrupt("bytes after the end of the gzip stream");
    return out;
  }

 private:
  z_stream stream_ = {};
  bool open_ = false;
};

}  // namespace

Result<std::string> Gunzip(std::string_view bytes, size_t bytes_max) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return Error::Corrupt("gzip stream of {} bytes is too large", bytes.size());
  }
  return Inflater().Run(bytes, bytes_max);
}

}  // namespace kafka_iceberg::iceberg
