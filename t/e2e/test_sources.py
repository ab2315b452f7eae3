# SPDX-License-Identifier: ISC
"""A forwarder that is not told the client's port, as macOS's is not: the daemon finds
it among the connections of the process, and goes on without where it cannot.

The application really connects to where its flow goes. Its connection is accepted there
and handed over; the next one to come is the daemon's, and is served.
"""

import ctypes
import os
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

from harness import TLV_AUDIT_TOKEN, Daemon, Test, get, wait_for

CLONE_NEWNET = 0x40000000
NOWHERE = {"127.0.0.1": "0.0.0.0", "::1": "::"}
REQUEST = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOKED_MAX = 4096  # daemon/sources.c

# Opens so many descriptors, then connects.
HOARDER = """
import os, socket, sys
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(int(sys.argv[2]))]
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET /hoard HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
sys.stdout.buffer.write(s.recv(1000))
"""


def enter_network():
    """From here this process and its children have a network with loopback alone."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        raise unittest.SkipTest("no namespaces here")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def connections_in_table():
    """Also those that have ended (TIME_WAIT)."""
    with open("/proc/self/net/tcp", encoding="ascii") as table:
        return len(table.readlines())


class Interceptor:
    """A port to which an application and the daemon connect in turn."""

    def __init__(self, test, daemon, address="127.0.0.1", context=None):
        self.daemon, self.address, self.context = daemon, address, context
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, 0), family=family)
        self.listener.settimeout(60)
        self.port = self.listener.getsockname()[1]
        test.addCleanup(self.listener.close)

    def connect(self):
        """An application's connection, of this process: its two ends."""
        ours = socket.create_connection((self.address, self.port))
        return ours, self.listener.accept()[0]

    def hand_over(self, client, **options):
        """The application's connection becomes a flow without a source."""
        header = self.daemon.header(self.address, self.port,
                                    source=NOWHERE[self.address], source_port=0,
                                    **options)
        with client, self.daemon.bridge() as bridge:
            socket.send_fds(bridge, [header], [client.fileno()])

    def serve_one(self):
        """The daemon's connection, in a thread of its own; ends with it."""
        connection = self.listener.accept()[0]

        def run():
            with connection as c:
                try:
                    if self.context:
                        c = self.context.wrap_socket(c, server_side=True)
                    while c.recv(65536):
                        c.sendall(ANSWER)
                except OSError:
                    pass

        threading.Thread(target=run, daemon=True).start()


class Sources(Test):
    def setUp(self):
        super().setUp()
        self.seen = {}

    def exchange(self, daemon, door, ours, path):
        """A request and its answer: what the look came to in between."""
        ours.sendall(REQUEST % path)
        outcome = self.outcome(daemon)
        door.serve_one()
        self.assertEqual(ours.recv(1000), ANSWER)
        return outcome

    def outcome(self, daemon):
        """What the next look came to: found, none, unsure or, when the parent's time
        for looks is used up, skipped. It is known before the server says anything, so
        that no record is written sooner."""

        def what_grew():
            before, self.seen = self.seen, daemon.control("status")["sources"]
            return [k for k, v in self.seen.items() if v > before.get(k, 0)]

        grew = wait_for(what_grew, "the look at the process's sockets")
        self.assertEqual(len(grew), 1, self.seen)
        return grew[0]

    def find_of_curl(self, address):
        ca = self.certificates()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca.server(addresses=(address,)))
        daemon = Daemon(self, trust=ca.ca)
        door = Interceptor(self, daemon, address, context)
        host = f"[{address}]" if ":" in address else address
        curl = subprocess.Popen(
            ["curl", "-sk", "--max-time", "60", "--noproxy", "*",
             f"https://{host}:{door.port}/curl"], stdout=subprocess.PIPE)
        client = door.listener.accept()[0]
        port = client.getpeername()[1]
        door.hand_over(client, pid=curl.pid, tlvs=[(TLV_AUDIT_TOKEN, bytes(32))])
        self.assertEqual(self.outcome(daemon), "found")
        door.serve_one()
        self.assertEqual(curl.communicate(timeout=60)[0], b"ok")
        of_flow = [r for r in daemon.stop() if get(r, "sightglass.flow")]
        self.assertEqual({r["event"]["dataset"] for r in of_flow},
                         {"sightglass.tls", "sightglass.http", "sightglass.flow"})
        for record in of_flow:
            self.assertEqual(record["source"], {"ip": address, "port": port})
            self.assertEqual(record["process"]["pid"], curl.pid)
            # The token says nothing on this system: the forwarder's words stand.
            self.assertEqual(record["process"]["executable"], "/usr/bin/test-client")

    def test_the_port_of_curl_is_found(self):
        self.find_of_curl("127.0.0.1")

    def test_the_port_of_curl_is_found_over_ipv6(self):
        self.need_ipv6()
        self.find_of_curl("::1")

    def test_each_connection_has_its_own(self):
        daemon = Daemon(self)
        door = Interceptor(self, daemon)
        expected, found = {}, 0
        end = time.monotonic() + 60
        while found < 3:
            self.assertLess(time.monotonic(), end, self.seen)
            path = f"/{len(expected)}"
            ours, theirs = door.connect()
            self.addCleanup(ours.close)
            door.hand_over(theirs)
            outcome = self.exchange(daemon, door, ours, path.encode())
            if outcome == "skipped":  # the next may be as unlucky, or find two
                ours.close()
                expected[path] = None
                time.sleep(0.1)  # the parent may look again after a while
                continue
            self.assertEqual(outcome, "found")
            expected[path] = ours.getsockname()[1]
            found += 1
        ports = {r["url"]["path"]: get(r, "source.port") for r in daemon.stop()
                 if r["event"]["dataset"] == "sightglass.http"}
        self.assertEqual(ports, expected)

    @unittest.skipUnless(os.getuid() == 0, "needs a network of its own")
    def test_connections_that_have_ended_do_not_stand_in_the_way(self):
        enter_network()
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            while connections_in_table() <= LOOKED_MAX:
                for _ in range(500):
                    with socket.create_connection(listener.getsockname()):
                        listener.accept()[0].close()
        daemon = Daemon(self)
        door = Interceptor(self, daemon)
        ours, theirs = door.connect()
        self.addCleanup(ours.close)
        door.hand_over(theirs)
        self.assertEqual(self.exchange(daemon, door, ours, b"/1"), "found")

    def test_one_of_two_is_not_guessed(self):
        daemon = Daemon(self)
        door = Interceptor(self, daemon)
        first, second = door.connect(), door.connect()
        outcomes = []
        for ours, theirs in (first, second):
            self.addCleanup(ours.close)
            door.hand_over(theirs)
            outcomes.append(self.exchange(daemon, door, ours, b"/1"))
        self.assertEqual(outcomes[0], "unsure")
        self.assertIn(outcomes[1], ("unsure", "skipped"))
        records = [r for r in daemon.stop()
                   if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual([get(r, "source") for r in records], [None, None])

    def test_one_that_is_relayed_has_it_in_its_record(self):
        daemon = Daemon(self, "policy.default=splice")
        door = Interceptor(self, daemon)
        ours, theirs = door.connect()
        port = ours.getsockname()[1]
        door.hand_over(theirs)
        self.assertEqual(self.exchange(daemon, door, ours, b"/1"), "found")
        ours.close()
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(flow["source"], {"ip": "127.0.0.1", "port": port})

    def test_a_process_that_has_ended_has_none(self):
        daemon = Daemon(self)
        door = Interceptor(self, daemon)
        with subprocess.Popen(["true"]) as ended:
            ended.wait()
        ours, theirs = door.connect()
        self.addCleanup(ours.close)
        door.hand_over(theirs, pid=ended.pid)
        self.assertEqual(self.exchange(daemon, door, ours, b"/1"), "none")
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertNotIn("source", http)

    def test_a_process_with_very_many_descriptors_is_not_walked_whole(self):
        many = LOOKED_MAX + 100
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < many + 64:
            self.skipTest(f"no process may have {many} descriptors here")
        daemon = Daemon(self)
        door = Interceptor(self, daemon)
        hoarder = subprocess.Popen(
            [sys.executable, "-c", HOARDER, str(door.port), str(many)],
            stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                  (many + 64, hard)))
        door.hand_over(door.listener.accept()[0], pid=hoarder.pid)
        self.assertEqual(self.outcome(daemon), "unsure")
        door.serve_one()
        self.assertEqual(hoarder.communicate(timeout=60)[0], ANSWER)
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertNotIn("source", http)


if __name__ == "__main__":
    unittest.main()
