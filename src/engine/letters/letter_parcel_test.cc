// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_parcel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/fake_epoch.h"
#include "core/result_matchers.h"
#include "engine/letters/letter_reader.h"

namespace kafka_iceberg::engine {
namespace {

LetterParcel Parcel() {
  LetterParcel parcel{.epoch_uuid = "e-1",
                      .address = "table raw.orders__dlq",
                      .ranges = commit::FakeRanges({{0, {.start = 3, .end = 9}}})};
  for (const int64_t offset : {4, 7}) {
    decode::DeadLetter letter{.topic = "orders", .offset = offset, .code = "not_json"};
    letter.value = "a\n\xff";
    letter.headers = {{.key = "h", .value = "\n"}};
    parcel.letters.push_back(letter);
  }
  return parcel;
}

TEST(LetterParcel, ReadsBackWhatItWrote) {
  const LetterParcel parcel = Parcel();
  const auto read = ParcelFromText(ParcelToText(parcel));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->epoch_uuid, parcel.epoch_uuid);
  EXPECT_EQ(read->address, parcel.address);
  EXPECT_EQ(read->ranges, parcel.ranges);
  EXPECT_EQ(read->letters, parcel.letters);
}

TEST(LetterParcel, ACutOneIsCorruptWhereverItWasCut) {
  const std::string text = ParcelToText(Parcel());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(ParcelFromText(text.substr(0, size)), IsError(ErrorCode::kCorrupt)) << size;
  }
}

TEST(LetterFilter, TakesEachPartOnce) {
  const auto filter =
      ParseLetterFilter("code=not_json,topic=orders,partition=0,offset=4..6,field=");
  ASSERT_THAT(filter, IsOk());
  const std::vector<decode::DeadLetter> letters = Parcel().letters;
  EXPECT_TRUE(filter->Matches(letters[0]));
  EXPECT_FALSE(filter->Matches(letters[1]));
  EXPECT_TRUE(ParseLetterFilter("offset=7")->Matches(letters[1]));
  EXPECT_FALSE(ParseLetterFilter("code=too_big")->Matches(letters[1]));
  EXPECT_TRUE(ParseLetterFilter("")->Matches(letters[1]));
}

TEST(LetterFilter, SaysWhatIsWrong) {
  for (const char* text :
       {"kode=1", "code", "offset=a..b", "offset=5..4", "partition=-1", "partition=4294967296",
        "code=a,code=b", "offset=1,offset=2", "=", ","}) {
    EXPECT_THAT(ParseLetterFilter(text), IsError(ErrorCode::kInvalid)) << text;
  }
}

}  // namespace
}  // namespace kafka_iceberg::engine
