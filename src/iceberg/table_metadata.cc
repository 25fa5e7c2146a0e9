// SPDX-License-Identifier: Apache-2.0
#include "iceberg/table_metadata.h"

#include <algorithm>
#include <charconv>

#include "core/check.h"

namespace kafka_iceberg::iceberg {
namespace {

template <typename Items, typename Matches>
auto FindIn(const Items& items, Matches matches) -> const typename Items::value_type* {
  const auto found = std::find_if(items.begin(), items.end(), matches);
  return found == items.end() ? nullptr : &*found;
}

std::string WithoutTrailingSlash(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

const Schema& TableMetadata::schema() const {
  const Schema* found = FindSchema(current_schema_id);
  CHECK(found != nullptr);
  return *found;
}

const Schema* TableMetadata::FindSchema(int32_t schema_id) const {
  return FindIn(schemas, [&](const Schema& schema) { return schema.schema_id == schema_id; });
}

const PartitionSpec& TableMetadata::spec() const {
  const PartitionSpec* found = FindSpec(default_spec_id);
  CHECK(found != nullptr);
  return *found;
}

const PartitionSpec* TableMetadata::FindSpec(int32_t spec_id) const {
  return FindIn(partition_specs,
                [&](const PartitionSpec& spec) { return spec.spec_id == spec_id; });
}

const SortOrder& TableMetadata::sort_order() const {
  static const SortOrder unsorted;
  const SortOrder* found = FindIn(
      sort_orders, [&](const SortOrder& order) { return order.order_id == default_sort_order_id; });
  // The unsorted order exists even where a writer did not list it.
  CHECK(found != nullptr || default_sort_order_id == unsorted.order_id);
  return found == nullptr ? unsorted : *found;
}

const Snapshot* TableMetadata::FindSnapshot(int64_t snapshot_id) const {
  return FindIn(snapshots,
                [&](const Snapshot& snapshot) { return snapshot.snapshot_id == snapshot_id; });
}

const Snapshot* TableMetadata::current_snapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

const Snapshot* TableMetadata::Head(std::string_view branch) const {
  const auto ref = refs.find(std::string(branch));
  return ref == refs.end() ? nullptr : FindSnapshot(ref->second.snapshot_id);
}

std::string TableMetadata::Property(std::string_view name, std::string_view fallback) const {
  const auto found = properties.find(std::string(name));
  return found == properties.end() ? std::string(fallback) : found->second;
}

int64_t TableMetadata::IntProperty(std::string_view name, int64_t fallback) const {
  const std::string text = Property(name, "");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : fallback;
}

std::string TableMetadata::DataLocation() const {
  return WithoutTrailingSlash(Property("write.data.path", location + "/data"));
}

std::string TableMetadata::MetadataLocation() const {
  return WithoutTrailingSlash(Property("write.metadata.path", location + "/metadata"));
}

}  // namespace kafka_iceberg::iceberg
