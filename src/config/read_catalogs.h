// SPDX-License-Identifier: Apache-2.0
//
// Reads the sections [iceberg.file], [iceberg.sql], [iceberg.rest], [iceberg.glue], [iceberg.hive]
// and [iceberg.nessie]; those that catalog_type does not name are checked for known keys all the
// same. Private to config/.
#pragma once

#include "config/options.h"
#include "config/section_reader.h"

namespace kafka_iceberg::config {

void ReadCatalogs(const ReadContext& context, SectionReader& reader, IcebergOptions& iceberg);

}  // namespace kafka_iceberg::config
