# SPDX-License-Identifier: Apache-2.0
# Compiler settings of our own targets, as one interface target: project_options.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# -fPIC everywhere, tests included, so that all targets share one precompiled header.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
add_compile_options(-fPIC)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# One optimised build serves demo, tests and benchmarks; line tables keep stack traces readable.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
if(NOT PROJECT_IS_TOP_LEVEL)
  message(STATUS "kafka_iceberg: built as part of ${CMAKE_PROJECT_NAME}")
endif()

set(KAFKA_ICEBERG_SANITIZE "" CACHE STRING "address,undefined or thread; empty for none")
option(KAFKA_ICEBERG_COVERAGE "Instrument for line coverage" OFF)
option(KAFKA_ICEBERG_FUZZ "Build the fuzzer too; Clang only" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(project_options INTERFACE)
target_include_directories(project_options INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
target_compile_options(project_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Wno-missing-field-initializers -Wno-error=maybe-uninitialized>
  # A PCH is only cacheable by ccache when the preprocessed form names it.
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
  -fstack-protector-strong -fno-omit-frame-pointer)
if(NOT KAFKA_ICEBERG_SANITIZE)
  target_compile_definitions(project_options INTERFACE _FORTIFY_SOURCE=2)
endif()
target_link_options(project_options INTERFACE -Wl,-z,relro,-z,now)
if(KAFKA_ICEBERG_SANITIZE)
  # -O1 builds in two thirds of -O2's time, and the simulations still end soon.
  add_compile_options(-O1 -fsanitize=${KAFKA_ICEBERG_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KAFKA_ICEBERG_SANITIZE})
endif()
if(KAFKA_ICEBERG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(KAFKA_ICEBERG_COVERAGE)
  # Not -O0: files that ask for -O1 could not share the precompiled header.
  add_compile_options(--coverage -O1)
  add_link_options(--coverage)
endif()
if(KAFKA_ICEBERG_SANITIZE OR KAFKA_ICEBERG_COVERAGE)
  # At -O1 the compiler warns of overruns that cannot be; the release build is the judge of warnings.
  target_compile_options(project_options INTERFACE -Wno-error)
endif()
