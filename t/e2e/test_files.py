# SPDX-License-Identifier: ISC
"""get, body and segments: one record, what was said in it, and the log's files."""

import json
import os
import subprocess
import unittest

from harness import CLI, Daemon, Test, get
from logs import http, stamp, write_segment


class Files(Test):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.directory, "state")
        self.log = os.path.join(self.state, "log")
        self.first = write_segment(self.log, 1, [
            http(1, "https://example.com/a", process="it's"),
            http(2, "https://example.com/b", http__request__id="r-2",
                 http__request__body={"bytes": 5, "content": "AP8=",
                                      "encoding": "base64"})])
        write_segment(self.log, 2, [
            {"@timestamp": stamp(3), "event": {"id": "w-3", "dataset":
             "sightglass.websocket"}, "http": {"request": {"id": "r-2"}},
             "websocket": {"from": "server", "type": "text", "bytes": 2,
                           "content": "\x1b[2J", "encoding": "utf-8",
                           "truncated": True}, "sightglass": {}}])

    def cli(self, *arguments, status=0, text=True):
        done = subprocess.run([CLI, *arguments, "-d", self.state], text=text,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


class Get(Files):
    def test_one_record_is_shown_whole(self):
        shown = self.cli("get", "testruns-1-1000").stdout
        self.assertIn("https://example.com/a", shown)
        self.assertIn("  > accept: */*\n", shown)
        self.assertIn("\nhello\n", shown)
        self.assertNotIn("example.com/b", shown)

    def test_all_of_a_request_or_a_flow(self):
        shown = self.cli("get", "-o", "json", "r-2").stdout
        self.assertEqual([get(json.loads(r), "event.id") for r in shown.splitlines()],
                         ["testruns-1-2000", "w-3"])
        self.assertEqual(self.cli("get", "-F", "url.path", "testruns-1-1").stdout,
                         "/a\n/b\n")

    def test_none_is_told(self):
        for name in ("x", "it's", "a\\'b"):
            self.assertIn(f"'{name}'", self.cli("get", name, status=1).stderr)
        self.assertIn("needs one ID", self.cli("get", status=2).stderr)


class Body(Files):
    def test_bytes_are_written_as_they_were(self):
        self.assertEqual(self.cli("body", "testruns-1-1000", text=False).stdout,
                         b"hello\n")
        self.assertEqual(self.cli("body", "--request", "testruns-1-2000",
                                  text=False).stdout, b"\0\xff")
        done = self.cli("body", "w-3")
        self.assertEqual(done.stdout, "\x1b[2J")
        self.assertIn("it is cut", done.stderr)

    def test_nothing_is_told(self):
        said = self.cli("body", "--request", "testruns-1-1000", status=1).stderr
        self.assertIn("nothing was kept of what the client sent", said)
        said = self.cli("body", "testruns-1-9000", status=1).stderr
        self.assertIn("there is no record 'testruns-1-9000'", said)

    def in_parts(self, *offsets):
        """A body of ten bytes a part, of which those stand in the log."""
        body = {"bytes": 30, "parts": 2}
        records = [http(5, "https://example.com/c", http__request__id="r-5",
                        http__response__body=dict(body, content="0123456789",
                                                  encoding="utf-8"))]
        records += [{"@timestamp": stamp(6), "event": {"id": f"part-{offset}",
                     "dataset": "sightglass.body"}, "http": {
                         "request": {"id": "r-5"}, "response": {"body": {
                             "offset": offset, "bytes": 10, "encoding": "utf-8",
                             "content": f"{offset}........"}}},
                     "sightglass": {}} for offset in offsets]
        write_segment(self.log, 3, records)

    def test_parts_are_put_together(self):
        self.in_parts(10, 20)
        whole = "012345678910........20........"
        self.assertEqual(self.cli("body", "testruns-1-5000").stdout, whole)
        self.assertEqual(self.cli("body", "part-20").stdout, whole[20:])
        done = subprocess.run([CLI, "body", "-i", "-", "testruns-1-5000"], input=self.cli(
            "show", "-o", "json").stdout, text=True, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("standard input can be read but once", done.stderr)

    def test_a_part_that_is_not_there_is_told(self):
        self.in_parts(20)
        done = self.cli("body", "testruns-1-5000")
        self.assertEqual(done.stdout, "012345678920........")
        self.assertIn("from byte 10 on it lacks some", done.stderr)


class Segments(Files):
    def test_a_daemons_log_is_listed_and_verified(self):
        daemon = Daemon(self)
        daemon.stop()
        records = daemon.records()
        listed = [json.loads(text) for text in self.run_cli(
            "segments", "ls", "-o", "json", "-d", daemon.directory)
            .stdout.splitlines()]
        self.assertEqual([r["path"] for r in listed], daemon.segments())
        self.assertEqual(sum(r["records"] for r in listed), len(records))
        times = [get(r, "@timestamp") for r in records]
        self.assertEqual((listed[0]["first"], listed[-1]["last"]),
                         (min(times), max(times)))
        self.assertIn(f"sealed {listed[0]['bytes']:10} ", self.run_cli(
            "segments", "ls", "-d", daemon.directory).stdout)
        done = self.run_cli("segments", "verify", "-d", daemon.directory)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("ok      "), len(listed))
        shown = self.run_cli("segments", "cat", "-d", daemon.directory).stdout
        self.assertEqual([json.loads(text) for text in shown.splitlines()], records)

    def test_what_is_damaged_is_told(self):
        with open(self.first, "r+b") as segment:
            segment.seek(30)
            segment.write(b"\x55\xaa\x55")
        done = self.cli("segments", "verify", status=4)
        self.assertRegex(done.stdout, r"(?m)^damaged .*-000001\.ndjson\.zst: 1 rec")
        self.assertRegex(done.stdout, r"(?m)^ok .*-000002\.ndjson\.zst: 1 rec")
        self.assertEqual(self.cli("segments", "cat", self.first,
                                  status=4).stdout.count("\n"), 1)

    def test_what_a_crash_left_is_sealed(self):
        path = write_segment(self.log, 3, [http(9, "https://example.com/c")],
                             is_open=True)
        with open(path, "ab") as segment:
            segment.write(b"\x28\xb5\x2f\xfd\x04")
        self.assertRegex(self.cli("segments", "ls").stdout, "000003.* open ")
        self.assertIn("sealed with 1 records, 5 bytes cut",
                      self.cli("segments", "repair").stdout)
        self.assertFalse(os.path.exists(path))
        self.assertEqual(self.cli("segments", "verify").stdout.count("ok "), 3)

    def test_it_needs_to_be_told_what_to_do(self):
        self.assertIn("ls, verify", self.cli("segments", status=2).stderr)
        self.assertIn("'mv'", self.cli("segments", "mv", status=2).stderr)
        self.assertIn("No such file",
                      self.cli("segments", "cat", "/none", status=3).stderr)


if __name__ == "__main__":
    unittest.main()
