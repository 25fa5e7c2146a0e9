# SPDX-License-Identifier: Apache-2.0
# Under the thread sanitizer every program also gets C11 threads that the sanitizer understands.
if(KAFKA_ICEBERG_SANITIZE MATCHES "thread")
  add_library(tsan_c11 STATIC tests/support/tsan_c11.c)
  # The whole archive: its functions are called by librdkafka, not by the program.
  target_link_libraries(project_options INTERFACE "$<LINK_LIBRARY:WHOLE_ARCHIVE,tsan_c11>")
endif()
