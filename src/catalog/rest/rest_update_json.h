// SPDX-License-Identifier: Apache-2.0
//
// Updates and requirements as the REST protocol writes them: the inner part of a commit's body,
// which rest_json.h makes. Pure functions.
#pragma once

#include "iceberg/json/json_writer.h"
#include "iceberg/metadata_update.h"

namespace kafka_iceberg::catalog {

void WriteRequirement(const iceberg::TableRequirement& requirement, iceberg::JsonWriter& json);

// `next` is the table with this and the other updates applied; ids that an update leaves open
// (partition fields, sort orders, the last column) are taken from there, because not every server
// assigns them.
void WriteUpdate(const iceberg::MetadataUpdate& update, const iceberg::TableMetadata& next,
                 iceberg::JsonWriter& json);

}  // namespace kafka_iceberg::catalog
