// SPDX-License-Identifier: Apache-2.0
#include "net/fake_http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/check.h"
#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

constexpr size_t kRequestBytesMax = size_t{256} << 20;

class PlainChannel final : public FakeChannel {
 public:
  explicit PlainChannel(int socket) : socket_(socket) {}

  int64_t Read(char* buffer, size_t size) override { return ::recv(socket_, buffer, size, 0); }
  bool Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

 private:
  const int socket_;
};

// Takes the text up to the first `separator`, and the separator, from the front.
std::string_view TakeUntil(std::string_view& text, std::string_view separator) {
  const size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
  return taken;
}

void ParseHead(std::string_view head, FakeRequest& request) {
  std::string_view line = TakeUntil(head, "\r\n");
  request.method = TakeUntil(line, " ");
  request.target = TakeUntil(line, " ");
  std::string_view target = request.target;
  request.path = TakeUntil(target, "?");
  request.query = target;
  while (!head.empty()) {
    line = TakeUntil(head, "\r\n");
    const std::string name = ToLower(TakeUntil(line, ":"));
    request.headers.push_back({name, std::string(Trim(line))});
  }
}

size_t ParseSize(std::string_view text) {
  size_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

bool ReadMore(FakeChannel& channel, std::string& pending) {
  std::array<char, 16384> buffer;
  const int64_t size = channel.Read(buffer.data(), buffer.size());
  if (size <= 0 || pending.size() > kRequestBytesMax) return false;
  pending.append(buffer.data(), static_cast<size_t>(size));
  return true;
}

bool ReadHead(FakeChannel& channel, std::string& pending, FakeRequest& request) {
  size_t end = 0;
  while ((end = pending.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore(channel, pending)) return false;
  }
  ParseHead(std::string_view(pending).substr(0, end), request);
  pending.erase(0, end + 4);
  return true;
}

std::string HeadOf(const FakeAnswer& answer) {
  std::string head = fmt::format("HTTP/1.1 {} Scripted\r\n", answer.status);
  bool is_framed = answer.status == 204 || answer.status == 304;
  for (const HttpHeader& header : answer.headers) {
    const std::string name = ToLower(header.name);
    is_framed |= name == "content-length" || name == "transfer-encoding";
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  if (!is_framed) head += fmt::format("Content-Length: {}\r\n", answer.body.size());
  return head + "\r\n";
}

void WriteInPieces(FakeChannel& channel, std::string_view bytes, size_t piece_bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = piece_bytes == 0 ? bytes : bytes.substr(0, piece_bytes);
    if (!channel.Write(piece)) return;
    bytes.remove_prefix(piece.size());
  }
}

void WriteAnswer(FakeChannel& channel, const FakeAnswer& answer, bool is_head_request) {
  const std::string head = answer.raw.empty() ? HeadOf(answer) : answer.raw;
  std::string bytes = head.substr(0, answer.head_bytes.value_or(head.size()));
  if (bytes.size() == head.size() && answer.raw.empty() && !is_head_request) {
    bytes +=
        std::string_view(answer.body).substr(0, answer.body_bytes.value_or(answer.body.size()));
  }
  WriteInPieces(channel, bytes, answer.piece_bytes);
}

// Closes so that the other side sees a reset instead of an end.
void SendResetOnClose(int socket) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

}  // namespace

std::string FakeRequest::Header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &HttpHeader::name);
  return found == headers.end() ? "" : found->value;
}

FakeAnswer FakeAnswer::None(Ending ending) { return {.head_bytes = 0, .ending = ending}; }

FakeHttpServer::FakeHttpServer(Handler handler, FakeChannelFactory channels)
    : handler_(std::move(handler)), channels_(std::move(channels)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(listener_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(::listen(listener_, 128) == 0);
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { Accept(stop); });
}

FakeHttpServer::~FakeHttpServer() { Stop(); }

std::string FakeHttpServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

int FakeHttpServer::connections() const {
  const MutexLock lock(mutex_);
  return accepted_;
}

int FakeHttpServer::requests() const {
  const MutexLock lock(mutex_);
  return static_cast<int>(received_.size());
}

std::vector<FakeRequest> FakeHttpServer::received() const {
  const MutexLock lock(mutex_);
  return received_;
}

void FakeHttpServer::WaitForRequests(int count) {
  const MutexLock lock(mutex_);
  while (!stopped_ && static_cast<int>(received_.size()) < count) changed_.wait(mutex_);
}

void FakeHttpServer::Hold() {
  const MutexLock lock(mutex_);
  while (!stopped_ && !released_) changed_.wait(mutex_);
}

void FakeHttpServer::Release() {
  const MutexLock lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

void FakeHttpServer::ResetNextUploadAt(size_t body_bytes) {
  const MutexLock lock(mutex_);
  reset_upload_at_ = body_bytes;
}

void FakeHttpServer::Stop() {
  acceptor_.request_stop();
  if (listener_ >= 0) ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
  if (acceptor_.joinable()) acceptor_.join();
  if (listener_ >= 0) ::close(std::exchange(listener_, -1));
  std::list<Connection> last;  // joined when this goes, without the lock
  const MutexLock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
  for (const Connection& connection : connections_) {
    if (connection.socket >= 0) ::shutdown(connection.socket, SHUT_RDWR);
  }
  last.splice(last.end(), connections_);
}

void FakeHttpServer::Accept(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    JoinFinished();
    const MutexLock lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.number = ++accepted_;
    connection.socket = socket;
    connection.thread = std::jthread([this, &connection] { Serve(connection); });
  }
}

void FakeHttpServer::JoinFinished() {
  std::list<Connection> finished;
  const MutexLock lock(mutex_);
  for (auto next = connections_.begin(); next != connections_.end();) {
    const auto current = next++;
    if (current->finished) finished.splice(finished.end(), connections_, current);
  }
}

void FakeHttpServer::Serve(Connection& connection) {
  int socket = -1;
  {
    const MutexLock lock(mutex_);
    socket = connection.socket;
  }
  std::unique_ptr<FakeChannel> channel =
      channels_ ? channels_(socket) : std::make_unique<PlainChannel>(socket);
  if (channel != nullptr) ServeRequests(*channel, connection);
  channel.reset();
  const MutexLock lock(mutex_);
  ::close(std::exchange(connection.socket, -1));
  connection.finished = true;
}

void FakeHttpServer::ServeRequests(FakeChannel& channel, Connection& connection) {
  std::string pending;
  while (true) {
    FakeRequest request;
    request.connection = connection.number;
    if (!ReadHead(channel, pending, request)) return;
    if (!ReadBody(channel, pending, connection.socket, request)) return;
    Keep(request);
    const FakeAnswer answer = handler_(request);
    WriteAnswer(channel, answer, request.method == "HEAD");
    if (answer.hold) Hold();
    if (answer.ending == FakeAnswer::Ending::kReset) SendResetOnClose(connection.socket);
    const bool is_cut = answer.head_bytes.has_value() || answer.body_bytes.has_value();
    if (is_cut || answer.ending != FakeAnswer::Ending::kKeepAlive) return;
  }
}

bool FakeHttpServer::ReadBody(FakeChannel& channel, std::string& pending, int socket,
                              FakeRequest& request) {
  const size_t length = ParseSize(request.Header("content-length"));
  while (true) {
    const size_t received = std::min(pending.size(), length);
    if (received > 0 && TakeUploadReset(received)) {
      SendResetOnClose(socket);
      return false;
    }
    if (received == length) break;
    if (!ReadMore(channel, pending)) return false;
  }
  request.body = pending.substr(0, length);
  pending.erase(0, length);
  return true;
}

bool FakeHttpServer::TakeUploadReset(size_t body_bytes) {
  const MutexLock lock(mutex_);
  if (!reset_upload_at_.has_value() || body_bytes < *reset_upload_at_) return false;
  reset_upload_at_.reset();
  return true;
}

void FakeHttpServer::Keep(const FakeRequest& request) {
  const MutexLock lock(mutex_);
  received_.push_back(request);
  changed_.notify_all();
}

}  // namespace kafka_iceberg::net
