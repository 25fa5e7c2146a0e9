// SPDX-License-Identifier: Apache-2.0
#include "engine/routing/payload_probe.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "decode/avro/avro_schema.h"
#include "decode/protobuf/proto_text.h"
#include "engine/payload_format.h"

namespace kafka_iceberg::engine {
namespace {

constexpr size_t kNamesMax = 10'000;
// A decoder tells of a record at most once for its schema and once for its values.
constexpr int kCallsOnOneRecordMax = 8;

std::optional<std::string> TextAt(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return std::nullopt;
  switch (column.type_id()) {
    case arrow::Type::STRING:
      return std::string(static_cast<const arrow::StringArray&>(column).GetView(row));
    case arrow::Type::INT64:
      return std::to_string(static_cast<const arrow::Int64Array&>(column).Value(row));
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(column).Value(row) ? "true" : "false";
    default: return std::nullopt;
  }
}

// The payload is fine, its field is of another type than was asked for.
bool IsOfAnotherType(const std::string& code) {
  return code == "wrong_type" || code == "bad_value" || code == "out_of_range" ||
         code == "schema_mismatch";
}

class FieldProbe final : public PayloadProbe {
 public:
  explicit FieldProbe(std::vector<std::unique_ptr<decode::Decoder>> decoders)
      : decoders_(std::move(decoders)) {}

  ProbeOutcome Look(const std::string& topic, std::span<const Record> records) override {
    ProbeOutcome outcome;
    outcome.values.resize(records.size());
    std::vector<size_t> places;
    for (size_t i = 0; i < records.size(); ++i) {
      if (!records[i].value_is_null) places.push_back(i);
    }
    for (const auto& decoder : decoders_) {
      if (places.empty()) break;
      places = LookWith(*decoder, topic, records, places, outcome);
    }
    return outcome;
  }

 private:
  // What records have beside the one field is of no interest here.
  static decode::DecodeStats DecodeAll(decode::Decoder& decoder, const std::string& topic,
                                       std::span<const Record> records,
                                       std::vector<decode::DeadLetter>& letters) {
    decode::DecodeStats all;
    for (int calls_on_one_record = 0; calls_on_one_record < kCallsOnOneRecordMax;) {
      decode::DecodeStats stats = decoder.Decode(topic, records, letters);
      all.records += stats.records;
      all.stopped = std::move(stats.stopped);
      if (!stats.drift) return all;
      records = records.subspan(static_cast<size_t>(stats.records));
      calls_on_one_record = stats.records == 0 ? calls_on_one_record + 1 : 0;
    }
    all.stopped = Error::Unavailable("a decoder reports the same drift again and again");
    return all;
  }

  // Gives back the places of those whose field may be of another type.
  static std::vector<size_t> LookWith(decode::Decoder& decoder, const std::string& topic,
                                      std::span<const Record> records,
                                      const std::vector<size_t>& places, ProbeOutcome& outcome) {
    std::vector<Record> chosen;
    for (const size_t place : places) chosen.push_back(records[place]);
    std::vector<decode::DeadLetter> letters;
    const decode::DecodeStats stats = DecodeAll(decoder, topic, chosen, letters);
    const auto rows = decoder.Seal();
    std::vector<size_t> left;
    auto letter = letters.begin();
    int64_t row = 0;
    for (size_t i = 0; i < static_cast<size_t>(stats.records); ++i) {
      const bool failed = letter != letters.end() && letter->offset == chosen[i].offset &&
                          letter->partition == chosen[i].partition;
      if (!failed) {
        outcome.values[places[i]] = TextAt(*rows->column(0), row++);
      } else if (IsOfAnotherType(letter->code)) {
        left.push_back(places[i]);
      } else {
        outcome.unreadable[places[i]] = {letter->code, letter->field_path, letter->reason};
      }
      if (failed) ++letter;
    }
    if (stats.stopped && !outcome.stopped) {
      outcome.stopped = stats.stopped;
      outcome.values.resize(places[static_cast<size_t>(stats.records)]);
      std::erase_if(left, [&](size_t place) { return place >= outcome.values.size(); });
    }
    return left;
  }

  const std::vector<std::unique_ptr<decode::Decoder>> decoders_;
};

class RecordNameProbe final : public PayloadProbe {
 public:
  RecordNameProbe(config::KafkaOptions format, std::shared_ptr<decode::SchemaSource> schemas)
      : format_(std::move(format)), schemas_(std::move(schemas)) {}

  ProbeOutcome Look(const std::string&, std::span<const Record> records) override {
    ProbeOutcome outcome;
    for (const Record& record : records) {
      auto name = NameOf(record);
      if (name.ok()) {
        outcome.values.push_back(std::move(name).value());
        continue;
      }
      const ErrorCode code = name.error().code();
      if (code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout) {
        outcome.stopped = name.error();
        return outcome;
      }
      outcome.unreadable[outcome.values.size()] = {
          code == ErrorCode::kNotFound ? "unknown_schema" : "bad_framing",
          {},
          name.error().message()};
      outcome.values.emplace_back();
    }
    return outcome;
  }

 private:
  bool is_protobuf() const { return format_.format == "protobuf"; }

  Result<std::optional<std::string>> NameOf(const Record& record) {
    if (record.value_is_null) return std::optional<std::string>();
    TRY(decode::ParseFraming(
        record, {.framing = FramingOf(format_.framing), .has_message_path = is_protobuf()},
        framed_));
    if (!framed_.schema_id || schemas_ == nullptr) return std::optional<std::string>();
    std::string key = decode::ToString(*framed_.schema_id);
    for (const int32_t step : framed_.message_path) key += fmt::format("/{}", step);
    if (const auto known = names_.find(key); known != names_.end()) return known->second;
    std::optional<std::string> name =
        TRY(NameIn(*TRY(schemas_->Find(*framed_.schema_id)), framed_.message_path));
    if (names_.size() >= kNamesMax) names_.clear();
    names_[key] = name;
    return name;
  }

  Result<std::optional<std::string>> NameIn(const decode::PayloadSchema& schema,
                                            const std::vector<int32_t>& path) const {
    if (!is_protobuf()) {
      const decode::AvroSchema avro = TRY(decode::ParseAvroSchema(schema));
      return avro.name.empty() ? std::nullopt : std::optional(avro.name);
    }
    const decode::ProtoSchema proto = TRY(decode::ParseProtoText(schema));
    const decode::ProtoMessage* message = proto.FindByPath(path);
    return message == nullptr ? std::nullopt : std::optional(message->full_name);
  }

  const config::KafkaOptions format_;
  const std::shared_ptr<decode::SchemaSource> schemas_;
  decode::FramedPayload framed_;
  std::map<std::string, std::optional<std::string>> names_;
};

}  // namespace

Result<std::unique_ptr<PayloadProbe>> MakeFieldProbe(
    const config::KafkaOptions& format, const std::shared_ptr<decode::SchemaSource>& schemas,
    const std::string& field) {
  config::KafkaOptions values = format;
  values.key.format = "none";
  const auto payloads = TRY(MakePayloadFormat(values, schemas));
  std::vector<std::unique_ptr<decode::Decoder>> decoders;
  for (const iceberg::TypeId type :
       {iceberg::TypeId::kString, iceberg::TypeId::kLong, iceberg::TypeId::kBoolean}) {
    iceberg::Schema schema;
    schema.fields = {{.id = 1, .name = field, .type = iceberg::Type::Primitive(type)}};
    decoders.push_back(TRY(payloads->MakeDecoder(schema)));
  }
  return std::make_unique<FieldProbe>(std::move(decoders));
}

Result<std::unique_ptr<PayloadProbe>> MakeRecordNameProbe(
    const config::KafkaOptions& format, const std::shared_ptr<decode::SchemaSource>& schemas) {
  return std::make_unique<RecordNameProbe>(format, schemas);
}

}  // namespace kafka_iceberg::engine
