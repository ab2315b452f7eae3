# SPDX-License-Identifier: ISC
"""The key log: what curl and nginx said is captured on loopback on both of the
daemon's legs, and tshark reads it with the log's help."""

import os
import re
import shutil
import ssl
import stat
import subprocess
import unittest

from harness import Daemon, Nginx, Process, get, wait_for
from test_bypass import Forwarder
from test_hosts import Hosts

FILTER = 'http.request && http.request.uri == "/secret-path"'
LINE = re.compile(r"^[A-Z0-9_]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})$")


class KeyLog(Hosts):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.directory, "keys")

    def nginx(self, protocols="TLSv1.2 TLSv1.3"):
        nginx = Nginx(self, self.ca.server(), protocols=protocols)
        nginx.put("secret-path", b"here\n")
        return nginx

    def daemon(self, *settings, **options):
        return Daemon(self, *settings, trust=self.ca.ca, **options)

    def curl(self, daemon, port):
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert",
             daemon.path("ca", "sightglass-ca.pem"),
             f"https://localhost:{port}/secret-path"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "here\n", done.stderr)

    def lines(self, path=None):
        with open(path or self.log, encoding="ascii") as log:
            return log.read().splitlines()

    def labels(self, lines):
        return sorted({line.split()[0] for line in lines})


class Wireshark(KeyLog):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root captures")
        for program in ("dumpcap", "tshark"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")

    def capture(self, *ports):
        """dumpcap on these ports of loopback; the file that it writes."""
        path = os.path.join(self.directory, "capture")
        os.chmod(self.directory, 0o777)
        dumpcap = Process(
            self, ["dumpcap", "-q", "-i", "lo", "-w", path, "-f",
                   " or ".join(f"tcp port {port}" for port in ports)], "dumpcap")
        wait_for(lambda: "File:" in dumpcap.output(), "dumpcap to begin")
        return path, dumpcap

    def requests(self, path, ports, keys=None):
        """The ports to which tshark sees the request go."""
        command = ["tshark", "-n", "-r", path, "-Y", FILTER, "-T", "fields", "-e",
                   "tcp.dstport"]
        for port in ports:
            command += ["-d", f"tcp.port=={port},tls"]
        if keys:
            command += ["-o", f"tls.keylog_file:{keys}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=60, env=dict(os.environ, HOME=self.directory))
        return {int(line) for line in done.stdout.split()}

    def both_legs_are_read(self, protocols, labels):
        nginx = self.nginx(protocols)
        daemon = self.daemon(f"keylog={self.log}")
        ports = [nginx.port, Forwarder(self, daemon, nginx.port).port]
        path, dumpcap = self.capture(*ports)
        self.curl(daemon, ports[1])
        wait_for(lambda: self.requests(path, ports, self.log) == set(ports),
                 "tshark to read both legs")
        dumpcap.end()
        self.assertEqual(self.requests(path, ports), set(), "without the keys")
        lines = self.lines()
        for line in lines:
            self.assertRegex(line, LINE)
        self.assertEqual(self.labels(lines), labels)
        self.assertEqual(len({line.split()[1] for line in lines}), 2, "two legs")

    def test_tls_1_2(self):
        self.both_legs_are_read("TLSv1.2", ["CLIENT_RANDOM"])

    def test_tls_1_3(self):
        self.both_legs_are_read("TLSv1.3", [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"])


class File(KeyLog):
    def test_it_is_private_told_of_and_off_unless_asked_for(self):
        nginx = self.nginx()
        daemon = self.daemon(f"keylog={self.log}")
        status = os.stat(self.log)
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)
        self.assertIn(f"keylog: the secrets of all opened connections go to "
                      f"'{self.log}'", daemon.output())
        self.curl(daemon, Forwarder(self, daemon, nginx.port).port)
        self.assertTrue(self.lines())
        record = self.one(daemon.stop(), sightglass__action="keylog_on")
        self.assertEqual(record["message"], self.log)
        before = self.lines()
        daemon = self.daemon(directory=os.path.join(self.directory, "e"))
        self.curl(daemon, Forwarder(self, daemon, nginx.port).port)
        self.assertEqual(daemon.output().count("keylog"), 1, "of the first daemon")
        self.assertEqual([r for r in daemon.stop()
                          if "keylog" in str(get(r, "sightglass.action"))], [])
        self.assertEqual(self.lines(), before)

    def test_workers_of_another_user_write_to_roots_file(self):
        if os.geteuid() != 0:
            self.skipTest("only root has roles of another user")
        os.chmod(self.directory, 0o755)
        daemon = self.daemon(f"keylog={self.log}", role_user="nobody")
        nginx = self.nginx()
        self.curl(daemon, Forwarder(self, daemon, nginx.port).port)
        self.assertTrue(self.lines())
        status = os.stat(self.log)
        self.assertEqual((status.st_uid, stat.S_IMODE(status.st_mode)), (0, 0o600))

    def test_many_workers_and_flows_write_whole_lines(self):
        nginx = self.nginx()
        daemon = self.daemon(f"keylog={self.log}", workers=4)
        port = Forwarder(self, daemon, nginx.port).port
        url = f"https://localhost:{port}/secret-path"
        done = subprocess.run(
            ["curl", "-sS", "--parallel", "--parallel-max", "20", "--no-keepalive",
             "--http1.1", "-H", "Connection: close", "--cacert",
             daemon.path("ca", "sightglass-ca.pem"), *[url] * 60],
            capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.stdout, "here\n" * 60, done.stderr)
        lines = self.lines()
        self.assertGreaterEqual(len(lines), 60 * 2)
        for line in lines:
            self.assertRegex(line, LINE)

    def test_a_reload_opens_it_anew_and_ends_it(self):
        nginx = self.nginx()
        other = os.path.join(self.directory, "others")
        self.configure(f"keylog: {self.log}\n")
        daemon = self.daemon(workers=1)
        port = Forwarder(self, daemon, nginx.port).port
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        with context.wrap_socket(daemon.flow(nginx.port),
                                 server_hostname="localhost") as held:
            kept = self.lines()
            # Rotated: another name, then the signal.
            os.rename(self.log, other)
            self.reload(daemon)
            wait_for(lambda: os.path.exists(self.log), "the file to be made anew")
            self.curl(daemon, port)
            self.assertTrue(self.lines())
            self.assertEqual(self.lines(other), kept)
            self.configure("")
            self.reload(daemon)
            answer = daemon.control("status")  # the worker has read what came before
            self.assertTrue(answer["ok"], answer)
            written = self.lines()
            self.curl(daemon, port)
            self.assertEqual(self.lines(), written)
            held.sendall(b"GET /secret-path HTTP/1.0\r\n\r\n")
            self.assertIn(b"200 OK", held.recv(65536))
        actions = [get(r, "sightglass.action") for r in daemon.stop()]
        self.assertEqual([a for a in actions if a and a.startswith("keylog")],
                         ["keylog_on", "keylog_off"])

    def test_what_others_could_read_is_refused_with_the_remedy(self):
        open_file, link, twin, other = (os.path.join(self.directory, n)
                                        for n in ("open", "link", "twin", "other"))
        with open(open_file, "w", encoding="ascii"):
            os.chmod(open_file, 0o644)
        os.symlink(open_file, link)
        os.close(os.open(twin, os.O_CREAT | os.O_WRONLY, 0o600))
        os.link(twin, other)
        for path, words in (
                (open_file, f"'{open_file}': mode 0644"), (link, "it is a link"),
                (other, f"'{other}': it has another name too (a hard link)"),
                ("keys", "'keys' is not an absolute path"),
                ("/nowhere/keys", "cannot open '/nowhere/keys': No such file"),
                (self.directory, "cannot open"),
                ("/dev/null", "'/dev/null': not a regular file")):
            with self.subTest(path=path):
                done = self.check(f"keylog={path}")
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn("keylog: ", done.stderr)
                self.assertIn(words, done.stderr)
        done = self.check(f"keylog={self.log}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(os.path.exists(self.log), "the check made it")


if __name__ == "__main__":
    unittest.main()
