// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/produce_record.h"

namespace kafka_iceberg::kafka {

rd_kafka_resp_err_t ProduceRecord(rd_kafka_t* client, const std::string& topic, int32_t partition,
                                  const OutgoingRecord& record, void* message_opaque) {
  rd_kafka_headers_t* const headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& header : record.headers) {
    // An empty value is not the absence of one.
    const char* const value = header.value_is_null   ? nullptr
                              : header.value.empty() ? ""
                                                     : header.value.data();
    rd_kafka_header_add(headers, header.key.data(), static_cast<ssize_t>(header.key.size()), value,
                        static_cast<ssize_t>(header.value.size()));
  }
  const void* const value = record.value_is_null   ? nullptr
                            : record.value.empty() ? ""
                                                   : record.value.data();
  const void* const key = record.key_is_null   ? nullptr
                          : record.key.empty() ? ""
                                               : record.key.data();
  const auto error =
      rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_VALUE(const_cast<void*>(value), record.value.size()),
                        RD_KAFKA_V_KEY(const_cast<void*>(key), record.key.size()),
                        RD_KAFKA_V_TIMESTAMP(record.timestamp_ms), RD_KAFKA_V_HEADERS(headers),
                        RD_KAFKA_V_OPAQUE(message_opaque), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
  return error;
}

}  // namespace kafka_iceberg::kafka
