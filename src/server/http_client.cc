// SPDX-License-Identifier: Apache-2.0
#include "server/http_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace kafka_iceberg::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto kTimeout = std::chrono::seconds(5);
constexpr uint64_t kBodyBytesMax = 16 << 20;

}  // namespace

Result<HttpResponse> HttpGet(const std::string& server, const std::string& path) {
  const size_t colon = server.rfind(':');
  if (colon == std::string::npos) return Error::Invalid("\"{}\" is not host:port", server);
  asio::io_context io;
  beast::error_code failed;
  asio::ip::tcp::resolver resolver(io);
  const auto addresses =
      resolver.resolve(server.substr(0, colon), server.substr(colon + 1), failed);
  if (failed) return Error::Unavailable("cannot resolve {}: {}", server, failed.message());
  beast::tcp_stream stream(io);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  http::request<http::string_body> request(http::verb::get, path, 11);
  request.set(http::field::host, server);
  request.set(http::field::connection, "close");
  // Asynchronous one after the other, because only those honour the stream's deadline.
  stream.expires_after(kTimeout);
  stream.async_connect(addresses, [&](beast::error_code error, const auto&) {
    failed = error;
    if (error) return;
    http::async_write(stream, request, [&](beast::error_code write_error, size_t) {
      failed = write_error;
      if (write_error) return;
      http::async_read(stream, buffer, parser,
                       [&](beast::error_code read_error, size_t) { failed = read_error; });
    });
  });
  io.run();
  if (failed) return Error::Unavailable("{}", failed.message());
  return HttpResponse{.status = static_cast<int>(parser.get().result_int()),
                      .content_type = std::string(parser.get()[http::field::content_type]),
                      .body = std::move(parser.get().body())};
}

}  // namespace kafka_iceberg::server
