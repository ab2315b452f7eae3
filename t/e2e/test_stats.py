# SPDX-License-Identifier: ISC
"""stats: what it says of real traffic is what Python makes of the records that show
prints; and of a log with more values than it has room for."""

import collections
import json
import math
import os
import subprocess
import threading
import unittest

from exchanges import Exchanges
from harness import CLI, Daemon, Forwarder, Nginx, Test, ThreadServer, get, listens
from logs import http, line, stamp, write_segment
from test_terminal import in_terminal


def rank(values, percent):
    """The nearest rank (log-linear histograms are within 1/64 of it)."""
    return sorted(values)[max(1, math.ceil(percent * len(values) / 100)) - 1]


def lower_host(record):
    host = (get(record, "url.domain") or get(record, "destination.domain")
            or get(record, "sightglass.dns.server.ip") or get(record, "destination.ip"))
    return host and host.lower().strip("[]")


def bare_type(record):
    values = get(record, "http.response.headers.content-type")
    return values and values[0].split(";")[0].strip().lower()


def is_http(record):
    return get(record, "event.dataset") == "sightglass.http"


# A summary's name: which records it is about, and what it is by.
BY = {
    "host": (lambda r: True, lower_host),
    "application": (lambda r: True, lambda r: get(r, "process.name")),
    "status": (is_http, lambda r: get(r, "http.response.status_code")),
    "type": (is_http, bare_type),
    "method": (is_http, lambda r: get(r, "http.request.method")),
    "url.path": (lambda r: get(r, "url.path") is not None,
                 lambda r: get(r, "url.path")),
}


class Sums:
    """One group, counted the plain way."""

    def __init__(self):
        self.count = self.errors = self.sent = self.received = 0
        self.durations_us = []

    def add(self, record):
        kind = get(record, "event.dataset")
        http_, flow = kind == "sightglass.http", kind == "sightglass.flow"
        status = get(record, "http.response.status_code")
        self.count += 1
        if http_:
            self.errors += (status or 0) >= 400 or get(
                record, "sightglass.incomplete") in (
                    "no_response", "cut_request", "cut_response")
        if flow:
            self.errors += get(record, "sightglass.close") in (
                "connect_failed", "client_handshake_failed",
                "upstream_handshake_failed")
        where = (("http.request.body.bytes", "http.response.body.bytes") if http_
                 else ("sightglass.bytes.client", "sightglass.bytes.server"))
        self.sent += get(record, where[0]) or 0
        self.received += get(record, where[1]) or 0
        if http_ and status:
            self.durations_us.append(get(record, "event.duration") // 1000)


def is_traffic(record):
    """As sightglass(1) says: each thing once."""
    kind = get(record, "event.dataset")
    if kind == "sightglass.http":
        return get(record, "sightglass.incomplete") != "continues"
    return kind == "sightglass.flow" and not get(record, "sightglass.exchanges")


class Stats(Test):
    def stats(self, *arguments, status=0):
        done = self.run_cli("stats", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def summaries(self, *arguments):
        said = json.loads(self.stats("-o", "json", *arguments).stdout)
        return said, {s["by"]: s for s in said["summaries"]}

    def check_sums(self, said, sums):
        self.assertEqual(
            (said["count"], said["errors"], said["bytes"]),
            (sums.count, sums.errors, {"sent": sums.sent, "received": sums.received}))
        self.assertEqual(bool(said["latency_ms"]), bool(sums.durations_us))
        for name, percent in (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)):
            if not sums.durations_us:
                break
            exact = rank(sums.durations_us, percent)
            off = abs(round(said["latency_ms"][name] * 1000) - exact)
            self.assertLessEqual(off, exact / 64 if percent < 100 else 0,
                                 (name, said, sorted(sums.durations_us)))


class Real(Stats, Exchanges):
    """nginx and curl, an address that nobody has, a protocol that is not read, and
    a client that does not trust the CA."""

    def test_what_python_counts(self):
        self.make_traffic()
        records = self.shown()
        said, summaries = self.summaries(
            "-d", self.daemon.directory, "--top", "all",
            *(f"--by={name}" for name in BY))
        counted = [r for r in records if is_traffic(r)]
        self.assertGreater(len(counted), 40)
        self.assertEqual(said["records"], len(counted))
        self.assertEqual(said["continues"], 0)
        self.assertEqual(said["first"], min(r["@timestamp"] for r in counted))
        self.assertEqual(said["last"], max(r["@timestamp"] for r in counted))
        for name, (is_about, value) in BY.items():
            self.check_summary(summaries[name], [r for r in counted if is_about(r)],
                               value)
        self.assertGreater(summaries["status"]["total"]["errors"], 3)
        # curl that does not trust, and where nothing listens, each once.
        failed = [r for r in counted if not is_http(r)
                  and get(r, "sightglass.close") != "finished"]
        self.assertEqual(len(failed), 2, failed)

    def check_summary(self, summary, records, value):
        groups, total = collections.defaultdict(Sums), Sums()
        for record in records:
            groups[value(record)].add(record)
            total.add(record)
        found = {g["value"]: g for g in summary["groups"]}
        self.assertEqual(set(found), {str(v) if v is not None else None
                                      for v in groups})
        for name, sums in groups.items():
            self.check_sums(found[str(name) if name is not None else None], sums)
        self.check_sums(summary["total"], total)
        self.assertEqual([g["count"] for g in summary["groups"]],
                         sorted((g["count"] for g in summary["groups"]), reverse=True))
        self.assertEqual(summary["others"]["count"], 0)

    def make_traffic(self):
        nginx = Nginx(self, self.pair, locations="""
            location /json { default_type application/json; return 200 '{"a": 1}'; }
            location /broken { return 503 sorry; }
            location /said { return 201 heard; }""")
        nginx.put("page.html", b"<p>" * 5000)
        self.start(nginx.port)
        for _ in range(12):
            self.curl("URL/page.html", "URL/json", "URL/none")
        self.curl("URL/broken", "-X", "DELETE")
        self.curl("URL/said", "-d", "x" * 3000)
        self.others_than_http()

    def others_than_http(self):
        talker = ThreadServer(self, lambda s: s.sendall(b"\0\1" + s.recv(100)))
        with self.daemon.flow(talker.port, authority="talk.example") as flow:
            flow.sendall(b"\x7f\x00binary, and no HTTP")
            while flow.recv(4096):
                pass
        nobody = 1
        self.assertFalse(listens(nobody))
        with self.daemon.flow(nobody, authority="nobody.example") as flow:
            flow.setsockopt(6, 1, 1)
            try:
                flow.sendall(b"\x7f\x00nobody")
                flow.recv(10)
            except ConnectionError:
                pass
        subprocess.run(["curl", "-sS", "--cacert", self.pair[0], self.url],
                       capture_output=True, check=False, timeout=60)

    def shown(self):
        self.daemon.stop()
        done = self.run_cli("show", "-o", "json", "-d", self.daemon.directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(record) for record in done.stdout.splitlines()]


class Streams(Stats):
    def test_an_exchange_that_was_told_before_its_end_counts_once(self):
        def answer(connection):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfir")
            go_on.wait(60)
            connection.sendall(b"st\n")

        go_on = threading.Event()
        daemon = Daemon(self, "capture.interval=20 ms")
        port = Forwarder(self, daemon, ThreadServer(self, answer).port).port
        with subprocess.Popen(["curl", "-sS", f"http://127.0.0.1:{port}/"],
                              stdout=subprocess.PIPE) as curl:
            while self.summaries("-d", daemon.directory)[0]["continues"] == 0:
                self.assertIsNone(curl.poll())
            go_on.set()
            self.assertEqual(curl.communicate(timeout=60)[0], b"first\n")
        daemon.stop()
        said, summaries = self.summaries("-d", daemon.directory)
        self.assertEqual((said["records"], said["continues"]), (1, 1))
        self.assertEqual(summaries["host"]["total"]["bytes"]["received"], 6)


class Made(Stats):
    """A log of the test's own."""

    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.directory, "log")
        write_segment(self.log, 1, [
            http(1, "https://a.example/", status=200),
            http(2, "https://b.example/", status=503, process="node"),
            http(3, "https://b.example/", status=200),
            {"@timestamp": stamp(4), "event": {"dataset": "sightglass.dns",
             "duration": 2000000}, "dns_hostname": "a.example",
             "dns_response_code": "NOERROR", "destination": {"ip": "192.0.2.53"}},
            {"@timestamp": stamp(5), "event": {"dataset": "sightglass.daemon"},
             "message": "started"}])

    def values(self, *arguments):
        _, summaries = self.summaries("-i", self.log, *arguments)
        return {by: [(g["value"], g["count"]) for g in s["groups"]]
                for by, s in summaries.items()}

    def test_a_name_that_no_record_has_is_told(self):
        done = self.run_cli("stats", "-i", self.log, "--by", "http.respnse.status_code")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--by: no record has a field 'http.respnse.status_code': did you "
                      "mean 'http.response.status_code'?", done.stderr)
        for known in ("host", "status", "url.path"):
            self.assertEqual(self.run_cli("stats", "-i", self.log, "--by", known).stderr,
                             "")

    def test_filters_and_ranges_are_those_of_show(self):
        for options, expected in (
                ([], [("b.example", 2), ("192.0.2.53", 1), ("a.example", 1)]),
                (["~c 503"], [("b.example", 1)]),
                (["--where", "url.domain == 'a.example'"], [("a.example", 1)]),
                (["-g", "node"], [("b.example", 1)]),
                (["--dataset", "dns"], [("192.0.2.53", 1)]),
                (["-S", stamp(3), "-U", stamp(4)], [("b.example", 1)]),
                (["-S", "2026-11-24"], [])):
            self.assertEqual(self.values(*options), {"host": expected}, options)

    def test_several_summaries_of_one_reading(self):
        self.assertEqual(
            self.values("--by", "status,application", "--by", "dns_hostname"),
            {"status": [("200", 2), ("503", 1)],
             "application": [("curl", 2), (None, 1), ("node", 1)],
             "dns_hostname": [("a.example", 1)]})

    def test_the_rest_is_one_sum(self):
        said = self.stats("-i", self.log, "--top", "1", "--color", "never").stdout
        label, count, *_ = said.splitlines()[-2].split("  ", 1)
        self.assertEqual((label, count.split()[0]), ("others (2)", "2"), said)
        _, summaries = self.summaries("-i", self.log, "--top", "1", "--sort", "name")
        self.assertEqual(summaries["host"]["groups"][0]["value"], "192.0.2.53")
        self.assertEqual(summaries["host"]["others"]["values"], 2)

    def test_from_standard_input_in_plain_lines(self):
        said = self.run_cli("stats", "-i", "-", "-o", "json",
                            input=line(http(1, "https://a.example/")) + "no record\n")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual([json.loads(said.stdout)[n] for n in ("records", "foreign")],
                         [1, 1])

    def test_mistakes(self):
        for options, words in ((["--by", "a,,b"], "--by takes"),
                               (["--top", "0"], "--top takes"),
                               (["--sort", "size"], "--sort knows"),
                               (["-o", "csv"], "-o knows table and json"),
                               (["--by", "a,b,c,d,e,f,g,h,i"], "more than 8")):
            self.assertIn(words, self.stats("-i", self.log, *options, status=2).stderr)
        said = self.stats("-i", self.log, self.log, "--fail-empty", status=1)
        self.assertIn(f"-i {self.log} reads it", said.stderr)

    def test_nothing_of_a_record_steers_the_terminal(self):
        write_segment(self.log, 2, [
            http(i, f"https://{'long' * 30}{i}.example/",
                 process="evil\033]0;x\007\u202e\u009b2J") for i in range(3)])
        for columns in (60, 100):
            status, said = in_terminal([CLI, "stats", "-i", self.log, "--color",
                                        "never", "--by", "host,application"], columns)
            self.assertEqual(status, 0, said)
            for harmful in "\033\007\u202e\u009b":
                self.assertNotIn(harmful, said)
            table = said.splitlines()[1:]
            self.assertTrue(any("…" in row for row in table), said)
            if columns == 100:
                self.assertLessEqual(max(map(len, table)), columns, said)
        status, said = in_terminal([CLI, "stats", "-i", self.log])
        self.assertIn("\033[1mhost", said)

    def test_more_values_than_there_is_room_for(self):
        """Those that matter are found, and the sums are right, in bounded memory."""
        path, lines = os.path.join(self.directory, "flood.ndjson"), 60000
        with open(path, "w", encoding="utf-8") as out:
            for i in range(lines):
                host = "often.example" if i % 20 == 7 else f"h{i}.example"
                out.write(line(http(1, f"https://{host}/")))
        done = subprocess.Popen([CLI, "stats", "-i", path, "-o", "json", "--top", "3"],
                                stdout=subprocess.PIPE)
        said = json.loads(done.stdout.read())
        done.stdout.close()
        _, status, usage = os.wait4(done.pid, 0)
        done.returncode = status
        self.assertEqual(status, 0)
        summary = said["summaries"][0]
        often = summary["groups"][0]
        self.assertEqual(often["value"], "often.example")
        self.assertLessEqual(often["count"], lines // 20)
        self.assertGreaterEqual(often["count"] + summary["missing"], lines // 20)
        self.assertEqual(summary["total"]["count"], lines)
        self.assertEqual(summary["total"]["bytes"]["received"], 6 * lines)
        self.assertEqual(sum(g["count"] for g in summary["groups"])
                         + summary["others"]["count"], lines)
        self.assertGreater(summary["given_up"], 0)
        self.check_memory(usage, 64 << 10)


if __name__ == "__main__":
    unittest.main()
