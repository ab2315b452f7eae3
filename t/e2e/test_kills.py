# SPDX-License-Identifier: ISC
"""Every role is killed at random moments under load, the parent too, and the logger's
files are kept from growing: what was committed is in the log once. KILLS: how many
(make check-long: hundreds). SEED."""

import json
import os
import random
import resource
import signal
import threading
import unittest

from harness import Daemon, Nginx, get, wait_for
from test_failures import PAGE, Failures, fetch

KILLS = int(os.environ.get("KILLS", "24"))
A_LIFE = 12  # kills before the parent's turn: each role's next start comes later
CLIENTS = 4


class Load:
    """Clients that ask for one number after the other, of whatever daemon there is."""

    def __init__(self, test, port):
        self.port, self.daemon = port, None
        self.lock = threading.Lock()
        self.asked, self.answered = 0, set()
        self.quota, self.over = 0, threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]
        test.addCleanup(self.stop)

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            if thread.ident:
                thread.join()

    def take(self):
        with self.lock:
            if self.asked >= self.quota:  # spares the system's ports
                return None
            self.asked += 1
            return self.asked

    def run(self):
        while not self.over.is_set():
            number = self.take()
            if number is None:
                self.over.wait(0.002)
                continue
            try:
                if fetch(self.daemon, self.port, f"/x?{number}").endswith(b"end"):
                    self.answered.add(str(number))
            except OSError:
                pass  # its worker was killed, or nobody serves


class Kills(Failures):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        print(f"SEED={seed}")
        self.chance = random.Random(seed)
        nginx = Nginx(self)
        nginx.put("x", os.urandom(2000).hex().encode() + b"end")
        self.load = Load(self, nginx.port)
        self.lives = 0
        self.done = {"worker": 0, "logger": 0, "signer": 0, "parent": 0, "full": 0}

    def begin(self):
        daemon = Daemon(self, "log.flush=5 ms", "log.rotate_size=64 KiB",
                        "log.keep_free=0 B", workers=2)
        self.load.daemon = daemon
        return daemon

    def pid_of(self, daemon, role, index):
        status = daemon.control("status")
        of = status["workers"][index] if role == "worker" else status[role]
        return of["pid"]

    def kill_one(self, daemon):
        role = self.chance.choice(("worker", "worker", "logger", "logger", "signer"))
        index = self.chance.randrange(2)
        old = wait_for(lambda: self.pid_of(daemon, role, index), "a " + role)
        self.pause()
        os.kill(old, signal.SIGKILL)
        self.done[role] += 1
        wait_for(lambda: self.pid_of(daemon, role, index) not in (0, old),
                 f"the next {role}")

    def fill_disk(self, daemon):
        """No file of the logger's grows for a moment: writes fail, or fall short."""
        pid = wait_for(lambda: self.pid_of(daemon, "logger", 0), "a logger")
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        most = PAGE + self.chance.randrange(64 * 1024)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, limits[1]))
        self.pause()
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        except ProcessLookupError:
            pass
        self.done["full"] += 1

    def pause(self):
        """Until some more requests were asked for."""
        with self.load.lock:
            self.load.quota = self.load.asked + self.chance.randrange(1, 60)
        wait_for(lambda: self.load.asked >= self.load.quota, "requests")

    def one_life(self, kills):
        daemon = self.begin()
        for _ in range(kills):
            if self.chance.random() < 0.25:
                self.fill_disk(daemon)
            self.kill_one(daemon)
        self.settle(daemon)
        return daemon

    def settle(self, daemon):
        """Until there is a logger that writes. Parent and logger killed at once would
        take what is in the rings with them."""
        self.lives += 1
        path = f"/settled-{self.lives}"
        self.assertIn(b"404", fetch(daemon, self.load.port, path))
        wait_for(lambda: self.run_cli("show", "-d", daemon.directory, "-o", "json",
                                      "-g", path).stdout, "what was asked last")

    def kill_parent(self, daemon):
        """Its children go on by themselves, and seal what there is."""
        daemon.kill()
        self.done["parent"] += 1
        wait_for(lambda: all(p.endswith(".zst") for p in daemon.segments()), "the seal")

    def test_any_role_at_any_moment(self):
        self.load.daemon = self.begin()
        self.load.start()
        self.load.daemon.stop()
        while sum(self.done.values()) - self.done["full"] < KILLS:
            daemon = self.one_life(A_LIFE)
            self.kill_parent(daemon)
        daemon = self.begin()
        self.pause()
        self.load.stop()
        self.assertEqual(daemon.end(), 0)
        self.check(daemon)

    def check(self, daemon):
        records = daemon.records()
        self.assertFalse([p for p in daemon.segments() if p.endswith(".part")])
        verified = self.run_cli("segments", "verify", "-d", daemon.directory)
        self.assertEqual(verified.returncode, 0, verified.stdout[-2000:])
        self.check_writers(records)
        seen = [get(r, "url.query") for r in records
                if r["event"]["dataset"] == "sightglass.http"
                and get(r, "http.response.status_code") == 200]
        self.assertEqual(len(seen), len(set(seen)))
        # What was not committed when its worker was killed is nowhere.
        lacking = self.load.answered - set(seen)
        print(f"killed {self.done}, {len(self.load.answered)} answered, "
              f"{len(lacking)} of them not committed")
        self.assertLessEqual(len(lacking), CLIENTS * self.done["worker"])
        self.assertEqual([r for r in records if get(r, "sightglass.lost_records")], [])

    def check_writers(self, records):
        """Of each writer of each run every record, once: none lacks below the last,
        and their rings outlived whoever was killed."""
        writers = {}
        for r in records:
            run, writer, number = r["event"]["id"].split("-")
            writers.setdefault((run, writer), []).append(int(number))
        for writer, numbers in writers.items():
            self.assertEqual(sorted(numbers), list(range(1, len(numbers) + 1)),
                             json.dumps(writer))


if __name__ == "__main__":
    unittest.main()
