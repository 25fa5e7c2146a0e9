// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/fake_postgres_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "core/check.h"

namespace kafka_iceberg::catalog {

namespace {

std::string BigEndian(uint32_t value) {
  const uint32_t swapped = htonl(value);
  return {reinterpret_cast<const char*>(&swapped), sizeof(swapped)};
}

bool WaitReadable(int socket, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{socket, POLLIN, 0};
    if (poll(&waiting, 1, 10) > 0) return true;
  }
  return false;
}

// Exactly `size` bytes; nothing when the client has gone or the test is over.
std::optional<std::string> Receive(int socket, size_t size, const std::stop_token& stop) {
  std::string bytes(size, '\0');
  for (size_t received = 0; received < size;) {
    if (!WaitReadable(socket, stop)) return std::nullopt;
    const ssize_t count = recv(socket, bytes.data() + received, size - received, 0);
    if (count <= 0) return std::nullopt;
    received += static_cast<size_t>(count);
  }
  return bytes;
}

// The body of a message whose length comes next.
std::optional<std::string> ReceiveBody(int socket, const std::stop_token& stop) {
  const auto head = Receive(socket, 4, stop);
  if (!head) return std::nullopt;
  uint32_t length = 0;
  head->copy(reinterpret_cast<char*>(&length), sizeof(length));
  return Receive(socket, ntohl(length) - 4, stop);
}

void Send(int socket, const std::string& bytes) {
  (void)send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace

std::string PgMessage(char type, const std::string& body) {
  return type + BigEndian(static_cast<uint32_t>(body.size() + 4)) + body;
}

std::string PgCommandComplete(const std::string& tag) {
  return PgMessage('1', "") + PgMessage('2', "") + PgMessage('n', "") + PgMessage('C', tag + '\0');
}

std::string PgReady() { return PgMessage('Z', "I"); }

std::string PgError(const std::string& severity, const std::string& sql_state,
                    const std::string& message) {
  const std::string zero(1, '\0');
  return PgMessage('E', "S" + severity + zero + "V" + severity + zero + "C" + sql_state + zero +
                            "M" + message + zero + zero);
}

std::string PgRow(const std::string& value) {
  const std::string zero(1, '\0');
  const std::string column = "c" + zero + BigEndian(0) + std::string(2, '\0') + BigEndian(25) +
                             std::string(2, '\xff') + BigEndian(0xffffffff) + std::string(2, '\0');
  const std::string one("\0\1", 2);
  return PgMessage('1', "") + PgMessage('2', "") + PgMessage('T', one + column) +
         PgMessage('D', one + BigEndian(static_cast<uint32_t>(value.size())) + value);
}

FakePostgresServer::FakePostgresServer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  CHECK(bind(listener_, any, size) == 0 && listen(listener_, 8) == 0);
  CHECK(getsockname(listener_, any, &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { Accept(stop); });
}

FakePostgresServer::~FakePostgresServer() {
  thread_.request_stop();
  thread_.join();
  close(listener_);
}

std::string FakePostgresServer::uri() const {
  return "postgresql://me:planted@127.0.0.1:" + std::to_string(port_) +
         "/d?sslmode=disable&gssencmode=disable";
}

void FakePostgresServer::Next(Answer answer) {
  MutexLock lock(mutex_);
  answers_.push_back(std::move(answer));
}

void FakePostgresServer::Refuse(std::string bytes) {
  MutexLock lock(mutex_);
  refusal_ = std::move(bytes);
}

void FakePostgresServer::Accept(const std::stop_token& stop) {
  while (WaitReadable(listener_, stop)) {
    const int client = accept(listener_, nullptr, nullptr);
    if (Welcome(client, stop)) Serve(client, stop);
    close(client);
  }
}

bool FakePostgresServer::Welcome(int client, const std::stop_token& stop) {
  if (!ReceiveBody(client, stop)) return false;
  std::string refusal;
  {
    MutexLock lock(mutex_);
    refusal = std::exchange(refusal_, "");
  }
  if (refusal.empty()) {
    // A password in clear text, so that the client has one to keep to itself.
    Send(client, PgMessage('R', BigEndian(3)));
    if (!Receive(client, 1, stop) || !ReceiveBody(client, stop)) return false;
    Send(client, PgMessage('R', BigEndian(0)) + PgReady());
    return true;
  }
  Send(client, refusal);
  return false;
}

void FakePostgresServer::Serve(int client, const std::stop_token& stop) {
  bool is_first = true;
  for (auto type = Receive(client, 1, stop); type; type = Receive(client, 1, stop)) {
    if (!ReceiveBody(client, stop)) return;
    if (*type != "S") continue;
    // The first statement of a connection sets its time limit.
    if (std::exchange(is_first, false)) {
      Send(client, PgRow("1") + PgMessage('C', std::string("SELECT 1") + '\0') + PgReady());
      continue;
    }
    Answer answer;
    {
      MutexLock lock(mutex_);
      if (answers_.empty()) continue;
      answer = std::move(answers_.front());
      answers_.pop_front();
    }
    Send(client, answer.bytes);
    if (answer.then_close) return;
  }
}

}  // namespace kafka_iceberg::catalog
