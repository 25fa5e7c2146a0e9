// SPDX-License-Identifier: Apache-2.0
//
// Catalog: namespaces and tables by name. TableOperations: one loaded table and the only way to
// change it.
//
// Both are safe for concurrent use. Every implementation passes catalog_conformance.h; a commit's
// outcome is a value, never guessed: whatever was not foreseen is kUnknown.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "iceberg/metadata_update.h"
#include "iceberg/table_metadata.h"
#include "storage/object_store.h"

namespace kafka_iceberg::catalog {

using Namespace = std::vector<std::string>;

struct TableIdentifier {
  Namespace name_space;
  std::string name;

  // "raw.events"
  std::string ToString() const;
  friend bool operator==(const TableIdentifier&, const TableIdentifier&) = default;
};

struct TableCreation {
  TableIdentifier identifier;
  iceberg::Schema schema;
  iceberg::PartitionSpec spec;
  iceberg::SortOrder sort_order;
  std::map<std::string, std::string> properties;
  std::optional<std::string> location;  // absent: the catalog decides
  int32_t format_version = 2;
};

enum class CommitOutcome : uint8_t {
  kCommitted,  // the new metadata is current
  kConflict,   // proven not applied: the table moved or a requirement failed; refresh and try again
  kRejected,   // proven not applied, and trying again would not help
  kUnknown,    // may have been applied, or may still be: reconcile, never clean up
};
std::string_view ToString(CommitOutcome outcome);

struct CommitReply {
  CommitOutcome outcome = CommitOutcome::kUnknown;
  std::string detail;  // why, when not committed
};

// A table's metadata together with where it is stored.
struct TableVersion {
  iceberg::TableMetadataPtr metadata;
  std::string metadata_location;
};

class TableOperations {
 public:
  virtual ~TableOperations() = default;

  virtual const TableIdentifier& identifier() const = 0;
  // The version seen last; no I/O.
  virtual TableVersion Current() const = 0;
  // Asks the catalog. kNotFound when the table is gone; kCorrupt when its uuid changed.
  virtual Result<TableVersion> Refresh() = 0;
  // Swaps `base` for `base` + updates when the requirements hold and `base` is still current.
  // Updates Current() when committed. Never throws, never retries, never guesses.
  virtual CommitReply Commit(const TableVersion& base,
                             std::span<const iceberg::MetadataUpdate> updates,
                             std::span<const iceberg::TableRequirement> requirements) = 0;
  // After kUnknown: whether the snapshot is in the table's current metadata (refreshes). An error
  // means still unknown.
  virtual Result<bool> Reconcile(int64_t snapshot_id) = 0;
  // Where this table's files live; valid as long as this object.
  virtual storage::ObjectStore& store() = 0;
};

// Something a catalog can or cannot do, for `catalog check`.
struct Capability {
  std::string name;  // "rename a table"
  bool supported = false;
  std::string note;  // why it matters, or what to do instead; may be empty
};

struct Branch {
  std::string name;
  std::string hash;  // of its newest commit
};

// Branches of a whole catalog (Nessie), not of one table.
class BranchOperations {
 public:
  virtual ~BranchOperations() = default;
  virtual Result<std::vector<Branch>> List() = 0;
  virtual Result<Branch> Create(const std::string& name, const std::string& from) = 0;
  // kConflict names the tables that changed on both sides; nothing is merged then.
  virtual Result<Branch> Merge(const std::string& from, const std::string& into) = 0;
};

class Catalog {
 public:
  virtual ~Catalog() = default;

  virtual std::string_view type() const = 0;  // "file", "rest", ...
  // One cheap question that only a working catalog answers. kUnavailable, kTimeout, kDenied.
  virtual Status CheckHealth() = 0;
  virtual std::vector<Capability> Capabilities() = 0;
  virtual Status CreateNamespace(const Namespace& name) = 0;  // kAlreadyExists
  // The namespaces directly below `parent` (empty: the top), in order, with all their levels.
  // kNotFound when there is no such parent.
  virtual Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) = 0;
  virtual Status DropNamespace(const Namespace& name) = 0;  // kNotFound; kInvalid: not empty
  virtual Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) = 0;
  virtual Result<std::unique_ptr<TableOperations>> CreateTable(
      const TableCreation& creation) = 0;  // kAlreadyExists
  virtual Result<std::unique_ptr<TableOperations>> LoadTable(
      const TableIdentifier& identifier) = 0;  // kNotFound
  // Forgets the table; its files stay unless `purge`.
  virtual Status DropTable(const TableIdentifier& identifier, bool purge) = 0;
  virtual Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) = 0;
  virtual Status RegisterTable(const TableIdentifier& identifier,
                               std::string_view metadata_location) = 0;
  // Null when this kind of catalog has no branches; valid as long as this object.
  virtual BranchOperations* branches() { return nullptr; }
};

}  // namespace kafka_iceberg::catalog
