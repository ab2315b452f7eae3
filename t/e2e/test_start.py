# SPDX-License-Identifier: ISC
"""What a daemon finds at its start: directories of root's, of strangers, links,
standard descriptors that are closed, a CA by halves."""

import grp
import os
import pwd
import signal
import subprocess
import unittest

from harness import CLI, DAEMON, SOURCE, Daemon, Nginx, Test, may_run, wait_for
from test_failures import fetch

USER = "nobody"


class Start(Test):
    def refused(self, *arguments):
        """What a daemon says that does not start."""
        done = subprocess.run([DAEMON, *arguments], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr


class Directories(Start):
    """Of root's daemon, whose roles are somebody else."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root hands directories over")
        os.chmod(self.directory, 0o755)
        self.log = os.path.join(self.directory, "d", "log")
        self.uid = pwd.getpwnam(USER).pw_uid

    def make_log(self, mode=0o750):
        os.makedirs(self.log)
        os.chmod(self.log, mode)

    def refused_here(self):
        words = self.refused("-d", os.path.dirname(self.log), "-o", f"user={USER}")
        self.assertIn("paths.log", words)
        self.assertIn(self.log, words)
        return words

    def test_a_log_directory_of_roots_is_handed_over(self):
        nginx = Nginx(self)
        nginx.put("x", b"x")
        self.make_log()
        daemon = Daemon(self, role_user=USER)
        self.assertIn(b"200 OK", fetch(daemon, nginx.port, "/x"))
        self.one(daemon.stop(), event__dataset="sightglass.http")
        status = os.stat(self.log)
        self.assertEqual((status.st_uid, status.st_mode & 0o7777), (self.uid, 0o700))

    def test_what_roots_logger_left_is_repaired_by_the_users(self):
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = Daemon(self)
        self.assertIn(b"200 OK", fetch(daemon, nginx.port, "/x"))
        wait_for(lambda: daemon.control("status")["logger"]["file_bytes"] > 0,
                 "a write")
        logger = daemon.control("status")["logger"]["pid"]
        os.kill(daemon.pid, signal.SIGSTOP)  # so that none takes its place
        os.kill(logger, signal.SIGKILL)
        daemon.kill()
        self.assertTrue(daemon.segments()[0].endswith(".part"))
        daemon = Daemon(self, role_user=USER)
        records = daemon.stop()
        self.one(records, sightglass__action="repaired")
        self.one(records, event__dataset="sightglass.http")
        for path in daemon.segments():
            self.assertEqual(os.stat(path).st_uid, self.uid, path)

    def test_a_link_is_refused(self):
        target = os.path.join(self.directory, "target")
        os.makedirs(target)
        os.makedirs(os.path.dirname(self.log))
        os.symlink(target, self.log)
        self.assertIn("link", self.refused_here())
        self.assertEqual(os.stat(target).st_uid, 0)

    def test_a_strangers_directory_is_refused(self):
        self.make_log()
        os.chown(self.log, 1, 1)
        words = self.refused_here()
        self.assertIn(f"'{pwd.getpwuid(1).pw_name}'", words)
        self.assertIn(f"'{USER}'", words)

    def test_a_directory_with_other_files_is_not_given_away(self):
        self.make_log()
        with open(os.path.join(self.log, "syslog"), "w", encoding="ascii"):
            pass
        self.assertIn("syslog", self.refused_here())
        self.assertEqual(os.stat(self.log).st_uid, 0)


class Users(Start):
    """Each role with a user of its own, as systemd's unit and launchd's plist start it."""

    WORKER, SIGNER, LOGGER = "nobody", "daemon", "bin"

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        os.chmod(self.directory, 0o755)

    def serve(self):
        nginx = Nginx(self)
        nginx.put("x", b"x")
        daemon = Daemon(self, f"ca.user={self.SIGNER}", f"log.user={self.LOGGER}",
                        role_user=self.WORKER, workers=1)
        self.assertIn(b"200 OK", fetch(daemon, nginx.port, "/x"))
        status = daemon.control("status")
        return daemon, {self.WORKER: status["workers"][0]["pid"],
                        self.SIGNER: status["signer"]["pid"],
                        self.LOGGER: status["logger"]["pid"]}

    def test_each_role_is_its_user_and_no_other(self):
        _, pids = self.serve()
        for user, pid in pids.items():
            entry = pwd.getpwnam(user)
            ids = {"Uid": entry.pw_uid, "Gid": entry.pw_gid}
            with open(f"/proc/{pid}/status", encoding="ascii") as lines:
                status = dict(line.rstrip("\n").split(":", 1) for line in lines)
            for key, number in ids.items():
                self.assertEqual(set(status[key].split()), {str(number)}, (user, key))
            self.assertNotIn("0", status["Groups"].split(), user)
            self.assertEqual(int(status["CapEff"], 16), 0, user)

    def test_the_log_is_the_loggers(self):
        daemon, _ = self.serve()
        self.one(daemon.stop(), event__dataset="sightglass.http")
        uid = pwd.getpwnam(self.LOGGER).pw_uid
        for path in (daemon.path("log"), *daemon.segments()):
            status = os.stat(path)
            self.assertEqual((status.st_uid, status.st_mode & 0o077), (uid, 0), path)

    def test_a_group_may_read_the_log_after_a_reload_too(self):
        """The logger cannot look a group up from its sandbox."""
        group = grp.getgrgid(pwd.getpwnam(self.LOGGER).pw_gid)
        daemon = Daemon(self, f"log.user={self.LOGGER}", f"log.group={group.gr_name}",
                        role_user=self.WORKER)
        for _ in range(2):
            wait_for(lambda: daemon.control("status")["logger"]["file_bytes"] > 0,
                     "a write")
            self.assertTrue(daemon.control("reload")["ok"])  # a new segment
        daemon.stop()
        for path in daemon.segments():
            status = os.stat(path)
            self.assertEqual((status.st_gid, status.st_mode & 0o777),
                             (group.gr_gid, 0o640), path)
        self.assertGreater(len(daemon.segments()), 1)
        self.assertNotIn("stay private", daemon.output())

    def test_none_may_signal_or_trace_another(self):
        """What a worker in hostile hands could try."""
        _, pids = self.serve()
        for user, pid in pids.items():
            for other in pids.values():
                if other == pid:
                    continue
                said = subprocess.run(
                    ["python3", "-c", "import os, sys\n"
                     "pid = int(sys.argv[1])\n"
                     "for attempt in (lambda: os.kill(pid, 0),\n"
                     "                lambda: open(f'/proc/{pid}/mem', 'rb')):\n"
                     "    try:\n"
                     "        attempt()\n"
                     "        print('done')\n"
                     "    except PermissionError:\n"
                     "        print('denied')\n", str(other)],
                    user=user, group=pwd.getpwnam(user).pw_gid, extra_groups=[], cwd="/",
                    text=True, capture_output=True, timeout=60, check=True).stdout
                self.assertEqual(said.split(), ["denied"] * 2, (user, other))

    def test_one_that_there_is_not(self):
        for key in ("ca.user", "log.user"):
            done = subprocess.run([DAEMON, "-n", "-o", "user=root", "-o", f"{key}=nosuch"],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{key}: there is no user 'nosuch'", done.stderr)

    def test_what_the_file_says_wins_over_the_units(self):
        """-D, as in the unit, is only a default."""
        os.makedirs(os.path.join(self.directory, "d"))
        with open(os.path.join(self.directory, "d", "sightglass.yaml"), "w",
                  encoding="ascii") as file:
            file.write(f"log:\n  user: {self.LOGGER}\n")
        daemon = Daemon(self, role_user=self.WORKER, presets=["log.user=nosuch"])
        daemon.stop()
        self.assertEqual(os.stat(daemon.path("log")).st_uid,
                         pwd.getpwnam(self.LOGGER).pw_uid)


class Unit(Test):
    """What systemd does before each command of a unit, a reload's too: a directory that
    it makes for the unit becomes root's again, with all that is in it (systemd.exec(5),
    RuntimeDirectory=)."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "conf", "sightglassd.service.in"),
                  encoding="utf-8") as lines:
            self.rows = [line.strip().split("=", 1) for line in lines if "=" in line]

    def values(self, key):
        return [value for k, value in self.rows if k == key]

    def test_the_loggers_directory_stays_the_loggers(self):
        self.assertEqual(self.values("LogsDirectory"), [])
        self.assertRegex(self.values("ExecStartPre")[0], r"^\+/bin/mkdir -p .*@logdir@$")
        self.assertEqual(self.values("ReadWritePaths"), ["-@logdir@"])


class Strangers(Start):
    """The sockets' mode keeps others out; so do the peer's credentials."""

    def ask(self, path, user):
        """What a process of the user hears: nothing when it is closed."""
        return subprocess.run(
            ["python3", "-c", "import socket, sys\n"
             "s = socket.socket(socket.AF_UNIX)\n"
             "s.settimeout(60)\n"
             "s.connect(sys.argv[1])\n"
             "try:\n"
             "    s.sendall(sys.argv[2].encode())\n"
             "    print('heard', len(s.recv(1)))\n"
             "except (BrokenPipeError, ConnectionResetError):\n"
             "    print('heard 0')", path, '{"request":"ping"}\n'],
            user=user, group=pwd.getpwnam(user).pw_gid, cwd="/", text=True,
            capture_output=True, timeout=60, check=False)

    def test_a_stranger_is_closed_though_the_mode_lets_it_in(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become a stranger")
        # Its own parent directories are made passable, and the sockets' modes.
        os.chmod(self.directory, 0o755)
        daemon = Daemon(self, workers=1)
        for part in (daemon.directory, daemon.path("run")):
            os.chmod(part, 0o755)
        for name in ("flow.sock", "control.sock"):
            path = daemon.path("run", name)
            done = self.ask(path, USER)
            self.assertIn("Permission denied", done.stderr, name)
            os.chmod(path, 0o666)
            done = self.ask(path, USER)
            self.assertEqual((done.stdout, done.stderr), ("heard 0\n", ""), name)
        self.assertEqual(self.ask(path, "root").stdout, "heard 1\n")
        self.assertEqual(
            [r for r in daemon.stop()
             if r["event"]["dataset"] == "sightglass.flow"], [])


class Hidden(Start):
    @unittest.skipUnless(os.getuid() == 0, "it takes root to be somebody else")
    def test_processes_with_secrets_cannot_be_read_by_their_own_user(self):
        nobody = pwd.getpwnam("nobody")
        if not may_run(nobody):
            self.skipTest("nobody cannot reach what was built")
        os.chmod(self.directory, 0o777)
        daemon = Daemon(self, workers=1, role_user="nobody", user=nobody.pw_uid,
                        group=nobody.pw_gid)
        status = daemon.control("status")
        owners = {name: os.stat(f"/proc/{pid}/mem").st_uid for name, pid in
                  (("worker", status["workers"][0]["pid"]),
                   ("signer", status["signer"]["pid"]))}
        self.assertEqual(owners, {"worker": 0, "signer": 0})


class Odd(Start):
    def test_closed_standard_descriptors_are_opened_first(self):
        directory = os.path.join(self.directory, "d")
        daemon = subprocess.Popen(
            ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", DAEMON, "-d", directory,
             "-o", "user=root", "-o", "workers=1"])
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)

        def serves():
            asked = subprocess.run([CLI, "status", "-d", directory],
                                   capture_output=True, check=False)
            return asked.returncode == 0

        wait_for(serves, "the daemon to serve")
        roles = subprocess.run(["pgrep", "-P", str(daemon.pid)], text=True,
                               capture_output=True, check=True).stdout.split()
        self.assertEqual(len(roles), 3)
        for pid in [str(daemon.pid), *roles]:
            for fd in "012":
                self.assertEqual(os.readlink(f"/proc/{pid}/fd/{fd}"), "/dev/null")
        daemon.terminate()
        self.assertEqual(daemon.wait(60), 0)

    def test_a_key_without_its_certificate_is_explained(self):
        daemon = Daemon(self, workers=1)
        daemon.stop()
        names = os.listdir(daemon.path("ca"))
        key = next(n for n in names if n.endswith("key.pem") or n.endswith(".key"))
        for name in names:
            if name != key:
                os.unlink(daemon.path("ca", name))
        words = self.refused("-d", daemon.directory, "-o", "user=root")
        self.assertIn(daemon.path("ca"), words)
        self.assertIn("move", words)
        self.assertIn(key, words)
        self.assertEqual(os.listdir(daemon.path("ca")), [key])


if __name__ == "__main__":
    unittest.main()
