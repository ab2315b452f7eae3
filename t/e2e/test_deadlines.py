# SPDX-License-Identifier: ISC
"""Every flow ends: peers that say nothing, that stop in the midst of a handshake,
or that send one byte after another for ever, on either side (rows 34 and 42 of
TLS-CASES). The record names the deadline that it met."""

import socket
import ssl
import threading
import unittest

from harness import Daemon, Test, ThreadServer, get, in_order, wait_for
from hellos import made_hello
from seen import row

SOON = "flow.handshake_timeout=500 ms"
PAUSE_S = 0.02  # between the bytes of those who send one after another
# The start of a TLS record with a handshake message of 16,000 bytes behind it.
HELLO_START = bytes.fromhex("160303400001003e800303") + b"r" * 32
SERVER_HELLO_START = bytes.fromhex("16030340000200003e80") + bytes.fromhex("0303")


def trickle(s, bytes_, stop):
    """One after another, the last one again and again, until it cannot."""
    sent = 0
    try:
        while not stop.is_set():
            s.sendall(bytes_[sent:sent + 1] or b"\0")
            sent += 1
            stop.wait(PAUSE_S)
    except OSError:
        pass
    return sent


class Deadlines(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.stop = threading.Event()
        self.addCleanup(self.stop.set)

    def daemon(self, *settings, **options):
        return Daemon(self, *settings, trust=self.ca.ca, workers=1, **options)

    def ended(self, daemon, count=1):
        """Waits for that many flows to have ended; how, and in which state."""
        wait_for(lambda: daemon.control("status")["workers"][0]["flows"] == 0 and
                 daemon.control("status")["workers"][0]["flows_total"] == count,
                 "the flows to end")
        flows = [r["sightglass"] for r in in_order(daemon.stop())
                 if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual(len(flows), count)
        return [(f["close"], f["state"]) for f in flows]

    def last_ended(self, daemon, attempt):
        """How the last of several flows ended: the first one that came as far as
        attempt() wants, before its deadline. A slow machine may need some."""
        for count in range(1, 100):
            if attempt():
                return self.ended(daemon, count)[-1]
        raise AssertionError("none came so far in time")

    def one_ended(self, daemon):
        return self.ended(daemon)[0]

    def server(self, handler=lambda s: s.recv(1)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.ca.server())
        return ThreadServer(self, handler, context)


class Client(Deadlines):
    @row("42", "hello of one byte after another", "deadline",
         "openssl (python), a script", "closed", "client_handshake_timeout")
    def test_a_hello_that_never_ends(self):
        daemon, server = self.daemon(SOON), self.server()

        def attempt():
            with daemon.flow(server.port) as s:
                return trickle(s, HELLO_START, self.stop) > 5
        self.assertEqual(self.last_ended(daemon, attempt),
                         ("client_handshake_timeout", "sniff"))

    @row("42", "hello of one byte, then silence", "deadline",
         "openssl (python), a script", "closed; nothing was connected",
         "client_handshake_timeout")
    def test_a_hello_of_one_byte(self):
        """Less than shows that it is TLS; silent for longer than a sniff lasts."""
        server = self.server()
        daemon = self.daemon(SOON, "flow.sniff_timeout=20 ms")
        with daemon.flow(server.port) as s:
            s.sendall(b"\x16")
            self.assertEqual(s.recv(1), b"")
        self.assertEqual(self.one_ended(daemon),
                         ("client_handshake_timeout", "sniff"))
        self.assertEqual(server.accepted, 0)

    def test_a_hello_that_comes_slowly_and_whole_is_opened(self):
        daemon = self.daemon("flow.sniff_timeout=20 ms")
        server = self.server(lambda s: s.sendall(s.recv(5)))
        hello = made_hello()
        with daemon.flow(server.port) as s:
            for at in range(0, 10):
                s.sendall(hello[at:at + 1])
                self.stop.wait(0.05)  # longer than a sniff lasts
            s.sendall(hello[10:])
            self.assertEqual(s.recv(1), b"\x16")
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.decision"), "inspect")
        self.assertEqual(get(tls, "sightglass.verification"), "ok")

    def stalls(self, version, behind=None):
        """Shown the leaf, the client says nothing, or one byte after another."""
        daemon, server = self.daemon(SOON), self.server()

        def attempt():
            with daemon.flow(server.port) as s:
                s.sendall(made_hello(version))
                if s.recv(1) != b"\x16":
                    return False
                came_far = not behind or trickle(s, behind, self.stop) > 5
                while s.recv(65536):
                    pass
            return came_far
        self.assertEqual(self.last_ended(daemon, attempt),
                         ("client_handshake_timeout", "client_tls"))

    @row("42", "client stalls behind the leaf, TLS 1.3", "deadline",
         "openssl (python), openssl (python)", "closed", "client_handshake_timeout")
    def test_silence_behind_the_leaf_in_tls_1_3(self):
        self.stalls(ssl.TLSVersion.TLSv1_3)

    @row("42", "client stalls behind the leaf, TLS 1.2", "deadline",
         "openssl (python), openssl (python)", "closed", "client_handshake_timeout")
    def test_silence_behind_the_leaf_in_tls_1_2(self):
        self.stalls(ssl.TLSVersion.TLSv1_2)

    @row("42", "client sends one byte after another behind the leaf, TLS 1.3",
         "deadline", "openssl (python), openssl (python)", "closed",
         "client_handshake_timeout")
    def test_one_byte_after_another_behind_the_leaf_in_tls_1_3(self):
        self.stalls(ssl.TLSVersion.TLSv1_3, bytes.fromhex("1703034000"))

    @row("42", "client sends one byte after another behind the leaf, TLS 1.2",
         "deadline", "openssl (python), openssl (python)", "closed",
         "client_handshake_timeout")
    def test_one_byte_after_another_behind_the_leaf_in_tls_1_2(self):
        self.stalls(ssl.TLSVersion.TLSv1_2, bytes.fromhex("1603034000"))

    def test_a_header_that_never_ends(self):
        daemon = self.daemon("flow.header_timeout=500 ms")

        def attempt():
            with daemon.bridge() as s:
                header = daemon.header("127.0.0.1", 9)[:16] + b"\0"
                return trickle(s, header, self.stop) > 5
        self.assertEqual(self.last_ended(daemon, attempt), ("header_timeout", "header"))


class Server(Deadlines):
    def meets(self, handler):
        """A server in this process, without TLS; its client gets an alert."""
        server = ThreadServer(self, handler)
        daemon = self.daemon(SOON)
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            s.sendall(made_hello())
            s.recv(65536)
        return self.one_ended(daemon)

    @row("42", "server stalls", "deadline", "a script, openssl (python)", "closed",
         "upstream_handshake_timeout")
    def test_silence(self):
        self.assertEqual(self.meets(lambda s: self.stop.wait(60)),
                         ("upstream_handshake_timeout", "upstream_tls"))

    @row("42", "server sends one byte after another", "deadline",
         "a script, openssl (python)", "closed", "upstream_handshake_timeout")
    def test_one_byte_after_another(self):
        sent = []
        self.assertEqual(
            self.meets(lambda s: sent.append(
                trickle(s, SERVER_HELLO_START, self.stop))),
            ("upstream_handshake_timeout", "upstream_tls"))
        wait_for(lambda: sent and sent[0] > 5, "the server to have sent bytes")

    @row("42", "server half-open: it has ended, and listens", "deadline",
         "a script, openssl (python)", "the end, as from the server",
         "splice, upstream_handshake")
    def test_an_end_of_its_half(self):
        """It has ended, and still listens: the client's own hello fares no better
        there, and both are told the end."""
        def half(s):
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
        self.assertEqual(self.meets(half), ("finished", "drain"))

    @row("42", "an address that does not answer", "deadline",
         "none, openssl (python)", "reset", "connect_timeout")
    def test_an_address_that_does_not_answer(self):
        """A listener with a full queue: the kernel drops what else comes."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            at = listener.getsockname()
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                self.addCleanup(filler.close)
                filler.setblocking(False)
                filler.connect_ex(at)
            daemon = self.daemon("flow.connect_timeout=300 ms")
            with daemon.flow(at[1]) as s:
                s.sendall(made_hello())
                self.assertRaises(ConnectionResetError, s.recv, 1)
        self.assertEqual(self.one_ended(daemon), ("connect_timeout", "connect"))


class Whole(Deadlines):
    """flow.total_timeout and flow.idle_timeout."""

    def open(self, daemon, server):
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        s = daemon.flow(server.port)
        s.settimeout(60)
        return context.wrap_socket(s, server_hostname="localhost")

    def echo(self, s):
        while part := s.recv(4096):
            s.sendall(part)

    def test_a_flow_in_which_bytes_pass_ends_when_its_time_is_over(self):
        daemon = self.daemon("flow.total_timeout=1 s")
        server = self.server(self.echo)

        def attempt():
            rounds = 0
            try:
                with self.open(daemon, server) as s:
                    while True:
                        s.sendall(b"x")
                        if not s.recv(1):
                            break
                        rounds += 1
                        self.stop.wait(PAUSE_S)
            except (ConnectionError, ssl.SSLError):
                pass
            return rounds > 1
        self.assertEqual(self.last_ended(daemon, attempt), ("total_timeout", "relay"))

    def test_it_is_sooner_than_the_others(self):
        daemon = self.daemon("flow.total_timeout=3 s")
        silent = ThreadServer(self, lambda s: self.stop.wait(60))
        hello = made_hello()
        with daemon.flow(silent.port) as s, daemon.flow(silent.port) as sniffed, \
                daemon.bridge() as header, \
                daemon.flow(silent.port, datagram=True, pass_fd=False) as datagrams:
            s.sendall(hello)
            sniffed.sendall(HELLO_START)
            for each in (s, header, datagrams, sniffed):
                each.settimeout(60)
                self.assertEqual(each.recv(1), b"")
        self.assertEqual(sorted(self.ended(daemon, 4)), [
            ("total_timeout", state)
            for state in ("datagrams", "header", "sniff", "upstream_tls")])

    def test_silence_is_idle(self):
        daemon = self.daemon("flow.idle_timeout=3 s")
        with self.open(daemon, self.server(self.echo)) as s:
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"x")
            with socket.socket(fileno=s.detach()) as bare:
                bare.settimeout(60)
                self.assertRaises(ConnectionResetError, bare.recv, 1)
        self.assertEqual(self.one_ended(daemon), ("idle", "relay"))


if __name__ == "__main__":
    unittest.main()
