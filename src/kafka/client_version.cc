// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_version.h"

#include <librdkafka/rdkafka.h>

namespace kafka_iceberg::kafka {

std::string ClientVersion() { return rd_kafka_version_str(); }

}  // namespace kafka_iceberg::kafka
