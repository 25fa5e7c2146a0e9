// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/nessie_api.h"

#include <algorithm>

#include "catalog/nessie/nessie_json.h"
#include "catalog/rest/rest_reply.h"

namespace kafka_iceberg::catalog {
namespace {

constexpr int kReferencePagesMax = 100;
constexpr int kLogPagesMax = 100;
constexpr int kLogPageSize = 250;
constexpr size_t kBranchesNamedMax = 20;

// Elements joined by dots; a dot of their own becomes a group separator, as Nessie's paths have it.
std::string KeyPath(const TableIdentifier& table) {
  std::vector<std::string> elements = table.name_space;
  elements.push_back(table.name);
  std::string path;
  for (std::string& element : elements) {
    std::ranges::replace(element, '.', '\x1d');
    path += (path.empty() ? "" : ".") + net::PercentEncode(element);
  }
  return path;
}

std::string NamesOf(const std::vector<NessieReference>& references) {
  std::string names;
  size_t count = 0;
  for (const NessieReference& reference : references) {
    if (!reference.is_branch) continue;
    if (++count > kBranchesNamedMax) return names + ", ...";
    names += (names.empty() ? "" : ", ") + reference.name;
  }
  return names;
}

std::string NameOf(const RestCatalogOptions& options) {
  const auto origin = net::OriginOf(options.uri);
  return "nessie " + (origin.ok() ? *origin : std::string("server"));
}

}  // namespace

std::string NessieApi::ServerUri(std::string_view uri) {
  for (const std::string_view end : {"/", "/iceberg", "/api/v2", "/api/v1", "/api", "/"}) {
    while (uri.ends_with(end)) uri.remove_suffix(end.size());
  }
  return std::string(uri);
}

NessieApi::NessieApi(const RestCatalogOptions& options, const RestCatalogContext& context)
    : api_(ServerUri(options.uri) + "/api/v2"), name_(NameOf(options)), client_(options, context) {}

Error NessieApi::Named(const Error& error) const { return error.WithContext(name_); }

std::string NessieApi::TreeUrl(const std::string& name, std::string_view hash) const {
  std::string url = api_ + "/trees/" + net::PercentEncode(name);
  if (!hash.empty()) url += "@" + net::PercentEncode(hash);
  return url;
}

Result<std::string> NessieApi::Ask(const std::string& url) {
  auto reply = client_.Read({.url = url});
  if (!reply.ok()) return Named(reply.error());
  const Status status = CheckReply(*reply, RestRoute::kRead);
  if (!status.ok()) return Named(status.error());
  return std::move(reply->body);
}

Result<NessieReference> NessieApi::GetReference(const std::string& name) {
  const auto body = Ask(TreeUrl(name));
  if (!body.ok()) {
    if (body.error().code() != ErrorCode::kNotFound) return body.error();
    const auto references = ListReferences();
    if (!references.ok()) return references.error();
    return Named(Error::NotFound("no branch or tag '{}'; there are the branches {}", name,
                                 NamesOf(*references)));
  }
  auto reference = ParseReference(*body);
  if (!reference.ok()) return Named(reference.error());
  return reference;
}

Result<std::vector<NessieReference>> NessieApi::ListReferences() {
  std::vector<NessieReference> all;
  std::string url = api_ + "/trees";
  for (int number = 0; number < kReferencePagesMax; ++number) {
    auto page = ParseReferences(TRY(Ask(url)));
    if (!page.ok()) return Named(page.error());
    std::ranges::move(page->references, std::back_inserter(all));
    if (!page->next_token) return all;
    url = api_ + "/trees?page-token=" + net::PercentEncode(*page->next_token);
  }
  return Named(Error::Corrupt("its list of references does not end"));
}

Result<NessieReference> NessieApi::CreateBranch(const std::string& name,
                                                const NessieReference& from) {
  const auto reply =
      client_.Send({.method = "POST",
                    .url = api_ + "/trees?name=" + net::PercentEncode(name) + "&type=BRANCH",
                    .body = ReferenceJson(from)});
  if (!reply.ok()) return Named(reply.error());
  const Status status = CheckReply(*reply, RestRoute::kCreate);
  if (!status.ok()) return Named(status.error());
  auto created = ParseReference(reply->body);
  if (!created.ok()) return Named(created.error());
  return created;
}

Result<NessieReference> NessieApi::Merge(const NessieReference& from, const NessieReference& into) {
  const auto reply = client_.Send({.method = "POST",
                                   .url = TreeUrl(into.name, into.hash) + "/history/merge",
                                   .body = MergeJson(from)});
  if (!reply.ok()) return Named(reply.error());
  const Status status = CheckReply(*reply, RestRoute::kUpdate);
  if (!status.ok()) {
    const std::string conflicts = ParseMergeConflicts(reply->body);
    if (conflicts.empty()) return Named(status.error());
    return Named(
        Error::Conflict("changed on both branches: {} ({})", conflicts, status.error().message()));
  }
  return GetReference(into.name);
}

Result<NessieTableEntry> NessieApi::GetTable(const std::string& branch,
                                             const TableIdentifier& table) {
  auto entry = ParseTableEntry(TRY(Ask(TreeUrl(branch) + "/contents/" + KeyPath(table))));
  if (!entry.ok()) return Named(entry.error());
  return entry;
}

CommitReply NessieApi::PutTable(const std::string& branch, const TableIdentifier& table,
                                const NessieTableEntry& entry, const std::string& metadata_location,
                                const iceberg::TableMetadata& metadata) {
  CommitReply reply = OutcomeOfCommit(
      client_.Send({.method = "POST",
                    .url = TreeUrl(branch, entry.hash) + "/history/commit",
                    .body = PutTableJson(table, entry, metadata_location, metadata)}));
  if (reply.outcome != CommitOutcome::kCommitted) {
    reply.detail = Named(Error::Invalid("{}", reply.detail)).message();
  }
  return reply;
}

Result<bool> NessieApi::WasCommitted(const std::string& branch, const TableIdentifier& table,
                                     int64_t snapshot_id, const std::string& since) {
  const std::string log =
      TreeUrl(branch) + fmt::format("/history?fetch=ALL&max-records={}&limit-hash={}", kLogPageSize,
                                    net::PercentEncode(since));
  std::string url = log;
  for (int number = 0; number < kLogPagesMax; ++number) {
    auto page = ParseLog(TRY(Ask(url)), table, snapshot_id, since);
    if (!page.ok()) return Named(page.error());
    if (page->has_snapshot) return true;
    if (page->reaches_since) return false;
    if (!page->next_token) break;
    url = log + "&page-token=" + net::PercentEncode(*page->next_token);
  }
  return Named(Error::CommitUnknown(
      "the commit log of branch {} does not reach back to commit {}, so it cannot tell whether "
      "snapshot {} of {} was committed",
      branch, since, snapshot_id, table.ToString()));
}

}  // namespace kafka_iceberg::catalog
