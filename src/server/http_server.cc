// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "core/thread.h"

namespace kafka_iceberg::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;

constexpr auto kIdleTimeout = std::chrono::seconds(10);
constexpr uint32_t kHeaderBytesMax = 16 << 10;
constexpr uint64_t kBodyBytesMax = 4 << 10;
constexpr int kConnectionsMax = 64;

// One connection; keeps itself alive through its pending operation.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, const HttpHandler& handler, std::atomic<int>& connections)
      : stream_(std::move(socket)), handler_(handler), connections_(connections) {
    ++connections_;
  }
  ~Session() { --connections_; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(kBodyBytesMax);
    stream_.expires_after(kIdleTimeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code failed, size_t) {
                       if (!failed) self->Answer();
                     });
  }

 private:
  void Answer() {
    const http::request<http::string_body>& request = parser_->get();
    const bool is_head = request.method() == http::verb::head;
    HttpResponse answer{.status = 405, .body = "{\"error\":\"only GET and HEAD are served\"}\n"};
    if (request.method() == http::verb::get || is_head) {
      const std::string target(request.target());
      answer = handler_(target.substr(0, target.find('?')));
    }
    response_ = http::response<http::string_body>(static_cast<http::status>(answer.status),
                                                  request.version());
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    response_.keep_alive(request.keep_alive());
    const size_t size = answer.body.size();
    if (!is_head) response_.body() = std::move(answer.body);
    response_.content_length(size);
    stream_.expires_after(kIdleTimeout);
    http::async_write(
        stream_, response_, [self = shared_from_this()](beast::error_code failed, size_t) {
          if (failed) return;
          if (self->response_.keep_alive()) return self->Read();
          beast::error_code ignored;  // the peer may be gone already, which is what closing wants
          self->stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
        });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kHeaderBytesMax + kBodyBytesMax};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  const HttpHandler& handler_;
  std::atomic<int>& connections_;
};

class BeastServer final : public HttpServer {
 public:
  explicit BeastServer(HttpHandler handler) : handler_(std::move(handler)), acceptor_(io_) {}

  ~BeastServer() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Status Listen(const std::string& host, uint16_t port) {
    beast::error_code failed;
    Tcp::resolver resolver(io_);
    const auto addresses =
        resolver.resolve(host, std::to_string(port), Tcp::resolver::passive, failed);
    if (failed || addresses.empty()) {
      return Error::Invalid("server.listen: cannot resolve \"{}\": {}", host, failed.message());
    }
    const Tcp::endpoint endpoint = addresses.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_.bind(endpoint, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) {
      return Error::Unavailable(
          "server.listen: cannot listen on {}:{}: {}; choose another port, or \"\" to turn the "
          "server off",
          host, port, failed.message());
    }
    port_ = acceptor_.local_endpoint().port();
    Accept();
    thread_ = StartThread(
        "ki-server", [this](const std::stop_token&) { io_.run(); }, [](std::string_view) {});
    return {};
  }

  uint16_t port() const override { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](beast::error_code failed, Tcp::socket socket) {
      // Beyond the limit a connection is closed at once; the peer may try again.
      if (!failed && connections_.load() < kConnectionsMax) {
        std::make_shared<Session>(std::move(socket), handler_, connections_)->Read();
      }
      if (acceptor_.is_open()) Accept();
    });
  }

  const HttpHandler handler_;
  std::atomic<int> connections_{0};
  asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& listen,
                                                      HttpHandler handler) {
  const size_t colon = listen.rfind(':');
  uint16_t port = 0;
  const char* begin = listen.data() + (colon == std::string::npos ? listen.size() : colon + 1);
  const char* end = listen.data() + listen.size();
  const auto [parsed_to, failed] = std::from_chars(begin, end, port);
  if (colon == std::string::npos || colon == 0 || failed != std::errc() || parsed_to != end) {
    return Error::Invalid("server.listen: \"{}\" is not host:port, e.g. 127.0.0.1:8088", listen);
  }
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto server = std::make_unique<BeastServer>(std::move(handler));
  TRY(server->Listen(host, port));
  return server;
}

}  // namespace kafka_iceberg::server
