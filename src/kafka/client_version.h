// SPDX-License-Identifier: Apache-2.0
//
// The version of the Kafka client library this process runs with, which may be the system's or the
// one shipped beside the binary. Pure.
#pragma once

#include <string>

namespace kafka_iceberg::kafka {

std::string ClientVersion();

}  // namespace kafka_iceberg::kafka
