// SPDX-License-Identifier: Apache-2.0
//
// NessieApi: what is asked of Nessie's own API (version 2) because the Iceberg protocol has no
// words for it: references, the commit log, and a table's pointer with its compare-and-set. Safe
// for concurrent use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/rest/rest_client.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

struct NessieReference {
  std::string name;
  std::string hash;
  bool is_branch = true;  // false: a tag
};

// A table's entry at the head of a branch.
struct NessieTableEntry {
  std::string content_id;
  std::string metadata_location;
  int64_t snapshot_id = -1;  // -1: none
  std::string hash;          // of the branch when it was read
};

class NessieApi {
 public:
  // `uri` is the server's address, with or without its /iceberg endpoint.
  NessieApi(const RestCatalogOptions& options, const RestCatalogContext& context);

  // The server's address alone, from any of the forms that are in use.
  static std::string ServerUri(std::string_view uri);

  // kNotFound names the branches there are.
  Result<NessieReference> GetReference(const std::string& name);
  Result<std::vector<NessieReference>> ListReferences();
  // kAlreadyExists; kNotFound: no such source.
  Result<NessieReference> CreateBranch(const std::string& name, const NessieReference& from);
  // kConflict names what changed on both sides.
  Result<NessieReference> Merge(const NessieReference& from, const NessieReference& into);

  Result<NessieTableEntry> GetTable(const std::string& branch, const TableIdentifier& table);
  // Points the entry at another metadata file, if nobody touched it since `entry` was read.
  CommitReply PutTable(const std::string& branch, const TableIdentifier& table,
                       const NessieTableEntry& entry, const std::string& metadata_location,
                       const iceberg::TableMetadata& metadata);
  // Whether a commit after `since` (a commit's hash) gave the table this snapshot. An error when
  // the log does not reach back to `since`, or too far: then nothing is known.
  Result<bool> WasCommitted(const std::string& branch, const TableIdentifier& table,
                            int64_t snapshot_id, const std::string& since);

 private:
  std::string TreeUrl(const std::string& name, std::string_view hash = "") const;
  Result<std::string> Ask(const std::string& url);
  Error Named(const Error& error) const;

  const std::string api_;  // ".../api/v2"
  const std::string name_;
  RestClient client_;
};

}  // namespace kafka_iceberg::catalog
