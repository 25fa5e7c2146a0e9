// SPDX-License-Identifier: Apache-2.0
#include "kafka/record_source_conformance.h"

namespace kafka_iceberg::kafka {
namespace {

SourceHarnessFactory Mock(const char* group_protocol) {
  return [group_protocol] { return std::make_unique<MockHarness>(group_protocol); };
}

INSTANTIATE_TEST_SUITE_P(Fake, RecordSourceConformance,
                         testing::Values([] { return std::make_unique<FakeHarness>(); }));
INSTANTIATE_TEST_SUITE_P(Classic, RecordSourceConformance, testing::Values(Mock("classic")));
INSTANTIATE_TEST_SUITE_P(Consumer, RecordSourceConformance, testing::Values(Mock("consumer")));

}  // namespace
}  // namespace kafka_iceberg::kafka
