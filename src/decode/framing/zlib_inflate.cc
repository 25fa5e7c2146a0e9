// SPDX-License-Identifier: Apache-2.0
#include "decode/framing/zlib_inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace kafka_iceberg::decode {
namespace {

constexpr size_t kFirstBytes = 4096;

struct InflateStream {
  InflateStream() : open(inflateInit(&state) == Z_OK) {}
  ~InflateStream() {
    if (open) inflateEnd(&state);
  }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;

  z_stream state = {};
  const bool open;
};

}  // namespace

Status InflateZlib(std::string_view bytes, int64_t bytes_max, std::string& out) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return Error::Invalid("a zlib stream of {} bytes is too long", bytes.size());
  }
  InflateStream stream;
  if (!stream.open) return Error::Unavailable("cannot start zlib");
  // zlib's interface is not const-correct; it only reads the input.
  stream.state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.state.avail_in = static_cast<uInt>(bytes.size());
  // One byte more than allowed, so that a stream of exactly the limit is seen to end.
  const auto limit = static_cast<size_t>(std::max<int64_t>(bytes_max, 0)) + 1;
  out.clear();
  int status = Z_OK;
  while (status == Z_OK) {
    const size_t done = out.size();
    if (done >= limit) return Error::Unsupported("it unpacks to more than {} bytes", bytes_max);
    out.resize(std::min(limit, std::max({kFirstBytes, 2 * done, 4 * bytes.size()})));
    const size_t room = std::min<size_t>(out.size() - done, std::numeric_limits<uInt>::max());
    stream.state.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.state.avail_out = static_cast<uInt>(room);
    status = inflate(&stream.state, Z_NO_FLUSH);
    out.resize(done + room - stream.state.avail_out);
  }
  if (status != Z_STREAM_END) return Error::Invalid("it is not a complete zlib stream");
  if (stream.state.avail_in > 0) return Error::Invalid("there are bytes behind the zlib stream");
  if (out.size() >= limit) {
    return Error::Unsupported("it unpacks to more than {} bytes", bytes_max);
  }
  return {};
}

}  // namespace kafka_iceberg::decode
