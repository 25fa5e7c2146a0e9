# SPDX-License-Identifier: Apache-2.0
# The installed tree, which may be moved as a whole:
#   bin/kafka-iceberg                    finds its libraries relative to itself
#   lib/kafka-iceberg/*.so*              all it needs beyond the C and C++ run time
#   share/doc/kafka-iceberg/             licence, notices, and the licence of every library that is shipped
set(doc_dir "share/doc/kafka-iceberg")

# DT_RPATH rather than DT_RUNPATH: it also serves the libraries' own needs, and no LD_LIBRARY_PATH can put another
# Arrow in front of the one this binary was made with.
set_target_properties(kafka-iceberg PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/kafka-iceberg")
target_link_options(kafka-iceberg PRIVATE -Wl,--disable-new-dtags)

install(TARGETS kafka-iceberg RUNTIME_DEPENDENCY_SET shipped RUNTIME DESTINATION bin)
install(RUNTIME_DEPENDENCY_SET shipped
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|stdc\\+\\+|gcc_s)\\.so"
  DESTINATION lib/kafka-iceberg)
install(FILES LICENSE NOTICE THIRD-PARTY.md DESTINATION "${doc_dir}")
install(DIRECTORY "${KAFKA_ICEBERG_NATIVE_DIR}/arrow/licenses/" DESTINATION "${doc_dir}/licenses/arrow" OPTIONAL)
install(DIRECTORY "${KAFKA_ICEBERG_NATIVE_DIR}/rdkafka/licenses/" DESTINATION "${doc_dir}/licenses/librdkafka" OPTIONAL)
install(CODE "set(doc_dir \"${doc_dir}\")")
install(SCRIPT cmake/install_licenses.cmake)
