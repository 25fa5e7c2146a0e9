// SPDX-License-Identifier: Apache-2.0
//
// Named threads with one role each. A thread's body is the last catch: whatever a library throws
// ends in `on_failure`, which must stop the engine, and never in std::terminate.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace kafka_iceberg {

// The name is cut to the operating system's 15 characters.
std::jthread StartThread(std::string name, std::function<void(std::stop_token)> body,
                         std::function<void(std::string_view what)> on_failure);

}  // namespace kafka_iceberg
