// SPDX-License-Identifier: Apache-2.0
#include "net/curl_client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/mutex.h"
#include "net/http_text.h"
#include "net/proxy_settings.h"
#include "net/request_check.h"
#include "net/response_reader.h"
#include "net/tls_files.h"

namespace kafka_iceberg::net {

namespace {

// A connection that was idle for longer is not used again, because the server may be closing it
// just now. Stricter for what changes something: the outcome of such a request would be open.
constexpr long kIdleSecondsMax = 30;
constexpr long kIdleSecondsMaxToChange = 4;
constexpr long kReceiveBufferBytes = 128 << 10;
constexpr size_t kReasonBytesMax = 200;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;
using UrlPointer = std::unique_ptr<CURLU, FreeUrl>;
using TextPointer = std::unique_ptr<char, FreeText>;

// One libcurl handle with its (at most one) connection.
struct Session {
  std::unique_ptr<CURL, FreeEasy> easy;
  std::string origin;  // of the last request
};

// What libcurl tells us while it works on one request.
struct Transfer {
  explicit Transfer(int64_t body_bytes_max) : reader(body_bytes_max) {}

  ResponseReader reader;
  // From here on, bytes of the request may have left.
  bool may_be_sent = false;
  std::array<char, CURL_ERROR_SIZE> reason{};
};

// libcurl calls this when a connection is ready and before it sends the request. When a kept
// connection turns out to be dead it would connect again and send a second time: refused here.
int BeforeSending(void* transfer, char* /*remote*/, char* /*local*/, int /*remote_port*/,
                  int /*local_port*/) {
  auto& state = *static_cast<Transfer*>(transfer);
  return std::exchange(state.may_be_sent, true) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

// Spares the connection of such a second attempt.
curl_socket_t OpenSocket(void* transfer, curlsocktype /*purpose*/, curl_sockaddr* address) {
  if (static_cast<Transfer*>(transfer)->may_be_sent) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t TakeHeader(char* bytes, size_t size, size_t count, void* transfer) {
  auto& reader = static_cast<Transfer*>(transfer)->reader;
  return reader.TakeHeaderLine({bytes, size * count}) ? size * count : 0;
}

size_t TakeBody(char* bytes, size_t size, size_t count, void* transfer) {
  auto& reader = static_cast<Transfer*>(transfer)->reader;
  return reader.TakeBody({bytes, size * count}) ? size * count : 0;
}

template <typename Value>
void Set(CURL* easy, CURLoption option, Value value) {
  // Fails only for what the library was built without; MakeCurlClient looked at that.
  static_cast<void>(curl_easy_setopt(easy, option, value));
}

long ToCurlMillis(Duration duration) {
  // 0 would mean "for ever".
  return std::max(
      1L, static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

bool IsSafe(std::string_view method) { return method == "GET" || method == "HEAD"; }

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The other side's TLS says that it does not want our certificate (RFC 8446, 6.2). Under TLS 1.3
// this comes when our side thinks that the handshake is done.
bool IsOurCertificateRefused(std::string_view reason) {
  constexpr std::array<std::string_view, 8> kAlerts = {
      "alert certificate required", "alert bad certificate",     "alert unsupported certificate",
      "alert certificate revoked",  "alert certificate expired", "alert certificate unknown",
      "alert unknown ca",           "alert access denied"};
  return std::ranges::any_of(
      kAlerts, [&](auto alert) { return reason.find(alert) != std::string_view::npos; });
}

bool IsCertificateProblem(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
         code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

std::string ReasonOf(CURLcode code, const Transfer& transfer) {
  if (!transfer.reader.refusal().empty()) return std::string(transfer.reader.refusal());
  const std::string_view reason = transfer.reason.data();
  // A text that may quote the user and password of a proxy is not shown.
  if (reason.empty() || reason.find('@') != std::string_view::npos) return curl_easy_strerror(code);
  return Printable(reason, kReasonBytesMax);
}

Error ErrorOf(CURLcode code, CURL* easy, const Transfer& transfer, std::string_view host) {
  const std::string reason = ReasonOf(code, transfer);
  long new_connections = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
  const bool is_in_handshake =
      !transfer.may_be_sent || (new_connections > 0 && !transfer.reader.has_begun());
  if (is_in_handshake && IsOurCertificateRefused(reason))
    return Error::Denied("{} refuses our client certificate: {}", host, reason);
  if (transfer.may_be_sent) return Error::Timeout("no whole answer from {}: {}", host, reason);
  if (IsCertificateProblem(code))
    return Error::Denied("cannot trust {}: {}: check its certificate and the ca file", host,
                         reason);
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
    return Error::Invalid("cannot send to {}: {}", host, reason);
  return Error::Unavailable("cannot connect to {}: {}", host, reason);
}

Result<HeaderList> MakeHeaders(const HttpRequest& request) {
  HeaderList list;
  const auto append = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return false;
    // The first line makes the list; later ones are hung onto its end.
    if (list == nullptr) list.reset(longer);
    return true;
  };
  bool ok = append("Expect:");  // no waiting for "100 Continue"
  bool has_content_type = false;
  for (const HttpHeader& header : request.headers) {
    has_content_type |= EqualsIgnoreCase(header.name, "content-type");
    // libcurl's way to write a header without a value.
    const std::string line =
        header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    ok = ok && append(line);
  }
  // Otherwise libcurl would call every body a form.
  if (!has_content_type) ok = ok && append("Content-Type:");
  if (!ok) return Error::Unavailable("out of memory for the headers of a request");
  return list;
}

void SetMethod(CURL* easy, const HttpRequest& request) {
  const std::string& method = request.method;
  if (method == "HEAD") {
    Set(easy, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    Set(easy, CURLOPT_POST, 1L);
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    Set(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  } else {
    Set(easy, CURLOPT_HTTPGET, 1L);
    Set(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

// The absolute URL that `location` means on the page `url`.
std::optional<std::string> Resolve(const std::string& url, std::string_view location) {
  const UrlPointer parser(curl_url());
  char* text = nullptr;
  if (parser == nullptr ||
      curl_url_set(parser.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK ||
      curl_url_set(parser.get(), CURLUPART_URL, std::string(location).c_str(), CURLU_PATH_AS_IS) !=
          CURLUE_OK ||
      curl_url_get(parser.get(), CURLUPART_URL, &text, 0) != CURLUE_OK)
    return std::nullopt;
  const TextPointer resolved(text);
  return std::string(text);
}

// Where a redirect leads, when it may be followed: to the very same server.
std::optional<std::string> FollowedUrl(const HttpRequest& request, const HttpResponse& response,
                                       const std::string& url, const std::string& origin) {
  const auto location = response.Header("location");
  if (!IsSafe(request.method) || !IsRedirect(response.status) || !location) return std::nullopt;
  std::optional<std::string> next = Resolve(url, *location);
  if (!next.has_value()) return std::nullopt;
  const auto next_origin = OriginOf(*next);
  if (!next_origin.ok() || *next_origin != origin) return std::nullopt;
  return next;
}

// At most `size` sessions; whoever finds none waits.
class SessionPool {
 public:
  explicit SessionPool(int32_t size) : free_(size) {}

  // The session that talked to `origin` last if it can be had; null when the time is over.
  std::unique_ptr<Session> Take(const std::string& origin, Duration timeout) {
    const MutexLock lock(mutex_);
    if (!returned_.wait_for(mutex_, timeout, [this]() REQUIRES(mutex_) { return free_ > 0; }))
      return nullptr;
    --free_;
    const auto same = std::find_if(idle_.rbegin(), idle_.rend(),
                                   [&](const auto& session) { return session->origin == origin; });
    // Somebody else's connection is only given up when the pool may not grow.
    if (same == idle_.rend() && free_ >= static_cast<int32_t>(idle_.size()))
      return std::make_unique<Session>();
    const auto chosen = same == idle_.rend() ? idle_.begin() : std::prev(same.base());
    std::unique_ptr<Session> session = std::move(*chosen);
    idle_.erase(chosen);
    return session;
  }

  void Return(std::unique_ptr<Session> session) {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(session));
    ++free_;
    returned_.notify_one();
  }

 private:
  Mutex mutex_;
  CondVar returned_;
  int32_t free_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Session>> idle_ GUARDED_BY(mutex_);  // the last used at the end
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(HttpClientOptions options, ProxySettings proxies, Clock& clock)
      : options_(std::move(options)),
        proxies_(std::move(proxies)),
        clock_(clock),
        pool_(options_.connections) {}

  Result<HttpResponse> Send(const HttpRequest& request) override {
    TRY(CheckRequest(request));
    const std::string origin = TRY(OriginOf(request.url));
    const SteadyTime deadline = clock_.Steady() + request.timeout;
    std::unique_ptr<Session> session = pool_.Take(origin, request.timeout);
    if (session == nullptr)
      return Error::Unavailable("cannot connect to {}: all {} connections are busy", origin,
                                options_.connections);
    Result<HttpResponse> response = SendOn(*session, request, origin, deadline);
    pool_.Return(std::move(session));
    return response;
  }

 private:
  Result<HttpResponse> SendOn(Session& session, const HttpRequest& request,
                              const std::string& origin, SteadyTime deadline) {
    if (session.easy == nullptr) session.easy.reset(curl_easy_init());
    if (session.easy == nullptr)
      return Error::Unavailable("cannot connect to {}: out of memory", origin);
    session.origin = origin;
    std::string url = request.url;
    for (int redirects = 0;; ++redirects) {
      HttpResponse response =
          TRY(SendOnce(session.easy.get(), request, url, deadline - clock_.Steady()));
      if (redirects >= request.redirects_max) return response;
      std::optional<std::string> next = FollowedUrl(request, response, url, origin);
      if (!next.has_value()) return response;
      url = *std::move(next);
    }
  }

  Result<HttpResponse> SendOnce(CURL* easy, const HttpRequest& request, const std::string& url,
                                Duration time_left) {
    const UrlParts parts = TRY(SplitUrl(url));
    const std::string host = fmt::format("{}:{}", parts.host, parts.port);
    if (time_left <= Duration::zero())
      return Error::Unavailable("cannot connect to {}: the time for the request is over", host);
    const HeaderList headers = TRY(MakeHeaders(request));
    Transfer transfer(request.response_bytes_max);
    curl_easy_reset(easy);  // keeps the connection
    SetCallbacks(easy, transfer);
    SetConnection(easy, EqualsIgnoreCase(parts.scheme, "https") ? proxies_.https : proxies_.http);
    SetTls(easy);
    SetMethod(easy, request);
    Set(easy, CURLOPT_URL, url.c_str());
    Set(easy, CURLOPT_HTTPHEADER, headers.get());
    Set(easy, CURLOPT_MAXAGE_CONN,
        IsSafe(request.method) ? kIdleSecondsMax : kIdleSecondsMaxToChange);
    Set(easy, CURLOPT_TIMEOUT_MS, ToCurlMillis(time_left));
    Set(easy, CURLOPT_CONNECTTIMEOUT_MS,
        ToCurlMillis(std::min(time_left, options_.connect_timeout)));
    const CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK) return ErrorOf(code, easy, transfer, host);
    // libcurl takes a connection that ends in the middle of the headers for a whole answer.
    if (!transfer.reader.is_head_complete())
      return Error::Timeout("no whole answer from {}: its headers are cut short", host);
    return transfer.reader.TakeResponse();
  }

  static void SetCallbacks(CURL* easy, Transfer& transfer) {
    Set(easy, CURLOPT_ERRORBUFFER, transfer.reason.data());
    Set(easy, CURLOPT_PREREQFUNCTION, &BeforeSending);
    Set(easy, CURLOPT_PREREQDATA, &transfer);
    Set(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
    Set(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    Set(easy, CURLOPT_HEADERFUNCTION, &TakeHeader);
    Set(easy, CURLOPT_HEADERDATA, &transfer);
    Set(easy, CURLOPT_WRITEFUNCTION, &TakeBody);
    Set(easy, CURLOPT_WRITEDATA, &transfer);
  }

  void SetConnection(CURL* easy, const std::string& proxy) const {
    Set(easy, CURLOPT_NOSIGNAL, 1L);
    Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    Set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    Set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    Set(easy, CURLOPT_PATH_AS_IS, 1L);  // "/a/../b" is the name of an object, and signed
    Set(easy, CURLOPT_MAXCONNECTS, 1L);
    Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    Set(easy, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
    Set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    Set(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    // Both always set, the empty text too: libcurl then never looks into the environment.
    Set(easy, CURLOPT_PROXY, proxy.c_str());
    Set(easy, CURLOPT_NOPROXY, proxies_.direct.c_str());
  }

  void SetTls(CURL* easy) const {
    Set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    Set(easy, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    Set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    Set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options_.ca_file.empty()) {
      Set(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
      Set(easy, CURLOPT_PROXY_CAINFO, options_.ca_file.c_str());
      // Not beside the system's authorities but in their place.
      Set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
      Set(easy, CURLOPT_PROXY_CAPATH, static_cast<char*>(nullptr));
    }
    if (!options_.client_cert_file.empty()) {
      const std::string& key = options_.client_key_file;
      Set(easy, CURLOPT_SSLCERT, options_.client_cert_file.c_str());
      Set(easy, CURLOPT_SSLKEY, key.empty() ? options_.client_cert_file.c_str() : key.c_str());
    }
  }

  const HttpClientOptions options_;
  const ProxySettings proxies_;
  Clock& clock_;
  SessionPool pool_;
};

// The message does not quote the proxy, which may hold a password.
Status CheckProxy(const std::string& proxy) {
  if (proxy.empty()) return {};
  const UrlPointer parser(curl_url());
  const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME;
  char* text = nullptr;
  if (parser == nullptr ||
      curl_url_set(parser.get(), CURLUPART_URL, proxy.c_str(), flags) != CURLUE_OK ||
      curl_url_get(parser.get(), CURLUPART_SCHEME, &text, 0) != CURLUE_OK)
    return Error::Invalid("the proxy is not a URL such as http://proxy.example:3128");
  const TextPointer scheme(text);
  constexpr std::array<std::string_view, 6> kSchemes = {"http",    "https",  "socks4",
                                                        "socks4a", "socks5", "socks5h"};
  if (std::ranges::find(kSchemes, std::string_view(text)) == kSchemes.end())
    return Error::Invalid("a proxy of scheme {} is not supported", Printable(text, 20));
  return {};
}

std::optional<std::string> FromProcess(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

// Once for the process, whichever thread comes first.
Status StartLibrary() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) return Error::Io("cannot start libcurl: {}", curl_easy_strerror(code));
  const curl_version_info_data* version = curl_version_info(CURLVERSION_NOW);
  constexpr int kNeeded = CURL_VERSION_SSL | CURL_VERSION_ASYNCHDNS;
  if ((version->features & kNeeded) != kNeeded)
    return Error::Unsupported("libcurl {} was built without TLS or without asynchronous look-ups",
                              version->version);
  return {};
}

}  // namespace

Result<std::unique_ptr<HttpClient>> MakeCurlClient(const HttpClientOptions& options, Clock& clock) {
  if (options.connections < 1)
    return Error::Invalid("an http client needs at least one connection, not {}",
                          options.connections);
  TRY(CheckTlsFiles(options.ca_file, options.client_cert_file, options.client_key_file));
  TRY(StartLibrary());
  ProxySettings proxies = ChooseProxies(options.proxy, FromProcess);
  TRY(CheckProxy(proxies.http));
  TRY(CheckProxy(proxies.https));
  HttpClientOptions complete = options;
  if (complete.ca_file.empty()) {
    const char* built_in = curl_version_info(CURLVERSION_NOW)->cainfo;
    complete.ca_file = FindSystemCaFile(built_in == nullptr ? "" : built_in);
  }
  return std::make_unique<CurlClient>(std::move(complete), std::move(proxies), clock);
}

}  // namespace kafka_iceberg::net
