# SPDX-License-Identifier: ISC
"""A bit of the daemon's own segments is flipped: that costs the records of its frame
alone, none of which is shown altered, and each way to read says so with status 4.
(t/unit/crash.c does the same to thousands of files, by the reader itself.)"""

import json
import os
import random
import shutil
import subprocess
import unittest

from harness import Daemon, Nginx, Test, get, wait_for
from test_failures import fetch

FLIPS = 24


class Flipped(Test):
    def setUp(self):
        super().setUp()
        nginx = Nginx(self)
        nginx.put("x", os.urandom(30_000).hex().encode())
        daemon = Daemon(self, "log.flush=5 ms", workers=1)
        for i in range(60):
            fetch(daemon, nginx.port, f"/x?{i}")
        wait_for(lambda: daemon.control("status")["logger"]["records"] >= 120,
                 "the records")
        self.assertEqual(daemon.end(), 0)
        self.whole, = daemon.segments()
        self.lines = self.run_cli("segments", "cat", self.whole).stdout.splitlines()
        with open(self.whole, "rb") as segment:
            self.content = segment.read()
        self.ids = [json.loads(line)["event"]["id"] for line in self.lines]
        self.frames = self.read_index()
        self.path = os.path.join(self.directory, "log", os.path.basename(self.whole))
        os.mkdir(os.path.dirname(self.path))
        shutil.copy(self.whole, self.path)

    def read_index(self):
        """(first byte, byte behind, first line, line behind) of each frame."""
        at = self.content.rindex(b'{"version":1')
        index = json.loads(self.content[at:self.content.index(b"}", self.content.index(
            b'"xxh64"', at)) + 1])
        begins = [f["offset"] for f in index["frames"]] + [at - 8]
        found, line = [], 0
        for number, frame in enumerate(index["frames"]):
            found.append((begins[number], begins[number + 1], line,
                          line + frame["lines"]))
            line += frame["lines"]
        self.assertGreater(len(found), 2)
        self.assertEqual(line, len(self.lines))
        return found

    def flip(self, bit):
        content = bytearray(self.content)
        content[bit // 8] ^= 1 << bit % 8
        with open(self.path, "wb") as segment:
            segment.write(content)

    def is_same(self, begin, end):
        """Whether zstd finds in the flipped frame what was in it."""
        def unpacked(content):
            done = subprocess.run(["zstd", "-dcq"], input=content[begin:end],
                                  capture_output=True, check=False)
            return done.returncode, done.stdout
        with open(self.path, "rb") as segment:
            return unpacked(segment.read()) == unpacked(self.content)

    def read(self, *arguments, status=4):
        done = self.run_cli(*arguments, "-i", os.path.dirname(self.path))
        self.assertEqual(done.returncode, status,
                         (arguments, done.stdout[:500], done.stderr[-500:]))
        if status == 4:
            self.assertIn("is damaged: it is passed over", done.stderr)
        return self.ids_of(done.stdout)

    def ids_of(self, text):
        """Of which records these lines are, to the byte; "?": of none."""
        known = dict(zip(self.lines, self.ids))
        return [known.get(line, "?") for line in text.splitlines()]

    def verify(self):
        done = self.run_cli("segments", "verify", self.path)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertTrue(done.stdout.startswith("damaged "), done.stdout)
        return done.stdout

    def test_in_a_frame_it_costs_that_frame_and_every_command_tells(self):
        chance = random.Random(5)
        for _ in range(FLIPS):
            begin, end, first, behind = frame = chance.choice(self.frames)
            # The frame's header has bits without a meaning: not those.
            bit = chance.randrange(8 * (begin + 6), 8 * end)
            self.flip(bit)
            if self.is_same(begin, end):
                continue  # so have some of its tables
            rest = self.ids[:first] + self.ids[behind:]
            with self.subTest(bit=bit, frame=frame):
                self.assertEqual(self.read("show", "-o", "json"), rest)
                self.assertEqual(self.read("show", "-o", "json", "-r"), rest[::-1])
                self.assertEqual(self.read("tail", "-o", "json", "--no-follow",
                                           "-n", "all"), rest)
                for name in (chance.choice(rest), self.ids[first]):
                    # Flows may have the number too: of those come others.
                    self.assertEqual(name in self.read("get", "-o", "json", name),
                                     name in rest)
                self.assertIn(f"{len(rest)} records", self.verify())

    def test_in_the_index_it_costs_no_record_and_verify_tells(self):
        # A record tells of what began before the one in front of it was written.
        first_us = min(get(json.loads(line), "@timestamp") for line in self.lines)
        chance = random.Random(6)
        begin, end = self.frames[-1][1], len(self.content)
        for _ in range(FLIPS):
            byte = chance.randrange(begin + 8, end)
            if byte == end - 5:
                continue  # of its bits two have no meaning
            self.flip(8 * byte + chance.randrange(8))
            with self.subTest(byte=byte, end=end):
                done = self.run_cli("show", "-o", "json", "-i", self.path,
                                    "--since", first_us)
                self.assertEqual(self.ids_of(done.stdout), self.ids)
                self.assertIn(f"{len(self.lines)} records", self.verify())


if __name__ == "__main__":
    unittest.main()
