// SPDX-License-Identifier: Apache-2.0
//
// The few librdkafka functions that we use and that its 2.0 header does not declare (the library
// has them since 2.3). Weak: with an older system library they are null, and callers do without.
// Included by .cc files of this folder only.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

// NOLINTBEGIN(readability-identifier-naming): the names are librdkafka's
extern "C" {

typedef struct rd_kafka_Uuid_s rd_kafka_Uuid_t;
typedef struct rd_kafka_TopicCollection_s rd_kafka_TopicCollection_t;
typedef struct rd_kafka_TopicDescription_s rd_kafka_TopicDescription_t;
typedef rd_kafka_event_t rd_kafka_DescribeTopics_result_t;

#define KAFKA_ICEBERG_WEAK __attribute__((weak))

KAFKA_ICEBERG_WEAK const char* rd_kafka_Uuid_base64str(const rd_kafka_Uuid_t* uuid);
KAFKA_ICEBERG_WEAK int64_t rd_kafka_Uuid_most_significant_bits(const rd_kafka_Uuid_t* uuid);
KAFKA_ICEBERG_WEAK int64_t rd_kafka_Uuid_least_significant_bits(const rd_kafka_Uuid_t* uuid);

KAFKA_ICEBERG_WEAK rd_kafka_TopicCollection_t* rd_kafka_TopicCollection_of_topic_names(
    const char** topics, size_t topics_cnt);
KAFKA_ICEBERG_WEAK void rd_kafka_TopicCollection_destroy(rd_kafka_TopicCollection_t* topics);
KAFKA_ICEBERG_WEAK void rd_kafka_DescribeTopics(rd_kafka_t* rk,
                                                const rd_kafka_TopicCollection_t* topics,
                                                const rd_kafka_AdminOptions_t* options,
                                                rd_kafka_queue_t* rkqu);
KAFKA_ICEBERG_WEAK const rd_kafka_DescribeTopics_result_t* rd_kafka_event_DescribeTopics_result(
    rd_kafka_event_t* rkev);
KAFKA_ICEBERG_WEAK const rd_kafka_TopicDescription_t** rd_kafka_DescribeTopics_result_topics(
    const rd_kafka_DescribeTopics_result_t* result, size_t* cntp);
KAFKA_ICEBERG_WEAK const char* rd_kafka_TopicDescription_name(
    const rd_kafka_TopicDescription_t* topicdesc);
KAFKA_ICEBERG_WEAK const rd_kafka_Uuid_t* rd_kafka_TopicDescription_topic_id(
    const rd_kafka_TopicDescription_t* topicdesc);
KAFKA_ICEBERG_WEAK const rd_kafka_error_t* rd_kafka_TopicDescription_error(
    const rd_kafka_TopicDescription_t* topicdesc);

KAFKA_ICEBERG_WEAK void rd_kafka_mock_group_initial_rebalance_delay_ms(
    rd_kafka_mock_cluster_t* mcluster, int32_t delay_ms);
KAFKA_ICEBERG_WEAK rd_kafka_resp_err_t rd_kafka_mock_topic_delete(rd_kafka_mock_cluster_t* mcluster,
                                                                  const char* topic);
KAFKA_ICEBERG_WEAK rd_kafka_resp_err_t rd_kafka_mock_partition_delete_records(
    rd_kafka_mock_cluster_t* mcluster, const char* topic, int32_t partition, int64_t before_offset);

KAFKA_ICEBERG_WEAK void rd_kafka_mock_set_controller_id(rd_kafka_mock_cluster_t* mcluster,
                                                        int32_t controller_id);

#undef KAFKA_ICEBERG_WEAK

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
