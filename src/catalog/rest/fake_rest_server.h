// SPDX-License-Identifier: Apache-2.0
//
// FakeRestServer: an Iceberg REST catalog server in this process, for tests. Handle() answers what
// a FakeHttpClient is asked; requirements are checked and updates applied as a server does, with no
// regard to the client's base. How servers differ is chosen, and the next request of a kind can be
// answered by the test instead. Safe for concurrent use.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catalog/fake_memory_catalog.h"
#include "core/mutex.h"
#include "net/fake_http_client.h"

namespace kafka_iceberg::catalog {

struct FakeRestTraits {
  std::string base = "https://rest.test/api";
  std::string prefix;             // in `defaults`, pasted as it is
  std::string separator = "%1F";  // announced when it is another
  std::map<std::string, std::string> overrides = {};
  bool lists_endpoints = true;  // false: clients must assume the default ones
  bool takes_idempotency_keys = false;
  bool create_answers_existing = false;   // 200 with the table that is there
  bool lists_missing_namespaces = false;  // as empty
  bool vends_credentials = false;
  int page_size = 0;  // 0: everything at once
};

class FakeRestServer {
 public:
  using Answer = Result<net::HttpResponse>;
  // Gets the request, and what serves it properly.
  using Interceptor =
      std::function<Answer(const net::SentRequest& request, const std::function<Answer()>& serve)>;

  FakeRestServer(FakeMemoryCatalog& catalog, FakeRestTraits traits)
      : catalog_(catalog), traits_(std::move(traits)) {}

  Answer Handle(const net::SentRequest& request);

  // The next request of this method whose path ends like this is the interceptor's. Several wait in
  // line.
  void Next(std::string method, std::string path_end, Interceptor interceptor);
  // The next commit to a table: applied or not, and then `answer`.
  void NextCommit(bool apply, Answer answer);

  // A table's metadata file now, as a server-side look.
  const FakeRestTraits& traits() const { return traits_; }

 private:
  struct Waiting {
    std::string method;
    std::string path_end;
    Interceptor interceptor;
  };
  struct Target;

  Answer Serve(const net::SentRequest& request);
  Answer ServeOnce(const net::SentRequest& request, const Target& target);
  Answer Config() const;
  Answer Namespaces(const net::SentRequest& request, const Target& target);
  Answer OneNamespace(const net::SentRequest& request, const Target& target);
  Answer Tables(const net::SentRequest& request, const Target& target);
  Answer OneTable(const net::SentRequest& request, const Target& target);
  Answer Create(const net::SentRequest& request, const Target& target);
  Answer Commit(const TableIdentifier& identifier, std::string_view body);
  Answer CommitTables(std::string_view body);
  Answer Rename(std::string_view body);
  Answer Register(const net::SentRequest& request, const Target& target);
  Answer TableAnswer(const TableIdentifier& identifier, const net::SentRequest* request);
  template <typename T>
  Answer ListAnswer(const std::string& name, const std::vector<T>& items, const Target& target,
                    const std::function<std::string(const T&)>& to_json) const;
  Namespace DecodeNamespace(std::string_view text, std::string_view separator) const;

  FakeMemoryCatalog& catalog_;
  const FakeRestTraits traits_;
  mutable Mutex mutex_;
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  std::map<std::string, net::HttpResponse> kept_answers_ GUARDED_BY(mutex_);
};

// {"error":{"message":...,"type":...,"code":...}}
net::HttpResponse FakeRestError(int status, const std::string& message,
                                const std::string& type = "");

}  // namespace kafka_iceberg::catalog
