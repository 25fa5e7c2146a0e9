# SPDX-License-Identifier: Apache-2.0
# Third-party libraries: a system Arrow or librdkafka that is new enough wins; otherwise what tools/fetch_native.sh
# placed in KAFKA_ICEBERG_NATIVE_DIR.
if(DEFINED ENV{XDG_CACHE_HOME})
  set(default_cache "$ENV{XDG_CACHE_HOME}/kafka-iceberg")
else()
  set(default_cache "$ENV{HOME}/.cache/kafka-iceberg")
endif()
set(KAFKA_ICEBERG_NATIVE_DIR "${default_cache}/native" CACHE PATH "Filled by tools/fetch_native.sh")

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(GTest REQUIRED)
find_package(Boost 1.81 REQUIRED)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(SNAPPY IMPORTED_TARGET snappy)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
include(FindArrowLibraries)
include(FindRdKafka)
include(FindSimdjson)
# First on every link line: the Parquet library of the wheel carries a private OpenSSL whose names are hidden from the
# loader (tools/localize_symbols.py) but not from the linker, which would take them for the ones we mean.
string(APPEND CMAKE_EXE_LINKER_FLAGS " -Wl,--push-state,--no-as-needed ${OPENSSL_CRYPTO_LIBRARY} -Wl,--pop-state")
