// SPDX-License-Identifier: Apache-2.0
//
// The librdkafka settings that the engine owns, each with what the user should do instead. Changing
// one of them would lose or double rows, break the memory bound, or take the group away from the
// engine.
#pragma once

#include <optional>
#include <string_view>

namespace kafka_iceberg::kafka {

// Why `key` may not be set in [kafka.librdkafka]; nothing when it may.
std::optional<std::string_view> WhyOwned(std::string_view key);

}  // namespace kafka_iceberg::kafka
