# SPDX-License-Identifier: ISC
"""What the end-to-end tests share: certificates, real servers, the daemon, and
flows handed to it over flow.sock as PROTOCOL.md says.

Everything started here is stopped when its test ends; every port is one that the
system chose; whatever a process said is printed when the test fails.
"""

import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from fields import read as read_records

BUILD = os.environ.get("SIGHTGLASS_BUILD", os.getcwd())
SOURCE = os.environ.get("SIGHTGLASS_SOURCE", os.getcwd())
DAEMON = os.path.join(BUILD, "sightglassd")
CLI = os.path.join(BUILD, "sightglass")
PEERS = os.path.join(SOURCE, "t", "e2e", "peers")
NODE_LIBRARIES = dict(os.environ, NODE_PATH=":".join((
    "/usr/share/nodejs", "/usr/lib/node_modules", "/usr/local/lib/node_modules",
    "/opt/homebrew/lib/node_modules")))

PROXY_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
TLV_AUTHORITY = 0x02
TLV_VERSION = 0xE0
TLV_PID = 0xE1
TLV_UID = 0xE2
TLV_EXECUTABLE = 0xE3
TLV_SIGNING_ID = 0xE4
TLV_TEAM_ID = 0xE5
TLV_FORWARDER = 0xE6
TLV_ALTERNATE = 0xE7
TLV_PREFIX = 0xE8
TLV_AUDIT_TOKEN = 0xE9
TLV_INTERFACE = 0xEA


# How long is waited for what has to come: as long as it may take on a machine whose disk
# is kept busy by others, where one fsync can take 20 s.
PATIENCE_S = 60


def wait_for(condition, what, timeout_s=PATIENCE_S):
    """The first true value of condition(); fails the test when none comes."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(0.02)


def free_port():
    """A port nobody listens on now, for servers that cannot say theirs. It is of
    those that no client is given, which would take it before the server does, and no
    other test's for as long as this one lasts."""
    while True:
        port = random.randint(10000, 32000)  # Linux's clients: from 32768
        if claim(port) and not listens(port):
            return port


claims = []


def claim(port):
    """Whether no other process of ours has this port: a socket's name in this network,
    which goes with the process that has it."""
    if sys.platform != "linux":
        return True
    s = socket.socket(socket.AF_UNIX)
    try:
        s.bind(f"\0sightglass.test.{port}")
    except OSError:
        s.close()
        return False
    claims.append(s)
    return True


def loopback_address():
    """An address of loopback at which nobody else is, for servers whose port is fixed."""
    return "127." + ".".join(str(random.randint(1, 250)) for _ in range(3))


def in_order(records):
    """By the time when what they tell of began, not ended. A test that minds has one
    worker: of two, who wrote first need not stand first in the log, and each has looked
    at the clock when it was woken."""
    return sorted(records, key=lambda r: r["@timestamp"])


def may_run(user):
    """Whether a user (of pwd) can reach and run what was built."""
    try:
        subprocess.run([CLI, "--version"], user=user.pw_uid, check=True,
                       capture_output=True)
        return True
    except (OSError, subprocess.CalledProcessError):
        return False


def is_sanitized():
    """Whether the daemon was built with a sanitizer, which keeps what is freed."""
    with open(DAEMON, "rb") as program:
        return b"__asan_init" in program.read()


def listens(port):
    """Whether somebody listens on that port of loopback."""
    return listens_at("127.0.0.1", port)


def listens_at(address, port):
    with socket.socket() as s:
        return s.connect_ex((address, port)) == 0


def sign_between(directory, first_s, last_s, *arguments):
    """A certificate signed by openssl ca, which alone takes a first and a last day
    that may be over; its files are in the directory."""
    config, index = (os.path.join(directory, "life." + n) for n in ("cnf", "index"))
    with open(index, "w", encoding="ascii"):
        pass
    with open(config, "w", encoding="ascii") as out:
        out.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={index}\n"
                  f"new_certs_dir={directory}\nrand_serial=1\npolicy=p\n"
                  "[p]\norganizationName=optional\ncommonName=supplied\n")
    first, last = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at))
                   for at in (first_s, last_s))
    subprocess.run(["openssl", "ca", "-batch", "-notext", "-config", config, "-md",
                    "sha256", "-startdate", first, "-enddate", last, *arguments],
                   check=True, capture_output=True)


class Certificates:
    """A CA of the test's own and certificates from it, by openssl."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.ca = self.path("ca.pem")
        self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", self.path("ca.key"), "-out", self.ca, "-days", "30",
            "-subj", "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )

    def path(self, name):
        return os.path.join(self.directory, name)

    def openssl(self, *arguments):
        subprocess.run(
            ["openssl", *arguments], check=True, capture_output=True, text=True
        )

    def server(self, name="server", names=("localhost",), addresses=("127.0.0.1",),
               days=10, key_type=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
               usage="serverAuth"):
        """(certificate, key) of a server with these names, in PEM files."""
        san = [f"DNS:{n}" for n in names] + [f"IP:{a}" for a in addresses]
        extensions = self.path(name + ".ext")
        with open(extensions, "w", encoding="ascii") as out:
            out.write("subjectAltName=" + ",".join(san) + "\n")
            out.write(f"extendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
        key, request, certificate = (
            self.path(name + suffix) for suffix in (".key", ".csr", ".pem"))
        self.openssl("req", "-new", "-newkey", *key_type, "-nodes", "-keyout",
                     key, "-out", request, "-subj", f"/CN={names[0]}")
        self.openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                     self.path("ca.key"), "-CAcreateserial", "-days", str(days),
                     "-extfile", extensions, "-out", certificate)
        return certificate, key


class Control:
    """A connection to control.sock, which outlives the socket's name."""

    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(daemon.path("run", "control.sock"))
        self.stream = self.socket.makefile()

    def ask(self, request, **more):
        line = json.dumps({"request": request, **more})
        self.socket.sendall(line.encode() + b"\n")
        return json.loads(self.stream.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()


class Process:
    """A program that runs for as long as its test, its output in a file."""

    def __init__(self, test, command, name, **options):
        self.log = os.path.join(test.directory, name + ".out")
        self.name = name
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=options.pop("stdin", subprocess.DEVNULL),
                stdout=options.pop("stdout", out), stderr=out, **options)
        self.pid = self.process.pid
        test.addCleanup(self.end)
        test.logs.append(self)

    def output(self):
        with open(self.log, encoding="utf-8", errors="backslashreplace") as text:
            return text.read()

    def lines(self):
        """Its output up to the last line that is whole: it may be writing another."""
        text = self.output()
        return text[:text.rfind("\n") + 1]

    def end(self, number=signal.SIGTERM, timeout_s=PATIENCE_S):
        """Signals it, unless it has ended, and waits. Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class Daemon(Process):
    """sightglassd on a directory of the test's own, serving."""

    def __init__(self, test, *settings, trust=None, workers=2, directory=None,
                 role_user="root", wait=True, presets=(), **options):
        self.directory = directory or os.path.join(test.directory, "d")
        self.notify_path = os.path.join(test.directory, "notify")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if os.path.exists(self.notify_path):
            os.unlink(self.notify_path)
        listener.bind(self.notify_path)
        os.chmod(self.notify_path, 0o777)  # for a daemon of another user
        command = [DAEMON, "-d", self.directory, "-o", f"user={role_user}",
                   "-o", f"workers={workers}", "-o", "capture.redact_headers=",
                   "-o", "capture.redact_fields=",
                   "-o", "capture.redact_userinfo=false",
                   # A slow machine makes no exchange a long one, and no peer late.
                   "-o", "capture.interval=0 s", "-o", "flow.header_timeout=1 min",
                   "-o", "flow.handshake_timeout=2 min"]
        if trust:
            command += ["-o", f"upstream.trust={trust}"]
        for setting in settings:
            command += ["-o", setting]
        for preset in presets:
            command += ["-D", preset]
        super().__init__(test, command, "sightglassd",
                         env=dict(os.environ, NOTIFY_SOCKET=self.notify_path),
                         **options)
        with listener:
            if wait:
                self.wait_ready(listener)

    def wait_ready(self, listener):
        listener.settimeout(0.1)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if b"READY=1" in listener.recv(4096):
                    return
            except TimeoutError:
                if self.process.poll() is not None:
                    break
        raise AssertionError("sightglassd does not serve:\n" + self.output())

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def control(self, request, **more):
        """One request on control.sock; its answer. A worker gives it, and none where it
        is killed before: then another is asked for its status, which changes nothing."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                with Control(self) as control:
                    return control.ask(request, **more)
            except (ConnectionError, json.JSONDecodeError):
                if request != "status" or time.monotonic() > end or \
                        self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def kill(self):
        """Kills its parent; its place is free for the next one afterwards."""
        self.end(signal.SIGKILL)
        wait_for(lambda: not self.is_served(), "the workers to end")

    def is_served(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.path("run", "flow.sock")) == 0

    def stop(self):
        """Ends it in order; the records that it wrote."""
        status = self.end()
        if status != 0:
            raise AssertionError(f"sightglassd ended with status {status}")
        return self.records()

    def segments(self):
        log = self.path("log")
        return sorted(os.path.join(log, n) for n in os.listdir(log))

    def records(self, dataset=None):
        """Every record of the sealed segments, checked and read by zstd, and held
        against the table of fields."""
        found = []
        for path in self.segments():
            if not path.endswith(".ndjson.zst"):
                continue
            text = subprocess.run(["zstd", "-dcq", path], check=True,
                                  capture_output=True).stdout
            found += read_records(text)
        if dataset:
            found = [r for r in found
                     if r["event"]["dataset"] == "sightglass." + dataset]
        return found

    # --- handing flows over ---

    def header(self, address, port, *, authority=None, datagram=False, prefix=0,
               tlvs=(), executable=b"/usr/bin/test-client", source=None,
               source_port=40000, pid=None):
        """A PROXY v2 header to this destination (PROTOCOL.md)."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        raw = socket.inet_pton(family, address)
        source = socket.inet_pton(
            family,
            source or ("::1" if family == socket.AF_INET6 else "127.0.0.1"))
        body = source + raw + struct.pack("!HH", source_port, port)
        extra = [(TLV_VERSION, struct.pack("!H", 1)),
                 (TLV_PID, struct.pack("!I", pid or os.getpid())),
                 (TLV_UID, struct.pack("!I", os.getuid())),
                 (TLV_EXECUTABLE, executable),
                 (TLV_FORWARDER, b"test")]
        if authority:
            extra.append((TLV_AUTHORITY, authority.encode()))
        if prefix:
            extra.append((TLV_PREFIX, struct.pack("!I", prefix)))
        for kind, value in [*extra, *tlvs]:
            body += struct.pack("!BH", kind, len(value)) + value
        kind = (0x20 if family == socket.AF_INET6 else 0x10) + (2 if datagram else 1)
        return (PROXY_SIGNATURE + bytes([0x21, kind])
                + struct.pack("!H", len(body)) + body)

    def bridge(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.path("run", "flow.sock"))
        return s

    def flow(self, port, address="127.0.0.1", pass_fd=True, **options):
        """A connected socket whose other end the daemon has as a flow."""
        header = self.header(address, port, **options)
        bridge = self.bridge()
        if not pass_fd:
            bridge.sendall(header)
            return bridge
        ours, theirs = tcp_pair()
        with bridge, theirs:
            socket.send_fds(bridge, [header], [theirs.fileno()])
        return ours


class Forwarder:
    """A port whose connections are flows to another port of loopback."""

    def __init__(self, test, daemon, port, executable=b"/usr/bin/test-client"):
        self.daemon, self.target, self.executable = daemon, port, executable
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        test.addCleanup(self.listener.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            header = self.daemon.header("127.0.0.1", self.target,
                                        executable=self.executable)
            with client, self.daemon.bridge() as bridge:
                socket.send_fds(bridge, [header], [client.fileno()])


def tcp_pair():
    """Two ends of one TCP connection on loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    return ours, theirs


class ThreadServer:
    """A TCP server in this process: handler(socket) in a thread a connection."""

    def __init__(self, test, handler, context=None, address="127.0.0.1"):
        self.handler, self.context = handler, context
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, 0), family=family,
                                             backlog=512)
        self.port = self.listener.getsockname()[1]
        self.accepted = 0
        test.addCleanup(self.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.one, args=(connection,),
                             daemon=True).start()

    def one(self, connection):
        with connection:
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection,
                                                          server_side=True)
                self.handler(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def close(self):
        self.listener.close()


class Nginx(Process):
    """nginx with one server block; tls: (certificate, key) or None; log: where it
    writes a line of what it serves, and what."""

    def __init__(self, test, tls=None, locations="", protocols="TLSv1.2 TLSv1.3",
                 http2=False, log=None):
        self.port = free_port()
        self.prefix = os.path.join(test.directory, "nginx")
        self.root = os.path.join(self.prefix, "www")
        os.makedirs(self.root)
        ssl = (f"ssl_certificate {tls[0]};\nssl_certificate_key {tls[1]};\n"
               f"ssl_protocols {protocols};\n" if tls else "")
        text = f"""
daemon off; master_process off; pid {self.prefix}/pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
  {f"log_format asked '{log[1]}'; access_log {log[0]} asked" if log
   else "access_log off"}; root {self.root}; client_max_body_size 0;
  client_body_temp_path {self.prefix}/body; proxy_temp_path {self.prefix}/proxy;
  fastcgi_temp_path {self.prefix}/f; uwsgi_temp_path {self.prefix}/u;
  scgi_temp_path {self.prefix}/s;
  server {{
    listen 127.0.0.1:{self.port}{" ssl" if tls else ""}{" http2" if http2 else ""};
    server_name localhost;
    {ssl}
    location / {{ }}
    {locations}
  }}
}}
"""
        path = os.path.join(self.prefix, "nginx.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        super().__init__(test, ["nginx", "-p", self.prefix, "-c", path], "nginx")
        wait_for(self.answers, "nginx to listen")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("nginx ended: " + self.output())
        return listens(self.port)

    def put(self, name, content):
        with open(os.path.join(self.root, name), "wb") as out:
            out.write(content)


class Test(unittest.TestCase):
    """A test with a directory of its own."""

    maxDiff = None

    def setUp(self):
        self.logs = []  # of processes, to be told when the test fails
        self.directory = tempfile.mkdtemp(prefix="t")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.addCleanup(self.tell)

    def check_memory(self, used, most_kib):
        """What a program took at most, by wait4; a sanitizer keeps what is freed."""
        if not is_sanitized():
            self.assertLess(used.ru_maxrss, most_kib, "KiB")

    def tell(self):
        """On failure: what every process said."""
        outcome = self._outcome.result
        if not any(test is self for test, _ in outcome.failures + outcome.errors):
            return
        for process in self.logs:
            print(f"--- {process.name} said:\n{process.output()}")

    def certificates(self):
        return Certificates(os.path.join(self.directory, "certificates"))

    def run_cli(self, *arguments, timeout_s=60, **options):
        """sightglass with these arguments: its finished process, text."""
        return subprocess.run([CLI, *arguments], capture_output=True, text=True,
                              timeout=timeout_s, **options)

    def need_ipv6(self):
        """Skips the test where loopback has no ::1."""
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 on loopback")

    def need_node_library(self, name):
        """Skips the test where bootstrap could not install this package of npm."""
        found = subprocess.run(["node", "-e", f"require.resolve('{name}')"],
                               env=NODE_LIBRARIES, capture_output=True, check=False)
        if found.returncode != 0:
            self.skipTest(f"there is no {name}: ./bootstrap installs it by npm")

    def one(self, records, **fields):
        """The only record whose dotted fields have these values (a__b for a.b)."""
        found = [r for r in records
                 if all(get(r, k.replace("__", ".")) == v for k, v in fields.items())]
        self.assertEqual(len(found), 1, f"{fields} in\n" + "\n".join(
            json.dumps(r)[:1000] for r in records[:20]))
        return found[0]


def get(record, path):
    """The value at a dotted path, or None."""
    for part in path.split("."):
        if not isinstance(record, dict) or part not in record:
            return None
        record = record[part]
    return record
