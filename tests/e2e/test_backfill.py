# SPDX-License-Identifier: Apache-2.0
"""`backfill`: history and lost rows are read beside the running engine, each offset once, whatever is killed when."""

import itertools
import json
import signal

from confluent_kafka import TopicPartition

from tests.e2e.foreign_writer import ForeignWriter
from tests.e2e.harness import Engine, Topic
from tests.e2e.test_routes import Routes

STEPS = (
    "before_register",
    "after_register",
    "before_upload",
    "after_upload",
    "before_manifests",
    "before_swap",
    "after_swap",
    "before_log",
    "after_log",
)
PARTITIONS = 4


class Backfills(Routes):
    def live_config(self, topic: Topic, changes: dict | None = None):
        """A live engine that begins with what comes after its start."""
        base = {"kafka": {"auto_offset_reset": "latest"}, "commit": {"interval_seconds": 1, "max_mb": 4}}
        for section, values in (changes or {}).items():
            base[section] = {**base.get(section, {}), **values}
        return self.config(topic, base)

    def start_live(self, topic: Topic, config, new: int = 400) -> Engine:
        """Running, with some rows of its own."""
        engine = Engine(self, config)
        self.wait_log("partitions assigned", engine)
        topic.send(new)
        self.wait_rows(new, engine)
        return engine

    def backfill(self, config, *arguments: object, code: int = 0) -> dict:
        done = self.run_command("backfill", "run", "-c", config, "--json", *arguments, timeout=120)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def refused(self, config, *arguments: object, says: str) -> None:
        done = self.run_command("backfill", "run", "-c", config, *arguments, timeout=120)
        self.assertNotEqual(0, done.returncode, done.stdout)
        self.assertRegex(done.stderr, says)

    def known(self, config, *arguments: object) -> list[dict]:
        return self.json_of("backfill", "list", "-c", config, *arguments)["backfills"]

    def report(self, config, code: int = 0) -> dict:
        done = self.run_command("verify", "-c", config, "--json")
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout)


class History(Backfills):
    def test_history_is_read_beside_the_running_engine(self):
        topic = Topic(PARTITIONS)
        topic.send(4_000)
        config = self.live_config(topic)
        live = self.start_live(topic, config)
        self.refused(config, "--from", "earliest", says="have a row in the table already.*--missing-only")
        dry = self.backfill(config, "--from", "earliest", "--missing-only", "--dry-run")
        self.assertEqual("dry run: nothing was read", dry["outcome"])
        self.assertEqual([], self.known(config))
        ledger = self.table().ledger(topic.name)
        done = self.backfill(config, "--from", "earliest", "--missing-only")
        self.assertEqual(("done", 4_000), (done["outcome"], done["rows_committed"]))
        self.assertEqual(ledger, self.table().ledger(topic.name), "the live ledger does not move")
        topic.send(400)
        self.wait_rows(4_800, live)
        self.assertEqual(0, live.stop())
        self.prove(topic, config)
        self.assert_content(topic)
        # What was asked for once and is done is not read again, and a restarted engine reads none of it.
        self.assertRegex(self.backfill(config, "--from", "earliest", "--missing-only")["outcome"], "done already")
        self.to_end(config)
        self.assertEqual(4_800, self.rows())

    def test_killed_at_every_step_with_the_engine_killed_as_well(self):
        topic = Topic(PARTITIONS)
        topic.send(250_000)
        config = self.live_config(topic, {"commit": {"interval_seconds": 1, "max_mb": 2}})
        live = self.start_live(topic, config)
        arguments = ["backfill", "run", "-c", str(config), "--from", "earliest", "--missing-only"]
        live_steps = itertools.cycle(("before_swap", "after_swap", "after_upload"))
        for number, step in enumerate(STEPS):
            if number % 3 == 1:
                live.kill()
                live = Engine(self, config, failpoint=f"{next(live_steps)}:1")
            topic.send(100)
            killed = Engine(self, config, failpoint=f"{step}:1", arguments=arguments)
            self.assertEqual(-signal.SIGKILL, killed.wait(90), f"{step}: {killed.log}")
            if not live.running:
                live = Engine(self, config)
            self.assertEqual([], self.table().problems(data=False))
        finished = Engine(self, config, arguments=[*arguments, "--json"])
        self.assertEqual(0, finished.wait(120), finished.log[-3000:])
        self.assertEqual(1, len(self.known(config)), "each start went on with the same one")
        live.kill()
        live = Engine(self, config)
        self.wait_ingested(topic, live)
        self.assertEqual(0, live.stop())
        self.prove(topic, config)
        self.assert_content(topic)

    def test_verify_counts_what_is_still_to_be_read(self):
        topic = Topic(1)
        topic.send(20_000)
        config = self.live_config(topic)
        live = self.start_live(topic, config)
        end = f"{topic.name}:0:20000"
        arguments = ["backfill", "run", "-c", str(config), "--from", "earliest", "--to", end]
        Engine(self, config, failpoint="after_register:1", arguments=arguments).wait(60)
        verdict = self.report(config)["partitions"][0]
        self.assertEqual((20_000, 400, []), (verdict["to_be_backfilled"], verdict["rows"], verdict["lost"]))
        # A second one that overlaps is refused, the ledger cannot be set back into it, the state may be deleted.
        self.refused(config, "--from", f"{topic.name}:0:10", "--to", f"{topic.name}:0:20", says="not finished.*--id")
        self.assertEqual(0, live.stop())
        back = self.run_command("offsets", "rewind", "-c", config, "--to", f"{topic.name}:0:10", "--accept-duplicates")
        self.assertNotEqual(0, back.returncode)
        self.assertRegex(back.stderr, "backfill .* is not finished")
        open_one = self.known(config)[0]
        self.assertEqual("open", open_one["state"])
        done = self.backfill(config, "--id", open_one["id"])
        self.assertEqual(20_000, done["rows_committed"])
        self.prove(topic, config)

    def test_two_at_once_double_nothing(self):
        topic = Topic(PARTITIONS)
        topic.send(100_000)
        config = self.live_config(topic)
        live = self.start_live(topic, config)
        other = self.live_config(topic, {"state": {"directory": str(self.folder / "other")}})
        other = other.rename(self.folder / "other.toml")
        config = self.live_config(topic)
        bounds = ["--from", "earliest", "--missing-only"]
        both = [
            Engine(self, path, arguments=["backfill", "run", "-c", str(path), *bounds]) for path in (config, other)
        ]
        for one in both:
            one.wait(120)
        last = Engine(self, config, arguments=["backfill", "run", "-c", str(config), *bounds])
        self.assertEqual(0, last.wait(120), last.log[-3000:])
        self.assertEqual(0, live.stop())
        self.prove(topic, config)

    def test_cancelled_one_keeps_what_it_has_read(self):
        topic = Topic(1)
        topic.send(150_000)
        config = self.live_config(topic)
        live = self.start_live(topic, config)
        arguments = ["backfill", "run", "-c", str(config), "--from", "earliest", "--missing-only"]
        Engine(self, config, failpoint="after_log:1", arguments=arguments).wait(60)
        (open_one,) = self.known(config)
        self.assertGreater(self.rows(), 400)
        cancelled = self.json_of("backfill", "cancel", "-c", config, open_one["id"])
        self.assertEqual("cancelled", cancelled["state"])
        self.report(config)
        self.refused(config, "--id", open_one["id"], says="was cancelled")
        self.backfill(config, "--from", "earliest", "--missing-only")
        self.assertEqual(0, live.stop())
        self.prove(topic, config)

    def test_stopped_in_order_it_goes_on_later(self):
        topic = Topic(PARTITIONS)
        topic.send(200_000)
        config = self.live_config(topic)
        live = self.start_live(topic, config)
        arguments = ["backfill", "run", "-c", str(config), "--from", "earliest", "--missing-only"]
        first = Engine(self, config, arguments=arguments)
        self.wait_for("it has begun", lambda: self.known(config), first)
        code = first.stop()
        self.assertIn(code, (0, 75), first.log)
        last = Engine(self, config, arguments=arguments)
        self.assertEqual(0, last.wait(120), last.log)
        self.assertEqual(0, live.stop())
        self.prove(topic, config)


class LostRows(Backfills):
    def test_rows_that_somebody_deleted_are_read_again(self):
        topic = Topic(2)
        topic.send(2_000)
        config = self.config(topic)
        live = Engine(self, config)
        self.wait_rows(2_000, live)
        ForeignWriter(self.table().folder).delete("id >= 500 AND id < 700")
        self.assertEqual(1_800, self.rows())
        self.report(config, code=10)
        start, end = [f"{topic.name}:0:250"], [f"{topic.name}:0:350"]
        self.refused(
            config, "--from", f"{topic.name}:0:240", "--to", *end, says="10 offsets from 240 to 349 have a row"
        )
        done = self.backfill(config, "--from", *start, "--to", *end)
        self.assertEqual(100, done["rows_committed"])
        # The other partition with a wider net: what is there stays as it is.
        done = self.backfill(config, "--from", "earliest", "--missing-only")
        self.assertEqual(100, done["rows_committed"])
        self.assertEqual(0, live.stop())
        self.prove(topic, config)
        self.assert_content(topic)

    def test_doubles_only_when_told_to(self):
        topic = Topic(1)
        topic.send(200)
        config = self.config(topic)
        self.to_end(config)
        bounds = ("--from", f"{topic.name}:0:50", "--to", f"{topic.name}:0:60")
        self.refused(config, *bounds, says="--accept-duplicates")
        self.backfill(config, *bounds, "--accept-duplicates")
        self.assertEqual(210, self.rows())
        self.assertEqual(10, self.report(config)["partitions"][0]["accepted_duplicates"])
        self.refused(config, "--from", f"{topic.name}:0:50", "--to", f"{topic.name}:0:201", says="stands at 200")

    def test_what_retention_removed_is_left_out_only_when_told_to(self):
        topic = Topic(1)
        topic.send(300)
        config = self.live_config(topic)
        live = self.start_live(topic, config, 100)
        for future in Topic.admin().delete_records([TopicPartition(topic.name, 0, 120)]).values():
            future.result(30)
        bounds = ("--from", f"{topic.name}:0:0", "--to", f"{topic.name}:0:300")
        self.refused(config, *bounds, says="first 120 offsets.*--accept-loss")
        done = self.backfill(config, *bounds, "--accept-loss")
        self.assertEqual(180, done["rows_committed"])
        self.assertEqual(0, live.stop())
        self.report(config)
        self.assertEqual(280, self.rows())

    def test_gaps_of_transactions_are_legal(self):
        topic = Topic(1)
        producer = topic.producer(**{"transactional.id": topic.name})
        producer.init_transactions(30)
        number = 0
        for commits in (True, False, True, False):
            producer.begin_transaction()
            for _ in range(50):
                producer.produce(topic.name, Topic.record(number), partition=0)
                number += 1
            producer.flush(30)
            producer.commit_transaction(30) if commits else producer.abort_transaction(30)
        config = self.live_config(topic)
        engine = Engine(self, config)
        self.wait_log("partitions assigned", engine)
        end = topic.ends()[0]
        topic.send_values([Topic.record(number)])
        self.wait_rows(1, engine)
        done = self.backfill(config, "--from", "earliest", "--to", f"{topic.name}:0:{end}")
        self.assertEqual(("done", 100), (done["outcome"], done["rows_committed"]))
        self.assertEqual(0, engine.stop())
        self.report(config)


class Letters(Backfills):
    def letters(self, mode: str):
        topic = Topic(1)
        topic.send_values([b"{" if number % 10 == 3 else Topic.record(number) for number in range(2_000)])
        config = self.live_config(topic, {"dead_letter": {"mode": mode}})
        live = Engine(self, config)
        self.wait_log("partitions assigned", live)
        topic.send_values([b"[", Topic.record(1)])  # a letter above those of the history
        self.wait_rows(1, live)
        steps = ("before_swap", "after_swap", "after_log", "before_letters", "after_letters")
        for number, step in enumerate(steps):
            bounds = [f"{option}={topic.name}:0:{(number + end) * 400}" for end, option in enumerate(("--from", "--to"))]
            arguments = ["backfill", "run", "-c", str(config), *bounds]
            killed = Engine(self, config, failpoint=f"{step}:1", arguments=arguments)
            is_passed = mode != "file" or not step.endswith("letters")
            self.assertEqual(-signal.SIGKILL if is_passed else 0, killed.wait(60), f"{step}: {killed.log}")
            last = Engine(self, config, arguments=arguments)
            self.assertEqual(0, last.wait(60), last.log)
        self.assertEqual(0, live.stop())
        bad = {number for number in range(2_000) if number % 10 == 3} | {2_000}
        self.prove(topic, config, {0: bad})
        listed = self.json_of("dlq", "show", "-c", config, "--limit", "0")
        self.assertEqual(sorted(bad), sorted(letter["offset"] for letter in listed), "each letter once")
        # They are not read again as long as they are letters.
        self.refused(
            config, "--from", f"{topic.name}:0:13", "--to", f"{topic.name}:0:14", says="1 offsets .* are dead letters"
        )

    def test_letters_in_files(self):
        self.letters("file")

    def test_letters_in_a_table(self):
        self.letters("table")

    def test_letters_in_a_topic(self):
        self.letters("topic")


class RoutedBackfills(Backfills):
    def test_one_table_of_several(self):
        topic = Topic(2)
        self.send_types(topic, 3_000, 3)
        routes = [
            {"topic": topic.name, "table": "all"},
            {"topic": topic.name, "table": "type_{header:type}"},
        ]
        config = self.routed(topic.name, routes)
        live = Engine(self, config)
        self.wait_for("all is ingested", lambda: self.rows_named("all") + self.all_rows("type_") == 6_000, live)
        ForeignWriter(self.warehouse / "raw" / "type_t1").delete("id < 1000")
        ForeignWriter(self.warehouse / "raw" / "all").delete("id < 1000")
        self.refused(config, "--from", "earliest", "--missing-only", says="say which table with --table")
        for table, lost in (("type_t1", 333), ("all", 1_000)):
            done = self.backfill(config, "--table", table, "--from", "earliest", "--missing-only")
            self.assertEqual(lost, done["rows_committed"], table)
        self.assertEqual((1_000, 3_000), (self.rows_named("type_t1"), self.rows_named("all")))
        self.send_types(topic, 300, 3)
        self.wait_for("the tail too", lambda: self.rows_named("all") + self.all_rows("type_") == 6_600, live)
        self.assertEqual(0, live.stop())
        self.verify(config)

    def test_offsets_show_and_move_each_table(self):
        topic = Topic(2)
        self.send_types(topic, 400, 2)
        routes = [{"topic": topic.name, "table": "one"}, {"topic": topic.name, "table": "two"}]
        config = self.routed(topic.name, routes)
        self.to_end(config)
        shown = self.json_of("offsets", "show", "-c", config)["tables"]
        self.assertEqual(["raw.one", "raw.two"], [table["table"] for table in shown])
        self.assertEqual([0, 0], [partition["lag"] for partition in shown[1]["partitions"]])

        def moved(*arguments: object, code: int = 0):
            done = self.run_command("offsets", "rewind", "-c", config, *arguments, "--json")
            self.assertEqual(code, done.returncode, done.stdout + done.stderr)
            return done

        self.assertRegex(moved("--to", "earliest", code=1).stderr, "--table NAME or --all-tables")
        refusal = moved("--to", "earliest", "--all-tables", code=1).stderr
        self.assertRegex(refusal, "raw.one.*a second time")
        ForeignWriter(self.warehouse / "raw" / "one").delete("id >= 200")
        # One of the two would double: so neither is moved.
        to = [argument for p in (0, 1) for argument in ("--to", f"{topic.name}:{p}:100")]
        self.assertRegex(moved(*to, "--all-tables", code=1).stderr, "raw.two.*a second time")
        plan = json.loads(moved(*to, "--all-tables", "--dry-run").stdout)["tables"]
        self.assertRegex(plan[1]["outcome"], "would be refused")
        moved(*to, "--table", "one")
        self.to_end(config)
        self.assertEqual((400, 400), (self.rows_named("one"), self.rows_named("two")))
        self.verify(config)
