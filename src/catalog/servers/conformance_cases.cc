// SPDX-License-Identifier: Apache-2.0
//
// The cases that every server of this program's neighbours is put through. Which of them take part
// is decided by the environment, so none at all is no failure here.
#include "catalog/catalog_conformance.h"

namespace kafka_iceberg::catalog {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CatalogConformance);

}  // namespace kafka_iceberg::catalog
