# SPDX-License-Identifier: ISC
"""What questions of DNS cost a worker, however many names are asked for and never
answered, over one flow and over many; and that flows of datagrams end.

The bound is that of daemon/worker.c, for all flows, and what each flow has besides.
"""

import os
import socket
import struct
import subprocess
import sys
import threading
import unittest

from harness import (CLI, Daemon, Process, Test, get, is_sanitized, loopback_address,
                     wait_for)
from test_dns import refusal

LONG = "LONG" in os.environ  # make check-long
MIB = 1024 * 1024
QUESTIONS_BOUND = 32 * MIB
FLOW_BOUND = 32 * 1024
NAMES = 1_000_000 if LONG else 60_000
FLOWS = 2000 if LONG else 400


def asked(number):
    """A question for a name that no other has, of the longest sort."""
    label = f"{number:060}".encode()
    name = b"".join(bytes([len(p)]) + p for p in (label, b"x" * 60, b"test"))
    return (struct.pack("!6H", number % 65536, 0x0100, 1, 0, 0, 0) + name
            + b"\0\0\1\0\1")


class Memory(Test):
    def setUp(self):
        super().setUp()
        if sys.platform != "linux":
            self.skipTest("a process's memory is read from /proc")
        self.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.silent.bind(("127.0.0.1", 0))
        self.addCleanup(self.silent.close)

    def start(self, *settings):
        self.daemon = Daemon(self, "log.keep_size=64 MiB", "log.rotate_size=16 MiB",
                             *settings, workers=1)

    def worker(self):
        return self.daemon.control("status")["workers"][0]

    def memory(self):
        with open(f"/proc/{self.worker()['pid']}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines
                        if line.startswith("RssAnon:"))

    def hand_over(self):
        """A flow that is one of DNS; its datagrams go to who is silent."""
        bridge = self.daemon.bridge()
        self.addCleanup(bridge.close)
        bridge.sendall(self.daemon.header("127.0.0.1", 53, datagram=True))
        return bridge

    def frame(self, message):
        return struct.pack("!HB4sH", len(message), 4, socket.inet_aton("127.0.0.1"),
                           self.silent.getsockname()[1]) + message

    def ask_many(self, flows):
        """Each name once, over the flows in turn; the most memory that it took."""
        bridges = [self.hand_over() for _ in range(flows)]
        wait_for(lambda: self.worker()["flows"] == flows, "the flows")
        before = most = self.memory()
        share = max(1, 512 // flows)
        for first in range(0, NAMES, share):
            bridges[first // share % flows].sendall(b"".join(
                self.frame(asked(i)) for i in range(first, min(NAMES, first + share))))
            if first % (share * 200) == 0:
                most = max(most, self.memory())
        most = max(most, self.memory())
        for bridge in bridges:
            bridge.close()
        wait_for(lambda: self.worker()["flows"] == 0, "the flows to end", 120)
        most = max(most, self.memory())
        wait_for(lambda: self.worker()["records"] >= NAMES + flows, "the records", 120)
        print(f"{NAMES} names over {flows} flows: {(most - before) / MIB:.1f} MiB")
        return most - before

    def check_bounded(self, flows):
        if is_sanitized():
            self.skipTest("a sanitizer keeps what is freed")
        self.start("dns.timeout=1 h", "flow.datagram_idle=1 h", "flow.max=5000")
        self.assertLess(self.ask_many(flows),
                        QUESTIONS_BOUND + flows * FLOW_BOUND + 4 * MIB)

    def test_names_without_end_over_one_flow(self):
        self.check_bounded(1)

    def test_names_without_end_over_many_flows(self):
        self.check_bounded(FLOWS)

    def test_a_flow_of_datagrams_ends_when_it_is_silent(self):
        self.start("flow.datagram_idle=1 s")
        bridges = [self.hand_over() for _ in range(40)]
        for number, bridge in enumerate(bridges):
            bridge.sendall(self.frame(asked(number)))
        for bridge in bridges:  # the daemon ends it, and nobody else
            bridge.settimeout(60)
            self.assertEqual(bridge.recv(1), b"")
        records = self.daemon.stop()
        flows = [r for r in records if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual([get(r, "sightglass.close") for r in flows], ["idle"] * 40)
        # Deadlines have milliseconds, durations nanoseconds.
        self.assertGreater(min(get(r, "event.duration") for r in flows),
                           10 ** 9 - 2 * 10 ** 6)
        unanswered = [r for r in records if r["event"]["dataset"] == "sightglass.dns"]
        self.assertEqual([get(r, "sightglass.dns.incomplete") for r in unanswered],
                         ["flow_end"] * 40)


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Swept(Test):
    def test_a_client_goes_on_when_its_flow_was_swept(self):
        """Of exec: the flow ended in silence; the socket's next query begins another."""
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind((loopback_address(), 53))
        address = server.getsockname()[0]

        def serve():
            while True:
                try:
                    message, peer = server.recvfrom(512)
                    server.sendto(refusal(message), peer)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        state = os.path.join(self.directory, "state")
        os.mkdir(state)
        with open(os.path.join(state, "sightglass.yaml"), "w", encoding="ascii") as out:
            out.write("flow:\n  datagram_idle: 1 s\n")
        run = Process(self, [CLI, "exec", "-q", "-d", state, "--", sys.executable, "-c",
                             f"""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect(("{address}", 53))
for i in range(3):
    s.send({asked(7)!r})
    print("answered", i, len(s.recv(512)), flush=True)
    sys.stdin.readline()
"""], "exec", stdin=subprocess.PIPE, env=dict(os.environ, HOME=self.directory))
        for i in range(3):
            wait_for(lambda i=i: f"answered {i} " in run.output(), "the answer")
            wait_for(lambda: '"flows":0,' in self.run_cli(
                "status", "-d", state, "-o", "json").stdout, "the sweep")
            run.process.stdin.write(b"\n")
            run.process.stdin.flush()
        self.assertEqual(run.process.wait(60), 0)
        shown = self.run_cli("show", "-d", state, "--dataset", "flow", "-o", "json")
        self.assertEqual(shown.stdout.count('"close":"idle"'), 3, shown.stdout)


if __name__ == "__main__":
    unittest.main()
