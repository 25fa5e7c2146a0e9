// SPDX-License-Identifier: Apache-2.0
#include "storage/location.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/result_matchers.h"

namespace kafka_iceberg::storage {
namespace {

TEST(Location, NormalizesTheFormsOfALocalPath) {
  for (const char* text : {"/data/wh", "/data//wh/", "/./data/./wh", "file:///data/wh",
                           "file:/data/wh", "file:///data/wh//", "file://localhost/data/wh"}) {
    EXPECT_EQ(NormalizeLocation(text).value(), "file:///data/wh") << text;
  }
  EXPECT_EQ(NormalizeLocation("/").value(), "file:///");
  EXPECT_EQ(NormalizeLocation("file:///").value(), "file:///");
}

TEST(Location, ARelativePathIsBelowTheWorkingDirectory) {
  const std::string here = "file://" + std::filesystem::current_path().string();
  EXPECT_EQ(NormalizeLocation("warehouse").value(), here + "/warehouse");
  EXPECT_EQ(NormalizeLocation("./a/b/").value(), here + "/a/b");
  EXPECT_EQ(NormalizeLocation("a:b").value(), here + "/a:b");
  EXPECT_EQ(NormalizeLocation(".").value(), here);
}

TEST(Location, KeepsBuckets) {
  EXPECT_EQ(NormalizeLocation("s3://bucket/a//b/").value(), "s3://bucket/a/b");
  EXPECT_EQ(NormalizeLocation("s3://bucket").value(), "s3://bucket");
  EXPECT_EQ(NormalizeLocation("s3://bucket/").value(), "s3://bucket");
  EXPECT_THAT(NormalizeLocation("s3:///a"), IsError(ErrorCode::kInvalid));
}

TEST(Location, DecodesNothing) {
  EXPECT_EQ(NormalizeLocation("/a%2Fb/c d").value(), "file:///a%2Fb/c d");
  EXPECT_EQ(LocalPath("file:///a%2e%2e/b").value(), "/a%2e%2e/b");
}

TEST(Location, RefusesWhatLeadsElsewhere) {
  for (const char* text : {"", "..", "../x", "/a/../b", "file:///a/..", "s3://bucket/../other",
                           "/a\nb", "/a\x7f", "file://host/a"}) {
    EXPECT_THAT(NormalizeLocation(text), IsError(ErrorCode::kInvalid)) << text;
  }
  EXPECT_THAT(NormalizeLocation(std::string_view("/a\0b", 4)), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(NormalizeLocation("/" + std::string(5000, 'x')), IsError(ErrorCode::kInvalid));
  EXPECT_EQ(NormalizeLocation("/a/..b/c..").value(), "file:///a/..b/c..");
}

TEST(Location, SplitsUris) {
  const LocationParts s3 = SplitLocation("s3://bucket/a/b").value();
  EXPECT_EQ(s3.scheme, "s3");
  EXPECT_EQ(s3.authority, "bucket");
  EXPECT_EQ(s3.path, "/a/b");
  EXPECT_EQ(SplitLocation("/plain/path").value().scheme, "file");
  EXPECT_EQ(SplitLocation("file:/x").value().path, "/x");
  EXPECT_THAT(SplitLocation("relative/path"), IsError(ErrorCode::kInvalid));
}

TEST(Location, LocalPathRefusesOtherSchemes) {
  EXPECT_EQ(LocalPath("file:///x/y").value(), "/x/y");
  EXPECT_EQ(LocalPath("file:/x").value(), "/x");
  EXPECT_EQ(LocalPath("/x").value(), "/x");
  EXPECT_THAT(LocalPath("s3://bucket/x"), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(LocalPath("file:///x/../y"), IsError(ErrorCode::kInvalid));
}

TEST(Location, JoinsWithOneSlash) {
  EXPECT_EQ(JoinLocation("file:///a", "b/c"), "file:///a/b/c");
  EXPECT_EQ(JoinLocation("file:///a/", "/b"), "file:///a/b");
  EXPECT_EQ(JoinLocation("file:///", "b"), "file:///b");
  EXPECT_EQ(JoinLocation("s3://bucket", "b"), "s3://bucket/b");
}

TEST(Location, ParentStopsAtTheTop) {
  EXPECT_EQ(ParentLocation("file:///a/b"), "file:///a");
  EXPECT_EQ(ParentLocation("file:///a"), "file:///");
  EXPECT_EQ(ParentLocation("file:///"), "file:///");
  EXPECT_EQ(ParentLocation("s3://bucket/a"), "s3://bucket");
  EXPECT_EQ(ParentLocation("s3://bucket"), "s3://bucket");
  EXPECT_EQ(ParentLocation("/a/b/"), "/a");
  EXPECT_EQ(ParentLocation("/a"), "/");
  EXPECT_EQ(FileName("file:///a/b.txt"), "b.txt");
}

TEST(Location, BelowMeansALevelDeeper) {
  EXPECT_TRUE(IsBelow("file:///a/b", "file:///a"));
  EXPECT_TRUE(IsBelow("file:///a/b/c", "file:///a/"));
  EXPECT_FALSE(IsBelow("file:///ab", "file:///a"));
  EXPECT_FALSE(IsBelow("file:///a", "file:///a"));
  EXPECT_FALSE(IsBelow("file:///a/", "file:///a"));
  EXPECT_TRUE(IsBelow("file:///a", "file:///"));
}

}  // namespace
}  // namespace kafka_iceberg::storage
