// SPDX-License-Identifier: Apache-2.0
#include "app/try_out/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

extern char** environ;

namespace kafka_iceberg::app {
namespace {

constexpr size_t kLineBytesMax = 1 << 20;

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const std::vector<std::string>& arguments) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0) {
    return Error::Io("cannot make a pipe: {}", std::strerror(errno));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string program = "/proc/self/exe";
  std::vector<char*> argv = {program.data()};
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int failed =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(input[0]);
  ::close(output[1]);
  if (failed != 0) {
    ::close(input[1]);
    ::close(output[0]);
    return Error::Io("cannot start a second process: {}", std::strerror(failed));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, input[1], output[0]));
}

ChildProcess::~ChildProcess() { [[maybe_unused]] const int code = Wait(); }

int ChildProcess::Wait() {
  if (pid_ < 0) return 0;
  ::close(std::exchange(input_, -1));
  ::close(std::exchange(output_, -1));
  int state = 0;
  const pid_t pid = std::exchange(pid_, -1);
  while (::waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

Result<std::string> ChildProcess::ReadLine() {
  std::string line;
  char c = 0;
  while (line.size() < kLineBytesMax && ::read(output_, &c, 1) == 1) {
    if (c == '\n') return line;
    line.push_back(c);
  }
  return Error::Io("the second process ended with code {} before it was ready", Wait());
}

Result<std::string> ChildProcess::ReadToEnd() {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(output_, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  const int code = Wait();
  if (code != 0) return Error::Io("the second process ended with code {}", code);
  return text;
}

}  // namespace kafka_iceberg::app
