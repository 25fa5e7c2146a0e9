// SPDX-License-Identifier: Apache-2.0
//
// The headers of a librdkafka message. They are views of the message's memory, which keeps what was
// parsed; different messages may be read on different threads.
#pragma once

#include <librdkafka/rdkafka.h>

#include <vector>

#include "core/record.h"

namespace kafka_iceberg::kafka {

// More than 65 536 on one record are cut off: a record is not a place for millions of them.
std::vector<Header> HeadersOf(const rd_kafka_message_t& message);

}  // namespace kafka_iceberg::kafka
