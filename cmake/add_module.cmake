# SPDX-License-Identifier: Apache-2.0
# One folder is one module: sources *.cc, tests *_test.cc, fakes fake_*.cc (linked into tests only). What lies in its
# folder servers/ becomes <name>_servers_test, which needs real servers and is not one of CTest's.
# DEPS is the layering rule: tools/tidy.py rejects an #include of any module not reached by it.

# Precompiled standard headers, shared by all modules and tests.
file(WRITE "${CMAKE_BINARY_DIR}/pch_anchor.cc" "namespace kafka_iceberg {}\n")
add_library(std_pch STATIC "${CMAKE_BINARY_DIR}/pch_anchor.cc")
target_link_libraries(std_pch PRIVATE project_options fmt::fmt)
target_precompile_headers(std_pch PRIVATE
  <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view> <thread> <variant> <vector>
  <condition_variable> <fmt/format.h>)
add_library(test_pch STATIC "${CMAKE_BINARY_DIR}/pch_anchor.cc")
target_link_libraries(test_pch PRIVATE project_options fmt::fmt GTest::gmock)
target_precompile_headers(test_pch PRIVATE
  <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view> <thread> <variant> <vector>
  <condition_variable> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)

function(add_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS *_test.cc)
  file(GLOB_RECURSE fakes CONFIGURE_DEPENDS fake_*.cc)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  list(REMOVE_ITEM fakes ${tests} _)
  list(REMOVE_ITEM sources ${tests} ${fakes} _)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  file(GLOB_RECURSE servers CONFIGURE_DEPENDS servers/*.cc)
  foreach(files tests fakes sources)
    list(FILTER ${files} EXCLUDE REGEX "/servers/")
  endforeach()
  add_library(${name} STATIC ${sources} "${CMAKE_BINARY_DIR}/pch_anchor.cc")
  target_link_libraries(${name} PUBLIC project_options fmt::fmt ${ARG_DEPS} ${ARG_LIBS})
  target_precompile_headers(${name} REUSE_FROM std_pch)
  list(TRANSFORM ARG_DEPS APPEND _fakes)
  add_library(${name}_fakes INTERFACE)
  if(fakes)
    add_library(${name}_fake_objects STATIC ${fakes})
    target_link_libraries(${name}_fake_objects PUBLIC ${name} ${ARG_DEPS} GTest::gmock)
    target_precompile_headers(${name}_fake_objects REUSE_FROM test_pch)
    target_link_libraries(${name}_fakes INTERFACE ${name}_fake_objects)
  endif()
  target_link_libraries(${name}_fakes INTERFACE ${name} ${ARG_DEPS})
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name}_fakes GTest::gmock_main)
    target_compile_definitions(${name}_test PRIVATE TESTDATA_DIR="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
    target_precompile_headers(${name}_test REUSE_FROM test_pch)
    add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)
    set(timeout 600)
    if(KAFKA_ICEBERG_SANITIZE)
      set(timeout 3600)  # they make the simulations ten times slower
    endif()
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT ${timeout})
  endif()
  if(servers)
    add_executable(${name}_servers_test ${servers})
    target_link_libraries(${name}_servers_test PRIVATE ${name}_fakes GTest::gmock_main)
    target_precompile_headers(${name}_servers_test REUSE_FROM test_pch)
  endif()
endfunction()
