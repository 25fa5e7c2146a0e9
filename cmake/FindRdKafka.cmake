# SPDX-License-Identifier: Apache-2.0
# Defines native::rdkafka: a system librdkafka >= 2.3, else the wheel's library with Debian's header (an older subset
# of the same interface).
add_library(native_rdkafka INTERFACE)
add_library(native::rdkafka ALIAS native_rdkafka)
pkg_check_modules(SYSTEM_RDKAFKA QUIET IMPORTED_TARGET rdkafka>=2.3)
if(SYSTEM_RDKAFKA_FOUND)
  target_link_libraries(native_rdkafka INTERFACE PkgConfig::SYSTEM_RDKAFKA)
  message(STATUS "librdkafka ${SYSTEM_RDKAFKA_VERSION} of the system")
else()
  file(GLOB rdkafka_library "${KAFKA_ICEBERG_NATIVE_DIR}/rdkafka/lib/librdkafka-*.so.1")
  find_path(RDKAFKA_INCLUDE_DIR librdkafka/rdkafka.h REQUIRED)
  if(NOT rdkafka_library)
    message(FATAL_ERROR "no librdkafka >= 2.3 on this system and none in ${KAFKA_ICEBERG_NATIVE_DIR}: run ./dev build, which fetches it")
  endif()
  get_filename_component(rdkafka_soname "${rdkafka_library}" NAME)
  add_library(wheel_rdkafka SHARED IMPORTED GLOBAL)
  set_target_properties(wheel_rdkafka PROPERTIES IMPORTED_LOCATION "${rdkafka_library}"
    IMPORTED_SONAME "${rdkafka_soname}" INTERFACE_INCLUDE_DIRECTORIES "${RDKAFKA_INCLUDE_DIR}")
  target_link_libraries(native_rdkafka INTERFACE wheel_rdkafka Threads::Threads)
  list(APPEND NATIVE_RUNTIME_TARGETS wheel_rdkafka)
  message(STATUS "librdkafka from ${rdkafka_library}")
endif()
