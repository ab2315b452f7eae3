# SPDX-License-Identifier: ISC
"""The roots that servers are verified against are read again when their file changes,
however it does, and without a reload: verdicts and sessions end with the old ones."""

import os
import shutil
import ssl
import subprocess
import unittest

from harness import DAEMON, Certificates, Daemon, Test, ThreadServer, get, wait_for


def answer(connection):
    while line := connection.recv(4096):
        connection.sendall(line)


class Roots(Test):
    """A daemon that trusts a stranger's CA, and a server that has a certificate of
    ours."""

    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.stranger = Certificates(os.path.join(self.directory, "stranger"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.ca.server())
        self.port = ThreadServer(self, answer, context).port
        self.place = os.path.join(self.directory, "roots")
        os.mkdir(self.place)
        self.file = os.path.join(self.place, "roots.pem")
        self.ours, self.others = self.read(self.ca.ca), self.read(self.stranger.ca)

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    def replace(self, content):
        """As a well-behaved program does."""
        with open(self.file + ".new", "wb") as file:
            file.write(content)
        os.replace(self.file + ".new", self.file)

    def daemon(self, content, **options):
        if content is not None:
            self.replace(content)
        daemon = Daemon(self, trust=self.file, **options)
        self.context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        return daemon

    def verifies(self, daemon):
        """Whether the server is taken for good: else its client sees a leaf of the
        throwaway CA, and says so to nobody who would learn from it."""
        try:
            with self.context.wrap_socket(daemon.flow(self.port),
                                          server_hostname="localhost") as s:
                s.sendall(b"hello\n")
                return s.recv(4096) == b"hello\n"
        except ssl.SSLCertVerificationError:
            return False

    def becomes(self, daemon, verified):
        wait_for(lambda: self.verifies(daemon) == verified, f"{verified} of the server")

    def changes(self, daemon):
        return [r for r in daemon.stop() if get(r, "sightglass.action") == "roots_changed"]

    # --- the ways of a file ---

    def test_replaced_by_another(self):
        daemon = self.daemon(self.others)
        self.assertFalse(self.verifies(daemon))
        self.replace(self.others + self.ours)
        self.becomes(daemon, True)
        self.replace(self.others)
        self.becomes(daemon, False)  # though its verdict and its session were kept
        changes = self.changes(daemon)
        self.assertEqual([get(r, "message") for r in changes], [self.file] * 2)

    def test_written_anew_where_it_lies(self):
        daemon = self.daemon(self.others)
        with open(self.file, "wb") as file:
            file.write(self.ours)
        self.becomes(daemon, True)

    def test_half_of_one_is_not_taken(self):
        """Neither nothing nor what is no certificate takes the place of good ones."""
        daemon = self.daemon(self.ours)
        for rubbish in (b"", b"-----BEGIN CERT"):
            with open(self.file, "wb") as file:
                file.write(rubbish)
            wait_for(lambda: "holds no certificate; the roots stay as they were" in
                     daemon.output(), "a look")
            self.assertTrue(self.verifies(daemon))
        with open(self.file, "wb") as file:
            file.write(self.others)
        self.becomes(daemon, False)
        self.assertEqual(daemon.output().count("holds no certificate"), 1)
        self.assertEqual(len(self.changes(daemon)), 1)

    def test_removed_and_made_again(self):
        daemon = self.daemon(self.ours)
        os.unlink(self.file)
        wait_for(lambda: "No such file" in daemon.output(), "a look")
        self.assertTrue(self.verifies(daemon))
        self.replace(self.others)
        self.becomes(daemon, False)

    def test_there_only_later(self):
        daemon = self.daemon(None)
        self.assertIn("no server will verify", daemon.output())
        self.assertFalse(self.verifies(daemon))
        self.replace(self.ours)
        self.becomes(daemon, True)

    def test_its_directory_too(self):
        os.rmdir(self.place)
        daemon = self.daemon(None)
        os.mkdir(self.place)
        self.replace(self.ours)
        self.becomes(daemon, True)

    def test_a_link_to_one_elsewhere(self):
        """As the bundle of Fedora, which p11-kit replaces in its own directory."""
        elsewhere = os.path.join(self.directory, "extracted")
        os.mkdir(elsewhere)
        real = os.path.join(elsewhere, "bundle.pem")
        with open(real, "wb") as file:
            file.write(self.others)
        os.symlink(real, self.file)
        daemon = self.daemon(None)
        with open(real + ".new", "wb") as file:
            file.write(self.ours)
        os.replace(real + ".new", real)
        self.becomes(daemon, True)

    def test_the_same_bytes_are_no_change(self):
        daemon = self.daemon(self.ours)
        for _ in range(3):
            self.replace(self.ours)
        self.replace(self.others)
        self.becomes(daemon, False)
        self.assertEqual(len(self.changes(daemon)), 1)

    # --- who has them ---

    def test_every_worker_and_its_successor(self):
        daemon = self.daemon(self.others, workers=3)
        self.replace(self.ours)
        # Flows go to whoever takes them.
        wait_for(lambda: all(self.verifies(daemon) for _ in range(12)), "every worker")
        for worker in daemon.control("status")["workers"]:
            os.kill(worker["pid"], 9)
        self.becomes(daemon, True)

    def test_a_reload_names_another_file(self):
        other = os.path.join(self.directory, "other.pem")
        settings = os.path.join(self.directory, "d", "sightglass.yaml")
        os.makedirs(os.path.dirname(settings))

        def name(path):
            with open(settings, "w", encoding="ascii") as file:
                file.write(f"upstream:\n  trust: {path}\n")
        self.replace(self.others)
        name(self.file)
        daemon = Daemon(self)
        self.context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        self.assertFalse(self.verifies(daemon))
        shutil.copy(self.ca.ca, other)
        name(other)
        self.assertTrue(daemon.control("reload")["ok"])
        self.becomes(daemon, True)
        shutil.copy(self.stranger.ca, other)
        self.becomes(daemon, False)  # that one is watched now
        name(os.path.join(self.directory, "none.pem"))
        self.assertTrue(daemon.control("reload")["ok"])
        self.assertIn("the roots stay as they were", daemon.output())

    # --- the system ---

    def test_what_the_system_trusts(self):
        """As the daemon asks where it has to (macOS); here it is a file."""
        path = os.path.join(self.directory, "asked")
        done = subprocess.run(["sh", "-c", 'exec "$0" -P roots 3>"$1"', DAEMON, path],
                              capture_output=True, text=True, timeout=60, check=False)
        if not os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
            self.skipTest("no ca-certificates here")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.read(path), self.read("/etc/ssl/certs/ca-certificates.crt"))

    def test_update_ca_certificates(self):
        program = shutil.which("update-ca-certificates", path="/usr/sbin:/sbin")
        if program is None:
            self.skipTest("update-ca-certificates is not installed")
        for name in ("certs", "local", "shipped", "hooks"):
            os.mkdir(os.path.join(self.place, name))
        with open(os.path.join(self.place, "conf"), "w", encoding="ascii"):
            pass

        def update():
            done = subprocess.run(
                [program, *(word for option, name in (
                    ("etccertsdir", "certs"), ("localcertsdir", "local"),
                    ("certsdir", "shipped"), ("hooksdir", "hooks"),
                    ("certsconf", "conf"))
                    for word in ("--" + option, os.path.join(self.place, name)))],
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        shutil.copy(self.stranger.ca, os.path.join(self.place, "local", "other.crt"))
        update()
        self.file = os.path.join(self.place, "certs", "ca-certificates.crt")
        daemon = self.daemon(None)
        self.assertFalse(self.verifies(daemon))
        ours = os.path.join(self.place, "local", "ours.crt")
        shutil.copy(self.ca.ca, ours)
        update()
        self.becomes(daemon, True)
        os.unlink(ours)
        update()
        self.becomes(daemon, False)


if __name__ == "__main__":
    unittest.main()
