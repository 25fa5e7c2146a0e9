// SPDX-License-Identifier: Apache-2.0
//
// Reading what a rescue column holds: field paths, and the values of one text by path. Texts may
// have been changed by others. Pure functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::decode {

// The names of a path as AppendPathName() writes them. kInvalid: not a path; kUnsupported: one that
// leads into a list ("items[0].note"), which no single column can be.
Result<std::vector<std::string>> SplitRescuePath(std::string_view path);

// Calls `visit` with each path and its value, JSON as it stands. False when the text is no object.
using VisitRescued = std::function<void(const std::string& path, std::string_view json)>;
bool VisitRescuedText(std::string_view text, const VisitRescued& visit);

}  // namespace kafka_iceberg::decode
