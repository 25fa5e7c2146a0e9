// SPDX-License-Identifier: Apache-2.0
#include "kafka/message_headers.h"

#include <algorithm>

namespace kafka_iceberg::kafka {
namespace {

constexpr size_t kHeadersPerRecordMax = 65'536;

}  // namespace

std::vector<Header> HeadersOf(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* parsed = nullptr;
  if (rd_kafka_message_headers(&message, &parsed) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  std::vector<Header> headers;
  headers.reserve(std::min(rd_kafka_header_cnt(parsed), kHeadersPerRecordMax));
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  while (headers.size() < kHeadersPerRecordMax &&
         rd_kafka_header_get_all(parsed, headers.size(), &name, &value, &size) ==
             RD_KAFKA_RESP_ERR_NO_ERROR) {
    headers.push_back({name, {static_cast<const char*>(value), size}, value == nullptr});
  }
  return headers;
}

}  // namespace kafka_iceberg::kafka
