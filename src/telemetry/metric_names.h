// SPDX-License-Identifier: Apache-2.0
//
// Every metric family of the product: name, help text, and for histograms the buckets. The names of
// the requirements' part 7 begin with iceberg_ and are frozen; all others begin with
// kafka_iceberg_.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kafka_iceberg::telemetry {

enum class MetricKind : uint8_t { kCounter, kGauge, kHistogram };

struct MetricFamily {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
};

inline constexpr MetricFamily kMetricFamilies[] = {
    // Catalog operations and health.
    {"iceberg_catalog_operation_duration_seconds", MetricKind::kHistogram,
     "Duration of catalog operations."},
    {"iceberg_catalog_health_status", MetricKind::kGauge,
     "1 when the last catalog health check passed, else 0."},
    {"iceberg_catalog_error_total", MetricKind::kCounter,
     "Failed catalog operations by type of error."},
    // Transaction coordinator.
    {"iceberg_snapshot_commits_total", MetricKind::kCounter, "Snapshots committed."},
    {"iceberg_snapshot_commit_duration_seconds", MetricKind::kHistogram,
     "Duration of snapshot commits."},
    {"iceberg_idempotent_retries_total", MetricKind::kCounter,
     "Commits that found their range already committed, or were tried again after a conflict."},
    // Metadata cache.
    {"iceberg_metadata_cache_hits_total", MetricKind::kCounter,
     "Metadata answered from the cache."},
    {"iceberg_metadata_cache_misses_total", MetricKind::kCounter, "Metadata that had to be read."},
    {"iceberg_metadata_cache_hit_rate", MetricKind::kGauge,
     "Hits divided by all look-ups since start."},
    // Compaction.
    {"iceberg_compaction_files_merged_total", MetricKind::kCounter,
     "Data files merged by compaction."},
    {"iceberg_compaction_duration_seconds", MetricKind::kHistogram, "Duration of compactions."},
    // Source.
    {"kafka_iceberg_records_consumed_total", MetricKind::kCounter, "Records taken from Kafka."},
    {"kafka_iceberg_bytes_consumed_total", MetricKind::kCounter,
     "Bytes of keys and values taken from Kafka."},
    {"kafka_iceberg_consumer_lag", MetricKind::kGauge,
     "Offsets between the end of the partition and the next offset the table wants."},
    {"kafka_iceberg_rebalances_total", MetricKind::kCounter,
     "Assignments received from the consumer group."},
    {"kafka_iceberg_paused_seconds_total", MetricKind::kCounter,
     "Time consuming was paused by back-pressure."},
    {"kafka_iceberg_source_errors_total", MetricKind::kCounter,
     "Troubles reported by the Kafka client."},
    // Decoding.
    {"kafka_iceberg_rows_decoded_total", MetricKind::kCounter, "Records that became rows."},
    {"kafka_iceberg_dead_letters_total", MetricKind::kCounter,
     "Records that did not fit, by reason."},
    {"kafka_iceberg_dead_letters_kept_apart_total", MetricKind::kCounter,
     "Dead letters too large for their topic, whose record there names the file that holds them."},
    {"kafka_iceberg_dead_letters_limited", MetricKind::kGauge,
     "1 while ingest is held back by dead_letter.max_rate."},
    {"kafka_iceberg_tombstones_total", MetricKind::kCounter, "Records with a null value."},
    {"kafka_iceberg_ignored_fields_total", MetricKind::kCounter,
     "Members of payloads that no column takes."},
    {"kafka_iceberg_rescued_fields_total", MetricKind::kCounter,
     "Members and values kept in the rescue column."},
    // Schema registry.
    {"kafka_iceberg_schema_conflicts_total", MetricKind::kCounter,
     "Columns or types of records that the table does not take; each is counted once."},
    {"kafka_iceberg_schema_evolutions_total", MetricKind::kCounter,
     "Commits that changed the table's schema."},
    {"kafka_iceberg_schema_registry_requests_total", MetricKind::kCounter,
     "Requests sent to the schema registry, by result."},
    {"kafka_iceberg_schema_cache_hits_total", MetricKind::kCounter,
     "Schemas that did not have to be asked for, by cache."},
    // Hot buffer.
    {"kafka_iceberg_hot_buffer_rows", MetricKind::kGauge, "Rows readable and not committed yet."},
    {"kafka_iceberg_hot_buffer_bytes", MetricKind::kGauge, "Memory of the hot buffer."},
    {"kafka_iceberg_hot_buffer_limit_bytes", MetricKind::kGauge, "Limit of the hot buffer."},
    // Flush and commit.
    {"kafka_iceberg_flushes_total", MetricKind::kCounter, "Flush epochs ended, by reason."},
    {"kafka_iceberg_flush_duration_seconds", MetricKind::kHistogram,
     "Time from the end of a flush epoch until its files are uploaded."},
    {"kafka_iceberg_data_files_written_total", MetricKind::kCounter, "Data files uploaded."},
    {"kafka_iceberg_data_bytes_written_total", MetricKind::kCounter,
     "Bytes of data files uploaded."},
    {"kafka_iceberg_rows_committed_total", MetricKind::kCounter, "Rows committed to the table."},
    {"kafka_iceberg_commit_failures_total", MetricKind::kCounter,
     "Commits that did not succeed, by outcome."},
    {"kafka_iceberg_epochs_discarded_total", MetricKind::kCounter,
     "Flush epochs dropped to be read again, by reason."},
    {"kafka_iceberg_epochs_adopted_total", MetricKind::kCounter,
     "Flush epochs of an earlier run that were committed."},
    {"kafka_iceberg_last_commit_timestamp_seconds", MetricKind::kGauge,
     "When the table was committed to last."},
    {"kafka_iceberg_visible_latency_seconds", MetricKind::kHistogram,
     "Time from taking a record from Kafka until it is readable in the hot buffer (per batch, "
     "oldest record)."},
    // Object storage.
    {"kafka_iceberg_s3_requests_total", MetricKind::kCounter,
     "Requests sent to S3, by operation and status."},
    {"kafka_iceberg_s3_retries_total", MetricKind::kCounter, "Requests sent to S3 once more."},
    {"kafka_iceberg_s3_request_duration_seconds", MetricKind::kHistogram,
     "Duration of requests to S3, by operation."},
    // Process.
    {"kafka_iceberg_build_info", MetricKind::kGauge, "1, with the version as label."},
};

// Seconds; from a file catalog's operation to a long compaction.
inline constexpr double kDurationBuckets[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                              0.5,   1,      2.5,   5,    10,    30,   60,  300};

}  // namespace kafka_iceberg::telemetry
