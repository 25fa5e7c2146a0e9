# SPDX-License-Identifier: Apache-2.0
# Defines native::arrow and native::parquet.
find_package(Arrow 21 CONFIG QUIET)
find_package(Parquet CONFIG QUIET)
add_library(native_arrow INTERFACE)
add_library(native_parquet INTERFACE)
add_library(native::arrow ALIAS native_arrow)
add_library(native::parquet ALIAS native_parquet)
if(Arrow_FOUND AND Parquet_FOUND)
  target_link_libraries(native_arrow INTERFACE Arrow::arrow_shared)
  target_link_libraries(native_parquet INTERFACE Parquet::parquet_shared native_arrow)
  message(STATUS "Arrow ${Arrow_VERSION} of the system")
else()
  set(arrow_dir "${KAFKA_ICEBERG_NATIVE_DIR}/arrow")
  if(NOT EXISTS "${arrow_dir}/lib/libarrow.so.2600")
    message(FATAL_ERROR "no Arrow >= 21 on this system and none in ${KAFKA_ICEBERG_NATIVE_DIR}: run ./dev build, which fetches it")
  endif()
  foreach(library arrow parquet)
    add_library(wheel_${library} SHARED IMPORTED GLOBAL)
    set_target_properties(wheel_${library} PROPERTIES
      IMPORTED_LOCATION "${arrow_dir}/lib/lib${library}.so.2600"
      IMPORTED_SONAME "lib${library}.so.2600"
      INTERFACE_INCLUDE_DIRECTORIES "${arrow_dir}/include")
    target_link_libraries(native_${library} INTERFACE wheel_${library} Threads::Threads)
    list(APPEND NATIVE_RUNTIME_TARGETS wheel_${library})
  endforeach()
  target_link_libraries(native_parquet INTERFACE native_arrow)
  message(STATUS "Arrow 26.0.1 from ${arrow_dir}")
endif()
