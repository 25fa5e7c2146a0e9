// SPDX-License-Identifier: Apache-2.0
//
// The format of records whose keys are decoded too: that of their values, and the one column that
// keys go to. Made once, shared by the writers; safe for concurrent use.
#pragma once

#include <memory>
#include <span>

#include "core/result.h"
#include "engine/payload_format.h"

namespace kafka_iceberg::engine {

std::shared_ptr<const PayloadFormat> WithKeys(std::shared_ptr<const PayloadFormat> values,
                                              KeySource keys);

// The column for these records' keys. kInvalid: none of them has a key that says what it is.
Result<decode::InferenceReport> InferKeyColumn(const KeySource& keys,
                                               std::span<const Record> records);

}  // namespace kafka_iceberg::engine
