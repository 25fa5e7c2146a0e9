// SPDX-License-Identifier: Apache-2.0
//
// The contents of the generator's profiles: templates in enough variants that columns of low
// cardinality look like real ones. Internal to the generator; pure.
#pragma once

#include <vector>

#include "kafka/produce/generator.h"
#include "kafka/produce/record_template.h"

namespace kafka_iceberg::kafka {

// A power of two of variants; the generator picks one per record.
std::vector<RecordTemplate> ProfileTemplates(Profile profile);
// Records that must end up as dead letters, each for another reason.
std::vector<RecordTemplate> BadTemplates();

}  // namespace kafka_iceberg::kafka
