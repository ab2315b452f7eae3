# SPDX-License-Identifier: ISC
"""Old segments make room for new ones, and what is not to go stays; a log that is
full makes flows wait for as long as it takes, where that is asked for."""

import os
import resource
import threading
import time

from harness import Daemon, Nginx, get, wait_for
from test_failures import PAGE, Failures, fetch

KIB = 1024
NAME = "sightglass-20200101T000000Z-{:06}.ndjson.zst"


class Retention(Failures):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.directory, "d", "log")
        os.makedirs(self.log, 0o700)

    def put(self, name, size=1000, age_s=0):
        """A file of that size in the log, last written so long ago."""
        path = os.path.join(self.log, name)
        with open(path, "wb") as out:
            out.write(os.urandom(size))
        then = time.time() - age_s
        os.utime(path, (then, then))
        return path

    def daemon(self, *settings):
        return Daemon(self, *settings, workers=1)

    def left(self):
        return sorted(os.listdir(self.log))

    def removed(self, daemon):
        return self.logger(daemon)["segments_removed"]

    def retired(self, daemon):
        """What its own records say was removed, and by which setting."""
        ours = [r for r in daemon.records("daemon")
                if get(r, "sightglass.action") == "retired"]
        return {get(r, "sightglass.segment"): r["message"].split()[2].rstrip(":")
                for r in ours}

    def log_bytes(self, daemon):
        """None: a segment was sealed or removed meanwhile."""
        try:
            return sum(os.stat(path).st_size for path in daemon.segments())
        except FileNotFoundError:
            return None

    def finish(self, daemon):
        self.assertEqual(daemon.end(), 0, daemon.output())
        for name in (NAME.format(n) for n in range(100)):
            path = os.path.join(self.log, name)
            if os.path.lexists(path):
                os.unlink(path)  # it is no segment, and was not to be read
        return self.retired(daemon)

    def test_segments_go_by_age_and_others_stay(self):
        old = [NAME.format(1), NAME.format(2)]
        for name in old:
            self.put(name, age_s=3700)
        self.put(NAME.format(3), age_s=3000)
        self.put("notes.txt", age_s=10**6)
        self.put("sightglass-old.txt", age_s=10**6)
        os.symlink("notes.txt", os.path.join(self.log, NAME.format(4)))
        os.mkdir(os.path.join(self.log, NAME.format(5)))
        os.utime(os.path.join(self.log, NAME.format(5)), (0, 0))
        daemon = self.daemon("log.keep_age=1 h")
        wait_for(lambda: self.removed(daemon) == 2, "the removals")
        left = self.left()
        self.assertFalse(set(old) & set(left), left)
        for name in (NAME.format(3), NAME.format(4), NAME.format(5),
                     "notes.txt", "sightglass-old.txt"):
            self.assertIn(name, left)
        os.rmdir(os.path.join(self.log, NAME.format(5)))
        self.assertEqual(self.finish(daemon), dict.fromkeys(old, "log.keep_age"))

    def test_a_segment_goes_when_it_comes_of_age(self):
        written = os.stat(self.put(NAME.format(1))).st_mtime
        daemon = self.daemon("log.keep_age=3 s", "log.rotate_time=1 h")
        wait_for(lambda: NAME.format(1) not in self.left(), "the removal")
        self.assertGreaterEqual(time.time(), int(written) + 3)  # in whole seconds
        wait_for(lambda: self.removed(daemon) == 1, "the removal to be counted")
        self.assertNotIn(NAME.format(1), self.left())
        # The open one is older by now than may be, and stays.
        time.sleep(3)
        self.assertEqual(self.removed(daemon), 1)
        self.assertEqual(daemon.end(), 0, daemon.output())

    def test_the_log_keeps_to_its_size(self):
        for n in range(1, 9):
            self.put(NAME.format(n), size=32 * KIB, age_s=100 - n)
        nginx = Nginx(self)
        nginx.put("x", os.urandom(24 * KIB).hex().encode())
        daemon = self.daemon("log.keep_size=200 KiB", "log.rotate_size=64 KiB")
        wait_for(lambda: self.removed(daemon) >= 2, "the first removals")
        self.assertNotIn(NAME.format(1), self.left())
        self.assertIn(NAME.format(8), self.left())
        for i in range(40):
            fetch(daemon, nginx.port, f"/x?{i}")
        wait_for(lambda: (size := self.log_bytes(daemon)) is not None and
                 size < 200 * KIB + 64 * KIB, "the log to be small")
        self.assertEqual(daemon.end(), 0, daemon.output())
        records = daemon.records()
        newest = [get(r, "url.query") for r in records if get(r, "url.query")]
        self.assertEqual(newest, [str(i) for i in range(40)][-len(newest):])
        self.assertGreater(len(newest), 0)
        self.assertIn("log.keep_size", self.retired(daemon).values())

    def test_no_limit_removes_nothing(self):
        names = [NAME.format(n) for n in range(1, 4)]
        for name in names:
            self.put(name, age_s=10**7)
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = self.daemon("log.keep_size=0 B", "log.keep_free=0 B")
        fetch(daemon, nginx.port, "/x")
        wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a write")
        self.assertEqual(daemon.end(), 0, daemon.output())
        self.assertLessEqual(set(names), set(self.left()))
        for name in names:
            os.unlink(os.path.join(self.log, name))
        self.assertEqual(self.retired(daemon), {})

    def test_a_reload_changes_what_is_kept(self):
        self.put(NAME.format(1), age_s=3700)
        daemon = self.daemon()
        self.assertEqual(self.removed(daemon), 0)
        with open(daemon.path("sightglass.yaml"), "w", encoding="ascii") as out:
            out.write("log:\n  keep_age: 1 h\n")
        self.assertTrue(daemon.control("reload")["ok"])
        wait_for(lambda: self.removed(daemon) == 1, "the removal")
        self.assertEqual(self.finish(daemon),
                         {NAME.format(1): "log.keep_age"})

    def test_a_full_disk_is_given_room(self):
        self.mount(self.log, "2m")
        names = [NAME.format(n) for n in range(1, 17)]
        for n, name in enumerate(names):
            self.put(name, size=124 * KIB, age_s=100 - n)
        nginx = Nginx(self)
        nginx.put("x", os.urandom(24 * KIB).hex().encode())
        daemon = self.daemon("log.rotate_size=256 KiB")
        for i in range(30):
            fetch(daemon, nginx.port, f"/x?{i}")
        wait_for(lambda: self.logger(daemon)["records"] >= 60, "the records")
        self.assertEqual(self.logger(daemon)["lost_records"], 0)
        self.assertNotIn(names[0], self.left())
        self.assertIn(names[-1], self.left())
        gone = self.finish(daemon)
        self.assertEqual(set(gone.values()), {"log.keep_free"})
        self.assertEqual(sorted(gone), names[:len(gone)])


class Waiting(Failures):
    def test_a_full_log_makes_flows_wait_and_loses_nothing(self):
        nginx = Nginx(self)
        nginx.put("x", os.urandom(30_000).hex().encode())
        daemon = Daemon(self, "log.full=wait", "log.full_wait=0 ms",
                        "ring.size=4 MiB", workers=1)
        fetch(daemon, nginx.port, "/x?first")
        wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a first write")
        pid = self.logger(daemon)["pid"]
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (PAGE, limits[1]))
        done = []

        def ask():
            for i in range(150):
                self.assertIn(b"200 OK", fetch(daemon, nginx.port, f"/x?{i}"))
                done.append(i)

        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: self.workers(daemon)[0]["waits"] > 0, "the ring to fill")
        stood = len(done)
        time.sleep(2.5)  # the log is tried each second meanwhile
        self.assertLessEqual(len(done), stood + 1)
        self.assertLess(stood, 150)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        asking.join()
        records = daemon.stop()
        queries = [get(r, "url.query") for r in records
                   if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual(sorted(queries),
                         sorted(["first", *(str(i) for i in range(150))]))
        self.check_sequences(records)
        self.assertEqual([get(r, "sightglass.lost_records") for r in records
                          if get(r, "sightglass.lost_records")], [])
