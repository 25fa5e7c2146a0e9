// SPDX-License-Identifier: Apache-2.0
//
// Rescue: collects what the columns of a row do not take, under the paths of these columns. Lists
// and maps on the way are indexed: "items[2].note", "prices.EUR.note". Owned by one decoder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/column.h"
#include "decode/rescue/rescue_options.h"
#include "decode/rescue/rescued_fields.h"

namespace kafka_iceberg::decode {

class Rescue {
 public:
  // The columns must outlive this.
  Rescue(const RescueOptions& options, const std::vector<Column*>& columns);

  RescueScope scope() const { return scope_; }
  int64_t bytes_max() const { return fields_.bytes_max(); }
  RescuedFields& fields() { return fields_; }

  // A member that no column takes, of the struct that is being read into `parent` (null: of the
  // record). False when it holds nothing, and is left out.
  bool AddMember(const Column* parent, std::string_view name, std::string_view json);
  // The value that the next row of the column should have held, and all that was added of its
  // inside just before.
  void AddValue(const Column& column, std::string_view json);
  // The next row of the column is read once more.
  void ForgetBelow(const Column& column);

 private:
  // Where a column is: below `container`, the element it is about to get; else under `name`.
  struct Place {
    const Column* parent = nullptr;
    std::string name;
    const Column* container = nullptr;
  };

  void AddPlaces(const Column& column, const Column* parent, std::string name);
  void AppendPath(const Column& column, std::string& path) const;
  static void AppendItem(const Column& container, const Column& item, std::string& path);

  const RescueScope scope_;
  RescuedFields fields_;
  std::unordered_map<const Column*, Place> places_;
  std::string path_;
};

// Whether a failure with this code says that a value does not fit its column.
bool IsMisfit(std::string_view code);

}  // namespace kafka_iceberg::decode
