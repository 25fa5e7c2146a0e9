// SPDX-License-Identifier: Apache-2.0
//
// A server that speaks just enough of PostgreSQL's protocol to misbehave in it: one answer for each
// statement, as written down by the test. Listens on a loopback port of its own. Tests only.
#pragma once

#include <deque>
#include <string>
#include <thread>

#include "core/mutex.h"

namespace kafka_iceberg::catalog {

// Messages of the protocol (version 3), for building answers.
std::string PgMessage(char type, const std::string& body);
std::string PgCommandComplete(const std::string& tag);
std::string PgReady();
std::string PgError(const std::string& severity, const std::string& sql_state,
                    const std::string& message);
std::string PgRow(const std::string& value);

class FakePostgresServer {
 public:
  struct Answer {
    std::string bytes;
    bool then_close = false;
  };

  FakePostgresServer();
  ~FakePostgresServer();
  FakePostgresServer(const FakePostgresServer&) = delete;
  FakePostgresServer& operator=(const FakePostgresServer&) = delete;

  int port() const { return port_; }
  // Without encryption, for user "me" with the password "planted".
  std::string uri() const;
  // What the next statement gets; one without an answer gets none.
  void Next(Answer answer);
  // Instead of letting the next client in.
  void Refuse(std::string bytes);

 private:
  void Serve(int client, const std::stop_token& stop);
  void Accept(const std::stop_token& stop);
  bool Welcome(int client, const std::stop_token& stop);

  int listener_ = -1;
  int port_ = 0;
  Mutex mutex_;
  std::deque<Answer> answers_ GUARDED_BY(mutex_);
  std::string refusal_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace kafka_iceberg::catalog
