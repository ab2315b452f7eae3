# SPDX-License-Identifier: ISC
"""Bytes through the daemon: opened TLS, plain HTTP, and what is neither, with
real servers behind it and the bytes compared at both ends."""

import hashlib
import os
import re
import socket
import ssl
import struct
import subprocess
import threading
import unittest

from harness import (TLV_ALTERNATE, Daemon, Forwarder, Nginx, Process, Test,
                     ThreadServer, free_port, get, listens, tcp_pair, wait_for)
from seen import row


def read_to_end(s):
    parts = []
    while part := s.recv(65536):
        parts.append(part)
    return b"".join(parts)


def pattern(length, seed=1):
    """Bytes that repeat nowhere near, cheap to make."""
    block = hashlib.shake_256(str(seed).encode()).digest(1 << 16)
    return (block * (length // len(block) + 1))[:length]


class Relay(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()

    def server_context(self, alpn=None, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair)
        if alpn:
            context.set_alpn_protocols(alpn)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def client(self, daemon, port, name="localhost", alpn=None, version=None,
               **options):
        """A TLS client's socket through the daemon, trusting our CA alone."""
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        if alpn:
            context.set_alpn_protocols(alpn)
        if version:
            context.minimum_version = context.maximum_version = version
        s = context.wrap_socket(daemon.flow(port, **options), server_hostname=name)
        self.addCleanup(s.close)
        return s

    def get(self, s, path="/", close=True):
        connection = "close" if close else "keep-alive"
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                  f"Connection: {connection}\r\n\r\n".encode())


class OpenedTls(Relay):
    @row("43", "TLS on any other port", "accept", "nginx, openssl (python)",
         "the page", "inspect, ok; an http record")
    def test_a_request_is_seen_in_plain_text(self):
        nginx = Nginx(self, self.pair)
        nginx.put("hello.txt", b"hello through the glass\n")
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, nginx.port) as s:
            self.get(s, "/hello.txt?q=1")
            answer = read_to_end(s)
        self.assertTrue(answer.endswith(b"\r\n\r\nhello through the glass\n"))
        records = daemon.stop()
        http = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.request.method"), "GET")
        self.assertEqual(get(http, "http.response.status_code"), 200)
        self.assertEqual(get(http, "http.response.body.content"),
                         "hello through the glass\n")
        self.assertEqual(get(http, "url.path"), "/hello.txt")
        self.assertEqual(get(http, "url.query"), "q=1")
        self.assertEqual(get(http, "url.scheme"), "https")
        self.assertEqual(get(http, "http.request.headers.host"), ["localhost"])
        self.assertEqual(get(http, "process.executable"), "/usr/bin/test-client")
        tls = self.one(records, event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.decision"), "inspect")
        self.assertEqual(get(tls, "sightglass.verification"), "ok")
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "finished")
        self.assertEqual(len({get(r, "sightglass.flow")
                              for r in (http, tls, flow)}), 1)

    def versions(self, server, client, expected):
        nginx = ThreadServer(self, lambda c: c.sendall(c.recv(99)),
                             self.server_context(version=server))
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, nginx.port, version=client) as s:
            self.assertEqual(s.version(), "TLSv" + expected)
            s.sendall(b"echo")
            self.assertEqual(s.recv(99), b"echo")
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.client.version"), expected)
        self.assertEqual(get(tls, "sightglass.server.version"), expected)

    def test_tls_1_3_on_both_legs(self):
        self.versions(None, None, "1.3")

    def test_tls_1_2_server_gives_the_client_tls_1_2(self):
        self.versions(ssl.TLSVersion.TLSv1_2, None, "1.2")

    def test_tls_1_2_client_gives_the_server_tls_1_2(self):
        self.versions(None, ssl.TLSVersion.TLSv1_2, "1.2")

    def test_a_tls_1_2_server_may_sign_with_pss(self):
        # Its only key is RSA; OpenSSL signs with what is offered first for it.
        pair = self.ca.server("rsa", key_type=("rsa:2048",))
        port = free_port()
        server = Process(self, ["openssl", "s_server", "-accept", str(port),
                                "-cert", pair[0], "-key", pair[1], "-tls1_2", "-rev",
                                "-sigalgs", "rsa_pss_rsae_sha256:RSA+SHA256"],
                         "s_server")
        wait_for(lambda: "ACCEPT" in server.output(), "s_server")
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, port) as s:
            self.assertEqual(s.version(), "TLSv1.2")
            s.sendall(b"abc\n")
            self.assertEqual(s.recv(99), b"cba\n")
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.verification"), "ok")
        self.assertEqual(get(tls, "sightglass.server.version"), "1.2")

    def test_an_alert_of_ours_stays_with_its_flow(self):
        seen = []
        plain = ThreadServer(self, lambda c: seen.extend(iter(lambda: c.recv(99), b"")))
        echo = ThreadServer(
            self, lambda c: [c.sendall(x) for x in iter(lambda: c.recv(99), b"")],
            self.server_context())
        daemon = Daemon(self, workers=1, trust=self.ca.ca)
        with daemon.flow(plain.port) as other:
            other.sendall(b"\0before")
            wait_for(lambda: seen, "the other flow's bytes")
            raw = daemon.flow(echo.port)
            with socket.socket(fileno=os.dup(raw.fileno())) as under:
                context = ssl.create_default_context(
                    cafile=daemon.path("ca", "sightglass-ca.pem"))
                with context.wrap_socket(raw, server_hostname="localhost") as s:
                    s.sendall(b"x")
                    self.assertEqual(s.recv(9), b"x")
                    under.sendall(b"\x17\x03\x03\0\x40" + b"Z" * 64)
                    with self.assertRaises(OSError):
                        s.recv(9)
            other.sendall(b"after")
            wait_for(lambda: len(seen) > 1, "the rest of the other flow")
        self.assertEqual(seen, [b"\0before", b"after"])
        flows = [r for r in daemon.stop() if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual({get(r, "sightglass.close") for r in flows},
                         {"tls_error", "finished"})

    def alpn(self, server, client, expected):
        echo = ThreadServer(self, lambda c: c.sendall(c.recv(99)),
                            self.server_context(alpn=server))
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, echo.port, alpn=client) as s:
            self.assertEqual(s.selected_alpn_protocol(), expected)
        daemon.stop()

    @row("38", "ALPN: h2 and http/1.1 offered, the server has http/1.1", "mirrored",
         "openssl (python), openssl (python)", "http/1.1",
         "as tested: the client is told no other")
    def test_alpn_is_the_servers_choice(self):
        self.alpn(["http/1.1"], ["h2", "http/1.1"], "http/1.1")

    @row("38", "ALPN: the server has none at all", "mirrored",
         "openssl (python), openssl (python)", "none",
         "as tested: the client is told none")
    def test_alpn_stays_away_when_the_server_has_none(self):
        self.alpn(None, ["h2", "http/1.1"], None)

    def test_keep_alive_gives_a_record_for_each_request(self):
        nginx = Nginx(self, self.pair)
        for i in range(5):
            nginx.put(f"{i}.txt", b"x" * i)
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, nginx.port) as s, s.makefile("rb") as lines:
            for i in range(5):
                self.get(s, f"/{i}.txt", close=False)
                while lines.readline() != b"\r\n":
                    pass
                self.assertEqual(lines.read(i), b"x" * i)
        http = [r for r in daemon.stop()
                if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual([get(r, "url.path") for r in http],
                         [f"/{i}.txt" for i in range(5)])
        self.assertEqual([get(r, "sightglass.stream") for r in http], [1, 2, 3, 4, 5])

    def test_pipelined_requests_are_paired_in_order(self):
        nginx = Nginx(self, self.pair)
        nginx.put("a", b"first")
        nginx.put("b", b"second")
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, nginx.port) as s:
            s.sendall(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"
                      b"HEAD /b HTTP/1.1\r\nHost: localhost\r\n\r\n"
                      b"GET /b HTTP/1.1\r\nHost: localhost\r\n"
                      b"Connection: close\r\n\r\n")
            read_to_end(s)
        http = [r for r in daemon.stop()
                if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual(
            [(get(r, "http.request.method"), get(r, "http.response.body.content"))
             for r in http], [("GET", "first"), ("HEAD", None), ("GET", "second")])

    def test_chunked_both_ways(self):
        seen = {}

        def serve(c):
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += c.recv(65536)
            seen["request"] = data
            c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n")

        server = ThreadServer(self, serve, self.server_context())
        daemon = Daemon(self, trust=self.ca.ca)
        request = (b"POST /up HTTP/1.1\r\nHost: localhost\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n"
                   b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
        with self.client(daemon, server.port) as s:
            s.sendall(request)
            answer = read_to_end(s)
        self.assertEqual(seen["request"], request)
        self.assertTrue(answer.endswith(b"0\r\nX-Sum: 1\r\n\r\n"))
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.request.body.content"), "abcdefg")
        self.assertEqual(get(http, "http.response.body.content"), "hello world")
        self.assertEqual(get(http, "http.response.body.bytes"), 11)

    def test_a_hundred_megabytes_down_arrive_as_sent(self):
        content = pattern(100 << 20)
        nginx = Nginx(self, self.pair)
        nginx.put("big", content)
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, nginx.port) as s:
            self.get(s, "/big")
            answer = read_to_end(s)
        body = answer[answer.index(b"\r\n\r\n") + 4:]
        self.assertEqual(len(body), len(content))
        self.assertTrue(body == content)
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.response.body.bytes"), len(content))
        self.assertTrue(get(http, "http.response.body.truncated"))

    def test_a_hundred_megabytes_up_arrive_as_sent(self):
        content = pattern(100 << 20, 2)
        got = hashlib.sha256()

        def serve(c):
            head = b""
            while b"\r\n\r\n" not in head:
                head += c.recv(65536)
            rest = head[head.index(b"\r\n\r\n") + 4:]
            length = len(rest)
            got.update(rest)
            while length < len(content):
                part = c.recv(65536)
                if not part:
                    return
                got.update(part)
                length += len(part)
            c.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        server = ThreadServer(self, serve, self.server_context())
        daemon = Daemon(self, trust=self.ca.ca)
        with self.client(daemon, server.port) as s:
            s.sendall(b"PUT /big HTTP/1.1\r\nHost: localhost\r\n"
                      + f"Content-Length: {len(content)}\r\n\r\n".encode())
            s.sendall(content)
            self.assertIn(b"204", read_to_end(s))
        self.assertEqual(got.hexdigest(), hashlib.sha256(content).hexdigest())
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.request.body.bytes"), len(content))

    def test_two_hundred_connections_at_once(self):
        nginx = Nginx(self, self.pair)
        nginx.put("x", b"y" * 1000)
        daemon = Daemon(self, trust=self.ca.ca)
        failures = []
        gate = threading.Barrier(200)

        def one(i):
            try:
                with self.client(daemon, nginx.port) as s:
                    gate.wait(200)  # every connection stands before any asks
                    self.get(s, f"/x?{i}")
                    if not read_to_end(s).endswith(b"y" * 1000):
                        failures.append(i)
            except (OSError, threading.BrokenBarrierError) as error:
                failures.append((i, error))

        threads = [threading.Thread(target=one, args=(i,)) for i in range(200)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        records = daemon.stop()
        queries = sorted(int(get(r, "url.query")) for r in records
                         if r["event"]["dataset"] == "sightglass.http")
        self.assertEqual(queries, list(range(200)))
        for dataset in ("tls", "flow"):
            self.assertEqual(200, sum(
                r["event"]["dataset"] == "sightglass." + dataset for r in records))

    def test_an_invalid_server_gets_nothing_and_the_client_is_warned(self):
        other = self.ca.server("other", names=("elsewhere.test",), addresses=())
        received = []

        def serve(c):
            received.append(c.recv(100))

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*other)
        server = ThreadServer(self, serve, context)
        daemon = Daemon(self, trust=self.ca.ca)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.client(daemon, server.port)
        wait_for(lambda: daemon.control("status")["workers"], "status")
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.verification"), "name_mismatch")
        self.assertIn(received, ([], [b""]))


class Plain(Relay):
    @row("43", "HTTP without TLS", "accept", "nginx, a script", "the page",
         "an http record")
    def test_http_without_tls_is_read(self):
        nginx = Nginx(self)
        nginx.put("plain", b"in the clear")
        daemon = Daemon(self)
        with daemon.flow(nginx.port) as s:
            self.get(s, "/plain")
            self.assertTrue(read_to_end(s).endswith(b"in the clear"))
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "url.full"),
                         f"http://localhost:{nginx.port}/plain"
                         if get(http, "url.port") == nginx.port and
                         f":{nginx.port}" in get(http, "url.full")
                         else "http://localhost/plain")

    @row("43", "a server that speaks first", "accept", "a script, a script",
         "the greeting first", "a flow record with their number")
    def test_a_server_that_speaks_first_is_relayed(self):
        def serve(c):
            c.sendall(b"220 ready\r\n")
            self.assertEqual(c.recv(99), b"EHLO me\r\n")
            c.sendall(b"250 fine\r\n")

        server = ThreadServer(self, serve)
        daemon = Daemon(self)
        with daemon.flow(server.port) as s:
            self.assertEqual(s.recv(99), b"220 ready\r\n")
            s.sendall(b"EHLO me\r\n")
            self.assertEqual(s.recv(99), b"250 fine\r\n")
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.bytes"),
                         {"client": 9, "server": 21})
        self.assertEqual(get(flow, "sightglass.protocol"), "smtp")

    def test_a_protocol_that_is_not_read_has_its_name(self):
        repository = os.path.join(self.directory, "r.git")
        subprocess.run(["git", "init", "-q", "--bare", repository], check=True)
        port = free_port()
        Process(self, ["git", "daemon", "--listen=127.0.0.1", f"--port={port}",
                       "--export-all", f"--base-path={self.directory}"], "git")
        wait_for(lambda: listens(port), "git to listen")
        daemon = Daemon(self)
        forwarder = Forwarder(self, daemon, port)
        done = subprocess.run(
            ["git", "ls-remote", f"git://127.0.0.1:{forwarder.port}/r.git"],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.protocol"), "git")

    def test_a_client_that_hesitates_is_still_read(self):
        nginx = Nginx(self, self.pair)
        nginx.put("late", b"but here")
        daemon = Daemon(self, "flow.sniff_timeout=50ms", trust=self.ca.ca)
        raw = daemon.flow(nginx.port)
        # The daemon connects upstream when the client stays silent: then speak.
        import time
        time.sleep(0.5)
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        with context.wrap_socket(raw, server_hostname="localhost") as s:
            self.get(s, "/late")
            self.assertTrue(read_to_end(s).endswith(b"but here"))
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.response.body.content"), "but here")

    @row("43", "not TLS at all", "accept", "a script, a script",
         "the bytes, unchanged", "a flow record with their number")
    def test_unknown_bytes_go_both_ways_unchanged(self):
        server = ThreadServer(self, lambda c: c.sendall(c.recv(9999)[::-1]))
        daemon = Daemon(self)
        data = bytes(range(256))
        with daemon.flow(server.port) as s:
            s.sendall(data)
            self.assertEqual(read_to_end(s), data[::-1])
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.bytes"),
                         {"client": 256, "server": 256})

    def test_half_close_from_the_client_is_carried(self):
        server = ThreadServer(self, lambda c: c.sendall(read_to_end(c)))
        daemon = Daemon(self)
        data = pattern(1 << 20)
        with daemon.flow(server.port) as s:
            reader = threading.Thread(target=s.sendall, args=(data,))
            reader.start()
            reader.join()
            s.shutdown(socket.SHUT_WR)
            self.assertTrue(read_to_end(s) == data)
        self.assertEqual(get(self.one(daemon.stop(),
                                      event__dataset="sightglass.flow"),
                             "sightglass.close"), "finished")

    def test_half_close_from_the_server_is_carried(self):
        got = []

        def serve(c):
            c.sendall(b"all I say")
            c.shutdown(socket.SHUT_WR)
            got.append(read_to_end(c))

        server = ThreadServer(self, serve)
        daemon = Daemon(self)
        with daemon.flow(server.port) as s:
            self.assertEqual(read_to_end(s), b"all I say")
            s.sendall(b"and I go on")
            s.shutdown(socket.SHUT_WR)
            wait_for(lambda: got, "the server's end")
        self.assertEqual(got, [b"and I go on"])
        daemon.stop()

    def test_ipv6_destination(self):
        try:
            server = ThreadServer(self, lambda c: c.sendall(c.recv(9)),
                                  address="::1")
        except OSError:
            self.skipTest("no IPv6 on loopback")
        daemon = Daemon(self)
        with daemon.flow(server.port, address="::1") as s:
            s.sendall(b"six")
            self.assertEqual(s.recv(9), b"six")
        daemon.stop()

    def test_the_bridge_connection_itself_can_carry_the_bytes(self):
        nginx = Nginx(self)
        nginx.put("x", b"streamed")
        daemon = Daemon(self)
        with daemon.flow(nginx.port, pass_fd=False) as s:
            self.get(s, "/x")
            self.assertTrue(read_to_end(s).endswith(b"streamed"))
        self.one(daemon.stop(), event__dataset="sightglass.http")

    def test_a_forwarder_may_keep_its_copy_of_the_client(self):
        server = ThreadServer(self, lambda c: c.sendall(c.recv(99)))
        daemon = Daemon(self, workers=1)
        worker = daemon.control("status")["workers"][0]["pid"]

        def orphans():
            """Sockets that epoll(7) watches and that are open no more."""
            watched = set()
            held = set()
            for name in os.listdir(f"/proc/{worker}/fd"):
                try:
                    with open(f"/proc/{worker}/fdinfo/{name}",
                              encoding="ascii") as file:
                        watched |= set(re.findall(r"tfd:.* ino:(\w+)", file.read()))
                    held.add(os.readlink(f"/proc/{worker}/fd/{name}"))
                except FileNotFoundError:
                    pass # closed since it was listed
            self.assertTrue(watched)
            return {f"socket:[{int(ino, 16)}]" for ino in watched} - held

        ours, theirs = tcp_pair()
        bridge = daemon.bridge()
        copy = bridge.dup()
        with ours, theirs, bridge, copy:
            socket.send_fds(bridge, [daemon.header("127.0.0.1", server.port)],
                            [theirs.fileno()])
            ours.sendall(b"\0hello")
            self.assertEqual(ours.recv(99), b"\0hello")
            ours.shutdown(socket.SHUT_WR)
            self.assertEqual(ours.recv(99), b"")
            wait_for(lambda: not daemon.control("status")["workers"][0]["flows"],
                     "the flow's end")
            wait_for(lambda: not orphans(), "what is closed to be watched no more")
        daemon.stop()

    def test_a_second_address_is_tried_when_the_first_is_silent(self):
        server = ThreadServer(self, lambda c: c.sendall(c.recv(99)))
        with socket.socket() as silent:
            silent.bind(("127.0.0.2", server.port))
            silent.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for s in waiting: # its queue is full now
                self.addCleanup(s.close)
                s.setblocking(False)
                s.connect_ex(silent.getsockname())
            daemon = Daemon(self, "flow.connect_timeout=100ms")
            other = (struct.pack("!B", 4) + socket.inet_aton("127.0.0.1")
                     + struct.pack("!H", server.port))
            with daemon.flow(server.port, "127.0.0.2", tlvs=[(TLV_ALTERNATE, other)]) as s:
                s.sendall(b"\0hello")
                self.assertEqual(s.recv(99), b"\0hello")
            daemon.stop()

    def test_datagrams_to_refused_addresses_are_lost(self):
        servers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for i, s in enumerate(servers):
            self.addCleanup(s.close)
            s.settimeout(60)
            s.bind((f"127.0.0.{i + 1}", 0))
        daemon = Daemon(self, "policy.refuse=127.0.0.2")

        def frame(server, data):
            address, port = server.getsockname()
            return (struct.pack("!HB", len(data), 4) + socket.inet_aton(address)
                    + struct.pack("!H", port) + data)

        port = servers[0].getsockname()[1]
        with daemon.bridge() as s:
            s.sendall(daemon.header("127.0.0.1", port, datagram=True)
                      + frame(servers[1], b"no") + frame(servers[0], b"yes"))
            self.assertEqual(servers[0].recv(99), b"yes")
            servers[1].setblocking(False)
            with self.assertRaises(BlockingIOError):
                servers[1].recv(99)
        with daemon.bridge() as s:
            s.settimeout(60)
            s.sendall(daemon.header("127.0.0.2", port, datagram=True))
            self.assertEqual(s.recv(9), b"")
        closes = {get(r, "destination.ip"): get(r, "sightglass.close")
                  for r in daemon.stop() if r["event"]["dataset"] == "sightglass.flow"}
        self.assertEqual(closes, {"127.0.0.1": "finished",
                                  "127.0.0.2": "refused_by_policy"})

    def test_datagrams_are_relayed_with_their_addresses(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        daemon = Daemon(self)
        with daemon.bridge() as s:
            s.settimeout(60)
            frame = (struct.pack("!HB", 5, 4) + socket.inet_aton("127.0.0.1")
                     + struct.pack("!H", port) + b"query")
            # The descriptor is not asked for: it must not become the client.
            socket.send_fds(s, [daemon.header("127.0.0.1", port, datagram=True)
                                + frame], [server.fileno()])
            query, client = server.recvfrom(99)
            self.assertEqual(query, b"query")
            server.sendto(b"answer!", client)
            got = b""
            while len(got) < 16:
                got += s.recv(99)
        self.assertEqual(got, struct.pack("!HB", 7, 4)
                         + socket.inet_aton("127.0.0.1")
                         + struct.pack("!H", port) + b"answer!")
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "network.transport"), "udp")


if __name__ == "__main__":
    unittest.main()
