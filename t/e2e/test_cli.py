# SPDX-License-Identifier: ISC
"""The command line, as a person uses it: ca, status, show, tail, proxy, and
what each says to input that is wrong."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import unittest

from harness import (CLI, DAEMON, Daemon, Nginx, Process, Test, ThreadServer, get,
                     wait_for)

COMMANDS = ["exec", "proxy", "tail", "show", "get", "body", "segments", "ca",
            "status", "verify", "bypass", "profile", "doctor"]


class Cli(Test):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.directory, "a", "state")

    def cli(self, *arguments, status=0):
        """What a command on our directory said on standard output."""
        done = self.run_cli("-d", self.state, *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def refused(self, status, *arguments):
        """What a command said that fails with this status, and prints nothing."""
        done = self.run_cli("-d", self.state, *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr


class Usage(Cli):
    def test_every_command_explains_itself(self):
        text = self.run_cli("--help").stdout
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} +\w")
            done = self.run_cli(command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith(f"usage: sightglass {command}"))
            self.assertEqual(self.run_cli("help", command).stdout, done.stdout)
            wide = [line for line in done.stdout.splitlines()[1:] if len(line) > 80]
            self.assertEqual(wide, [])

    def test_the_version_is_told(self):
        told = self.run_cli("--version").stdout
        self.assertRegex(told, r"^sightglass \d+\.\d+\.\d+\n$")

    def test_a_command_that_is_not_there_is_told_with_the_nearest(self):
        self.assertIn("did you mean 'show'?", self.refused(2, "shwo"))
        self.assertIn("--help", self.refused(2, "xyzzy"))
        self.assertIn("usage:", self.refused(2))

    def test_an_unknown_option_is_told(self):
        for command in COMMANDS:
            told = self.refused(2, command, "--nonsense")
            self.assertIn("--nonsense", told)
            self.assertIn(f"sightglass {command} --help lists the options", told)
            self.assertTrue(told.startswith(f"sightglass: {command}: "), told)

    def test_an_empty_name_is_no_directory(self):
        for command in COMMANDS:
            rest = ["--", "true"] if command == "exec" else []
            done = self.run_cli(command, "-d", "", *rest)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("-d needs a directory", done.stderr)
        self.assertIn("-c needs a file", self.run_cli("-c", "", "show").stderr)


class Ca(Cli):
    def openssl(self, *arguments):
        return subprocess.run(["openssl", "x509", *arguments], check=True,
                              capture_output=True, text=True).stdout

    def test_it_is_made_once_and_kept_from_others(self):
        made = self.cli("ca", "init")
        self.assertIn(f"in {self.state}/ca", made)
        self.assertIn(f"'sightglass ca export -d {self.state}'", made)
        folder = os.path.join(self.state, "ca")
        for name in os.listdir(folder):
            mode = os.stat(os.path.join(folder, name)).st_mode
            if "key" in name:
                self.assertEqual(stat.S_IMODE(mode), 0o600)
        before = self.cli("ca", "export")
        told = self.refused(1, "ca", "init")
        self.assertIn("holds a CA already", told)
        for name in os.listdir(folder):
            self.assertIn(name, told)
        self.assertEqual(self.cli("ca", "export"), before)

    def test_what_is_shown_is_what_openssl_reads(self):
        self.cli("ca", "init")
        shown = self.cli("ca", "show")
        path = os.path.join(self.directory, "ca.der")
        self.cli("ca", "export", "--der", "-o", path)
        told = self.openssl("-inform", "der", "-in", path, "-noout",
                            "-fingerprint", "-sha256", "-ext",
                            "basicConstraints,keyUsage")
        self.assertIn(re.search("=([0-9A-F:]{95})", told)[1], shown)
        self.assertIn("CA:TRUE", told)
        self.assertIn("Certificate Sign", told)
        pem = os.path.join(self.directory, "ca.pem")
        self.cli("ca", "export", "-o", pem)
        self.assertEqual(self.openssl("-in", pem),
                         self.openssl("-inform", "der", "-in", path))

    def test_without_one_the_way_to_it_is_told(self):
        self.assertIn("sightglass ca init", self.refused(3, "ca", "show"))
        self.assertIn("sightglass ca init", self.refused(3, "ca", "export"))

    def test_it_needs_to_be_told_what_to_do(self):
        self.assertIn("init", self.refused(2, "ca"))
        self.assertIn("frobnicate", self.refused(2, "ca", "frobnicate"))


class NoDaemon(Cli):
    def test_status_says_that_none_runs(self):
        self.assertIn(f"{self.state}/run/control.sock", self.refused(1, "status"))

    def test_whose_daemon_it_asked_is_told(self):
        environment = dict(os.environ, XDG_STATE_HOME=self.directory)
        for command in (["status"], ["bypass", "list"]):
            done = self.run_cli(*command, env=environment)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, r"no daemon runs there \(.*\): \w.*-d")

    def test_a_list_that_cannot_be_had_has_no_heading(self):
        os.makedirs(os.path.join(self.state, "run"))
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.join(self.state, "run", "control.sock"))
            server.listen()

            def hang_up():
                for _ in ("ping", "list"):
                    asked, _ = server.accept()
                    with asked, asked.makefile() as lines:
                        lines.readline()

            threading.Thread(target=hang_up, daemon=True).start()
            self.assertIn("hung up", self.refused(3, "bypass", "list"))

    def test_a_state_directory_is_no_log(self):
        os.makedirs(os.path.join(self.state, "log"))
        os.makedirs(os.path.join(self.state, "ca"))
        done = self.run_cli("show", "-i", self.state)
        self.assertIn(f"{self.state} is a state directory: its log is {self.state}/log",
                      done.stderr)
        self.assertEqual(self.run_cli("show", "-i", f"{self.state}/log").stderr, "")

    def test_a_log_that_is_not_there_is_named(self):
        self.assertIn(f"no log in {self.state}/log: ", self.refused(3, "show"))

    def test_a_log_with_nothing_in_it_is_named(self):
        os.makedirs(os.path.join(self.state, "log"))
        self.assertIn(f"{self.state}/log is empty: ", self.refused(0, "show"))

    def test_a_segment_that_cannot_be_read_is_named(self):
        name = "sightglass-20260101T000000Z-000001.ndjson.zst"
        os.makedirs(os.path.join(self.state, "log", name))
        told = self.refused(3, "show")
        self.assertIn(name, told)
        self.assertIn(f"{self.state}/log: Is a directory", told)

    def test_a_proxy_for_the_whole_network_must_be_meant(self):
        self.assertIn("--allow-remote", self.refused(2, "proxy", "-l", "0.0.0.0:0"))
        self.assertIn("--allow-remote", self.refused(2, "proxy", "-l", "[::]:0"))


# Over the directory $1 one that has the same in it (by way of $2), and the file $3,
# which names the places of a daemon below $4; there the rest is run.
MACHINE = """
mount --rbind "$1" "$2"
mount -t tmpfs none "$1"
ln -s "$2"/* "$1"
mkdir -p "${3%/*}"
echo "paths: {ca: $4/ca, log: $4/log, run: $4/run}" > "$3"
shift 4
exec "$@"
"""


class Places(Cli):
    """Whose log it is, on a machine that has a daemon of its own."""

    def setUp(self):
        super().setUp()
        told = subprocess.run([DAEMON, "-h"], capture_output=True, text=True,
                              check=True).stdout
        self.file = re.search(r"default: (/.*/sightglass\.yaml)", told)[1]
        self.seen = os.path.join(self.directory, "seen")
        self.home = os.path.join(self.directory, "home")
        self.machine = os.path.join(self.directory, "machine")
        self.own = os.path.join(self.home, "sightglass")
        os.mkdir(self.seen)
        os.mkdir(self.home)
        self.hidden = os.path.dirname(self.file)
        while not os.path.isdir(self.hidden):
            self.hidden = os.path.dirname(self.hidden)
        self.run_on_machine("true")

    def run_on_machine(self, *command, user=False):
        """Runs it, as root or as somebody else, where the machine's file is."""
        root = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
        become = ["unshare", "-U"] if user else []
        done = subprocess.run(
            [*root, "sh", "-ec", MACHINE, "sh", self.hidden, self.seen, self.file,
             self.machine, *become, *command], capture_output=True, text=True,
            timeout=60, check=False, env=dict(os.environ, XDG_STATE_HOME=self.home))
        if done.returncode and "mount:" in done.stderr + done.stdout:
            self.skipTest(f"no file systems of one's own here: {done.stderr}")
        return done

    def place(self, *command, user=False):
        """Which directory a command looks at that finds nothing there."""
        done = self.run_on_machine(CLI, *command, user=user)
        told = done.stdout + done.stderr
        self.assertNotEqual(self.own in told, self.machine in told, told)
        return "own" if self.own in told else "machine"

    def test_root_reads_the_machines(self):
        for command in (["show"], ["tail"], ["ca", "show"], ["doctor"], ["status"]):
            self.assertEqual(self.place(*command), "machine")

    def test_anybody_else_reads_their_own(self):
        for command in (["show"], ["tail"], ["ca", "show"], ["doctor"], ["status"]):
            self.assertEqual(self.place(*command, user=True), "own")
        told = self.run_on_machine(CLI, "show", user=True).stderr
        self.assertIn(f"-c {self.file}", told)

    def test_without_a_daemon_root_reads_its_own(self):
        if os.path.exists(self.file):
            self.skipTest("this machine has a daemon")
        done = self.run_cli("show", env=dict(os.environ, XDG_STATE_HOME=self.home))
        self.assertIn(f"{self.own}/log: sightglass exec makes one", done.stderr)

    def test_root_is_told_where_the_log_of_exec_is(self):
        run = [CLI, "exec"]
        done = self.run_on_machine(*run, "--", "true")
        self.assertEqual(done.returncode, 0, done.stderr)
        line = f"sightglass show -d {self.own}\n"
        self.assertTrue(done.stderr.endswith(line), done.stderr)
        self.assertEqual(self.run_on_machine(*run, "-q", "--", "true").stderr, "")
        shown = self.run_cli(*line.split()[1:])
        self.assertIn("serves", shown.stdout)


class Running(Cli):
    def start(self, *settings, **options):
        self.ca = self.certificates()
        self.daemon = Daemon(self, *settings, trust=self.ca.ca,
                             directory=self.state, **options)
        self.addCleanup(self.daemon.end)

    def web(self):
        nginx = Nginx(self, self.ca.server())
        nginx.put("hello.txt", b"hello\n")
        return nginx

    def proxy(self):
        """A proxy of ours; its port."""
        process = Process(self, [CLI, "proxy", "-d", self.state, "-l",
                                 "127.0.0.1:0"], "proxy")
        told = wait_for(lambda: re.search(r"^127\.0\.0\.1:(\d+)$",
                                          process.output(), re.M), "its port")
        return process, int(told[1])

    def curl(self, *arguments):
        trust = os.path.join(self.directory, "trust.pem")
        with open(trust, "w", encoding="ascii") as out:
            out.write(self.cli("ca", "export"))
        done = subprocess.run(["curl", "-4sS", "--noproxy", "", "--cacert", trust,
                               *arguments], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_status_for_a_person_and_for_a_program(self):
        self.start()
        told = json.loads(self.cli("status", "-o", "json"))
        self.assertEqual(len(told["workers"]), 2)
        for role in [told["logger"], told["signer"], *told["workers"]]:
            os.kill(role["pid"], 0)
        self.assertIn("sightglassd", self.cli("status"))

    def test_all_three_ways_through_the_proxy(self):
        self.start()
        nginx = self.web()
        process, port = self.proxy()
        ways = [["-x", f"http://127.0.0.1:{port}"],
                ["-x", f"socks5h://127.0.0.1:{port}"],
                ["-x", f"socks5://127.0.0.1:{port}"]]
        for i, way in enumerate(ways):
            self.assertEqual(
                self.curl(*way, f"https://localhost:{nginx.port}/hello.txt?{i}"),
                "hello\n")
        plain = PlainServer(self)
        self.assertIn("GET /absolute HTTP/1.1", self.curl(
            *ways[0], f"http://127.0.0.1:{plain.port}/absolute"))
        self.assertEqual(process.end(signal.SIGTERM), 0)
        urls = {get(r, "url.full") for r in self.stopped("http")}
        for i in range(len(ways)):
            self.assertIn(f"https://localhost:{nginx.port}/hello.txt?{i}", urls)
        self.assertIn(f"http://127.0.0.1:{plain.port}/absolute", urls)

    def test_a_reused_proxy_connection_leads_to_the_right_server(self):
        self.start()
        # Ignores "Connection: close", as some do.
        seen = {b"one": bytearray(), b"two": bytearray()}
        servers = [ThreadServer(self, keep_alive(name, seen[name])) for name in seen]
        process, port = self.proxy()
        one, two = (f"http://127.0.0.1:{s.port}" for s in servers)
        proxy = ["-x", f"http://127.0.0.1:{port}"]
        self.assertEqual(
            self.curl(*proxy, f"{one}/a", f"{one}/b", "--next", "-sS", *proxy,
                      "-H", "Authorization: for two alone", f"{two}/c"), "oneonetwo")
        with socket.create_connection(("127.0.0.1", port), 20) as pipelined:
            pipelined.sendall(f"GET {one}/d HTTP/1.1\r\n\r\n"
                              f"GET {two}/e HTTP/1.1\r\n\r\n".encode())
            got = b""
            while not got.endswith(b"one"):
                got += pipelined.recv(65536)
            pipelined.shutdown(socket.SHUT_WR)
            self.assertEqual(pipelined.recv(65536), b"")
        self.assertEqual(process.end(signal.SIGTERM), 0)
        self.assertEqual({get(r, "url.full") for r in self.stopped("http")},
                         {f"{one}/a", f"{one}/b", f"{two}/c", f"{one}/d"})
        for name, paths in ((b"one", [b"/a", b"/b", b"/d"]), (b"two", [b"/c"])):
            self.assertEqual([p for p in (b"/a", b"/b", b"/c", b"/d", b"/e")
                              if p in seen[name]], paths)

    def stopped(self, dataset):
        self.daemon.stop()
        return self.daemon.records(dataset)

    def test_tail_follows_and_show_ends(self):
        self.start("log.flush=100ms")
        nginx = self.web()
        _, port = self.proxy()
        url = f"https://localhost:{nginx.port}/hello.txt"
        proxy = ["-x", f"http://127.0.0.1:{port}"]
        self.curl(*proxy, url + "?before")
        wait_for(lambda: "?before" in self.cli("show"), "the first record")
        tail = Process(self, [CLI, "tail", "-d", self.state, "-o", "json",
                              "--dataset", "http"], "tail")
        both = Process(self, [CLI, "tail", "-d", self.state, "-n", "1",
                              "--dataset", "http"], "tail-n")
        wait_for(lambda: "?before" in both.output(), "the record of before")
        self.curl(*proxy, url + "?after")
        wait_for(lambda: "?after" in tail.lines(), "the record in tail")
        wait_for(lambda: "?after" in both.output(), "the record in tail -n 1")
        self.assertNotIn("?before", tail.output())
        for line in tail.lines().splitlines():
            self.assertEqual(get(json.loads(line), "event.dataset"),
                             "sightglass.http")
        self.assertIn(tail.end(signal.SIGINT), (0, 130, -signal.SIGINT))
        last = self.cli("show", "-n", "1", "--dataset", "http", "-o", "json")
        self.assertEqual(get(json.loads(last), "url.full"), url + "?after")
        self.assertIn("hello", self.cli("show", "-vv", "--dataset", "http"))

    def test_tail_survives_a_new_segment(self):
        # One worker: of two, neither waits for the other to write.
        self.start("log.flush=50ms", "log.rotate_time=1s", workers=1)
        nginx = self.web()
        _, port = self.proxy()
        tail = Process(self, [CLI, "tail", "-d", self.state, "-o", "json",
                              "--dataset", "http"], "tail")
        sent = 0

        def rotated():
            nonlocal sent
            self.curl("-x", f"http://127.0.0.1:{port}",
                      f"https://localhost:{nginx.port}/hello.txt?{sent}")
            sent += 1
            return len(self.daemon.segments()) >= 4

        wait_for(rotated, "three rotations")
        wait_for(lambda: f"?{sent - 1}" in tail.lines(), "the last record")
        seen = [get(json.loads(line), "url.query")
                for line in tail.lines().splitlines()]
        self.assertEqual(seen, [str(i) for i in range(int(seen[0]), sent)])


def keep_alive(name, seen):
    """A handler that answers every request with its name and never closes first."""

    def serve(connection):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (
            len(name), name)
        while part := connection.recv(65536):
            seen.extend(part)
            connection.sendall(answer * part.count(b"\r\n\r\n"))

    return serve


class PlainServer:
    """Answers a plain request with the request's first line."""

    def __init__(self, test):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.process = Process(
            test, ["python3", "-c", ECHO_LINE, str(self.listener.fileno())], "plain",
            pass_fds=[self.listener.fileno()])
        test.addCleanup(self.listener.close)


ECHO_LINE = """
import socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
while True:
    connection, _ = listener.accept()
    line = connection.recv(65536).split(b"\\r\\n")[0]
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n"
                       b"Connection: close\\r\\n\\r\\n%s" % (len(line), line))
    connection.close()
"""


class Hardened(unittest.TestCase):
    def test_the_programs_are_built_to_resist(self):
        if os.uname().sysname != "Linux":
            self.skipTest("reads ELF files")
        for program in (DAEMON, CLI):
            told = subprocess.run(["readelf", "-hldsW", program], check=True,
                                  capture_output=True, text=True).stdout
            self.assertRegex(told, r"Type: +DYN")
            self.assertRegex(told, r"FLAGS_1.*\bNOW\b.*\bPIE\b")
            self.assertIn("GNU_RELRO", told)
            self.assertRegex(told, r"GNU_STACK.* RW ")
            if "__asan_init" not in told:
                self.assertIn("__stack_chk_fail", told)
                self.assertRegex(told, r"__\w+_chk@")


if __name__ == "__main__":
    unittest.main()
