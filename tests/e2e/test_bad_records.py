# SPDX-License-Identifier: Apache-2.0
"""Records that do not fit become dead letters, each once and with its reason; the rest goes on."""

import collections

from tests.e2e.harness import Engine, Scenario, Topic

# Payload -> what the letter's code and reason must mention (either will do).
BAD = {
    b"not json": r"json",
    b"": r"json|empty",
    b'{"id": 1, "name": "cut': r"json",
    b"[1, 2, 3]": r"object|json",
    b'{"id": "seven"}': r"type|number|long",
    b'{"id": 1.5}': r"type|integer|whole|range|long",
    b'{"id": 9223372036854775808}': r"range",
    b'{"id": -9223372036854775809}': r"range",
    b'{"name": "no id"}': r"missing|required",
    b'{"id": null}': r"null|missing|required",
    b'{"id": 2, "name": 5}': r"type|string",
    b'{"id": 3, "price": 12345678901.25}': r"range|precision|decimal",
    b'{"id": 4, "price": 1.234}': r"range|scale|precision|decimal|digits",
    b'{"id": 5, "at": "yesterday"}': r"time|timestamp|date",
    b'{"id": 6, "name": "\xff\xfe"}': r"utf",
    b'{"id": 7, "extra": ' + b"[" * 5000 + b"]" * 5000 + b"}": r"deep|depth|nest|json",
    b'{"id": 8} {"id": 9}': r"json|trailing|after",
    b"\x00\x01\x02": r"json",
}


class BadRecords(Scenario):
    def produce(self, topic: Topic, repeat: int) -> dict[tuple[int, int], bytes]:
        """Good and bad records mixed over two partitions; (partition, offset) -> the bad payload there."""
        expected: dict[tuple[int, int], bytes] = {}
        for partition in range(2):
            values, number = [], 0
            for _ in range(repeat):
                for payload in BAD:
                    expected[partition, len(values)] = payload
                    values.append(payload)
                    values += [Topic.record(number + extra) for extra in range(3)]
                    number += 3
            topic.send_values(values, partition)
        return expected

    def assert_letters(self, topic: Topic, expected: dict[tuple[int, int], bytes]) -> None:
        letters = self.dead_letters()
        found = collections.Counter((letter["partition"], letter["offset"]) for letter in letters)
        self.assertEqual({key: 1 for key in expected}, dict(found), "each bad record is kept exactly once")
        for letter in letters:
            payload = expected[letter["partition"], letter["offset"]]
            self.assertEqual(topic.name, letter["topic"])
            self.assertEqual(payload, letter["value"])
            self.assertRegex(
                f"{letter['code']} {letter['reason']}".lower(), BAD[payload], f"the reason for {payload[:60]!r}"
            )

    def test_each_is_kept_once_with_its_reason(self):
        topic = Topic(partitions=2)
        expected = self.produce(topic, repeat=5)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assert_letters(topic, expected)
        self.prove(topic, config, missing=self.offsets_of(expected))

    def test_each_is_kept_once_when_the_engine_is_killed(self):
        topic = Topic(partitions=2)
        expected = self.produce(topic, repeat=2)
        config = self.config(topic)
        for step in ("before_swap", "after_swap", "after_log"):
            Engine(self, config, failpoint=f"{step}:1").wait(60)
            self.add_round(topic, expected)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assert_letters(topic, expected)
        self.prove(topic, config, missing=self.offsets_of(expected))

    def add_round(self, topic: Topic, expected: dict[tuple[int, int], bytes]) -> None:
        """One more bad and one more good record, so that the next run has something to commit."""
        end = topic.ends()[0]
        expected[0, end] = b"not json"
        topic.send_values([b"not json", Topic.record(end)])

    @staticmethod
    def offsets_of(expected: dict[tuple[int, int], bytes]) -> dict[int, set[int]]:
        offsets = collections.defaultdict(set)
        for partition, offset in expected:
            offsets[partition].add(offset)
        return offsets

    def test_only_bad_records_move_the_ledger_too(self):
        topic = Topic(partitions=1)
        topic.send_values([b"bad"] * 10)
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertEqual(10, len(self.dead_letters()))
        self.assertEqual(0, self.rows())
        again = Engine(self, config)
        topic.send_values([Topic.record(1)])
        self.wait_ingested(topic, again)
        self.assertEqual(0, again.stop())
        self.assertEqual(10, len(self.dead_letters()), "no letter is written again by the next run")

    def test_tombstones_are_no_rows_and_no_errors(self):
        topic = Topic(partitions=1)
        topic.send_values([Topic.record(0), None, Topic.record(1), None])
        config = self.config(topic)
        engine = Engine(self, config)
        self.wait_ingested(topic, engine)
        self.assertEqual(0, engine.stop())
        self.assertEqual([], self.dead_letters())
        self.prove(topic, config, missing={0: {1, 3}})
