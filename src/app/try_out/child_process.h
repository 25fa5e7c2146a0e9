// SPDX-License-Identifier: Apache-2.0
//
// ChildProcess: this program started again with other arguments, for a broker or a measurement of
// its own. The child's standard input closes when the parent ends, however it ends. Owned by one
// thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::app {

class ChildProcess {
 public:
  static Result<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& arguments);
  ~ChildProcess();  // closes the child's input and waits for its end
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // One line of the child's standard output; kIo when it ended before.
  Result<std::string> ReadLine();
  // Everything else it prints, and its end; kIo with the exit code when that is not 0.
  Result<std::string> ReadToEnd();

 private:
  ChildProcess(int pid, int input, int output) : pid_(pid), input_(input), output_(output) {}
  int Wait();

  int pid_;
  int input_;
  int output_;
};

}  // namespace kafka_iceberg::app
