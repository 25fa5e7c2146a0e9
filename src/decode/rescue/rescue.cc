// SPDX-License-Identifier: Apache-2.0
#include "decode/rescue/rescue.h"

#include <fmt/format.h>

#include <iterator>

namespace kafka_iceberg::decode {

using iceberg::TypeId;

Rescue::Rescue(const RescueOptions& options, const std::vector<Column*>& columns)
    : scope_(options.scope), fields_(options.bytes_max) {
  for (const Column* column : columns) AddPlaces(*column, nullptr, column->path());
}

// As deep as the schema, which is limited where it is read.
void Rescue::AddPlaces(const Column& column, const Column* parent, std::string name) {
  places_[&column] = {parent, std::move(name), nullptr};
  const iceberg::Type& type = column.type();
  const bool is_container = type.id == TypeId::kList || type.id == TypeId::kMap;
  for (size_t i = 0; i < column.children().size(); ++i) {
    const Column& child = *column.children()[i];
    AddPlaces(child, &column, type.fields[i].name);
    if (is_container) places_[&child].container = &column;
  }
}

void Rescue::AppendItem(const Column& container, const Column& item, std::string& path) {
  const Column& first = *container.children()[0];
  if (container.type().id == TypeId::kMap && first.type().id == TypeId::kString &&
      first.size() > 0) {
    path.push_back('.');
    AppendPathName(first.RawValue(first.size() - 1), path);
  } else {
    fmt::format_to(std::back_inserter(path), "[{}]", item.size() - container.child_rows());
  }
}

void Rescue::AppendPath(const Column& column, std::string& path) const {
  const Place& place = places_.at(&column);
  if (place.parent != nullptr) AppendPath(*place.parent, path);
  if (place.container != nullptr) return AppendItem(*place.container, column, path);
  if (!path.empty()) path.push_back('.');
  AppendPathName(place.name, path);
}

bool Rescue::AddMember(const Column* parent, std::string_view name, std::string_view json) {
  if (!HoldsValue(json)) return false;
  if (fields_.overflowed()) return true;
  path_.clear();
  if (parent != nullptr) {
    AppendPath(*parent, path_);
    path_.push_back('.');
  }
  AppendPathName(name, path_);
  fields_.Add(path_, json);
  return true;
}

void Rescue::AddValue(const Column& column, std::string_view json) {
  if (fields_.overflowed()) return;
  path_.clear();
  AppendPath(column, path_);
  fields_.ForgetLastBelow(path_);
  fields_.Add(path_, json);
}

void Rescue::ForgetBelow(const Column& column) {
  if (fields_.overflowed()) return;
  path_.clear();
  AppendPath(column, path_);
  fields_.ForgetBelow(path_);
}

bool IsMisfit(std::string_view code) {
  return code == "wrong_type" || code == "bad_value" || code == "out_of_range" ||
         code == "schema_mismatch";
}

}  // namespace kafka_iceberg::decode
