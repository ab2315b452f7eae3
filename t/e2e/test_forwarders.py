# SPDX-License-Identifier: ISC
"""Who hands flows over, as the daemon accounts for it: exec, proxy and the core of
the macOS extension, in status and to the doctor."""

import json
import os
import re
import signal
import socket
import subprocess
import unittest

from harness import (BUILD, CLI, Certificates, Control, Daemon, Nginx, Process, Test,
                     wait_for)

DRIVE = os.path.join(BUILD, "t", "unit", "provider-drive")


class Forwarders(Test):
    def status(self, directory):
        """What the daemon there says of each, by name."""
        done = self.run_cli("status", "-d", directory, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.by_name(json.loads(done.stdout))

    def by_name(self, status):
        return {f.get("name"): f for f in status["forwarders"]}

    def doctor(self, directory):
        """What the doctor says of the bridge there."""
        done = self.run_cli("doctor", "-d", directory, "-o", "json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return [f for f in map(json.loads, done.stdout.splitlines())
                if f["id"] == "bridge"]

    def find(self, findings, words):
        found = [f for f in findings if words in f["text"]]
        self.assertEqual(len(found), 1, findings)
        return found[0]

    def hello(self, daemon, **more):
        """A forwarder that keeps its connection."""
        control = Control(daemon)
        self.addCleanup(control.__exit__)
        answer = control.ask("hello", **{"protocol": 1, "role": "macos", **more})
        self.assertTrue(answer["ok"])
        return control, answer


class Real(Forwarders):
    def setUp(self):
        super().setUp()
        self.ca = Certificates(os.path.join(self.directory, "certificates"))

    def web(self):
        nginx = Nginx(self, self.ca.server())
        nginx.put("hello.txt", b"hello\n")
        return f"https://localhost:{nginx.port}/hello.txt"

    def test_exec(self):
        state = os.path.join(self.directory, "state")
        script = f"curl -sS {self.web()} && {CLI} status -d {state} -o json"
        for options in ((), ("--proxy",)):
            done = subprocess.run(
                [CLI, "exec", "-q", *options, "-d", state, "--", "sh", "-c", script],
                capture_output=True, text=True, check=False, timeout=60,
                env=dict(os.environ, SSL_CERT_FILE=self.ca.ca, HOME=self.directory))
            self.assertEqual(done.returncode, 0, done.stderr)
            hello, status = done.stdout.splitlines()
            self.assertEqual(hello, "hello")
            told = self.by_name(json.loads(status))
            self.assertEqual(list(told), ["exec"])
            self.assertEqual(told["exec"]["streams"]["count"], 1, told)
            self.assertEqual(told["exec"]["build"], json.loads(status)["version"])
            self.assertEqual(told["exec"]["protocol"], 1)

    def test_proxy(self):
        daemon = Daemon(self, trust=self.ca.ca)
        process = Process(self, [CLI, "proxy", "-d", daemon.directory, "-l",
                                 "127.0.0.1:0"], "proxy")
        port = wait_for(lambda: re.search(r"^127\.0\.0\.1:(\d+)$", process.output(),
                                          re.M), "its port")[1]
        self.find(self.doctor(daemon.directory), "proxy (")
        trust = os.path.join(self.directory, "trust.pem")
        self.run_cli("ca", "export", "-d", daemon.directory, "-o", trust)
        url = self.web()
        for _ in range(2):
            subprocess.run(["curl", "-sS", "--noproxy", "", "-x",
                            f"http://127.0.0.1:{port}", "--cacert", trust, url],
                           check=True, capture_output=True, timeout=60)
        told = self.status(daemon.directory)
        self.assertEqual(told["proxy"]["streams"]["count"], 2, told)
        self.assertEqual(told["proxy"]["bad_headers"], 0)
        found = self.find(self.doctor(daemon.directory), "2 connections")
        self.assertEqual(found["state"], "ok")
        done = self.run_cli("status", "-d", daemon.directory)
        self.assertRegex(done.stdout, r"forwarder proxy \S+, protocol 1, .*streams 2 ")
        daemon.stop()
        seen = daemon.records("http")
        self.assertEqual([(r["process"]["name"], r["user"]["id"]) for r in seen],
                         [("curl", str(os.getuid()))] * 2)

    def test_the_core_of_the_extension(self):
        daemon = Daemon(self, "flow.sniff_timeout=10 ms", "policy.default=splice")
        claimed = {}
        for plan in ("streams", "datagrams"):
            done = subprocess.run(
                [DRIVE, daemon.path("run", "flow.sock"),
                 daemon.path("run", "control.sock"), plan, "1", "10"],
                capture_output=True, text=True, check=True, timeout=120)
            claimed[plan] = json.loads(done.stdout)["claimed"]
        wait_for(lambda: self.status(daemon.directory)["macos"]["connections"] == 0,
                 "its connections to end")
        told = self.status(daemon.directory)["macos"]
        for plan, count in claimed.items():
            self.assertEqual(told[plan]["count"], count)
            self.assertIn("last", told[plan])
        self.assertGreaterEqual(told["heard"], told["hello"])


class Account(Forwarders):
    def test_a_connection_that_stays(self):
        daemon = Daemon(self)
        control, answer = self.hello(daemon, build="0.0.1 (7)")
        first = self.status(daemon.directory)["macos"]
        self.assertEqual((first["connections"], first["build"]), (1, "0.0.1 (7)"))
        control.ask("ping")
        second = self.status(daemon.directory)["macos"]
        self.assertEqual(second["hello"], first["hello"])
        self.assertGreater(second["heard"], first["heard"])
        found = self.doctor(daemon.directory)
        self.assertEqual(self.find(found, "of release 0.0.1 (7)")["state"], "warning")
        self.assertEqual(self.find(found, "datagrams, the last never")["state"], "ok")
        self.hello(daemon, build=answer["version"])
        self.assertEqual(self.status(daemon.directory)["macos"]["connections"], 2)
        control.ask("hello", role="other")
        told = self.status(daemon.directory)
        self.assertEqual((told["macos"]["connections"], told["other"]["connections"]),
                         (1, 1))
        self.assertEqual(told["macos"]["build"], answer["version"])

    def test_another_protocol(self):
        daemon = Daemon(self)
        self.hello(daemon, build="2.0.0", protocol=2)
        found = self.find(self.doctor(daemon.directory), "speaks protocol 2")
        self.assertEqual(found["state"], "failure")
        self.assertIn("one release", found["remedy"])

    def test_who_asks_is_no_forwarder(self):
        daemon = Daemon(self)
        daemon.control("hello")
        daemon.control("hello", role="cli")
        daemon.control("hello", role=7)
        self.assertEqual(self.status(daemon.directory), {})
        found = self.find(self.doctor(daemon.directory), "no forwarder")
        self.assertEqual(found["state"], "warning")

    def test_headers_that_are_none(self):
        daemon = Daemon(self)
        for rubbish in (b"GET / HTTP/1.1\r\n\r\n", b"\r\n"):
            with daemon.bridge() as bridge:
                bridge.sendall(rubbish)
                bridge.shutdown(socket.SHUT_WR)
                bridge.recv(1)
        # The header is whole, and says whose it is; the prefix is not.
        with daemon.bridge() as bridge:
            bridge.sendall(daemon.header("127.0.0.1", 9, prefix=100))
            bridge.shutdown(socket.SHUT_WR)
            bridge.recv(1)
        told = wait_for(lambda: len(self.status(daemon.directory)) == 2 and
                        self.status(daemon.directory), "both")
        self.assertEqual(told[None]["bad_headers"], 2)
        self.assertNotIn("hello", told[None])
        self.assertEqual(told["test"]["bad_headers"], 1)
        self.assertEqual(told["test"]["streams"]["count"], 1)
        for words in ("gives no name: 2 of", "test: 1 of"):
            found = self.find(self.doctor(daemon.directory), words)
            self.assertEqual(found["state"], "warning")
        remedy = found["remedy"].split("--where ")[1].strip("'")
        wait_for(lambda: len(self.run_cli(
            "show", "-d", daemon.directory, "--dataset", "flow", "--where", remedy, "-o",
            "json").stdout.splitlines()) == 3, "the records that the remedy finds")

    def test_a_worker_that_dies_leaves_its_account(self):
        daemon = Daemon(self, workers=1)
        self.hello(daemon, build="0.1.0")
        daemon.flow(9).close()
        wait_for(lambda: self.status(daemon.directory).get("test"), "the flow")
        worker = daemon.control("status")["workers"][0]["pid"]
        os.kill(worker, signal.SIGKILL)

        def fresh():
            try:
                return daemon.control("status")["workers"][0]["restarts"] == 1
            except (OSError, ValueError):
                return False

        wait_for(fresh, "another worker")
        told = self.status(daemon.directory)
        self.assertEqual(told["test"]["streams"]["count"], 1)
        self.assertEqual(told["macos"]["connections"], 0)
        self.assertIn("hello", told["macos"])

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_strangers_are_counted(self):
        daemon = Daemon(self)
        run = daemon.path("run")
        for path in (self.directory, daemon.directory, run):
            os.chmod(path, 0o755)
        os.chmod(os.path.join(run, "flow.sock"), 0o666)
        subprocess.run(
            ["python3", "-c",
             "import socket, sys; s = socket.socket(socket.AF_UNIX); "
             "s.connect(sys.argv[1]); s.recv(1)", os.path.join(run, "flow.sock")],
            user=65534, group=65534, extra_groups=[], check=True, timeout=60)
        found = wait_for(lambda: [f for f in self.doctor(daemon.directory)
                                  if "closed for who made them" in f["text"]], "it")
        self.assertIn("bridge.group", found[0]["remedy"])


if __name__ == "__main__":
    unittest.main()
