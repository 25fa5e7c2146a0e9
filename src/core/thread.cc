// SPDX-License-Identifier: Apache-2.0
#include "core/thread.h"

#include <pthread.h>

#include <exception>

namespace kafka_iceberg {

std::jthread StartThread(std::string name, std::function<void(std::stop_token)> body,
                         std::function<void(std::string_view what)> on_failure) {
  return std::jthread([name = name.substr(0, 15), body = std::move(body),
                       on_failure = std::move(on_failure)](std::stop_token stop) {
    pthread_setname_np(pthread_self(), name.c_str());
    try {
      body(std::move(stop));
    } catch (const std::exception& error) {
      on_failure(error.what());
    }
  });
}

}  // namespace kafka_iceberg
