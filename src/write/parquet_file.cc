// SPDX-License-Identifier: Apache-2.0
#include "write/parquet_file.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <limits>
#include <utility>

#include "write/arrow_status.h"
#include "write/object_io.h"

namespace kafka_iceberg::write {
namespace {

constexpr char kCreatedBy[] = "kafka-iceberg";
constexpr char kSchemaKey[] = "iceberg.schema";

::parquet::Compression::type CodecOf(Compression compression) {
  switch (compression) {
    case Compression::kSnappy: return ::parquet::Compression::SNAPPY;
    case Compression::kZstd: return ::parquet::Compression::ZSTD;
    case Compression::kNone: break;
  }
  return ::parquet::Compression::UNCOMPRESSED;
}

// Encodings are those every reader has: plain and dictionary, in version-1 pages. Delta encodings
// would be smaller for offsets (4 bytes a row) but not cheaper, and vectorised readers in use
// refuse them.
std::shared_ptr<::parquet::WriterProperties> MakeProperties(
    const WriteOptions& options, const std::map<std::string, bool>& dictionaries) {
  ::parquet::WriterProperties::Builder builder;
  builder.created_by(kCreatedBy)
      ->compression(CodecOf(options.compression))
      ->data_pagesize(options.page_bytes)
      ->max_row_group_length(std::numeric_limits<int64_t>::max())
      ->enable_store_decimal_as_integer();
  if (options.compression == Compression::kZstd) builder.compression_level(options.zstd_level);
  if (options.page_checksums) builder.enable_page_checksum();
  for (const auto& [path, pays] : dictionaries) {
    if (!pays) builder.disable_dictionary(path);
  }
  return builder.build();
}

}  // namespace

struct ParquetFile::State {
  explicit State(const ParquetSettings& file_settings) : settings(file_settings) {}

  const ParquetSettings& settings;
  std::shared_ptr<ObjectOutputStream> stream;
  std::unique_ptr<::parquet::arrow::FileWriter> writer;
  NanCounts nan_counts;
  int64_t rows = 0;

  // The store's error rather than Arrow's text of it.
  Status Explain(Status status) const {
    if (status.ok()) return status;
    return stream->FirstError(std::move(status).error());
  }
};

ParquetFile::ParquetFile(std::unique_ptr<State> state) : state_(std::move(state)) {}

ParquetFile::~ParquetFile() {
  // Parquet's writer closes itself when it is destroyed; the footer of an unfinished file is of no
  // use.
  state_->stream->Abandon();
}

Result<std::unique_ptr<ParquetFile>> ParquetFile::Open(
    const ParquetSettings& settings, const std::map<std::string, bool>& dictionaries,
    std::unique_ptr<storage::ObjectWriter> writer) {
  auto state = std::make_unique<State>(settings);
  state->stream = std::make_shared<ObjectOutputStream>(std::move(writer));
  auto opened = Fenced([&]() -> Status {
    state->writer = TRY(FromArrow(::parquet::arrow::FileWriter::Open(
        *settings.columns, arrow::default_memory_pool(), state->stream,
        MakeProperties(settings.options, dictionaries))));
    return FromArrow(state->writer->AddKeyValueMetadata(
        arrow::key_value_metadata({kSchemaKey}, {settings.schema_json})));
  });
  TRY(state->Explain(std::move(opened)));
  return std::unique_ptr<ParquetFile>(new ParquetFile(std::move(state)));
}

Status ParquetFile::WriteRowGroup(std::span<const std::shared_ptr<arrow::RecordBatch>> rows) {
  auto written = Fenced([&]() -> Status {
    const auto table = TRY(FromArrow(
        arrow::Table::FromRecordBatches(state_->settings.columns, {rows.begin(), rows.end()})));
    for (const auto& batch : rows) TRY(CountNans(*batch, state_->nan_counts));
    state_->rows += table->num_rows();
    return FromArrow(state_->writer->WriteTable(*table, std::max<int64_t>(1, table->num_rows())));
  });
  return state_->Explain(std::move(written));
}

Result<FinishedParquetFile> ParquetFile::Finish() {
  TRY(state_->Explain(Fenced([&] { return FromArrow(state_->writer->Close()); })));
  FinishedParquetFile finished;
  finished.object = TRY(state_->stream->Finish());
  finished.footer = state_->writer->metadata();
  finished.nan_counts = std::move(state_->nan_counts);
  finished.rows = state_->rows;
  return finished;
}

int64_t ParquetFile::bytes_written() const { return state_->stream->position(); }

}  // namespace kafka_iceberg::write
