// SPDX-License-Identifier: Apache-2.0
//
// The map from TOML sections to Options: one function a section, so that a new key is added in one
// place. Private to config/; pure.
#pragma once

#include <vector>

#include "config/section_reader.h"

namespace kafka_iceberg::config {

// The [[fields]] of a schema file, or of [schema]: `list` is the array, null when absent.
void ReadFields(const ReadContext& context, const toml::node* list, std::vector<SchemaField>& out);

Options ReadSections(const ReadContext& context, const toml::table& root,
                     std::vector<Problem>& warnings);

}  // namespace kafka_iceberg::config
