// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr size_t kMiB = 1U << 20;

AvroSchema LongSchema() {
  return AvroSchemaFromJson(
             R"({"type":"record","name":"t","fields":[{"name":"n","type":"long","field-id":1}]})")
      .value();
}

std::string FileOf(int64_t records) {
  AvroFileWriter file(LongSchema(), {{"key", "value"}});
  AvroWriter record;
  for (int64_t i = 0; i < records; ++i) {
    record.Clear();
    record.WriteLong(i);
    EXPECT_THAT(file.Append(record.bytes()), IsOk());
  }
  return file.Finish().value();
}

// The numbers in the file, or the first error.
Result<std::vector<int64_t>> NumbersOf(std::string_view bytes) {
  const auto file = TRY(AvroFileReader::Open(bytes));
  std::vector<int64_t> numbers;
  while (AvroReader* reader = TRY(file->NextRecord())) numbers.push_back(TRY(reader->ReadLong()));
  return numbers;
}

TEST(AvroFile, RoundTripsRecordsOfManyBlocks) {
  const std::string bytes = FileOf(100'000);
  const auto numbers = NumbersOf(bytes);
  ASSERT_THAT(numbers, IsOk());
  ASSERT_EQ(numbers->size(), 100'000U);
  EXPECT_EQ(numbers->back(), 99'999);
}

TEST(AvroFile, KeepsItsHeader) {
  const std::string bytes = FileOf(0);
  const auto file = AvroFileReader::Open(bytes);
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ((*file)->Header("key"), "value");
  EXPECT_EQ((*file)->Header("avro.codec"), "deflate");
  EXPECT_EQ((*file)->Header("other"), std::nullopt);
  EXPECT_EQ((*file)->schema(), LongSchema());
  EXPECT_EQ((*file)->NextRecord().value(), nullptr);
}

TEST(AvroFile, IsTheSameForTheSameContent) { EXPECT_EQ(FileOf(10), FileOf(10)); }

TEST(AvroFile, EstimatesItsSize) {
  AvroFileWriter file(LongSchema(), {});
  const size_t before = file.size();
  EXPECT_THAT(file.Append("\2"), IsOk());
  EXPECT_EQ(file.size(), before + 1);
}

TEST(AvroFile, RefusesEveryTruncation) {
  const std::string bytes = FileOf(3);
  const size_t header = FileOf(0).size();
  for (size_t length = 0; length < bytes.size(); ++length) {
    if (length == header) continue;  // a file without blocks is a legal, empty one
    EXPECT_THAT(NumbersOf(std::string_view(bytes).substr(0, length)), IsError(ErrorCode::kCorrupt))
        << length;
  }
}

TEST(AvroFile, RefusesAWrongSyncMarker) {
  std::string bytes = FileOf(3);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_THAT(NumbersOf(bytes), IsError(ErrorCode::kCorrupt));
}

// A file of one uncompressed block.
std::string Block(int64_t count, std::string_view bytes, const std::string& codec = "null") {
  AvroWriter file;
  file.WriteFixed("Obj\1");
  file.WriteBlockCount(2);
  file.WriteBytes("avro.schema");
  file.WriteBytes(AvroSchemaToJson(LongSchema()));
  file.WriteBytes("avro.codec");
  file.WriteBytes(codec);
  file.WriteBlockEnd();
  file.WriteFixed("0123456789abcdef");
  file.WriteLong(count);
  file.WriteBytes(bytes);
  file.WriteFixed("0123456789abcdef");
  return file.bytes();
}

TEST(AvroFile, ReadsUncompressedBlocks) {
  EXPECT_THAT(NumbersOf(Block(2, "\2\4")).value(), testing::ElementsAre(1, 2));
}

TEST(AvroFile, RefusesCountsThatDoNotFitTheBlock) {
  EXPECT_THAT(NumbersOf(Block(1, "\2\4")), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(NumbersOf(Block(3, "\2\4")), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(NumbersOf(Block(-1, "\2\4")), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(NumbersOf(Block(INT64_MAX, "\2\4")), IsError(ErrorCode::kCorrupt));
}

TEST(AvroFile, RefusesMoreEmptyRecordsThanBytes) {
  AvroWriter file;
  file.WriteFixed("Obj\1");
  file.WriteBlockCount(1);
  file.WriteBytes("avro.schema");
  file.WriteBytes(R"({"type":"record","name":"empty","fields":[]})");
  file.WriteBlockEnd();
  file.WriteFixed("0123456789abcdef");
  file.WriteLong(INT64_MAX);
  file.WriteBytes("");
  file.WriteFixed("0123456789abcdef");
  const auto reader = AvroFileReader::Open(file.bytes()).value();
  EXPECT_THAT(reader->NextRecord(), IsError(ErrorCode::kCorrupt));
}

TEST(AvroFile, TellsUnsupportedCodecsFromUnknownOnes) {
  EXPECT_THAT(NumbersOf(Block(1, "\2", "bzip2")), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(NumbersOf(Block(1, "\2", "deflatd")), IsError(ErrorCode::kCorrupt));
}

TEST(AvroFile, RefusesAHeaderWithTooManyKeys) {
  AvroWriter file;
  file.WriteFixed("Obj\1");
  file.WriteBlockCount(2000);
  for (int i = 0; i < 2000; ++i) {
    file.WriteBytes(std::to_string(i));
    file.WriteBytes("");
  }
  file.WriteBlockEnd();
  EXPECT_THAT(NumbersOf(file.bytes()), IsError(ErrorCode::kCorrupt));
}

std::string Zstandard(std::string_view bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
  return packed;
}

TEST(AvroCodec, DeflateRoundTrips) {
  const std::string text(300'000, 'x');
  const std::string packed = AvroDeflate(text).value();
  EXPECT_LT(packed.size(), text.size() / 100);
  EXPECT_EQ(AvroDecompress(AvroCodec::kDeflate, packed, kMiB).value(), text);
  EXPECT_EQ(AvroDecompress(AvroCodec::kDeflate, AvroDeflate("").value(), kMiB).value(), "");
}

TEST(AvroCodec, DeflateIgnoresTheRestOfAChecksum) {
  EXPECT_EQ(AvroDecompress(AvroCodec::kDeflate, AvroDeflate("text").value() + "abc", kMiB).value(),
            "text");
}

TEST(AvroCodec, StopsAtTheLimit) {
  const std::string packed = AvroDeflate(std::string(kMiB, '\0')).value();
  EXPECT_EQ(AvroDecompress(AvroCodec::kDeflate, packed, kMiB).value().size(), kMiB);
  EXPECT_THAT(AvroDecompress(AvroCodec::kDeflate, packed, kMiB - 1), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroDecompress(AvroCodec::kNull, "12345", 4), IsError(ErrorCode::kCorrupt));
  const std::string zstandard = Zstandard(std::string(kMiB, '\0'));
  EXPECT_EQ(AvroDecompress(AvroCodec::kZstandard, zstandard, kMiB).value().size(), kMiB);
  EXPECT_THAT(AvroDecompress(AvroCodec::kZstandard, zstandard, kMiB - 1),
              IsError(ErrorCode::kCorrupt));
  // A snappy block says how long it is: here 4 GiB.
  const auto snappy = AvroDecompress(AvroCodec::kSnappy, "\xff\xff\xff\xff\x0f....", kMiB);
  ASSERT_THAT(snappy, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(snappy.error().message(), testing::HasSubstr("more than 1048576 bytes"));
}

TEST(AvroCodec, ReadsSeveralZstandardFrames) {
  EXPECT_EQ(
      AvroDecompress(AvroCodec::kZstandard, Zstandard("one ") + Zstandard("two"), kMiB).value(),
      "one two");
}

TEST(AvroCodec, ChecksTheSnappyChecksum) {
  const std::string_view crc_of_text = "\x3b\x8b\xa7\xc7";
  const std::string block = "\x04\x0ctext";  // length 4; a literal of 4 bytes
  EXPECT_EQ(
      AvroDecompress(AvroCodec::kSnappy, fmt::format("{}{}", block, crc_of_text), kMiB).value(),
      "text");
  const auto broken = AvroDecompress(AvroCodec::kSnappy, block + "....", kMiB);
  ASSERT_THAT(broken, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(broken.error().message(), testing::HasSubstr("checksum"));
}

TEST(AvroCodec, RefusesGarbageAndTruncation) {
  const std::string packed = AvroDeflate("some text that is long enough to matter").value();
  for (const AvroCodec codec : {AvroCodec::kDeflate, AvroCodec::kZstandard, AvroCodec::kSnappy}) {
    EXPECT_THAT(AvroDecompress(codec, "\xff\xfe garbage", kMiB), IsError(ErrorCode::kCorrupt));
    EXPECT_THAT(AvroDecompress(codec, "", kMiB), IsError(ErrorCode::kCorrupt));
  }
  const std::string frame = Zstandard("some text that is long enough to matter");
  for (size_t length = 0; length < frame.size(); ++length) {
    EXPECT_THAT(AvroDecompress(AvroCodec::kZstandard, frame.substr(0, length), kMiB),
                IsError(ErrorCode::kCorrupt));
  }
  EXPECT_THAT(AvroDecompress(AvroCodec::kDeflate, packed.substr(0, packed.size() / 2), kMiB),
              IsError(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
