// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog_context.h"

namespace kafka_iceberg::catalog {

void CatalogMetrics::Record(std::string_view operation, Duration duration,
                            std::optional<std::string_view> failure) {
  metrics_
      .GetHistogram("iceberg_catalog_operation_duration_seconds",
                    {{"operation", std::string(operation)}, {"catalog_type", catalog_type_}})
      .Observe(std::chrono::duration<double>(duration).count());
  if (!failure) return;
  metrics_
      .GetCounter("iceberg_catalog_error_total",
                  {{"catalog_type", catalog_type_}, {"error_type", std::string(*failure)}})
      .Add();
}

}  // namespace kafka_iceberg::catalog
