// SPDX-License-Identifier: Apache-2.0
//
// AvroPrograms: the programs of the writer schemas that were seen, by schema id; the least recently
// used are dropped. Owned by one decoder.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/result.h"
#include "decode/avro/avro_program.h"
#include "decode/framing/payload_schema.h"

namespace kafka_iceberg::decode {

class AvroPrograms {
 public:
  // At most `programs_max` of them are kept. `columns` must outlive this. `column`: see
  // AvroDecoderOptions.
  AvroPrograms(std::shared_ptr<SchemaSource> schemas, const RowColumns& columns, std::string column,
               int64_t programs_max);

  // What to do with records of that schema; its `failure` is set when the schema is not to be had
  // or does not fit the columns. An Error means that nobody knows now. The pointer lives until the
  // next call.
  Result<CompiledAvro*> Find(const SchemaId& id);
  // The same for the latest version of a subject.
  Result<CompiledAvro*> FindLatest(const std::string& subject);
  // A schema that could not be had last time may be there now, and a subject have another version.
  void AskAgain() {
    unknown_.clear();
    latest_is_known_ = false;
  }

  CompiledAvro Compile(const PayloadSchema& schema) const;

 private:
  struct Entry {
    SchemaId id;
    CompiledAvro compiled;
  };

  Result<CompiledAvro*> Load(const SchemaId& id);
  void DropOldest();

  // In all programs together, so that many wide schemas do not fill the memory.
  static constexpr size_t kOpsMax = 2'000'000;
  static constexpr size_t kUnknownMax = 10'000;

  const std::shared_ptr<SchemaSource> schemas_;
  const RowColumns& columns_;
  const std::string column_;
  const size_t programs_max_;
  std::list<Entry> entries_;  // the last used one first
  std::unordered_map<SchemaId, std::list<Entry>::iterator> by_id_;
  std::unordered_map<SchemaId, CompiledAvro> unknown_;
  size_t ops_ = 0;
  bool latest_is_known_ = false;  // and need not be asked for again
  std::shared_ptr<const PayloadSchema> latest_schema_;
  CompiledAvro latest_;
};

}  // namespace kafka_iceberg::decode
