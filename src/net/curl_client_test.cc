// SPDX-License-Identifier: Apache-2.0
#include "net/curl_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/check.h"
#include "core/result_matchers.h"
#include "net/fake_http_server.h"

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr std::string_view kSecret = "planted-secret-value";

FakeAnswer Ok(const FakeRequest& /*request*/) { return {.body = "hello"}; }

class CurlClient : public testing::Test {
 protected:
  std::unique_ptr<HttpClient> Make(HttpClientOptions options = {}) {
    auto client = MakeCurlClient(options, clock_);
    CHECK(client.ok());
    return std::move(client).value();
  }
  // A port that was free a moment ago: nobody listens.
  static int ClosedPort() {
    FakeHttpServer server(Ok);
    return server.port();
  }

  SystemClock clock_;
};

TEST_F(CurlClient, ReturnsStatusHeadersAndBody) {
  FakeHttpServer server([](const FakeRequest&) {
    return FakeAnswer{.status = 404, .headers = {{"X-Name", " value "}}, .body = "nothing"};
  });
  const auto response = Make()->Send({.url = server.url() + "/a?b=c"});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->Header("x-name"), "value");
  EXPECT_EQ(response->body, "nothing");
}

TEST_F(CurlClient, SendsWhatTheRequestSays) {
  FakeHttpServer server(Ok);
  ASSERT_THAT(Make()->Send({.method = "PUT",
                            .url = server.url() + "/a/../b%2Fc?x=%20&y",
                            .headers = {{"X-One", "1"}, {"X-Empty", ""}, {"Host", "other"}},
                            .body = "content"}),
              IsOk());
  const FakeRequest request = server.received().at(0);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/a/../b%2Fc?x=%20&y");
  EXPECT_EQ(request.Header("x-one"), "1");
  EXPECT_EQ(request.Header("x-empty"), "");
  EXPECT_EQ(request.Header("host"), "other");
  EXPECT_EQ(request.Header("content-length"), "7");
  EXPECT_EQ(request.Header("content-type"), "");
  EXPECT_EQ(request.body, "content");
}

TEST_F(CurlClient, SendsEveryMethod) {
  FakeHttpServer server(Ok);
  const auto client = Make();
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}) {
    const auto response = client->Send({.method = method, .url = server.url() + "/"});
    ASSERT_THAT(response, IsOk()) << method;
    EXPECT_EQ(response->body, std::string_view(method) == "HEAD" ? "" : "hello");
  }
  EXPECT_EQ(server.requests(), 6);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClient, SendsALargeBodyWithoutWaitingForContinue) {
  FakeHttpServer server(Ok);
  const std::string body(5 << 20, 'x');
  ASSERT_THAT(Make()->Send({.method = "PUT", .url = server.url(), .body = body}), IsOk());
  EXPECT_EQ(server.received().at(0).body.size(), body.size());
  EXPECT_EQ(server.received().at(0).Header("expect"), "");
}

TEST_F(CurlClient, ReadsAnAnswerThatComesByteByByte) {
  FakeHttpServer server(
      [](const FakeRequest&) { return FakeAnswer{.body = "slowly", .piece_bytes = 1}; });
  const auto response = Make()->Send({.url = server.url()});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "slowly");
}

TEST_F(CurlClient, ReadsAChunkedAnswerAfterAnInterimOne) {
  FakeHttpServer server([](const FakeRequest&) {
    return FakeAnswer{.raw =
                          "HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n"
                          "X-Trailer: 1\r\n\r\n"};
  });
  const auto response = Make()->Send({.url = server.url()});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "abcde");
  EXPECT_EQ(response->Header("x-a"), std::nullopt);
  EXPECT_EQ(response->Header("x-trailer"), std::nullopt);
}

TEST_F(CurlClient, ReadsAnAnswerWithoutALengthToTheEndOfTheConnection) {
  FakeHttpServer server([](const FakeRequest&) {
    return FakeAnswer{.raw = "HTTP/1.0 200 OK\r\nX-A: 1\r\n 2\r\n\r\nall of it",
                      .ending = FakeAnswer::Ending::kClose};
  });
  const auto response = Make()->Send({.url = server.url()});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "all of it");
  EXPECT_EQ(response->Header("x-a"), "1 2");
}

TEST_F(CurlClient, RefusesLineBreaksInHeaders) {
  FakeHttpServer server(Ok);
  const auto client = Make();
  for (const HttpHeader& header :
       {HttpHeader{"X-A", "1\r\nX-B: 2"}, HttpHeader{"X-A\r\nX-B", "1"}, HttpHeader{"X-A", "1\n"},
        HttpHeader{"X A", "1"}, HttpHeader{"", "1"}, HttpHeader{"X-A", std::string(1, '\0')},
        HttpHeader{"Transfer-Encoding", "chunked"}, HttpHeader{"Content-Length", "5"}}) {
    EXPECT_THAT(client->Send({.url = server.url(), .headers = {header}}),
                IsError(ErrorCode::kInvalid))
        << header.name;
  }
  EXPECT_THAT(client->Send({.method = "GET / HTTP/1.1\r\nX: ", .url = server.url()}),
              IsError(ErrorCode::kInvalid));
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlClient, RefusesOtherSchemesAndBrokenUrls) {
  const auto client = Make();
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1", "http://", "http://a b/",
        "http://user:pass@127.0.0.1/", "http://127.0.0.1:99999/", "http://a/#b"})
    EXPECT_THAT(client->Send({.url = url}), IsError(ErrorCode::kInvalid)) << url;
}

TEST_F(CurlClient, SaysUnavailableWhenNobodyListens) {
  const auto response =
      Make()->Send({.method = "POST", .url = fmt::format("http://127.0.0.1:{}", ClosedPort())});
  EXPECT_THAT(response, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(response.error().message(), HasSubstr("127.0.0.1"));
}

TEST_F(CurlClient, SaysUnavailableWhenTheNameIsUnknown) {
  const auto response = Make()->Send({.method = "POST", .url = "http://no-such-host.invalid/"});
  EXPECT_THAT(response, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(response.error().message(), HasSubstr("no-such-host.invalid"));
}

// A socket that listens and whose queue is full: connecting to it takes for ever.
TEST_F(CurlClient, SaysUnavailableWhenTheConnectionTakesTooLong) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), size));
  }
  const auto response =
      Make({.connect_timeout = 200ms})
          ->Send({.method = "POST",
                  .url = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port)),
                  .body = "x"});
  EXPECT_THAT(response, IsError(ErrorCode::kUnavailable));
  for (const int filler : fillers) ::close(filler);
  ::close(listener);
}

TEST_F(CurlClient, SaysTimeoutWhenTheAnswerStalls) {
  FakeHttpServer server([&server](const FakeRequest&) {
    server.Hold();
    return FakeAnswer{};
  });
  EXPECT_THAT(Make()->Send({.method = "POST", .url = server.url(), .timeout = 100ms}),
              IsError(ErrorCode::kTimeout));
}

TEST_F(CurlClient, SaysTimeoutWhenTheBodyStalls) {
  FakeHttpServer server([](const FakeRequest&) {
    return FakeAnswer{.body = "hello", .body_bytes = 2, .hold = true};
  });
  EXPECT_THAT(Make()->Send({.url = server.url(), .timeout = 200ms}), IsError(ErrorCode::kTimeout));
}

struct Broken {
  const char* what;
  FakeAnswer answer;
};

void PrintTo(const Broken& broken, std::ostream* stream) { *stream << broken.what; }

class BrokenAnswer : public testing::TestWithParam<Broken> {};

TEST_P(BrokenAnswer, IsTimeoutBecauseTheOutcomeIsOpen) {
  FakeHttpServer server([](const FakeRequest&) { return GetParam().answer; });
  SystemClock clock;
  auto client = MakeCurlClient({}, clock);
  ASSERT_THAT(client, IsOk());
  const auto response =
      (*client)->Send({.method = "POST", .url = server.url() + "/", .response_bytes_max = 1000});
  EXPECT_THAT(response, IsError(ErrorCode::kTimeout));
  EXPECT_EQ(server.requests(), 1);
}

std::string ManyHeaders(int count, size_t bytes_each) {
  std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  for (int i = 0; i < count; ++i)
    head += fmt::format("X-{}: {}\r\n", i, std::string(bytes_each, 'x'));
  return head + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenAnswer,
    testing::Values(
        Broken{"NoAnswer", FakeAnswer::None()},
        Broken{"Reset", FakeAnswer::None(FakeAnswer::Ending::kReset)},
        Broken{"BodyCutShort", {.body = "hello", .body_bytes = 2}},
        Broken{"BodyMissing", {.body = "hello", .body_bytes = 0}},
        Broken{"BodyReset",
               {.body = "hello", .body_bytes = 2, .ending = FakeAnswer::Ending::kReset}},
        Broken{"StatusLineCutShort", {.body = "hello", .head_bytes = 8}},
        Broken{"HeaderLineCutShort", {.body = "hello", .head_bytes = 30}},
        Broken{"HeadersCutBetweenLines",
               {.raw = "HTTP/1.1 200 OK\r\nX-A: 1\r\n", .ending = FakeAnswer::Ending::kClose}},
        Broken{"OnlyInterim",
               {.raw = "HTTP/1.1 100 Continue\r\n\r\n", .ending = FakeAnswer::Ending::kClose}},
        Broken{"ChunksCutShort",
               {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
                .ending = FakeAnswer::Ending::kClose}},
        Broken{"LastChunkMissing",
               {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
                .ending = FakeAnswer::Ending::kClose}},
        Broken{"ChunkSizeGarbage",
               {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                .ending = FakeAnswer::Ending::kClose}},
        Broken{"NotHttp", {.raw = "220 smtp ready\r\n", .ending = FakeAnswer::Ending::kClose}},
        Broken{"HeaderWithoutColon",
               {.raw = "HTTP/1.1 200 OK\r\ngarbage\r\nContent-Length: 0\r\n\r\n"}},
        Broken{"LengthGarbage", {.raw = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"}},
        Broken{"BodyTooLarge", {.body = std::string(1001, 'x')}},
        Broken{"TooManyHeaders", {.raw = ManyHeaders(300, 1)}},
        Broken{"HeadersTooLarge", {.raw = ManyHeaders(100, 1000)}}),
    [](const auto& parameter) { return std::string(parameter.param.what); });

TEST_F(CurlClient, TakesABodyOfExactlyTheLimit) {
  FakeHttpServer server(
      [](const FakeRequest&) { return FakeAnswer{.body = std::string(1000, 'x')}; });
  EXPECT_THAT(Make()->Send({.url = server.url(), .response_bytes_max = 1000}), IsOk());
}

TEST_F(CurlClient, KeepsConnectionsAlive) {
  FakeHttpServer server(Ok);
  const auto client = Make();
  for (int i = 0; i < 3; ++i) ASSERT_THAT(client->Send({.url = server.url()}), IsOk());
  EXPECT_EQ(server.connections(), 1);
}

// Each method: a request on a kept connection that dies without an answer is sent exactly once.
class DeadConnection : public testing::TestWithParam<const char*> {};

TEST_P(DeadConnection, IsNotRepairedBySendingAgain) {
  FakeHttpServer server([](const FakeRequest& request) {
    return request.path == "/first" ? FakeAnswer{} : FakeAnswer::None();
  });
  SystemClock clock;
  auto client = MakeCurlClient({}, clock);
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->Send({.url = server.url() + "/first"}), IsOk());
  EXPECT_THAT((*client)->Send({.method = GetParam(), .url = server.url() + "/second"}),
              IsError(ErrorCode::kTimeout));
  EXPECT_EQ(server.requests(), 2);
  EXPECT_EQ(server.connections(), 1);
}

TEST_P(DeadConnection, ByResetIsNotRepairedEither) {
  FakeHttpServer server([](const FakeRequest& request) {
    return request.path == "/first" ? FakeAnswer{} : FakeAnswer::None(FakeAnswer::Ending::kReset);
  });
  SystemClock clock;
  auto client = MakeCurlClient({}, clock);
  ASSERT_THAT(client, IsOk());
  ASSERT_THAT((*client)->Send({.url = server.url() + "/first"}), IsOk());
  EXPECT_THAT((*client)->Send({.method = GetParam(), .url = server.url() + "/second"}),
              IsError(ErrorCode::kTimeout));
  EXPECT_EQ(server.requests(), 2);
  EXPECT_EQ(server.connections(), 1);
}

INSTANTIATE_TEST_SUITE_P(All, DeadConnection,
                         testing::Values("GET", "HEAD", "POST", "PUT", "DELETE"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST_F(CurlClient, GoesOnAfterADeadConnection) {
  FakeHttpServer server([](const FakeRequest& request) {
    return request.path == "/die" ? FakeAnswer::None() : FakeAnswer{};
  });
  const auto client = Make();
  ASSERT_THAT(client->Send({.url = server.url() + "/"}), IsOk());
  ASSERT_THAT(client->Send({.method = "POST", .url = server.url() + "/die"}),
              IsError(ErrorCode::kTimeout));
  EXPECT_THAT(client->Send({.url = server.url() + "/"}), IsOk());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(CurlClient, ConnectsAgainWhenTheServerClosedAnIdleConnection) {
  FakeHttpServer server([](const FakeRequest&) {
    return FakeAnswer{.headers = {{"Connection", "close"}}, .ending = FakeAnswer::Ending::kClose};
  });
  const auto client = Make();
  for (int i = 0; i < 3; ++i)
    ASSERT_THAT(client->Send({.method = "POST", .url = server.url()}), IsOk());
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(CurlClient, SaysTimeoutWhenAnUploadIsReset) {
  FakeHttpServer server(Ok);
  server.ResetNextUploadAt(1 << 20);
  const std::string body(32 << 20, 'x');
  const auto client = Make();
  EXPECT_THAT(client->Send({.method = "PUT", .url = server.url(), .body = body}),
              IsError(ErrorCode::kTimeout));
  EXPECT_EQ(server.requests(), 0);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(client->Send({.method = "PUT", .url = server.url(), .body = "x"}), IsOk());
}

TEST_F(CurlClient, WaitsForAFreeConnectionWithinTheDeadline) {
  FakeHttpServer server([&server](const FakeRequest&) {
    server.Hold();
    return FakeAnswer{};
  });
  const auto client = Make({.connections = 1});
  std::jthread first([&] { EXPECT_THAT(client->Send({.url = server.url()}), IsOk()); });
  server.WaitForRequests(1);
  EXPECT_THAT(client->Send({.url = server.url(), .timeout = 50ms}),
              IsError(ErrorCode::kUnavailable));
  std::jthread second([&] { EXPECT_THAT(client->Send({.url = server.url()}), IsOk()); });
  server.Release();
  first.join();
  second.join();
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClient, OpensNoMoreConnectionsThanAllowed) {
  FakeHttpServer server([](const FakeRequest&) { return FakeAnswer{.piece_bytes = 1}; });
  const auto client = Make({.connections = 3});
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i) {
      callers.emplace_back([&] {
        for (int n = 0; n < 10; ++n) EXPECT_THAT(client->Send({.url = server.url()}), IsOk());
      });
    }
  }
  EXPECT_EQ(server.requests(), 80);
  EXPECT_LE(server.connections(), 3);
}

TEST_F(CurlClient, ReturnsRedirectsUnlessAsked) {
  FakeHttpServer server([](const FakeRequest&) {
    return FakeAnswer{.status = 302, .headers = {{"Location", "/b"}}};
  });
  const auto response = Make()->Send({.url = server.url() + "/a"});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(CurlClient, FollowsRedirectsOnTheSameServerAsOftenAsAllowed) {
  FakeHttpServer server([](const FakeRequest& request) {
    return FakeAnswer{.status = 307, .headers = {{"Location", request.path + "x"}}};
  });
  const auto response = Make()->Send({.url = server.url() + "/a", .redirects_max = 2});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 307);
  ASSERT_EQ(server.requests(), 3);
  EXPECT_EQ(server.received()[2].path, "/axx");
}

TEST_F(CurlClient, NeverFollowsARedirectToAnotherServer) {
  FakeHttpServer other(Ok);
  FakeHttpServer server([&](const FakeRequest&) {
    return FakeAnswer{.status = 307, .headers = {{"Location", other.url() + "/"}}};
  });
  const auto response = Make()->Send({.url = server.url() + "/a",
                                      .headers = {{"Authorization", std::string(kSecret)}},
                                      .redirects_max = 5});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 307);
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(CurlClient, NeverFollowsARedirectOfAChange) {
  FakeHttpServer server([](const FakeRequest&) {
    return FakeAnswer{.status = 308, .headers = {{"Location", "/b"}}};
  });
  for (const char* method : {"POST", "PUT", "DELETE"})
    ASSERT_THAT(Make()->Send({.method = method, .url = server.url(), .redirects_max = 5}), IsOk());
  EXPECT_EQ(server.requests(), 3);
}

TEST_F(CurlClient, SharesTheDeadlineAmongRedirects) {
  FakeHttpServer server([&server](const FakeRequest& request) {
    if (request.path == "/b") server.Hold();
    return FakeAnswer{.status = 302, .headers = {{"Location", "/b"}}};
  });
  EXPECT_THAT(Make()->Send({.url = server.url() + "/a", .timeout = 200ms, .redirects_max = 5}),
              IsError(ErrorCode::kTimeout));
}

TEST_F(CurlClient, SendsThroughTheConfiguredProxy) {
  FakeHttpServer proxy(Ok);
  const auto response =
      Make({.proxy = proxy.url()})->Send({.url = "http://catalog.example/v1/config"});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(proxy.received().at(0).target, "http://catalog.example/v1/config");
}

TEST_F(CurlClient, SaysUnavailableWhenTheProxyRefusesTheTunnel) {
  FakeHttpServer proxy([](const FakeRequest&) { return FakeAnswer{.status = 407}; });
  const auto response = Make({.proxy = proxy.url()})
                            ->Send({.method = "POST",
                                    .url = "https://catalog.example/",
                                    .headers = {{"Authorization", std::string(kSecret)}},
                                    .body = kSecret});
  EXPECT_THAT(response, IsError(ErrorCode::kUnavailable));
  ASSERT_EQ(proxy.requests(), 1);
  EXPECT_EQ(proxy.received()[0].method, "CONNECT");
  EXPECT_EQ(proxy.received()[0].Header("authorization"), "");
}

TEST_F(CurlClient, RefusesAProxyThatIsNoneWithoutQuotingItsPassword) {
  for (const char* proxy : {"http://user:planted-secret-value@[broken/",
                            "gopher://user:planted-secret-value@proxy:70"}) {
    const auto client = MakeCurlClient({.proxy = proxy}, clock_);
    EXPECT_THAT(client, IsError(ErrorCode::kInvalid));
    EXPECT_THAT(client.error().message(), Not(HasSubstr(kSecret)));
  }
}

TEST_F(CurlClient, NeverShowsHeadersQueryOrBodyInErrors) {
  FakeHttpServer server([](const FakeRequest& request) {
    return request.path == "/cut" ? FakeAnswer{.body = std::string(kSecret), .body_bytes = 3}
                                  : FakeAnswer::None();
  });
  const auto client = Make();
  for (const std::string& path : {std::string("/"), std::string("/cut")}) {
    for (const std::string& base :
         {server.url(), fmt::format("http://127.0.0.1:{}", ClosedPort())}) {
      const auto response = client->Send({.method = "POST",
                                          .url = base + path + "?token=planted-secret-value",
                                          .headers = {{"Authorization", std::string(kSecret)}},
                                          .body = kSecret});
      ASSERT_FALSE(response.ok());
      EXPECT_THAT(response.error().message(), Not(HasSubstr(kSecret)));
      EXPECT_THAT(response.error().message(), Not(HasSubstr("token")));
    }
  }
}

}  // namespace
}  // namespace kafka_iceberg::net
