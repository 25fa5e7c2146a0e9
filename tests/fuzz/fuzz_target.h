// SPDX-License-Identifier: Apache-2.0
//
// A fuzz target: a function that is given hostile bytes and must neither crash, leak, hang nor
// break what it checks. Targets register themselves by name; one program runs whichever is asked
// for.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace kafka_iceberg::fuzz {

using FuzzTarget = void (*)(std::string_view input);

// By name; filled before main().
std::map<std::string, FuzzTarget>& FuzzTargets();

// At namespace scope: const Registration json("json", &FuzzJson);
struct Registration {
  Registration(const char* name, FuzzTarget target) { FuzzTargets().emplace(name, target); }
};

// Cuts `input` at the first byte 0: what stands before it, or all; `input` is what stands after it.
std::string_view CutText(std::string_view& input);
// The first byte, 0 when there is none; `input` is the rest.
uint8_t CutByte(std::string_view& input);

}  // namespace kafka_iceberg::fuzz
