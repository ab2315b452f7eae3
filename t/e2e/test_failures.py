# SPDX-License-Identifier: ISC
"""What goes wrong: processes killed, peers that vanish, a log that cannot be
written, a ring that is full, no descriptor left, input that is broken."""

import ctypes
import os
import pwd
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

from harness import (DAEMON, Control, Daemon, Nginx, Test, ThreadServer, get,
                     may_run, wait_for)
from test_relay import pattern, read_to_end

CLONE_NEWNS = 0x00020000
RESET = struct.pack("ii", 1, 0)
PAGE = 4096  # of a file: what a daemon says fits, but not what it records


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def fetch(daemon, port, path="/"):
    """One plain request over a flow of its own; the answer's bytes."""
    with daemon.flow(port) as s:
        s.settimeout(60)
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                  f"Connection: close\r\n\r\n".encode())
        return read_to_end(s)


class Failures(Test):
    def mount(self, path, size):
        """A small file system, for this process and its children alone: it ends with
        them."""
        libc = ctypes.CDLL(None)
        if sys.platform != "linux" or libc.unshare(CLONE_NEWNS) != 0:
            self.skipTest("nothing may be mounted here")
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=True)

    def workers(self, daemon):
        return daemon.control("status")["workers"]

    def logger(self, daemon):
        return daemon.control("status")["logger"]

    def talk(self, s, words):
        s.settimeout(60)
        s.sendall(words)
        got = b""
        while len(got) < len(words):
            part = s.recv(len(words) - len(got))
            if not part:
                raise AssertionError(f"ended after {got!r} of {words!r}")
            got += part
        self.assertEqual(got, words)

    def check_sequences(self, records):
        """Each writer's sequence has neither a hole nor a double."""
        writers = {}
        for r in records:
            _, writer, number = r["event"]["id"].split("-")
            writers.setdefault(writer, []).append(int(number))
        for writer, numbers in writers.items():
            first = min(numbers)
            self.assertEqual(sorted(numbers),
                             list(range(first, first + len(numbers))),
                             f"writer {writer}")


class Killed(Failures):
    def test_a_killed_worker_takes_only_its_own_flows(self):
        server = ThreadServer(self, echo)
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = Daemon(self, workers=2)
        before = {f"/x?before={i}" for i in range(40)}
        for path in before:
            fetch(daemon, nginx.port, path)
        flows = [daemon.flow(server.port) for _ in range(40)]
        for s in flows:
            self.talk(s, b"\1\n")
        counts = wait_for(lambda: sum(counts := [w["flows"] for w in
                                                 self.workers(daemon)]) == 40 and counts,
                          "no other flows")
        victim = max(range(2), key=lambda i: counts[i])
        old = self.workers(daemon)[victim]["pid"]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: self.workers(daemon)[victim]["pid"] not in (0, old),
                 "the worker to be restarted")
        alive = 0
        for s in flows:
            try:
                self.talk(s, b"\1\n")
                alive += 1
            except (OSError, AssertionError):
                pass
            s.close()
        self.assertEqual(alive, 40 - counts[victim])
        after = {f"/x?after={i}" for i in range(40)}
        for path in after:
            self.assertIn(b"200 OK", fetch(daemon, nginx.port, path))
        records = daemon.stop()
        seen = [f"{get(r, 'url.path')}?{get(r, 'url.query')}" for r in records
                if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual(sorted(seen), sorted(before | after))
        self.check_sequences(records)
        died = [r for r in records if get(r, "sightglass.action") == "role_died"]
        self.assertEqual(len(died), 1)

    def test_a_killed_logger_loses_and_doubles_nothing(self):
        nginx = Nginx(self)
        nginx.put("x", b"x" * 3000)
        daemon = Daemon(self, "log.flush=5 ms", workers=2)
        done = threading.Event()
        self.addCleanup(done.set)
        paths, failures, quota = [], [], [300]

        def load(who):
            number = 0
            while not done.is_set():
                if len(paths) >= quota[0]:  # spares the system's ports
                    done.wait(0.002)
                    continue
                path = f"/x?{who}.{number}"
                try:
                    if b"200 OK" not in fetch(daemon, nginx.port, path):
                        failures.append(path)
                except OSError as e:
                    failures.append(f"{path}: {e}")
                paths.append(path)
                number += 1

        threads = [threading.Thread(target=load, args=(i,)) for i in range(6)]
        for t in threads:
            t.start()
        for _ in range(8):
            pid = self.logger(daemon)["pid"]
            os.kill(pid, signal.SIGKILL)
            seen = len(paths)
            quota[0] = seen + 300
            wait_for(lambda p=pid: self.logger(daemon)["pid"] not in (0, p),
                     "the logger to be restarted")
            wait_for(lambda n=seen: len(paths) > n + 20, "more requests")
        done.set()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        records = daemon.stop()
        seen = [f"{get(r, 'url.path')}?{get(r, 'url.query')}" for r in records
                if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual(len(seen), len(paths))
        self.assertEqual(sorted(seen), sorted(paths))
        self.check_sequences(records)

    def test_a_killed_signer_is_replaced(self):
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = Daemon(self)
        old = daemon.control("status")["signer"]["pid"]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: daemon.control("status")["signer"]["pid"] not in (0, old),
                 "the signer to be restarted")
        self.assertIn(b"200 OK", fetch(daemon, nginx.port, "/x"))
        daemon.stop()

    def test_the_parent_killed_takes_all_with_it(self):
        daemon = Daemon(self)
        pids = self.roles(daemon)
        daemon.process.kill()
        daemon.process.wait()
        self.await_end(pids)

    def roles(self, daemon):
        status = daemon.control("status")
        return [*(w["pid"] for w in status["workers"]), status["logger"]["pid"],
                status["signer"]["pid"]]

    def await_end(self, pids):
        def gone():
            for pid in pids:
                try:
                    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                        if f.read().split()[2] not in "ZX":
                            return False
                except OSError:
                    pass
            return True

        wait_for(gone, "the roles to end")

    def test_the_parent_killed_loses_no_record(self):
        server = ThreadServer(self, echo)
        daemon = Daemon(self, workers=2)
        flows = [daemon.flow(server.port) for _ in range(100)]
        for s in flows:
            self.talk(s, b"\1\n")
        pids = self.roles(daemon)
        daemon.process.kill()
        daemon.process.wait()
        self.await_end(pids)
        for s in flows:
            s.close()
        self.assertFalse([p for p in daemon.segments() if p.endswith(".part")])
        records = daemon.records()
        self.assertEqual(100, sum(r["event"]["dataset"] == "sightglass.flow"
                                  for r in records))
        self.check_sequences(records)

    def stop_while_it_starts(self, daemon):
        """Kills the logger, and stops the next one before it has begun."""
        while True:
            old = wait_for(lambda: self.logger(daemon)["pid"], "a logger")
            os.kill(old, signal.SIGKILL)
            new = wait_for(lambda: self.logger(daemon)["pid"] not in (0, old)
                           and self.logger(daemon)["pid"], "the next logger")
            os.kill(new, signal.SIGSTOP)
            with open(f"/proc/{new}/status", encoding="ascii") as f:
                if "NoNewPrivs:\t0" in f.read():  # it has its sandbox when it begins
                    return new

    def test_the_parent_killed_while_a_logger_starts_loses_no_record(self):
        server = ThreadServer(self, echo)
        daemon = Daemon(self)
        starting = self.stop_while_it_starts(daemon)
        for _ in range(100):
            with daemon.flow(server.port) as s:
                self.talk(s, b"\1\n")
        daemon.process.kill()
        daemon.process.wait()
        os.kill(starting, signal.SIGCONT)
        wait_for(lambda: all(p.endswith(".zst") for p in daemon.segments()),
                 "the seal")
        wait_for(lambda: not os.path.exists(f"/proc/{starting}/fd/0"), "its end")
        records = daemon.records()
        self.assertEqual(100, sum(r["event"]["dataset"] == "sightglass.flow"
                                  for r in records))
        self.check_sequences(records)


class Vanishing(Failures):
    def test_a_client_that_vanishes_is_recorded(self):
        got = threading.Event()

        def serve(c):
            c.recv(65536)
            got.set()
            c.recv(1)  # the reset

        server = ThreadServer(self, serve)
        daemon = Daemon(self)
        s = daemon.flow(server.port)
        s.sendall(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(got.wait(60))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        s.close()
        wait_for(lambda: sum(w["flows"] for w in self.workers(daemon)) == 0,
                 "the flow to end")
        records = daemon.stop()
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "client_reset")
        http = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(http, "sightglass.incomplete"), "no_response")
        self.assertEqual(get(http, "url.path"), "/never")

    def test_a_server_that_vanishes_resets_the_client(self):
        def serve(c):
            c.recv(65536)
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

        server = ThreadServer(self, serve)
        daemon = Daemon(self)
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            s.sendall(b"GET /half HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with self.assertRaises(ConnectionResetError):
                while s.recv(65536):
                    pass
                raise AssertionError("ended in order")
        records = daemon.stop()
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "server_reset")
        http = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(http, "sightglass.incomplete"), "cut_response")

    def test_a_server_that_resets_in_silence_resets_the_client(self):
        connected = threading.Event()
        server = ThreadServer(self, lambda c: (connected.wait(60), c.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, RESET)))
        daemon = Daemon(self, "flow.sniff_timeout=50ms", workers=1)
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            wait_for(lambda: server.accepted, "the connection")
            # Until the daemon knows of it too, which has nothing else to do.
            pid = self.workers(daemon)[0]["pid"]
            wait_for(lambda: is_asleep(pid), "the worker to have nothing to do")
            connected.set()
            with self.assertRaises(ConnectionResetError):
                s.recv(1)
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "server_reset")

    def test_what_the_daemon_cuts_off_does_not_look_whole(self):
        server = ThreadServer(self, lambda c: (
            c.recv(999), c.sendall(b"HTTP/1.0 200 OK\r\n\r\npart"), c.recv(1)))
        daemon = Daemon(self, "drain_timeout=50ms")
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertIn(b"200", s.recv(999))
            records = daemon.stop()
            with self.assertRaises(ConnectionResetError):
                while s.recv(999):
                    pass
                raise AssertionError("ended in order")
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "daemon_shutdown")

    def test_a_server_that_is_not_there_is_recorded(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            daemon = Daemon(self)
            with daemon.flow(s.getsockname()[1]) as client:
                client.settimeout(60)
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                with self.assertRaises(ConnectionResetError):
                    client.recv(1)
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "connect_failed")
        self.assertIn("refused", get(flow, "sightglass.detail"))


class Broken(Failures):
    def test_a_broken_header_closes_that_flow_alone(self):
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = Daemon(self)
        good = daemon.header("127.0.0.1", nginx.port)
        broken = [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 200,
                  good[:12] + b"\x11" + good[13:],  # PROXY version 1
                  good[:14] + b"\xff\xff" + good[16:],  # longer than 4 KiB
                  good[:-5]]
        for number, header in enumerate(broken):
            with daemon.bridge() as s:
                s.settimeout(60)
                s.sendall(header)
                s.shutdown(socket.SHUT_WR)
                try:
                    self.assertEqual(s.recv(1), b"", number)
                except ConnectionResetError:
                    pass
            self.assertIn(b"200 OK", fetch(daemon, nginx.port, "/x"))
        flows = [r for r in daemon.stop()
                 if r["event"]["dataset"] == "sightglass.flow"]
        closes = [get(r, "sightglass.close") for r in flows]
        self.assertEqual(closes.count("finished"), len(broken))
        self.assertEqual(closes.count("bad_header"), len(broken), closes)

    def test_a_header_that_does_not_come_is_not_waited_for(self):
        daemon = Daemon(self, "flow.header_timeout=200 ms")
        with daemon.bridge() as s:
            s.settimeout(60)
            s.sendall(b"\r\n\r\n")
            try:
                self.assertEqual(s.recv(1), b"")
            except ConnectionResetError:
                pass
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "header_timeout")

    def check(self, text, *arguments):
        path = os.path.join(self.directory, "sightglass.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        done = subprocess.run(
            [DAEMON, "-n", "-c", path, "-d", self.directory, *arguments],
            capture_output=True, text=True, timeout=60, check=False)
        return done, path

    def test_an_unknown_key_is_named_with_its_place(self):
        done, path = self.check("verbose: 1\nlog:\n  flsh: 50 ms\n")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"{path}:3:3:", done.stderr)
        self.assertIn("log.flsh", done.stderr)
        self.assertIn("log.flush", done.stderr)

    def test_a_good_file_is_said_to_be_good(self):
        done, _ = self.check("log:\n  flush: 50 ms\n", "-o", "user=root")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_segment_larger_than_can_be_repaired_is_refused(self):
        done, _ = self.check("log:\n  rotate_size: 1 GiB\n", "-o", "user=root")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("log.rotate_size", done.stderr)
        self.assertIn("512 MiB", done.stderr)

    def test_a_broken_rule_is_named(self):
        done, _ = self.check("policy:\n  splice: ['host:']\n", "-o", "user=root")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("host:", done.stderr)


class Log(Failures):
    def test_a_log_directory_that_cannot_be_written_stops_the_start(self):
        path = os.path.join(self.directory, "file")
        with open(path, "w", encoding="ascii"):
            pass
        daemon = Daemon(self, f"paths.log={path}", wait=False)
        self.assertNotEqual(daemon.process.wait(60), 0)
        self.assertIn(path, daemon.output())

    def test_a_log_that_cannot_be_written_later_loses_nothing(self):
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = Daemon(self)
        fetch(daemon, nginx.port, "/x?first")
        wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a first write")
        pid = self.logger(daemon)["pid"]
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, limits[1]))
        for i in range(50):
            self.assertIn(b"200 OK", fetch(daemon, nginx.port, f"/x?{i}"))
        wait_for(lambda: self.logger(daemon)["write_errors"] > 0, "an error")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        records = daemon.stop()
        queries = [get(r, "url.query") for r in records
                   if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual(sorted(queries),
                         sorted(["first", *(str(i) for i in range(50))]))
        self.check_sequences(records)
        self.assertEqual(self.logger_actions(records).count("log_resumed"), 1)

    def answers(self):
        """A server of answers that fill a ring: 60 kB, which do not compress."""
        body = os.urandom(30_000).hex().encode()

        def serve(c):
            while data := c.recv(65536):
                for _ in range(data.count(b"\r\n\r\n")):
                    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"
                              + body)

        return ThreadServer(self, serve)

    def ask(self, daemon, server, count):
        """So many requests over one flow, each of them answered."""
        with daemon.flow(server.port) as s, s.makefile("rb") as stream:
            s.settimeout(60)
            for i in range(count):
                s.sendall(f"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                while stream.readline() not in (b"\r\n", b""):
                    pass
                self.assertEqual(len(stream.read(60_000)), 60_000, i)

    def limit_files(self, pid, most):
        """As on a full disk: files of this process grow no larger."""
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, limits[1]))

    def check_gap(self, daemon, committed):
        """What the ring took is in the log, or in the numbers of its gaps."""
        records = daemon.stop()
        kept = [r["event"]["id"] for r in records
                if r["event"]["id"].split("-")[1] == "1"]
        self.assertEqual(len(kept), len(set(kept)))
        gaps = [r for r in records if get(r, "sightglass.action") == "gap"]
        lost = sum(get(r, "sightglass.lost_records") for r in gaps)
        self.assertGreater(lost, 0)
        self.assertEqual(len(kept) + lost, committed)
        for gap in gaps:
            self.assertLess(get(gap, "sightglass.since"), gap["@timestamp"])
        self.check_sequences([r for r in records if get(r, "sightglass.role")])
        self.assertFalse([p for p in daemon.segments() if p.endswith(".part")])

    def test_a_full_disk_does_not_stop_the_flows(self):
        server = self.answers()
        daemon = Daemon(self, "ring.size=4 MiB", "log.full_wait=100 ms", workers=1)
        pid = self.logger(daemon)["pid"]
        self.ask(daemon, server, 10)
        wait_for(lambda: self.logger(daemon)["records"] >= 11, "a write")
        self.limit_files(pid, PAGE)
        self.ask(daemon, server, 300)
        wait_for(lambda: self.workers(daemon)[0]["flows"] == 0, "the flows' end")
        self.assertGreater(self.logger(daemon)["lost_records"], 0)
        committed = self.workers(daemon)[0]["records"]
        self.assertEqual(self.logger(daemon)["pid"], pid)
        self.limit_files(pid, resource.RLIM_INFINITY)
        self.check_gap(daemon, committed)
        self.assertEqual(daemon.output().count("oldest records are dropped"), 1)

    def test_a_full_disk_and_a_killed_logger_are_counted_too(self):
        server = self.answers()
        daemon = Daemon(self, "ring.size=4 MiB", "log.full_wait=0 ms", workers=1)
        pid = self.logger(daemon)["pid"]
        self.limit_files(pid, PAGE)
        self.ask(daemon, server, 200)
        wait_for(lambda: self.workers(daemon)[0]["flows"] == 0, "the flows' end")
        wait_for(lambda: self.logger(daemon)["lost_records"] > 0, "a loss")
        committed = self.workers(daemon)[0]["records"]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.logger(daemon)["pid"] not in (0, pid),
                 "the next logger")
        self.check_gap(daemon, committed)

    def test_a_termination_on_a_full_disk_says_what_is_lost(self):
        server = self.answers()
        daemon = Daemon(self, "ring.size=4 MiB", "log.full_wait=10 min",
                        "drain_timeout=5 s", workers=1)
        self.limit_files(self.logger(daemon)["pid"], PAGE)
        began = threading.Thread(target=self.ask, args=(daemon, server, 200))
        began.start()
        wait_for(lambda: self.workers(daemon)[0]["waits"] > 0, "the ring to fill")
        self.assertEqual(daemon.end(), 1)
        began.join()
        self.assertIn("records that could not be written", daemon.output())
        self.assertIn("File too large", daemon.output())
        self.assertNotIn("ended by signal", daemon.output())

    def test_a_disk_that_is_full_at_the_start_does_not_stop_the_flows(self):
        path = os.path.join(self.directory, "small")
        os.mkdir(path)
        self.mount(path, "64k")
        filler = os.path.join(path, "fill")
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as out:
            while True:
                out.write(bytes(4096))
        server = self.answers()
        daemon = Daemon(self, f"paths.log={path}", "ring.size=4 MiB",
                        "log.full_wait=100 ms", workers=1)
        self.ask(daemon, server, 200)
        os.unlink(filler)
        subprocess.run(["mount", "-o", "remount,size=64m", path], check=True)
        wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a write")
        self.assertEqual(daemon.end(), 0)
        self.assertIn("No space left", daemon.output())
        self.assertIn("records were dropped", daemon.output())

    def close_directory(self, daemon):
        """No file can be made or renamed in the log's directory from now on."""
        if os.geteuid() == 0:
            os.chown(daemon.path("log"), 0, 0)
        os.chmod(daemon.path("log"), 0o555)

    def open_directory(self, daemon):
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(daemon.path("log"), user.pw_uid, user.pw_gid)
        os.chmod(daemon.path("log"), 0o700)

    def daemon_that_cannot_seal(self):
        """Serving, with a record in a segment that grows and the directory closed; and
        how many exchanges there were."""
        os.chmod(self.directory, 0o755)
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = Daemon(self, "log.rotate_time=1 s", role_user="nobody", workers=1)
        asked = 0
        while True:
            fetch(daemon, nginx.port, f"/x?before={asked}")
            asked += 1
            wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a write")
            self.close_directory(daemon)
            if any(path.endswith(".part") for path in daemon.segments()):
                break
            self.open_directory(daemon)  # it was sealed just before
        wait_for(lambda: self.logger(daemon)["write_errors"] > 0, "an error")
        return daemon, nginx, asked

    def test_a_seal_that_fails_is_said_and_made_good(self):
        daemon, nginx, asked = self.daemon_that_cannot_seal()
        for i in range(20):
            self.assertIn(b"200 OK", fetch(daemon, nginx.port, f"/x?{i}"))
        self.open_directory(daemon)
        wait_for(lambda: self.logger(daemon)["repaired"] > 0, "the seal")
        records = daemon.stop()
        self.assertEqual(20 + asked, sum(r["event"]["dataset"] == "sightglass.http"
                                         for r in records))
        self.check_sequences(records)
        self.assertEqual(daemon.output().count("cannot seal"), 1)
        self.assertIn(daemon.path("log"), daemon.output())
        self.assertIn("Permission denied", daemon.output())

    def test_a_last_seal_that_fails_is_an_exit_status(self):
        os.chmod(self.directory, 0o755)
        daemon = Daemon(self, role_user="nobody", workers=1)
        wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a write")
        self.close_directory(daemon)
        self.assertEqual(daemon.end(), 1)
        self.assertIn("cannot seal", daemon.output())

    def test_the_logger_hears_messages_under_load(self):
        server = self.answers()
        daemon = Daemon(self, "ring.size=32 MiB", "log.level=19", workers=1)
        logger = self.logger(daemon)["pid"]
        wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a write")
        os.kill(logger, signal.SIGSTOP)
        self.addCleanup(kill_quietly, logger, signal.SIGCONT)
        self.ask(daemon, server, 200)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "reloaded" in daemon.output(), "the reload")
        os.kill(logger, signal.SIGCONT)
        wait_for(lambda: self.logger(daemon)["segments_sealed"] > 0, "the seal")
        daemon.stop()
        first, *others = (self.run_cli("segments", "cat", path).stdout.count("\n")
                          for path in daemon.segments())
        self.assertLess(first, 200)
        self.assertGreaterEqual(first + sum(others), 200)

    def logger_actions(self, records):
        return [get(r, "sightglass.action") for r in records
                if get(r, "sightglass.role") == "logger"]

    def test_a_full_ring_makes_the_workers_wait(self):
        body = pattern(60_000)

        def serve(c):
            while data := c.recv(65536):
                for _ in range(data.count(b"\r\n\r\n")):
                    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"
                              + body)

        server = ThreadServer(self, serve)
        daemon = Daemon(self, "ring.size=4 MiB", workers=1)
        logger = self.logger(daemon)["pid"]
        os.kill(logger, signal.SIGSTOP)
        self.addCleanup(kill_quietly, logger, signal.SIGCONT)
        got = []

        def client():
            with daemon.flow(server.port) as s:
                s.settimeout(60)
                stream = s.makefile("rb")
                for i in range(50):
                    s.sendall(f"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                    while stream.readline() != b"\r\n":
                        pass
                    got.append(stream.read(60_000) == body)

        threads = [threading.Thread(target=client) for _ in range(6)]
        for t in threads:
            t.start()
        wait_for(lambda: self.workers(daemon)[0]["waits"] > 0, "the ring to fill")
        self.assertLess(len(got), 300)
        os.kill(logger, signal.SIGCONT)
        for t in threads:
            t.join()
        self.assertEqual(got, [True] * 300)
        records = daemon.stop()
        self.assertEqual(300, sum(r["event"]["dataset"] == "sightglass.http"
                                  for r in records))
        self.check_sequences(records)


    def test_a_flow_that_waits_for_the_log_is_not_idle(self):
        body = pattern(60_000)

        def serve(c):
            while data := c.recv(65536):
                c.sendall((b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" +
                           body) * data.count(b"\r\n\r\n"))

        server, quiet = ThreadServer(self, serve), ThreadServer(self, echo)
        daemon = Daemon(self, "ring.size=4 MiB", "flow.idle_timeout=3 s", workers=1)
        logger = self.logger(daemon)["pid"]
        with daemon.flow(quiet.port) as s:
            self.talk(s, b"\1\n")
            os.kill(logger, signal.SIGSTOP)
            self.addCleanup(kill_quietly, logger, signal.SIGCONT)
            with daemon.flow(server.port) as filler:
                filler.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 200)
                filler.settimeout(0.1)
                said = 0

                def is_full():
                    nonlocal said
                    s.sendall(b"\2\n")  # which keeps it from being idle until then
                    said += 2
                    try:
                        self.assertTrue(filler.recv(1 << 20))
                    except TimeoutError:
                        pass
                    return self.workers(daemon)[0]["waits"]

                wait_for(is_full, "the ring to fill")
                s.sendall(b"\2\n")
                paused = time.monotonic()
                wait_for(lambda: time.monotonic() > paused + 4,
                         "the idle timeout to pass")
                os.kill(logger, signal.SIGCONT)
                s.settimeout(60)
                back = b""
                while len(back) < said + 2:
                    part = s.recv(4096)
                    self.assertTrue(part, back)
                    back += part
                self.assertEqual(back, b"\2\n" * (said // 2 + 1))


class Descriptors(Failures):
    def test_without_a_descriptor_new_flows_wait(self):
        server = ThreadServer(self, echo)
        daemon = Daemon(self, workers=1)
        first = [daemon.flow(server.port) for _ in range(10)]
        for s in first:
            self.talk(s, b"\1\n")
        pid = self.workers(daemon)[0]["pid"]
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 8, limits[1]))
        more = [daemon.flow(server.port) for _ in range(10)]
        for s in more:
            s.sendall(b"two\n")
        wait_for(lambda: self.workers(daemon)[0]["no_descriptor"] > 0,
                 "the worker to be short")
        for s in first:
            self.talk(s, b"\1\n")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        for s in first:
            s.close()
        for s in more:
            s.settimeout(60)
            self.assertEqual(s.recv(4), b"two\n")
            s.close()
        flows = [r for r in daemon.stop()
                 if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual(len(flows), 20)
        self.assertEqual({get(r, "sightglass.close") for r in flows}, {"finished"})


class Signals(Failures):
    def test_a_reload_changes_the_policy_and_drops_no_flow(self):
        server = ThreadServer(self, echo)
        directory = os.path.join(self.directory, "d")
        os.makedirs(directory)
        path = os.path.join(directory, "sightglass.yaml")
        with open(path, "w", encoding="ascii") as out:
            out.write("policy:\n  default: inspect\n")
        daemon = Daemon(self, workers=1)  # whoever answers has the settings
        with daemon.flow(server.port) as old:
            self.talk(old, b"\1\n")
            with open(path, "w", encoding="ascii") as out:
                out.write("policy:\n  default: refuse\n")
            daemon.process.send_signal(signal.SIGHUP)
            wait_for(lambda: daemon.control("policy")["default"] == "refuse",
                     "the new policy")
            self.talk(old, b"\1\n")
            with daemon.flow(server.port) as new:
                new.settimeout(60)
                with self.assertRaises(ConnectionResetError):
                    new.sendall(b"hello?")
                    new.recv(1)
            with open(path, "w", encoding="ascii") as out:
                out.write("polcy: 1\n")
            answer = daemon.control("reload")
            self.assertFalse(answer["ok"])
            self.assertIn("policy", answer["error"])
            self.talk(old, b"\1\n")
        flows = [r for r in daemon.stop()
                 if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual(sorted(get(r, "sightglass.close") for r in flows),
                         ["finished", "refused_by_policy"])

    def test_a_termination_lets_flows_end(self):
        release = threading.Event()

        def serve(c):
            c.recv(65536)
            release.wait(60)
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

        server = ThreadServer(self, serve)
        daemon = Daemon(self, "drain_timeout=20 s")
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            wait_for(lambda: server.accepted == 1, "the connection")
            daemon.process.send_signal(signal.SIGTERM)
            release.set()
            self.assertTrue(read_to_end(s).endswith(b"late"))
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.response.body.content"), "late")

    def test_a_logger_killed_in_a_termination_waits_for_the_flows(self):
        release = threading.Event()

        def serve(c):
            c.recv(65536)
            release.wait(60)
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

        server = ThreadServer(self, serve)
        daemon = Daemon(self, "drain_timeout=20 s", workers=1)
        with daemon.flow(server.port) as s, Control(daemon) as control:
            s.settimeout(60)
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            wait_for(lambda: server.accepted == 1, "the connection")
            wait_for(lambda: self.logger(daemon)["file_bytes"] > 0, "a write")
            daemon.process.send_signal(signal.SIGTERM)
            wait_for(lambda: not os.path.exists(daemon.path("run", "flow.sock")),
                     "the stop")
            old = control.ask("status")["logger"]["pid"]
            os.kill(old, signal.SIGKILL)
            wait_for(lambda: control.ask("status")["logger"]["repaired"] == 1,
                     "the next logger")
            release.set()
            self.assertTrue(read_to_end(s).endswith(b"late"))
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.response.body.content"), "late")

    def test_a_reload_in_a_termination_is_refused(self):
        daemon = Daemon(self)
        logger = self.logger(daemon)["pid"]
        workers = [w["pid"] for w in self.workers(daemon)]
        os.kill(logger, signal.SIGSTOP)
        self.addCleanup(kill_quietly, logger, signal.SIGCONT)
        daemon.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not any(os.path.exists(f"/proc/{w}") for w in workers),
                 "the workers to end")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "reloaded" in daemon.output(), "the reload")
        os.kill(logger, signal.SIGCONT)
        daemon.stop()
        self.assertIn("not reloaded: the daemon is stopping", daemon.output())
        self.assertNotIn("ended by signal", daemon.output())

    def test_a_reload_names_what_needs_a_restart(self):
        directory = os.path.join(self.directory, "d")
        os.makedirs(directory)
        daemon = Daemon(self, workers=1)
        with open(daemon.path("sightglass.yaml"), "w", encoding="ascii") as out:
            out.write("ring:\n  size: 16 MiB\nlog:\n  flush: 5 ms\n"
                      "leaf:\n  cache: 17\n"
                      "upstream:\n  sessions: 17\n  verdicts: 17\n")
        self.assertTrue(daemon.control("reload")["ok"])
        for key in ("ring.size", "leaf.cache", "upstream.sessions",
                    "upstream.verdicts"):
            self.assertIn(f"{key}: has changed", daemon.output())
        self.assertNotIn("log.flush", daemon.output())
        self.assertNotIn("workers: has", daemon.output())
        daemon.stop()

    def test_a_fork_that_fails_is_tried_again(self):
        # Root has no limit of processes: an ordinary user then.
        os.chmod(self.directory, 0o777)
        options = {}
        if os.geteuid() == 0:
            options = {"user": 65534, "group": 65534, "extra_groups": []}
            if not may_run(pwd.getpwuid(65534)):
                self.skipTest("nobody may not come to this folder")
        daemon = Daemon(self, workers=2, **options)
        old = self.workers(daemon)[0]["pid"]

        def limit_processes(most):
            subprocess.run(["prlimit", f"--pid={daemon.pid}", f"--nproc={most}:"],
                           check=True, **options)

        limit_processes(1)
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: "worker 1 did not start" in daemon.output(),
                 "fork to fail")
        limit_processes(1000)
        wait_for(lambda: self.workers(daemon)[0]["pid"] not in (0, old),
                 "the worker to be restarted")
        daemon.stop()


def is_asleep(pid):
    """Whether a process waits for what comes, and nothing has."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "S"


def kill_quietly(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    unittest.main()
