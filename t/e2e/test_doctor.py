# SPDX-License-Identifier: ISC
"""The doctor on this machine: with a daemon and without, with programs that trust
the CA and that do not, through a flow of its own, and at a log open to others."""

import grp
import json
import os
import re
import shutil
import socket
import subprocess
import unittest

from harness import CLI, SOURCE, Daemon, Forwarder, Nginx, Process, Test, wait_for

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
             "JAVA_TOOL_OPTIONS", "CURL_CA_BUNDLE", "https_proxy", "HTTPS_PROXY")


class Doctor(Test):
    def setUp(self):
        super().setUp()
        self.home = os.path.join(self.directory, "home")
        os.makedirs(self.home)
        self.environment = {k: v for k, v in os.environ.items() if k not in VARIABLES}
        self.environment["HOME"] = self.home

    def doctor(self, state, *arguments, status=0, **variables):
        """What it found, by what it is about: (level, text, remedy). A status of None:
        any."""
        done = self.run_cli("doctor", "-d", state, *arguments,
                            env={**self.environment, **variables})
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        *lines, total = done.stdout.splitlines()
        found = {}
        for line in lines:
            if line[0] == " ":
                level, text, _ = found[what][-1]
                found[what][-1] = (level, text, line.strip())
            else:
                level, what = line.split()[:2]
                found.setdefault(what, []).append((level, line[21:], ""))
        self.assertEqual([], [(what, f) for what, each in found.items() for f in each
                              if f[0] != "ok" and not f[2]], "without a remedy")
        for level, word in (("FAILURE", "failure"), ("warning", "warning")):
            count = sum(f[0] == level for each in found.values() for f in each)
            self.assertIn(f"{count} {word}{'' if count == 1 else 's'}", total)
        return found

    def one(self, found, what):
        self.assertEqual(len(found.get(what, [])), 1, (what, found))
        return found[what][0]

    def state(self):
        state = os.path.join(self.directory, "state")
        self.assertEqual(self.run_cli("ca", "init", "-d", state).returncode, 0)
        return state

    def exported(self, state):
        path = os.path.join(self.directory, "exported.pem")
        self.assertEqual(
            self.run_cli("ca", "export", "-d", state, "-o", path).returncode, 0)
        return path


class Itself(Doctor):
    def test_without_anything(self):
        found = self.doctor(os.path.join(self.directory, "none"), status=1)
        self.assertEqual(self.one(found, "ca")[0], "FAILURE")
        self.assertIn("sightglass ca init", self.one(found, "ca")[2])
        if not os.path.exists("/etc/sightglass"):
            done = self.run_cli("doctor", env={**self.environment,
                                               "XDG_STATE_HOME": self.home})
            self.assertIn(f"start sightglassd -d {self.home}/sightglass, or run a "
                          "program with sightglass exec\n", done.stdout)
        self.assertEqual(self.one(found, "daemon")[0], "warning")
        self.assertNotIn("system", found)

    def test_a_daemon_and_its_log(self):
        daemon = Daemon(self)
        wait_for(lambda: daemon.control("status")["logger"]["file_bytes"] > 0,
                 "a write")
        found = self.doctor(daemon.directory)
        for what in ("daemon", "log", "disk", "ca", "alerts"):
            self.assertEqual(self.one(found, what)[0], "ok", found)
        self.assertIn(daemon.path("run"), self.one(found, "daemon")[1])
        self.assertEqual(self.one(found, "policy")[1], "0 rules")
        self.assertIn("1 growing", self.one(found, "segments")[1])
        os.chmod(daemon.path("log"), 0o755)
        level, text, remedy = self.one(self.doctor(daemon.directory, status=1), "log")
        self.assertEqual((level, remedy), ("FAILURE", f"chmod 700 {daemon.path('log')}"))
        self.assertIn("0755", text)

    def test_settings_that_are_not_understood(self):
        state = self.state()
        settings = os.path.join(state, "sightglass.yaml")
        for text, what in (("policy: {splice: ['*.*.example']}\n", "policy"),
                           ("polcy: {}\n", "settings")):
            with open(settings, "w", encoding="ascii") as out:
                out.write(text)
            found = self.doctor(state, status=1)
            self.assertEqual(self.one(found, what)[0], "FAILURE")

    def test_the_key(self):
        state = self.state()
        key = os.path.join(state, "ca", "sightglass-ca.key")
        os.chmod(key, 0o644)
        level, text, remedy = self.one(self.doctor(state, status=1), "key")
        self.assertEqual((level, remedy), ("FAILURE", f"chmod 600 {key}"))
        os.unlink(key)
        level, text, remedy = self.one(self.doctor(state, status=1), "key")
        self.assertEqual(level, "FAILURE")
        self.assertIn("bring it back", remedy)
        with open(os.path.join(state, "ca", "sightglass-ca.pem"), "w",
                  encoding="ascii") as out:
            out.write("rubbish")
        self.assertEqual(self.one(self.doctor(state, status=1), "ca")[0], "FAILURE")

    def segment(self, state, mode=0o600, number=1):
        path = os.path.join(state, "log",
                            f"sightglass-20260101T000000Z-{number:06}.ndjson.zst")
        with open(path, "wb"):
            os.chmod(path, mode)
        return path

    def test_segments_that_others_can_read(self):
        state = self.state()
        os.makedirs(os.path.join(state, "log"), mode=0o700)
        self.segment(state)
        self.assertEqual(self.one(self.doctor(state), "segments")[0], "ok")
        readable = self.segment(state, 0o640, 2)
        level, text, remedy = self.one(self.doctor(state, status=1), "segments")
        self.assertEqual(level, "FAILURE")
        self.assertIn(os.path.basename(readable), text)
        subprocess.run(remedy, shell=True, check=True)
        self.assertEqual(self.one(self.doctor(state), "segments")[0], "ok")

    def test_the_group_of_the_log(self):
        state = self.state()
        log = os.path.join(state, "log")
        os.makedirs(log, mode=0o700)
        own = grp.getgrgid(os.getgid()).gr_name
        for group, words in (("no such group", "is no group"), (own, "cannot read it")):
            with open(os.path.join(state, "sightglass.yaml"), "w",
                      encoding="ascii") as out:
                out.write(f"log: {{group: '{group}'}}\n")
            level, text, remedy = self.one(self.doctor(state), "log")
            self.assertEqual(level, "warning")
            self.assertIn(words, text)
        subprocess.run(remedy, shell=True, check=True)
        self.segment(state, 0o640)
        found = self.doctor(state)
        self.assertEqual([self.one(found, w)[0] for w in ("log", "segments")],
                         ["ok", "ok"])

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files away")
    def test_a_log_of_somebody_else(self):
        daemon = Daemon(self)
        state = daemon.directory
        os.chown(self.segment(state), 65534, 65534)
        self.assertIn("another user", self.one(self.doctor(state, status=1),
                                               "segments")[1])
        os.chown(daemon.path("log"), 65534, 65534)
        self.assertIn("belongs to user 65534, the logger is 0",
                      self.one(self.doctor(state, status=1), "log")[1])
        daemon.end()
        # Whose it is to be is the daemon's to say.
        self.assertEqual(self.one(self.doctor(state), "log")[0], "ok")

    def test_a_path_that_no_socket_can_have(self):
        state = os.path.join(self.directory, "x" * 100)
        found = self.doctor(state, status=1)
        level, text, remedy = self.one(found, "socket")
        self.assertEqual(level, "FAILURE")
        self.assertIn("paths.run", remedy)
        self.assertNotIn("socket", self.doctor(self.state()))

    def test_what_a_program_reads(self):
        state = self.state()
        for strict in ((), ("--strict",)):
            done = self.run_cli("doctor", "-d", state, "-o", "json", *strict,
                                env=self.environment)
            found = [json.loads(line) for line in done.stdout.splitlines()]
            states = {f["state"] for f in found}
            self.assertIn("warning", states)
            self.assertNotIn("failure", states)
            self.assertEqual(done.returncode, 1 if strict else 0)
            for f in found:
                self.assertLessEqual(set(f), {"id", "state", "text", "remedy"})
                self.assertLessEqual({"id", "state", "text"}, set(f))
        self.assertEqual(self.run_cli("doctor", "-o", "xml").returncode, 2)

    def test_the_manual_has_every_id(self):
        with open(os.path.join(SOURCE, "cli", "finding.h"), encoding="utf-8") as table:
            ids = re.findall(r'\bX\(FINDING_\w+, "(\w+)"\)', table.read())
        with open(os.path.join(SOURCE, "man", "sightglass.1"), encoding="utf-8") as page:
            listed = re.findall(r"(?m)^\.It Ic (\w+)$",
                                page.read().split(".Ss Findings")[1].split("\n.S")[0])
        self.assertEqual(ids, listed)

    def test_its_own_flow(self):
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server())
        daemon = Daemon(self, trust=certificates.ca)
        door = Forwarder(self, daemon, nginx.port).port
        # It waits for the record, though not for a disk that others keep busy.
        seen = wait_for(lambda: (found := self.one(self.doctor(
            daemon.directory, "--connect", f"localhost:{door}"), "connection"))
            [0] == "ok" and found, "the flow to be found")
        self.assertIn("its record is in the log", seen[1])
        for target, words in (("", "HOST"), ("[::1", "HOST"),
                              ("localhost:1", "cannot be reached")):
            self.assertIn(words, self.one(self.doctor(
                daemon.directory, "--connect", target, status=1), "connection")[1])

    def test_a_flow_through_the_proxy(self):
        """As any program would, which is told of it by https_proxy."""
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server())
        daemon = Daemon(self, trust=certificates.ca)
        process = Process(self, [CLI, "proxy", "-d", daemon.directory, "-l",
                                 "127.0.0.1:0"], "proxy")
        told = wait_for(lambda: re.search(r"^127\.0\.0\.1:(\d+)$",
                                          process.output(), re.M), "its port")
        target = f"localhost:{nginx.port}"
        for variable in ("https_proxy", "HTTPS_PROXY"):
            seen = self.one(self.doctor(daemon.directory, "--connect", target,
                                        **{variable: f"http://{told[0]}/"}), "connection")
            self.assertEqual(seen[0], "ok", seen)
            self.assertIn("its record is in the log", seen[1])
        seen = self.one(self.doctor(daemon.directory, "--connect", target, status=1),
                        "connection")
        self.assertIn("https_proxy", seen[2])
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            proxy = f"127.0.0.1:{closed.getsockname()[1]}"
            seen = self.one(self.doctor(daemon.directory, "--connect", target, status=1,
                                        https_proxy=f"http://{proxy}"), "connection")
        self.assertIn(f"cannot be reached through https_proxy, {proxy}", seen[1])

    def test_a_flow_that_is_not_opened(self):
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server())
        daemon = Daemon(self, "policy.splice=localhost", trust=certificates.ca)
        door = Forwarder(self, daemon, nginx.port).port
        for port, words in ((nginx.port, "no forwarder took it"),
                            (door, "'splice', for the reason 'policy_name'")):
            def told(port=port, words=words):
                level, text, remedy = self.one(self.doctor(
                    daemon.directory, "--connect", f"localhost:{port}", status=1),
                    "connection")
                self.assertEqual(level, "FAILURE")
                self.assertIn("is not opened", text)
                return words in remedy

            wait_for(told, words)

    def test_its_own_flow_inside_exec(self):
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server())
        state = os.path.join(self.directory, "state")

        def connected():
            done = self.run_cli(
                "exec", "-q", "-d", state, "--", CLI, "doctor", "-d", state, "-o", "json",
                "--connect", f"localhost:{nginx.port}",
                env={**self.environment, "SSL_CERT_FILE": certificates.ca})
            found = {f["id"]: f for f in map(json.loads, done.stdout.splitlines())}
            self.assertNotEqual(found["connection"]["state"], "failure",
                                done.stdout + done.stderr)
            return found["connection"]["state"] == "ok" and found

        found = wait_for(connected, "the flow to be found")
        self.assertIn("its record is in the log", found["connection"]["text"])
        self.assertIn("exec (", found["bridge"]["text"])

    def test_a_flow_whose_record_is_elsewhere(self):
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server())
        elsewhere = os.path.join(self.directory, "elsewhere")
        daemon = Daemon(self, f"paths.log={elsewhere}", trust=certificates.ca)
        door = Forwarder(self, daemon, nginx.port).port
        level, text, _ = self.one(self.doctor(
            daemon.directory, "--connect", f"localhost:{door}"), "connection")
        self.assertEqual(level, "warning")
        self.assertIn("no record of it", text)


class Trust(Doctor):
    def test_what_the_environment_names(self):
        state = self.state()
        good, bad = self.exported(state), self.certificates().ca
        for what, variable in (("node", "NODE_EXTRA_CA_CERTS"),
                               ("python", "REQUESTS_CA_BUNDLE"),
                               ("python", "SSL_CERT_FILE")):
            self.assertEqual(self.one(self.doctor(state, **{variable: good}), what)[0], "ok")
            for path in (bad, os.path.join(self.directory, "not there")):
                level, text, remedy = self.one(
                    self.doctor(state, status=1, **{variable: path}), what)
                self.assertEqual(level, "FAILURE")
                self.assertIn(f"{variable}={path}", text)
                self.assertIn(path, remedy)

    def test_node_without_a_variable(self):
        self.assertEqual(self.one(self.doctor(self.state()), "node")[0], "warning")

    def test_nss_stores(self):
        state = self.state()
        store = os.path.join(self.home, ".pki", "nssdb")
        os.makedirs(store)
        subprocess.run(["certutil", "-N", "-d", "sql:" + store, "--empty-password"],
                       check=True)
        level, text, remedy = self.one(self.doctor(state), "nss")
        self.assertEqual((level, remedy),
                         ("warning", f"sightglass ca trust --user -d {state}"))
        self.assertIn(store, text)
        subprocess.run([CLI, *remedy.split()[1:]], check=True,
                       env=self.environment, stdout=subprocess.DEVNULL)
        self.assertEqual(self.one(self.doctor(state), "nss")[0], "ok")

    @unittest.skipUnless(shutil.which("keytool"), "no Java here")
    def test_java(self):
        level, _, remedy = self.one(self.doctor(self.state()), "java")
        self.assertEqual(level, "warning")
        self.assertIn("keytool -importcert", remedy)

    def test_a_remedy_is_of_the_same_directory(self):
        """Also one whose name needs quotes, and a configuration's."""
        state = os.path.join(self.directory, "it's here")
        self.assertEqual(self.run_cli("ca", "init", "-d", state).returncode, 0)
        remedy = self.one(self.doctor(state), "system")[2]
        self.assertEqual(remedy.split(" sightglass ", 1)[-1].split("sightglass ")[-1],
                         "ca trust --system -d '" + state.replace("'", "'\\''") + "'")
        file = os.path.join(self.directory, "f.yaml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(f"paths: {{ca: {self.state()}/ca, log: {state}/log, "
                      f"run: {state}/run}}\n")
        done = self.run_cli("doctor", "-c", file, env=self.environment)
        self.assertIn(f"sightglass ca trust --system -c {file}\n", done.stdout)
        self.assertIn(f"start sightglassd -c {file}, or run a program with sightglass "
                      "exec\n", done.stdout)


class Alerts(Doctor):
    def test_a_program_that_turned_us_down(self):
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server())
        daemon = Daemon(self, trust=certificates.ca)
        for executable, cure in ((b"/usr/bin/curl", "CURL_CA_BUNDLE"),
                                 (b"/opt/unheard/of", "app:/opt/unheard/of")):
            door = Forwarder(self, daemon, nginx.port, executable).port
            failed = subprocess.run(
                ["curl", "-sS", f"https://localhost:{door}/"], capture_output=True,
                text=True, check=False, env=self.environment)
            self.assertEqual(failed.returncode, 60, failed.stderr)

            def told(name=executable.decode()):
                found = self.doctor(daemon.directory, status=None)
                return [f for f in found["alerts"] if f[1].startswith(name + " ")]

            ((level, text, remedy),) = wait_for(told, "the record of the alert")
            self.assertEqual(level, "FAILURE")
            self.assertIn("in the last day: 1 time", text)
            self.assertIn(cure, remedy)


if __name__ == "__main__":
    unittest.main()
