// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/reference_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/result_matchers.h"

namespace kafka_iceberg::decode {
namespace {

using testing::HasSubstr;

RegistrySchema Using(const std::vector<std::string>& names) {
  RegistrySchema schema{.text = "root"};
  for (const std::string& name : names) schema.references.push_back({name, name, 1});
  return schema;
}

// Subject -> what it refers to; its text is its name.
using Graph = std::map<std::string, std::vector<std::string>>;

FetchReference From(const Graph& graph) {
  return [&graph](
             const RegistryReference& reference) -> Result<std::shared_ptr<const RegistrySchema>> {
    const auto found = graph.find(reference.subject);
    if (found == graph.end()) return Error::NotFound("the registry does not know it");
    RegistrySchema schema = Using(found->second);
    schema.text = reference.subject;
    return std::make_shared<const RegistrySchema>(std::move(schema));
  };
}

TEST(ReferenceResolver, NamesEachOnceAndBeforeItsUsers) {
  const Graph graph{{"a", {"c"}}, {"b", {"a", "c"}}, {"c", {}}};
  const auto schema = ResolveReferences(Using({"b", "a"}), From(graph));
  ASSERT_THAT(schema, IsOk());
  std::string order;
  for (const SchemaReference& reference : schema->references) order += reference.text;
  EXPECT_EQ(order, "cab");
}

TEST(ReferenceResolver, GivesOneSchemaAllItsNames) {
  RegistrySchema root = Using({});
  root.references = {{"x.proto", "a", 1}, {"y.proto", "a", 1}};
  const Graph graph{{"a", {}}};
  const auto schema = ResolveReferences(root, From(graph));
  ASSERT_THAT(schema, IsOk());
  ASSERT_EQ(schema->references.size(), 2U);
  EXPECT_EQ(schema->references[1].name, "y.proto");
  EXPECT_EQ(schema->references[1].text, "a");
}

TEST(ReferenceResolver, RefusesTwoSchemasUnderOneName) {
  RegistrySchema root = Using({});
  root.references = {{"x.proto", "a", 1}, {"x.proto", "b", 1}};
  const Graph graph{{"a", {}}, {"b", {}}};
  EXPECT_THAT(ResolveReferences(root, From(graph)), IsError(ErrorCode::kUnsupported));
}

TEST(ReferenceResolver, RefusesCircles) {
  const Graph self{{"a", {"a"}}};
  EXPECT_THAT(ResolveReferences(Using({"a"}), From(self)), IsError(ErrorCode::kCorrupt));
  const Graph two{{"a", {"b"}}, {"b", {"a"}}};
  const auto schema = ResolveReferences(Using({"a"}), From(two));
  ASSERT_THAT(schema, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(schema.error().message(), HasSubstr("circle"));
}

Graph Chain(size_t length) {
  Graph graph;
  for (size_t i = 1; i < length; ++i) graph[std::to_string(i)] = {std::to_string(i + 1)};
  graph[std::to_string(length)] = {};
  return graph;
}

TEST(ReferenceResolver, LimitsTheDepth) {
  const Graph deep = Chain(kReferenceDepthMax);
  EXPECT_THAT(ResolveReferences(Using({"1"}), From(deep)), IsOk());
  const Graph deeper = Chain(kReferenceDepthMax + 1);
  EXPECT_THAT(ResolveReferences(Using({"1"}), From(deeper)), IsError(ErrorCode::kUnsupported));
}

TEST(ReferenceResolver, LimitsTheNumber) {
  Graph graph{{"many", {}}, {"one", {}}};
  for (size_t i = 1; i < kRegistryReferencesMax; ++i) {
    graph["many"].push_back(std::to_string(i));
    graph[std::to_string(i)] = {};
  }
  EXPECT_THAT(ResolveReferences(Using({"many"}), From(graph)), IsOk());
  EXPECT_THAT(ResolveReferences(Using({"many", "one"}), From(graph)),
              IsError(ErrorCode::kUnsupported));
}

TEST(ReferenceResolver, LimitsTheBytes) {
  const FetchReference fetch =
      [](const RegistryReference&) -> Result<std::shared_ptr<const RegistrySchema>> {
    return std::make_shared<const RegistrySchema>(
        RegistrySchema{.text = std::string(1 << 20, 'x')});
  };
  std::vector<std::string> names;
  for (int i = 0; i < 15; ++i) names.push_back(std::to_string(i));
  EXPECT_THAT(ResolveReferences(Using(names), fetch), IsOk());
  names.emplace_back("15");
  EXPECT_THAT(ResolveReferences(Using(names), fetch), IsError(ErrorCode::kUnsupported));
}

TEST(ReferenceResolver, RefusesAnotherTypeInside) {
  const Graph graph{{"a", {}}};
  RegistrySchema root = Using({"a"});
  root.format = PayloadFormat::kProtobuf;
  EXPECT_THAT(ResolveReferences(root, From(graph)), IsError(ErrorCode::kCorrupt));
}

TEST(ReferenceResolver, SaysWhichReferenceIsMissing) {
  const Graph graph{{"a", {"b"}}};
  const auto schema = ResolveReferences(Using({"a"}), From(graph));
  ASSERT_THAT(schema, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(schema.error().message(), HasSubstr("reference b (subject b, version 1)"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
