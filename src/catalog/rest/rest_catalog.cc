// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_catalog.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>

#include "catalog/name_rules.h"
#include "catalog/rest/rest_create.h"
#include "catalog/rest/rest_table.h"

namespace kafka_iceberg::catalog {
namespace {

// Enough for a million entries of the smallest usual page.
constexpr int kPagesMax = 10'000;
constexpr size_t kTableChangesMax = 1000;

Error OfTable(std::string_view doing, const TableIdentifier& identifier, const Error& error) {
  return error.WithContext(fmt::format("cannot {} table {}", doing, identifier.ToString()));
}

std::string NameOf(const Namespace& name) { return fmt::format("{}", fmt::join(name, ".")); }

Error OfNamespace(std::string_view doing, const Namespace& name, const Error& error) {
  if (name.empty()) return error.WithContext(fmt::format("cannot {} the namespaces", doing));
  return error.WithContext(fmt::format("cannot {} namespace {}", doing, NameOf(name)));
}

// Asks page after page. A server that gives the same page again and again is stopped.
template <typename T>
Result<std::vector<T>> ReadPages(RestSession& session,
                                 const std::function<std::string(std::string_view)>& url_of,
                                 const std::function<Result<Page<T>>(std::string_view)>& parse) {
  std::vector<T> all;
  std::set<std::string> seen;
  std::string token;
  for (int number = 0; number < kPagesMax; ++number) {
    auto page = parse(TRY(session.Get(url_of(token))));
    if (!page.ok()) return session.Named(page.error());
    all.insert(all.end(), std::make_move_iterator(page->items.begin()),
               std::make_move_iterator(page->items.end()));
    if (!page->next_token) return all;
    token = *std::move(page->next_token);
    if (!seen.insert(token).second) break;
  }
  return session.Named(Error::Corrupt("its list does not end"));
}

}  // namespace

Result<std::unique_ptr<RestCatalog>> RestCatalog::Open(const RestCatalogOptions& options,
                                                       const RestCatalogContext& context) {
  auto session = TRY(RestSession::Open(options, context));
  return std::unique_ptr<RestCatalog>(new RestCatalog(std::move(session)));
}

Status RestCatalog::CheckHealth() {
  return session_->metrics().Timed("check_health", [&] { return session_->CheckHealth(); });
}

std::vector<Capability> RestCatalog::Capabilities() {
  const RestConfig& config = session_->config();
  return {
      {"nested namespaces", true, "where the server has them"},
      {"rename a table", config.Has(endpoint::kRename), ""},
      {"register a table", config.Has(endpoint::kRegister), ""},
      {"commits by several processes", true, "the server checks what each commit asserts"},
      {"safe retry of a lost commit", config.takes_idempotency_keys(),
       "without idempotency keys the snapshot id tells whether it landed"},
      {"several tables in one commit", config.Has(endpoint::kCommitTables), ""},
      {"credentials of a table alone", config.Has(endpoint::kCredentials),
       "without this route they are renewed by loading the table again"},
      {"branches of the catalog", false, "only Nessie has them"},
  };
}

Status RestCatalog::CreateNamespace(const Namespace& name) {
  return session_->metrics().Timed("create_namespace", [&]() -> Status {
    TRY(ValidateNamespace(name));
    const auto answer = session_->Change("POST", session_->config().CreateNamespaceUrl(),
                                         CreateNamespaceJson(name), RestRoute::kCreate);
    if (!answer.ok()) return OfNamespace("create", name, answer.error());
    return {};
  });
}

// Some servers list what is in a namespace that is not there: nothing.
Status RestCatalog::CheckNamespaceExists(const Namespace& name) {
  const bool can_ask = session_->config().Has(endpoint::kNamespaceExists);
  const auto reply = session_->client().Read(
      {.method = can_ask ? "HEAD" : "GET", .url = session_->config().NamespaceUrl(name)});
  if (!reply.ok()) return session_->Named(reply.error());
  const Status status = CheckReply(*reply, RestRoute::kRead);
  if (!status.ok()) return session_->Named(status.error());
  return {};
}

Result<std::vector<Namespace>> RestCatalog::ListNamespaces(const Namespace& parent) {
  return session_->metrics().Timed("list_namespaces", [&]() -> Result<std::vector<Namespace>> {
    auto found = FindNamespaces(parent);
    if (!found.ok()) return OfNamespace("list", parent, found.error());
    return found;
  });
}

Result<std::vector<Namespace>> RestCatalog::FindNamespaces(const Namespace& parent) {
  if (!parent.empty()) TRY(ValidateNamespace(parent));
  const auto listed = TRY(ReadPages<Namespace>(
      *session_,
      [&](std::string_view token) { return session_->config().NamespacesUrl(parent, token); },
      ParseNamespaces));
  // Servers differ in whether deeper levels are listed too; here only the next one is.
  std::set<Namespace> children;
  for (const Namespace& name : listed) {
    if (name.size() <= parent.size()) continue;
    if (!std::equal(parent.begin(), parent.end(), name.begin())) continue;
    children.insert({name.begin(), name.begin() + static_cast<std::ptrdiff_t>(parent.size()) + 1});
  }
  if (children.empty() && !parent.empty()) TRY(CheckNamespaceExists(parent));
  return std::vector<Namespace>(children.begin(), children.end());
}

Status RestCatalog::DropNamespace(const Namespace& name) {
  return session_->metrics().Timed("drop_namespace", [&]() -> Status {
    TRY(ValidateNamespace(name));
    const auto answer = session_->Change("DELETE", session_->config().NamespaceUrl(name), "",
                                         RestRoute::kDropNamespace);
    if (!answer.ok()) return OfNamespace("drop", name, answer.error());
    return {};
  });
}

Result<std::vector<TableIdentifier>> RestCatalog::ListTables(const Namespace& name) {
  return session_->metrics().Timed("list_tables", [&]() -> Result<std::vector<TableIdentifier>> {
    auto found = FindTables(name);
    if (!found.ok()) return OfNamespace("list", name, found.error());
    return found;
  });
}

Result<std::vector<TableIdentifier>> RestCatalog::FindTables(const Namespace& name) {
  TRY(ValidateNamespace(name));
  auto tables = TRY(ReadPages<TableIdentifier>(
      *session_, [&](std::string_view token) { return session_->config().TablesUrl(name, token); },
      ParseTables));
  std::erase_if(tables, [&](const TableIdentifier& table) { return table.name_space != name; });
  if (tables.empty()) TRY(CheckNamespaceExists(name));
  return tables;
}

Result<std::unique_ptr<TableOperations>> RestCatalog::CreateTable(const TableCreation& creation) {
  return session_->metrics().Timed("create_table",
                                   [&]() -> Result<std::unique_ptr<TableOperations>> {
                                     TRY(ValidateIdentifier(creation.identifier));
                                     return TRY(CreateRestTable(session_, creation));
                                   });
}

Result<std::unique_ptr<TableOperations>> RestCatalog::LoadTable(const TableIdentifier& identifier) {
  return session_->metrics().Timed("load_table", [&] { return OpenTable(identifier); });
}

Result<std::unique_ptr<TableOperations>> RestCatalog::OpenTable(const TableIdentifier& identifier) {
  TRY(ValidateIdentifier(identifier));
  auto loaded = session_->Load(identifier);
  if (!loaded.ok()) return OfTable("load", identifier, loaded.error());
  return TRY(RestTable::Open(session_, identifier, std::move(loaded).value()));
}

Status RestCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  return session_->metrics().Timed("drop_table", [&]() -> Status {
    TRY(ValidateIdentifier(identifier));
    const std::string url =
        fmt::format("{}?purgeRequested={}", session_->config().TableUrl(identifier), purge);
    const auto answer = session_->Change("DELETE", url, "", RestRoute::kUpdate);
    if (!answer.ok()) return OfTable("drop", identifier, answer.error());
    return {};
  });
}

Status RestCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  return session_->metrics().Timed("rename_table", [&]() -> Status {
    TRY(ValidateIdentifier(from));
    TRY(ValidateIdentifier(to));
    if (!session_->config().Has(endpoint::kRename)) {
      return OfTable("rename", from,
                     session_->Named(Error::Unsupported("it does not list this operation")));
    }
    const auto answer = session_->Change("POST", session_->config().RenameUrl(),
                                         RenameJson(from, to), RestRoute::kCreate);
    if (!answer.ok()) return OfTable("rename", from, answer.error());
    return {};
  });
}

Status RestCatalog::RegisterTable(const TableIdentifier& identifier,
                                  std::string_view metadata_location) {
  return session_->metrics().Timed("register_table", [&]() -> Status {
    TRY(ValidateIdentifier(identifier));
    const Status registered = Register(identifier, metadata_location);
    if (!registered.ok()) return OfTable("register", identifier, registered.error());
    return {};
  });
}

Status RestCatalog::Register(const TableIdentifier& identifier,
                             std::string_view metadata_location) {
  if (!session_->config().Has(endpoint::kRegister)) {
    return session_->Named(Error::Unsupported("it does not list this operation"));
  }
  const auto answer =
      session_->Change("POST", session_->config().RegisterUrl(identifier.name_space),
                       RegisterJson(identifier, metadata_location), RestRoute::kCreate);
  if (answer.ok()) return {};
  const ErrorCode code = answer.error().code();
  if (code == ErrorCode::kAlreadyExists || code == ErrorCode::kNotFound ||
      code == ErrorCode::kDenied) {
    return answer.error();
  }
  // Servers answer anything from 400 to 503 when the file is missing; look ourselves where we can.
  const auto store = session_->context().make_store(session_->WithDefaults({}), [] {
    return Result<storage::TableAccess>(storage::TableAccess{});
  });
  if (!store.ok()) return answer.error();
  const auto file = store.value()->Stat(metadata_location);
  if (file.ok() || file.error().code() != ErrorCode::kNotFound) return answer.error();
  return file.error().WithContext("no metadata file");
}

CommitReply RestCatalog::CommitTables(std::span<const TableChange> changes) {
  return session_->metrics().Timed("commit_tables", [&] { return CommitTablesNow(changes); });
}

CommitReply RestCatalog::CommitTablesNow(std::span<const TableChange> changes) {
  if (!session_->config().Has(endpoint::kCommitTables) || changes.empty() ||
      changes.size() > kTableChangesMax) {
    return {CommitOutcome::kRejected,
            session_->Named(Error::Unsupported("cannot commit {} tables at once", changes.size()))
                .message()};
  }
  const int64_t now_ms = ToMillis(session_->context().clock.Now());
  std::vector<iceberg::TableMetadata> next;
  std::vector<std::vector<iceberg::TableRequirement>> pinned;
  std::vector<CommitParts> parts;
  next.reserve(changes.size());
  pinned.reserve(changes.size());
  for (const TableChange& change : changes) {
    auto changed = CheckChange(change.base, change.updates, change.requirements, now_ms);
    if (!changed.ok()) {
      const bool is_outdated = changed.error().code() == ErrorCode::kConflict;
      return {is_outdated ? CommitOutcome::kConflict : CommitOutcome::kRejected,
              OfTable("change", change.identifier, changed.error()).message()};
    }
    next.push_back(std::move(changed).value());
    pinned.push_back(PinnedTo(*change.base.metadata, change.requirements));
    parts.push_back({change.identifier, next.back(), change.updates, pinned.back()});
  }
  CommitReply reply =
      OutcomeOfCommit(session_->client().Send({.method = "POST",
                                               .url = session_->config().CommitTablesUrl(),
                                               .body = CommitTablesJson(parts),
                                               .idempotency_key = session_->NewIdempotencyKey()}));
  if (reply.outcome != CommitOutcome::kCommitted) {
    reply.detail = session_->Named(Error::Invalid("{}", reply.detail)).message();
  }
  return reply;
}

}  // namespace kafka_iceberg::catalog
