// SPDX-License-Identifier: Apache-2.0
//
// The commands: one function and one file each. They return the process's exit code and own no
// state.
#pragma once

#include "app/arguments.h"
#include "app/runtime.h"

namespace kafka_iceberg::app {

int RunCommand(const Arguments& arguments, Runtime& runtime);
int ValidateCommand(const Arguments& arguments, Runtime& runtime);
int PlanCommand(const Arguments& arguments, Runtime& runtime);
int DemoCommand(const Arguments& arguments, Runtime& runtime);
int StatusCommand(const Arguments& arguments, Runtime& runtime);
int VerifyCommand(const Arguments& arguments, Runtime& runtime);
// offsets show, reset, rewind
int OffsetsCommand(const Arguments& arguments, Runtime& runtime);
// backfill run, list, cancel
int BackfillCommand(const Arguments& arguments, Runtime& runtime);
int TableDescribeCommand(const Arguments& arguments, Runtime& runtime);
int TableSnapshotsCommand(const Arguments& arguments, Runtime& runtime);
int TableFilesCommand(const Arguments& arguments, Runtime& runtime);
// table create, drop, rename, register
int TableChangeCommand(const Arguments& arguments, Runtime& runtime);
int SchemaPromoteCommand(const Arguments& arguments, Runtime& runtime);
int CatalogCheckCommand(const Arguments& arguments, Runtime& runtime);
int CatalogListCommand(const Arguments& arguments, Runtime& runtime);
// branch list, create, merge
int BranchCommand(const Arguments& arguments, Runtime& runtime);
// dlq list, show, replay
int DlqCommand(const Arguments& arguments, Runtime& runtime);
int GenerateIamPolicyCommand(const Arguments& arguments, Runtime& runtime);
int BenchCommand(const Arguments& arguments, Runtime& runtime);
int MockBrokerCommand(const Arguments& arguments, Runtime& runtime);
int VersionCommand();

}  // namespace kafka_iceberg::app
