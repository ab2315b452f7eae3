# SPDX-License-Identifier: ISC
"""Sealed segments as they stand, in DuckDB: it counts and reads what show does."""

import collections
import json
import os
import re
import subprocess
import unittest

from harness import NODE_LIBRARIES, PEERS, Daemon, Forwarder, Nginx, Test, get


class DuckDb(Test):
    def setUp(self):
        super().setUp()
        self.need_node_library("@duckdb/node-api")

    def query(self, text):
        done = subprocess.run(["node", os.path.join(PEERS, "duckdb.js"), text],
                              env=NODE_LIBRARIES, capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(row) for row in done.stdout.splitlines()]

    def frames(self, path):
        listed = subprocess.run(["zstd", "-lv", path], capture_output=True, text=True,
                                check=True).stdout
        return int(re.search(r"Zstandard Frames: (\d+)", listed).group(1))

    def test_it_counts_and_reads_what_show_does(self):
        ca = self.certificates()
        nginx = Nginx(self, tls=ca.server(), http2=True)
        for i in range(60):
            nginx.put(str(i), os.urandom(60000))
        # A frame has about 1 MiB of lines.
        daemon = Daemon(self, "log.rotate_size=3 MiB", trust=ca.ca)
        port = Forwarder(self, daemon, nginx.port).port
        subprocess.run(["curl", "-sSf", "--cacert",
                        daemon.path("ca", "sightglass-ca.pem"),
                        f"https://localhost:{port}/[0-59]", "-o", "/dev/null",
                        "--next", "-s", f"http://localhost:{port}/plain", "-o",
                        "/dev/null"], check=True, timeout=60)
        daemon.stop()
        segments = daemon.segments()
        self.assertGreater(len(segments), 1, segments)
        self.assertGreater(max(self.frames(path) for path in segments), 1)
        shown = self.run_cli("show", "-d", daemon.directory, "-o", "json").stdout
        log = f"read_json('{daemon.path('log')}/*.ndjson.zst')"
        self.assertEqual(self.query(f"SELECT count(*) FROM {log}"),
                         [[str(shown.count("\n"))]])
        records = [json.loads(line) for line in shown.splitlines()]
        status = collections.Counter(
            (get(r, "url.domain"), str(get(r, "http.response.status_code")),
             str(get(r, "http.response.body.bytes")))
            for r in records if r["event"]["dataset"] == "sightglass.http")
        rows = self.query(
            "SELECT url.domain, http.response.status_code, "
            f"http.response.body.bytes, count(*) FROM {log} "
            "WHERE event.dataset = 'sightglass.http' GROUP BY ALL")
        self.assertEqual({tuple(row[:3]): int(row[3]) for row in rows}, status)


if __name__ == "__main__":
    unittest.main()
