// SPDX-License-Identifier: Apache-2.0
//
// Data files as JSON text, for the transaction log: an exact round trip, bytes and floating point
// included. Partition values say their own type, so that a file can be read back without the spec
// it was written under. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "write/table_writer.h"

namespace kafka_iceberg::write {

std::string DataFileToJson(const iceberg::DataFile& file);
// kCorrupt, naming the member, when the text is not what DataFileToJson() makes.
Result<iceberg::DataFile> DataFileFromJson(std::string_view json);

std::string StagedFileToJson(const StagedFile& staged);
Result<StagedFile> StagedFileFromJson(std::string_view json);

}  // namespace kafka_iceberg::write
