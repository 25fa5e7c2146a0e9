// SPDX-License-Identifier: Apache-2.0
#include <arrow/config.h>

#include <iostream>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/version.h"
#include "kafka/client_version.h"

namespace kafka_iceberg::app {

int VersionCommand() {
  std::cout << "kafka-iceberg " << kVersion << "\nlibrdkafka " << kafka::ClientVersion()
            << "\nArrow " << arrow::GetBuildInfo().version_string << "\n";
  return kExitOk;
}

}  // namespace kafka_iceberg::app
