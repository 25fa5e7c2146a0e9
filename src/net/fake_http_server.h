// SPDX-License-Identifier: Apache-2.0
//
// FakeHttpServer: a scripted HTTP/1.1 server on the loopback interface, for tests only. A handler
// sees each request and says how to answer it, or how not to. One thread accepts, and each
// connection has its own, so the handler must be safe for concurrent use.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "net/http_client.h"

namespace kafka_iceberg::net {

struct FakeRequest {
  std::string method;
  std::string target;               // as sent: path and query
  std::string path;                 // up to the '?', still percent-encoded
  std::string query;                // after the '?', still percent-encoded
  std::vector<HttpHeader> headers;  // names in lower case
  std::string body;
  int connection = 0;  // 1 is the first that was accepted

  // The value of the first header of this (lower-case) name; empty when absent.
  std::string Header(std::string_view name) const;
};

// What to send, and what to do instead of sending it properly.
struct FakeAnswer {
  enum class Ending : uint8_t { kKeepAlive, kClose, kReset };

  int status = 200;
  // Content-Length is added unless it, or Transfer-Encoding, is here.
  std::vector<HttpHeader> headers = {};
  std::string body = {};
  // Sent as it is instead of all the above, when not empty.
  std::string raw = {};
  // Only so many bytes of status line and headers, and of the body, are sent.
  std::optional<size_t> head_bytes = {};
  std::optional<size_t> body_bytes = {};
  // One system call for each so many bytes; 0: all at once.
  size_t piece_bytes = 0;
  // After the (cut) answer: waits for Release(), then goes on with `ending`.
  bool hold = false;
  // A cut answer is closed even if this says kKeepAlive.
  Ending ending = Ending::kKeepAlive;

  // The connection ends without a byte of an answer.
  static FakeAnswer None(Ending ending = Ending::kClose);
};

// What the server reads from and writes to; fake_tls.h has the encrypted one.
class FakeChannel {
 public:
  virtual ~FakeChannel() = default;
  // The number of bytes; 0 or less: over.
  virtual int64_t Read(char* buffer, size_t size) = 0;
  virtual bool Write(std::string_view bytes) = 0;
};
// Makes the channel of a connected socket, which the server goes on owning; null: refused.
using FakeChannelFactory = std::function<std::unique_ptr<FakeChannel>(int socket)>;

class FakeHttpServer {
 public:
  using Handler = std::function<FakeAnswer(const FakeRequest&)>;

  // Listens on a port of the kernel's choice before it returns.
  explicit FakeHttpServer(Handler handler, FakeChannelFactory channels = {});
  ~FakeHttpServer();  // Stop()
  FakeHttpServer(const FakeHttpServer&) = delete;
  FakeHttpServer& operator=(const FakeHttpServer&) = delete;

  int port() const { return port_; }
  // "http://127.0.0.1:port", without a slash at the end.
  std::string url() const;

  int connections() const;
  // Requests received as a whole, answered or not.
  int requests() const;
  std::vector<FakeRequest> received() const;
  // Blocks until so many requests were received.
  void WaitForRequests(int count);

  // For a handler: blocks until Release() or Stop().
  void Hold();
  // Ends every wait of Hold(), now and later.
  void Release();
  // The next request whose body reaches so many bytes is reset there and never handled.
  void ResetNextUploadAt(size_t body_bytes);
  // No more connections; those that are open are closed. Idempotent.
  void Stop();

 private:
  struct Connection {
    int number = 0;
    int socket = -1;
    bool finished = false;
    std::jthread thread;
  };

  void Accept(const std::stop_token& stop);
  void Serve(Connection& connection);
  void ServeRequests(FakeChannel& channel, Connection& connection);
  bool ReadBody(FakeChannel& channel, std::string& pending, int socket, FakeRequest& request);
  bool TakeUploadReset(size_t body_bytes);
  void Keep(const FakeRequest& request);
  void JoinFinished();

  const Handler handler_;
  const FakeChannelFactory channels_;
  int listener_ = -1;
  int port_ = 0;
  mutable Mutex mutex_;
  CondVar changed_;
  std::list<Connection> connections_ GUARDED_BY(mutex_);
  std::vector<FakeRequest> received_ GUARDED_BY(mutex_);
  int accepted_ GUARDED_BY(mutex_) = 0;
  bool released_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::optional<size_t> reset_upload_at_ GUARDED_BY(mutex_);
  std::jthread acceptor_;
};

}  // namespace kafka_iceberg::net
