// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/schema_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SchemaChange::Kind;

Type Of(TypeId id) { return Type::Primitive(id); }

Field Make(std::string name, Type type, bool required = false) {
  return {0, std::move(name), required, std::move(type), {}, {}, {}};
}

Schema Incoming(std::vector<Field> fields) {
  Schema schema;
  schema.fields = std::move(fields);
  return schema;
}

TableMetadata TableOf(std::vector<Field> fields, int32_t format_version = 2,
                      std::vector<std::string> identifiers = {}) {
  NewTable table;
  table.schema = AssignFreshIds(Incoming(std::move(fields)));
  for (const std::string& path : identifiers) {
    table.schema.identifier_field_ids.push_back(table.schema.FindField(path)->id);
  }
  table.location = "file:///t";
  table.table_uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  table.format_version = format_version;
  return *MakeTableMetadata(table);
}

SchemaComparison Compare(std::vector<Field> mine, std::vector<Field> incoming) {
  return CompareSchemas(TableOf(std::move(mine)), Incoming(std::move(incoming)));
}

TEST(CompareSchemas, EqualSchemasNeedNothing) {
  const std::vector<Field> fields = {
      Make("a", Of(TypeId::kLong), true), Make("s", Type::Struct({Make("x", Type::Decimal(9, 2))})),
      Make("l", Type::List(0, false, Of(TypeId::kString))),
      Make("m", Type::Map(0, Of(TypeId::kString), 0, false, Of(TypeId::kInt)))};
  const SchemaComparison comparison = Compare(fields, fields);
  EXPECT_THAT(comparison.changes, IsEmpty());
  EXPECT_THAT(comparison.incompatibilities, IsEmpty());
}

TEST(CompareSchemas, MissingColumnsAreAddedAsOptionalWithIdsAfterTheLast) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kLong))});
  const SchemaComparison comparison = CompareSchemas(
      table, Incoming({Make("a", Of(TypeId::kLong)),
                       Make("s",
                            Type::Struct({Make("x", Type::Struct({Make("p", Of(TypeId::kInt))})),
                                          Make("y", Of(TypeId::kInt), true)}),
                            true),
                       Make("last", Of(TypeId::kString), true)}));
  EXPECT_THAT(comparison.incompatibilities, IsEmpty());
  EXPECT_THAT(
      comparison.changes,
      ElementsAre(SchemaChange{Kind::kAddColumn, "s", "add struct<x: struct<p: int>, y: int>"},
                  SchemaChange{Kind::kAddColumn, "last", "add string"}));
  const Schema& merged = comparison.merged;
  EXPECT_FALSE(merged.FindField("s")->required);
  EXPECT_FALSE(merged.FindField("last")->required);
  EXPECT_EQ(merged.FindField("s")->id, 2);
  EXPECT_EQ(merged.FindField("s.x")->id, 3);
  EXPECT_EQ(merged.FindField("s.y")->id, 4);
  EXPECT_EQ(merged.FindField("s.x.p")->id, 5);
  EXPECT_EQ(merged.FindField("last")->id, 6);
}

TEST(CompareSchemas, IdsOfDroppedColumnsAreNotReused) {
  TableMetadata table = TableOf({Make("a", Of(TypeId::kLong))});
  table.last_column_id = 40;
  EXPECT_EQ(
      CompareSchemas(table, Incoming({Make("b", Of(TypeId::kInt))})).merged.FindField("b")->id, 41);
}

TEST(CompareSchemas, ColumnsAreAddedInsideStructsListsAndMapValues) {
  const SchemaComparison comparison =
      Compare({Make("s", Type::Struct({Make("x", Of(TypeId::kInt))})),
               Make("l", Type::List(0, false, Type::Struct({Make("x", Of(TypeId::kInt))}))),
               Make("m", Type::Map(0, Of(TypeId::kString), 0, false,
                                   Type::Struct({Make("x", Of(TypeId::kInt))})))},
              {Make("s", Type::Struct({Make("y", Of(TypeId::kInt))})),
               Make("l", Type::List(0, false, Type::Struct({Make("y", Of(TypeId::kInt))}))),
               Make("m", Type::Map(0, Of(TypeId::kString), 0, false,
                                   Type::Struct({Make("y", Of(TypeId::kInt))})))});
  EXPECT_THAT(comparison.incompatibilities, IsEmpty());
  for (const std::string_view path :
       {"s.y", "l.element.y", "m.value.y", "s.x", "l.element.x", "m.value.x"}) {
    EXPECT_NE(comparison.merged.FindField(path), nullptr) << path;
  }
  EXPECT_EQ(comparison.changes.size(), 3U);
}

TEST(CompareSchemas, PromotesWhatEveryReaderHonours) {
  const SchemaComparison comparison = Compare(
      {Make("i", Of(TypeId::kInt)), Make("f", Of(TypeId::kFloat)), Make("d", Type::Decimal(9, 2)),
       Make("l", Type::List(0, false, Of(TypeId::kInt)))},
      {Make("i", Of(TypeId::kLong)), Make("f", Of(TypeId::kDouble)),
       Make("d", Type::Decimal(18, 2)), Make("l", Type::List(0, false, Of(TypeId::kLong)))});
  EXPECT_THAT(comparison.incompatibilities, IsEmpty());
  EXPECT_THAT(comparison.changes,
              ElementsAre(SchemaChange{Kind::kPromoteType, "i", "int to long"},
                          SchemaChange{Kind::kPromoteType, "f", "float to double"},
                          SchemaChange{Kind::kPromoteType, "d", "decimal(9, 2) to decimal(18, 2)"},
                          SchemaChange{Kind::kPromoteType, "l.element", "int to long"}));
  EXPECT_EQ(comparison.merged.FindField("d")->type, Type::Decimal(18, 2));
  EXPECT_EQ(comparison.merged.FindField("i")->id, 1);
}

TEST(CompareSchemas, NarrowerRecordsChangeNothing) {
  const SchemaComparison comparison =
      Compare({Make("i", Of(TypeId::kLong)), Make("f", Of(TypeId::kDouble)),
               Make("d", Type::Decimal(18, 2)), Make("n", Of(TypeId::kString))},
              {Make("i", Of(TypeId::kInt)), Make("f", Of(TypeId::kFloat)),
               Make("d", Type::Decimal(9, 2)), Make("n", Of(TypeId::kUnknown))});
  EXPECT_THAT(comparison.changes, IsEmpty());
  EXPECT_THAT(comparison.incompatibilities, IsEmpty());
}

TEST(CompareSchemas, RefusesEveryOtherTypeChange) {
  const std::vector<std::pair<Type, Type>> cases = {
      {Of(TypeId::kInt), Of(TypeId::kString)},
      {Of(TypeId::kString), Of(TypeId::kInt)},
      {Of(TypeId::kLong), Of(TypeId::kDouble)},
      {Of(TypeId::kInt), Of(TypeId::kDouble)},
      {Type::Decimal(9, 2), Type::Decimal(18, 3)},
      {Of(TypeId::kDate), Of(TypeId::kTimestamp)},
      {Of(TypeId::kTimestamp), Of(TypeId::kTimestamptz)},
      {Type::Fixed(2), Type::Fixed(3)},
      {Of(TypeId::kString), Of(TypeId::kBinary)},
      {Of(TypeId::kInt), Type::Struct({Make("x", Of(TypeId::kInt))})},
      {Type::List(0, false, Of(TypeId::kInt)), Of(TypeId::kInt)},
      {Type::List(0, false, Of(TypeId::kInt)), Type::List(0, false, Of(TypeId::kString))}};
  for (const auto& [mine, incoming] : cases) {
    const SchemaComparison comparison = Compare({Make("x", mine)}, {Make("x", incoming)});
    EXPECT_EQ(comparison.incompatibilities.size(), 1U)
        << ToString(mine) << " " << ToString(incoming);
    EXPECT_THAT(comparison.changes, IsEmpty());
  }
  EXPECT_THAT(
      Compare({Make("ts", Of(TypeId::kDate))}, {Make("ts", Of(TypeId::kString))}).incompatibilities,
      ElementsAre("column 'ts' is date in the table and string in the records"));
}

TEST(CompareSchemas, RequiredBecomesOptionalWhenRecordsMayLackIt) {
  const SchemaComparison comparison =
      Compare({Make("a", Of(TypeId::kInt), true), Make("b", Of(TypeId::kInt), true),
               Make("c", Of(TypeId::kInt), true), Make("l", Type::List(0, true, Of(TypeId::kInt)))},
              {Make("a", Of(TypeId::kInt)), Make("c", Of(TypeId::kInt), true),
               Make("l", Type::List(0, false, Of(TypeId::kInt)))});
  EXPECT_THAT(comparison.incompatibilities, IsEmpty());
  EXPECT_THAT(comparison.changes,
              ElementsAre(SchemaChange{Kind::kMakeOptional, "a", "required to optional"},
                          SchemaChange{Kind::kMakeOptional, "b", "required to optional"},
                          SchemaChange{Kind::kMakeOptional, "l.element", "required to optional"}));
  EXPECT_TRUE(comparison.merged.FindField("c")->required);
}

TEST(CompareSchemas, OptionalNeverBecomesRequired) {
  const SchemaComparison comparison =
      Compare({Make("a", Of(TypeId::kInt))}, {Make("a", Of(TypeId::kInt), true)});
  EXPECT_THAT(comparison.changes, IsEmpty());
  EXPECT_FALSE(comparison.merged.FindField("a")->required);
}

TEST(CompareSchemas, IdentifierFieldsAndTheirParentsStayRequired) {
  const TableMetadata table = TableOf({Make("id", Of(TypeId::kInt), true),
                                       Make("s",
                                            Type::Struct({Make("key", Of(TypeId::kInt), true),
                                                          Make("other", Of(TypeId::kInt), true)}),
                                            true)},
                                      2, {"id", "s.key"});
  const SchemaComparison comparison =
      CompareSchemas(table, Incoming({Make("id", Of(TypeId::kInt)),
                                      Make("s", Type::Struct({Make("key", Of(TypeId::kInt), true),
                                                              Make("other", Of(TypeId::kInt))}))}));
  EXPECT_THAT(comparison.incompatibilities, ElementsAre(HasSubstr("'id'"), HasSubstr("'s'")));
  EXPECT_THAT(comparison.changes,
              ElementsAre(SchemaChange{Kind::kMakeOptional, "s.other", "required to optional"}));
}

TEST(CompareSchemas, MapKeysNeverChange) {
  const auto map = [](Type key) {
    return Type::Map(0, std::move(key), 0, false, Of(TypeId::kInt));
  };
  EXPECT_EQ(Compare({Make("m", map(Of(TypeId::kInt)))}, {Make("m", map(Of(TypeId::kLong)))})
                .incompatibilities.size(),
            1U);
  EXPECT_THAT(Compare({Make("m", map(Of(TypeId::kLong)))}, {Make("m", map(Of(TypeId::kInt)))})
                  .incompatibilities,
              IsEmpty());
  const SchemaComparison added =
      Compare({Make("m", map(Type::Struct({Make("x", Of(TypeId::kInt), true)})))},
              {Make("m", map(Type::Struct({Make("y", Of(TypeId::kInt))})))});
  EXPECT_THAT(added.changes, IsEmpty());
  EXPECT_EQ(added.incompatibilities.size(), 2U);  // x would be loosened, y added
}

TEST(CompareSchemas, NamesThatDifferByCaseOnlyAreRefused) {
  const SchemaComparison comparison =
      Compare({Make("userId", Of(TypeId::kInt))},
              {Make("userid", Of(TypeId::kInt)), Make("New", Of(TypeId::kInt)),
               Make("new", Of(TypeId::kInt))});
  EXPECT_THAT(comparison.incompatibilities, ElementsAre(HasSubstr("'userid'"), HasSubstr("'new'")));
  EXPECT_EQ(comparison.changes.size(), 1U);
}

TEST(CompareSchemas, ColumnsMayNotTakeThePlaceOfPartitionFields) {
  TableMetadata table = TableOf({Make("ts", Of(TypeId::kTimestamp))});
  table.partition_specs[0].fields = {{1, 1000, "ts_day", ParseTransform("day")}};
  EXPECT_THAT(CompareSchemas(table, Incoming({Make("ts_day", Of(TypeId::kInt))})).incompatibilities,
              ElementsAre(HasSubstr("partition field")));
}

TEST(CompareSchemas, NewTypesAndDefaultsNeedVersion3) {
  Field with_default = Make("d", Of(TypeId::kInt));
  with_default.initial_default = "1";
  const std::vector<Field> incoming = {Make("n", Of(TypeId::kTimestampNs)), with_default,
                                       Make("ok", Of(TypeId::kInt))};
  const SchemaComparison v2 =
      CompareSchemas(TableOf({Make("a", Of(TypeId::kInt))}, 2), Incoming(incoming));
  EXPECT_THAT(v2.incompatibilities, ElementsAre(HasSubstr("'n'"), HasSubstr("'d'")));
  EXPECT_EQ(v2.merged.FindField("ok")->id, 2);
  const SchemaComparison v3 =
      CompareSchemas(TableOf({Make("a", Of(TypeId::kInt))}, 3), Incoming(incoming));
  EXPECT_THAT(v3.incompatibilities, IsEmpty());
}

TEST(CompareSchemas, ReservedIdsAreNeverAssigned) {
  TableMetadata table = TableOf({Make("a", Of(TypeId::kInt))});
  table.last_column_id = 2'147'483'446;
  const SchemaComparison comparison =
      CompareSchemas(table, Incoming({Make("s", Type::Struct({Make("x", Of(TypeId::kInt))})),
                                      Make("b", Of(TypeId::kInt)), Make("c", Of(TypeId::kInt))}));
  EXPECT_THAT(comparison.incompatibilities, ElementsAre(HasSubstr("'s'"), HasSubstr("'c'")));
  EXPECT_EQ(comparison.merged.FindField("b")->id, 2'147'483'447);
}

TEST(SchemaUpdate, AppliesToTheTableItWasComparedWith) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt), true)});
  const SchemaComparison comparison = CompareSchemas(
      table, Incoming({Make("a", Of(TypeId::kLong)), Make("b", Of(TypeId::kString))}));
  const SchemaUpdate update = MakeSchemaUpdate(table, comparison);
  ASSERT_THAT(CheckRequirements(&table, update.requirements), IsOk());
  const auto next = ApplyUpdates(table, update.updates, "", 1);
  ASSERT_THAT(next, IsOk());
  EXPECT_EQ(next->current_schema_id, 1);
  EXPECT_TRUE(next->schema().SameColumns(comparison.merged));
  EXPECT_EQ(next->last_column_id, 2);
  EXPECT_TRUE(next->snapshots.empty());
  // Somebody else evolved the table first.
  EXPECT_THAT(CheckRequirements(&*next, update.requirements), IsError(ErrorCode::kConflict));
}

TEST(SchemaUpdate, NothingToChangeIsNoCommit) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt))});
  const SchemaUpdate update = MakeSchemaUpdate(table, CompareSchemas(table, table.schema()));
  EXPECT_THAT(update.updates, IsEmpty());
  EXPECT_THAT(update.requirements, IsEmpty());
}

// ---- UpdateForFiles

Schema Evolved(const TableMetadata& table, std::vector<Field> incoming) {
  return CompareSchemas(table, Incoming(std::move(incoming))).merged;
}

TableMetadata Next(const TableMetadata& table, const SchemaUpdate& update) {
  EXPECT_THAT(CheckRequirements(&table, update.requirements), IsOk());
  return *ApplyUpdates(table, update.updates, "", 1);
}

TEST(UpdateForFiles, AddsWhatTheFilesHave) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt))});
  const Schema written =
      Evolved(table, {Make("a", Of(TypeId::kLong)), Make("b", Of(TypeId::kString))});
  const auto update = UpdateForFiles(table, written);
  ASSERT_THAT(update, IsOk());
  EXPECT_TRUE(Next(table, *update).schema().SameColumns(written));
}

TEST(UpdateForFiles, NothingIsNeededOnceItIsDone) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt))});
  const Schema written = Evolved(table, {Make("a", Of(TypeId::kInt)), Make("b", Of(TypeId::kInt))});
  const TableMetadata next = Next(table, *UpdateForFiles(table, written));
  EXPECT_THAT(UpdateForFiles(next, written)->updates, IsEmpty());
  // Nor for files of before.
  EXPECT_THAT(UpdateForFiles(next, table.schema())->updates, IsEmpty());
}

TEST(UpdateForFiles, ALaterEvolutionStandsOnOneThatIsCommittedBeforeIt) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt))});
  const Schema first = Evolved(table, {Make("a", Of(TypeId::kInt)), Make("b", Of(TypeId::kInt))});
  const TableMetadata next = Next(table, *UpdateForFiles(table, first));
  const Schema second = Evolved(next, {Make("a", Of(TypeId::kInt)), Make("b", Of(TypeId::kInt)),
                                       Make("c", Of(TypeId::kInt))});
  EXPECT_FALSE(UpdateForFiles(table, second)->updates.empty());
  EXPECT_FALSE(UpdateForFiles(next, second)->updates.empty());
}

TEST(UpdateForFiles, AnIdThatSomebodyElseGaveAwayIsAConflict) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt))});
  const Schema ours = Evolved(table, {Make("a", Of(TypeId::kInt)), Make("b", Of(TypeId::kInt))});
  const Schema theirs =
      Evolved(table, {Make("a", Of(TypeId::kInt)), Make("x", Of(TypeId::kString))});
  const TableMetadata next = Next(table, *UpdateForFiles(table, theirs));
  EXPECT_THAT(UpdateForFiles(next, ours), IsError(ErrorCode::kConflict));
  const Schema alike =
      Evolved(table, {Make("a", Of(TypeId::kInt)), Make("y", Of(TypeId::kString))});
  EXPECT_THAT(UpdateForFiles(next, alike), IsError(ErrorCode::kConflict));
}

TEST(UpdateForFiles, TheSameColumnGivenBySomebodyElseIsNone) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt))});
  const Schema both = Evolved(table, {Make("a", Of(TypeId::kInt)), Make("b", Of(TypeId::kInt))});
  const TableMetadata next = Next(table, *UpdateForFiles(table, both));
  const auto update = UpdateForFiles(next, both);
  ASSERT_THAT(update, IsOk());
  EXPECT_THAT(update->updates, IsEmpty());
}

TEST(UpdateForFiles, ADroppedColumnIsAConflict) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt)), Make("b", Of(TypeId::kInt))});
  const Schema ours = Evolved(table, {Make("a", Of(TypeId::kInt)), Make("c", Of(TypeId::kInt))});
  TableMetadata dropped = table;
  dropped.schemas[0].fields.pop_back();
  EXPECT_THAT(UpdateForFiles(dropped, ours), IsError(ErrorCode::kConflict));
}

TEST(UpdateForFiles, AWiderTypeInTheTableTakesNarrowFiles) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt)), Make("b", Of(TypeId::kInt))});
  const TableMetadata wide =
      Next(table, *UpdateForFiles(table, Evolved(table, {Make("a", Of(TypeId::kLong))})));
  EXPECT_THAT(UpdateForFiles(wide, table.schema())->updates, IsEmpty());
  // But not together with something new: the wide column would become narrow again.
  const Schema ours = Evolved(table, {Make("a", Of(TypeId::kInt)), Make("c", Of(TypeId::kInt))});
  EXPECT_THAT(UpdateForFiles(wide, ours), IsError(ErrorCode::kConflict));
}

TEST(UpdateForFiles, NullsNeedAnOptionalColumn) {
  const TableMetadata table = TableOf({Make("a", Of(TypeId::kInt), true)});
  const Schema written = Evolved(table, {Make("a", Of(TypeId::kInt))});
  EXPECT_FALSE(Next(table, *UpdateForFiles(table, written)).schema().FindField("a")->required);
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
