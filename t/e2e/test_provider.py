# SPDX-License-Identifier: ISC
"""The core of the macOS extension against the real daemon: its world
(t/fuzz/provider_world.h) has the applications and the servers, and the daemon
between them runs. Each promise is held at every step; here the log is held
against what the world counted, and workers are killed under it."""

import json
import os
import signal
import subprocess
import unittest

from harness import BUILD, Daemon, Process, Test, get, wait_for

DRIVE = os.path.join(BUILD, "t", "unit", "provider-drive")
SEEDS = int(os.environ.get("SEEDS", "60"))
FIRST = int(os.environ.get("FIRST_SEED", "1"))


class Provider(Test):
    def start(self):
        return Daemon(self, "flow.sniff_timeout=10 ms", "policy.default=splice")

    def command(self, daemon, plan, *more, seeds=SEEDS):
        return [DRIVE, daemon.path("run", "flow.sock"),
                daemon.path("run", "control.sock"), plan, str(FIRST), str(seeds), *more]

    def drive(self, daemon, plan):
        done = subprocess.run(self.command(daemon, plan), capture_output=True,
                              text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def flows(self, records):
        return [r for r in records
                if r["event"]["dataset"] == "sightglass.flow"]

    def test_streams_arrive_whole_in_every_order_of_events(self):
        daemon = self.start()
        counts = self.drive(daemon, "streams")
        self.assertEqual(counts["finished"], counts["flows"], counts)
        flows = self.flows(daemon.stop())
        self.assertEqual(len(flows), counts["claimed"])
        for side, count in (("client", "up"), ("server", "down")):
            self.assertEqual(sum(get(f, "sightglass.bytes." + side) for f in flows),
                             counts[count], side)

    def test_what_fails_on_either_side_ends_on_both(self):
        daemon = self.start()
        counts = self.drive(daemon, "trouble")
        self.assertGreater(counts["failed"], 0, counts)
        self.assertEqual(len(self.flows(daemon.stop())), counts["claimed"])

    def test_datagrams_arrive_with_their_addresses(self):
        daemon = self.start()
        counts = self.drive(daemon, "datagrams")
        self.assertEqual(counts["finished"], counts["flows"], counts)
        self.assertEqual(len(self.flows(daemon.stop())), counts["claimed"])

    def workers(self, daemon):
        """The workers' processes; none while the one that is asked dies."""
        try:
            return [w["pid"] for w in daemon.control("status")["workers"] if w["pid"]]
        except (OSError, ValueError):
            return []

    def test_workers_may_be_killed_under_it(self):
        daemon = self.start()
        driver = Process(self, self.command(daemon, "streams", "dies"),
                         "provider-drive")
        killed = set()
        # A few: who dies young again and again is restarted later and later.
        while driver.process.poll() is None and len(killed) < 4:
            fresh = set(self.workers(daemon)) - killed
            if fresh:
                killed.add(min(fresh))
                os.kill(min(fresh), signal.SIGKILL)
        self.assertEqual(driver.process.wait(300), 0, driver.output())
        self.assertGreater(len(killed), 0)
        wait_for(lambda: len(self.workers(daemon)) == 2, "two workers")
        self.assertEqual(self.drive(daemon, "streams")["failed"], 0)


if __name__ == "__main__":
    unittest.main()
