// SPDX-License-Identifier: Apache-2.0
//
// The part of Hive's metastore interface that this program uses, from version 3.1 on. Field numbers
// and types are the protocol's; every field is optional, so that what a server left out stays out
// when a value is sent back. Compiled at build time.
namespace cpp kafka_iceberg.catalog.hms

struct FieldSchema {
  1: optional string name,
  2: optional string type,
  3: optional string comment
}

struct Order {
  1: optional string col,
  2: optional i32 order
}

struct SerDeInfo {
  1: optional string name,
  2: optional string serializationLib,
  3: optional map<string, string> parameters,
  4: optional string description,
  5: optional string serializerClass,
  6: optional string deserializerClass,
  7: optional i32 serdeType
}

struct SkewedInfo {
  1: optional list<string> skewedColNames,
  2: optional list<list<string>> skewedColValues,
  3: optional map<list<string>, string> skewedColValueLocationMaps
}

struct StorageDescriptor {
  1: optional list<FieldSchema> cols,
  2: optional string location,
  3: optional string inputFormat,
  4: optional string outputFormat,
  5: optional bool compressed,
  6: optional i32 numBuckets,
  7: optional SerDeInfo serdeInfo,
  8: optional list<string> bucketCols,
  9: optional list<Order> sortCols,
  10: optional map<string, string> parameters,
  11: optional SkewedInfo skewedInfo,
  12: optional bool storedAsSubDirectories
}

struct PrivilegeGrantInfo {
  1: optional string privilege,
  2: optional i32 createTime,
  3: optional string grantor,
  4: optional i32 grantorType,
  5: optional bool grantOption
}

struct PrincipalPrivilegeSet {
  1: optional map<string, list<PrivilegeGrantInfo>> userPrivileges,
  2: optional map<string, list<PrivilegeGrantInfo>> groupPrivileges,
  3: optional map<string, list<PrivilegeGrantInfo>> rolePrivileges
}

// Left out: what only answers hold (column statistics, file metadata) and what only materialized
// views have.
struct Table {
  1: optional string tableName,
  2: optional string dbName,
  3: optional string owner,
  4: optional i32 createTime,
  5: optional i32 lastAccessTime,
  6: optional i32 retention,
  7: optional StorageDescriptor sd,
  8: optional list<FieldSchema> partitionKeys,
  9: optional map<string, string> parameters,
  10: optional string viewOriginalText,
  11: optional string viewExpandedText,
  12: optional string tableType,
  13: optional PrincipalPrivilegeSet privileges,
  14: optional bool temporary,
  15: optional bool rewriteEnabled,
  17: optional string catName,
  18: optional i32 ownerType,
  19: optional i64 writeId,
  20: optional bool isStatsCompliant,
  22: optional i8 accessType,
  23: optional list<string> requiredReadCapabilities,
  24: optional list<string> requiredWriteCapabilities,
  25: optional i64 id
}

struct Database {
  1: optional string name,
  2: optional string description,
  3: optional string locationUri,
  4: optional map<string, string> parameters,
  6: optional string ownerName,
  7: optional i32 ownerType
}

struct EnvironmentContext {
  1: optional map<string, string> properties
}

struct GetTableRequest {
  1: optional string dbName,
  2: optional string tblName
}

struct GetTableResult {
  1: optional Table table
}

struct GetTablesRequest {
  1: optional string dbName,
  2: optional list<string> tblNames
}

struct GetTablesResult {
  1: optional list<Table> tables
}

struct LockComponent {
  1: optional i32 type,
  2: optional i32 level,
  3: optional string dbname,
  4: optional string tablename
}

struct LockRequest {
  1: optional list<LockComponent> component,
  3: optional string user,
  4: optional string hostname,
  5: optional string agentInfo
}

struct LockResponse {
  1: optional i64 lockid,
  2: optional i32 state
}

struct CheckLockRequest {
  1: optional i64 lockid
}

struct UnlockRequest {
  1: optional i64 lockid
}

struct HeartbeatRequest {
  1: optional i64 lockid
}

struct ShowLocksRequest {
  1: optional string dbname,
  2: optional string tablename
}

struct ShowLocksResponseElement {
  1: optional i64 lockid,
  2: optional string dbname,
  3: optional string tablename,
  5: optional i32 state,
  13: optional string agentInfo
}

struct ShowLocksResponse {
  1: optional list<ShowLocksResponseElement> locks
}

exception MetaException { 1: string message }
exception NoSuchObjectException { 1: string message }
exception AlreadyExistsException { 1: string message }
exception InvalidObjectException { 1: string message }
exception InvalidOperationException { 1: string message }
exception UnknownDBException { 1: string message }
exception NoSuchLockException { 1: string message }
exception NoSuchTxnException { 1: string message }
exception TxnAbortedException { 1: string message }
exception TxnOpenException { 1: string message }

service HiveMetastore {
  string getVersion(),
  list<string> get_all_databases() throws (1: MetaException o1),
  Database get_database(1: string name) throws (1: NoSuchObjectException o1, 2: MetaException o2),
  void create_database(1: Database database) throws (1: AlreadyExistsException o1, 2: InvalidObjectException o2, 3: MetaException o3),
  void drop_database(1: string name, 2: bool deleteData, 3: bool cascade) throws (1: NoSuchObjectException o1, 2: InvalidOperationException o2, 3: MetaException o3),
  list<string> get_all_tables(1: string db_name) throws (1: MetaException o1),
  GetTableResult get_table_req(1: GetTableRequest req) throws (1: MetaException o1, 2: NoSuchObjectException o2),
  GetTablesResult get_table_objects_by_name_req(1: GetTablesRequest req) throws (1: MetaException o1, 2: InvalidOperationException o2, 3: UnknownDBException o3),
  void create_table(1: Table tbl) throws (1: AlreadyExistsException o1, 2: InvalidObjectException o2, 3: MetaException o3, 4: NoSuchObjectException o4),
  void drop_table(1: string dbname, 2: string name, 3: bool deleteData) throws (1: NoSuchObjectException o1, 2: MetaException o3),
  void alter_table_with_environment_context(1: string dbname, 2: string tbl_name, 3: Table new_tbl, 4: EnvironmentContext environment_context) throws (1: InvalidOperationException o1, 2: MetaException o2),
  LockResponse lock(1: LockRequest rqst) throws (1: NoSuchTxnException o1, 2: TxnAbortedException o2),
  LockResponse check_lock(1: CheckLockRequest rqst) throws (1: NoSuchTxnException o1, 2: TxnAbortedException o2, 3: NoSuchLockException o3),
  void unlock(1: UnlockRequest rqst) throws (1: NoSuchLockException o1, 2: TxnOpenException o2),
  void heartbeat(1: HeartbeatRequest ids) throws (1: NoSuchLockException o1, 2: NoSuchTxnException o2, 3: TxnAbortedException o3),
  ShowLocksResponse show_locks(1: ShowLocksRequest rqst)
}
