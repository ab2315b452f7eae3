# SPDX-License-Identifier: ISC
"""What show and tail choose of a log: filters in both languages, ranges of time,
and what they say to mistakes."""

import json
import os
import re
import unittest

from fields import check
from harness import SOURCE, Test, get
from logs import http, stamp, write_segment


class Query(Test):
    """A log of three segments in a state directory of the test's own."""

    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.directory, "state")
        self.log = os.path.join(self.state, "log")
        self.write()

    def write(self):
        write_segment(self.log, 1, [
            http(0, "https://example.com/login"),
            http(1, "https://example.com/a.png", status=404)])
        write_segment(self.log, 2, [
            http(10, "https://api.example.org/v1", method="POST", process="node",
                 http__request__body={"bytes": 5, "content": "SGVsbG8=",
                                      "encoding": "base64"}),
            {"@timestamp": stamp(11), "event": {"id": "testruns-1-11", "dataset":
             "sightglass.flow"}, "network": {"transport": "udp"}, "sightglass": {}}])
        write_segment(self.log, 3, [http(20, "https://example.com/slow", status=503),
                                    http(21, "https://example.com/none", status=0)],
                      is_open=True)

    def show(self, *arguments, status=0):
        done = self.run_cli("show", "-d", self.state, *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def seconds(self, *arguments):
        """The seconds of the records that are shown."""
        shown = self.show("-o", "json", *arguments).stdout
        return [int(get(json.loads(record), "@timestamp")[17:19])
                for record in shown.splitlines()]


class Filters(Query):
    def test_letters_choose(self):
        for words, expected in (
                ([], [0, 1, 10, 11, 20, 21]),
                (["login"], [0]),
                (["~u", "LOGIN"], [0]),
                (["~d example.com & !~c 200"], [1, 20, 21]),
                (["~q | ~m post"], [10, 21]),
                (["~b", "hello", "~p", "node"], [10]),
                (["~bq hello"], [10]),
                (["~udp"], [11]),
                (["~c", "999"], [])):
            self.assertEqual(self.seconds(*words), expected, words)

    def test_parts_of_bodies_are_looked_into(self):
        """Each is a record of its own, and found by itself."""
        def part(second, number, text):
            return {"@timestamp": stamp(second),
                    "event": {"id": f"testruns-1-{second}", "dataset":
                              "sightglass.body"},
                    "http": {"request": {"id": "f-1"}, "response": {"body": {
                        "offset": number * 6, "bytes": 6, "content": text,
                        "encoding": "utf-8"}}}, "sightglass": {"part": number}}
        write_segment(self.log, 4, [part(30, 1, "needle"), part(31, 2, "nee in"),
                                    part(32, 3, "dle of")])
        self.assertEqual(self.seconds("~b needle"), [30])
        self.assertEqual(self.seconds("~bs needle"), [30])
        self.assertEqual(self.seconds("~bq needle"), [])
        self.assertEqual(self.seconds("~http ~b needle"), [])
        self.assertEqual(self.seconds(
            "--where", "http.response.body.content contains 'nee'"), [30, 31])

    def test_fields_choose(self):
        for where, expected in (
                ("http.response.status_code >= 400", [1, 20]),
                ("url.domain == 'api.example.org'", [10]),
                ("destination.ip in 192.0.2.0/24 and not has http.response", [21]),
                ("event.duration > 1s", []),
                ("url.full ends with '.png' or process.name == 'node'", [1, 10])):
            self.assertEqual(self.seconds("--where", where), expected, where)

    def test_all_that_is_asked_for_must_be_so(self):
        self.assertEqual(self.seconds("-g", "example.(com|org)", "--where",
                                      "http.response.status_code < 500",
                                      "--dataset", "http", "!~u login"), [1, 10])

    def test_a_dataset_chooses(self):
        self.assertEqual(self.seconds("--dataset", "flow"), [11])
        self.assertEqual(self.seconds("--dataset", "flow", "--dataset", "tls"), [11])
        said = self.show("--dataset", "sms", status=2).stderr
        self.assertIn("not 'sms'", said)

    def test_a_range_of_time_chooses(self):
        for options, expected in (
                (["-S", stamp(10)], [10, 11, 20, 21]),
                (["-U", stamp(10)], [0, 1]),
                (["-S", stamp(1), "-U", stamp(20)], [1, 10, 11]),
                (["--utc", "-S", "2026-11-23 10:15:11"], [11, 20, 21]),
                (["-S", "2026-11-23T11:15:20+01:00", "~c 503"], [20]),
                (["-U", "2026-11-22"], [])):
            self.assertEqual(self.seconds(*options), expected, options)
        self.assertIn("'soon' is no time",
                      self.show("--since", "soon", status=2).stderr)

    def test_nothing_found_is_told_when_asked_for(self):
        self.show("~c 418", "--fail-empty", status=1)
        self.show("~c 404", "--fail-empty")


class Mistakes(Query):
    def check_caret(self, said, text, column):
        _, shown, caret = said.splitlines()
        self.assertEqual(shown, "  " + text)
        self.assertEqual(caret, "  " + " " * column + "^")

    def test_a_caret_stands_below_it(self):
        said = self.show("~d", "x", "&", "~nope", status=2).stderr
        self.assertTrue(said.startswith("sightglass: show: error: filter: there is no"))
        self.check_caret(said, "~d x & ~nope", 7)
        said = self.show("--where", "url.domain == 'é' and x ==", status=2).stderr
        self.assertIn("--where: a value is missing", said)
        self.check_caret(said, "url.domain == 'é' and x ==", 26)
        said = self.show("-g", "a(b", status=2).stderr
        self.assertIn("--grep: in the regular expression: ", said)
        self.check_caret(said, "a(b", 3)

    def test_a_slip_is_told_and_asked_for(self):
        where = "has url.full and url.domian == 'example.com'"
        done = self.show("-o", "json", "--where", where)
        self.assertEqual(done.stdout, "")
        self.assertIn("warning: --where: no record has a field 'url.domian': did you "
                      "mean 'url.domain'?", done.stderr)
        self.check_caret(done.stderr, where, 17)

    def test_another_writers_field_is_found(self):
        write_segment(self.log, 4, [http(30, "https://example.com/", vendor={"x": 5})])
        done = self.show("-F", "@timestamp,vendor.x", "--where", "vendor.x == 5")
        self.assertEqual(done.stdout, stamp(30) + "\t5\n")
        self.assertIn("-F: no record has a field 'vendor.x'", done.stderr)
        self.assertIn("--where: no record has a field 'vendor.x'", done.stderr)

    def test_what_is_known_goes_without_a_word(self):
        done = self.show("-F", "url.full,http.request.headers.accept", "--where",
                         "http.request.headers.accept == '*/*'")
        self.assertEqual(done.stderr, "")
        self.assertTrue(done.stdout)

    def test_it_cannot_steer_the_terminal(self):
        said = self.show("--where", "url.domain == 'x\033[2J", status=2).stderr
        self.assertNotIn("\033", said)
        self.assertIn("x\\x1b[2J", said)


class Fields(Test):
    """What `sightglass fields` says of the table that the records are written by."""

    def fields(self, *arguments, status=0):
        done = self.run_cli("fields", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_all_are_listed(self):
        listed = self.fields().stdout.splitlines()
        names = [line.split()[0] for line in listed]
        self.assertIn("event.duration", names)
        self.assertIn("http.response.body.bytes", names)
        self.assertNotIn("event", names)

    def test_what_one_means_is_told_with_its_values(self):
        said = self.fields("sightglass.decision").stdout
        self.assertIn("What was done with the flow.", said)
        self.assertIn("    splice\n        Its bytes were relayed as they came.", said)
        self.assertIn("tls, flow", said)

    def test_a_pattern_is_a_part_or_all_of_a_name(self):
        for pattern, expected in (
                ("body.offset", ["http.request.body.offset",
                                 "http.response.body.offset"]),
                ("url.po?t", ["url.port"]), ("*.ja3*", ["tls.client.ja3",
                                                        "tls.server.ja3s"])):
            listed = [json.loads(line)["name"] for line in self.fields(
                "-o", "json", pattern).stdout.splitlines()]
            self.assertEqual(listed, expected)

    def test_json_has_all_of_the_row(self):
        [row] = [json.loads(line) for line in self.fields(
            "-o", "json", "event.duration").stdout.splitlines()]
        self.assertEqual((row["name"], row["type"], row["unit"]),
                         ("event.duration", "number", "nanoseconds"))
        self.assertIn("sightglass.http", row["datasets"])
        self.assertNotIn("sightglass.daemon", row["datasets"])

    def test_the_manuals_examples_are_as_it_says(self):
        page = os.path.join(SOURCE, "man", "sightglass-log.5")
        with open(page, encoding="utf-8") as file:
            blocks = re.findall(r"^\.Bd -literal -offset 2n\n({.*?)\.Ed$", file.read(),
                                re.M | re.S)
        records = [check(json.loads(block.replace("\n", "").replace("\\e", "\\")))
                   for block in blocks]
        told = {get(record, "event.dataset") for record in records}
        [row] = [json.loads(line) for line in self.fields(
            "-o", "json", "event.dataset").stdout.splitlines()]
        self.assertEqual(told, {value["value"] for value in row["values"]})

    def test_what_there_is_not_is_told(self):
        self.assertIn("no record has a field 'nope'",
                      self.fields("nope", status=1).stderr)
        self.assertIn("-o is text or json", self.fields("-o", "xml", status=2).stderr)


if __name__ == "__main__":
    unittest.main()
