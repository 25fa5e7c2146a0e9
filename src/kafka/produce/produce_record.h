// SPDX-License-Identifier: Apache-2.0
//
// Hands one record over to a librdkafka producer. Internal to this module; thread contract of the
// client.
#pragma once

#include <string>

#include "kafka/produce/record_producer.h"
#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

// Copies the record; its delivery report carries `message_opaque`. RD_KAFKA_RESP_ERR__QUEUE_FULL:
// poll the client and try again.
rd_kafka_resp_err_t ProduceRecord(rd_kafka_t* client, const std::string& topic, int32_t partition,
                                  const OutgoingRecord& record, void* message_opaque = nullptr);

}  // namespace kafka_iceberg::kafka
