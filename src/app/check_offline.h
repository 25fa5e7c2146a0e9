// SPDX-License-Identifier: Apache-2.0
//
// What the configuration's reader cannot know and still needs no connection: client settings,
// column types, partitioning, folders that cannot be written. Used by validate and before every
// run. Only looks at the file system.
#pragma once

#include <string>
#include <vector>

#include "config/config_file.h"

namespace kafka_iceberg::app {

std::vector<config::Problem> CheckOffline(const config::LoadedOptions& loaded,
                                          const std::string& file);

}  // namespace kafka_iceberg::app
