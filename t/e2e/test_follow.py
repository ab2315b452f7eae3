# SPDX-License-Identifier: ISC
"""tail follows: several logs, over rotation and restarts of their daemons, a directory
that is replaced, a segment that is removed while it is read; and it sleeps while
nothing happens."""

import json
import os
import time
import unittest

from harness import CLI, Daemon, Nginx, Process, Test, get, wait_for
from logs import compress, http, line, write_segment
from test_failures import fetch
from test_reading import seconds


class Follow(Test):
    def tail(self, *directories):
        """A tail of those from their begin, which has printed what is there."""
        inputs = [word for d in directories for word in ("-i", d)]
        return Process(self, [CLI, "tail", "-n", "all", "-o", "json", *inputs], "tail")

    def await_seconds(self, tail, expected):
        wait_for(lambda: sorted(seconds(tail.lines())) == expected,
                 f"the records {expected}")

    def directory_of(self, name, number, second):
        """A log with one record in a segment that grows."""
        path = os.path.join(self.directory, name)
        write_segment(path, number, [http(second, "https://a.example/")], is_open=True)
        return path

    def grow(self, directory, second):
        name, = [n for n in os.listdir(directory) if n.endswith(".part")]
        with open(os.path.join(directory, name), "ab") as segment:
            segment.write(compress(line(http(second, "https://a.example/")).encode()))

    def sleeps(self, process):
        """Whether it did not wake up for a second."""
        before = self.wakes(process)
        time.sleep(1)
        return self.wakes(process) == before

    def wakes(self, process):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            return [text for text in status if "ctxt_switches" in text]

    def test_it_sleeps_until_one_of_many_logs_grows(self):
        logs = [self.directory_of(f"log{i}", 1, i) for i in range(5)]
        tail = self.tail(*logs)
        self.await_seconds(tail, list(range(5)))
        wait_for(lambda: self.sleeps(tail), "a second without a wake-up")
        for i in (4, 0, 2):
            self.grow(logs[i], 10 + i)
        self.await_seconds(tail, [0, 1, 2, 3, 4, 10, 12, 14])

    def test_a_directory_that_is_replaced_is_found_again(self):
        log, other = self.directory_of("log", 1, 1), self.directory_of("other", 1, 2)
        tail = self.tail(log, other)
        self.await_seconds(tail, [1, 2])
        for number in (1, 2):
            os.rename(log, f"{log}.{number}")
            self.grow(other, 10 * number)
            self.directory_of("log", 1, 10 * number + 1)
            self.await_seconds(tail, sorted([1, 2, *(n for k in range(1, number + 1)
                                                    for n in (10 * k, 10 * k + 1))]))
            self.assertIsNone(tail.process.poll())

    def test_a_segment_that_is_removed_while_it_is_read(self):
        log = self.directory_of("log", 1, 1)
        tail = self.tail(log)
        self.await_seconds(tail, [1])
        name, = os.listdir(log)
        self.grow(log, 2)
        os.unlink(os.path.join(log, name))
        sealed = write_segment(log, 2, [http(3, "https://a.example/")], is_open=True)
        os.rename(sealed, sealed.removesuffix(".part"))
        self.directory_of("log", 3, 4)
        wait_for(lambda: 4 in seconds(tail.lines()), "the newest")
        self.assertIn(seconds(tail.lines()), ([1, 2, 3, 4], [1, 3, 4]))

    def test_two_daemons_that_rotate_and_are_restarted(self):
        nginx = Nginx(self)
        nginx.put("x", b"x")
        places = [os.path.join(self.directory, name) for name in "ab"]
        daemons = [Daemon(self, workers=1, directory=place) for place in places]
        tail = self.tail(*(os.path.join(place, "log") for place in places))
        asked = []

        def ask(daemon):
            asked.append(str(len(asked)))
            fetch(daemon, nginx.port, "/x?" + asked[-1])
            wait_for(lambda: f'"query":"{asked[-1]}"' in tail.lines(), asked[-1])

        for _ in range(3):
            for daemon in daemons:
                ask(daemon)
            self.assertTrue(daemons[0].control("reload")["ok"])
            ask(daemons[0])
            daemons[1].stop()
            daemons[1] = Daemon(self, workers=1, directory=places[1])
            ask(daemons[1])
        queries = [get(json.loads(text), "url.query")
                   for text in tail.lines().splitlines()]
        self.assertEqual([q for q in queries if q is not None], asked)
        self.assertIsNone(tail.process.poll())


if __name__ == "__main__":
    unittest.main()
