# SPDX-License-Identifier: ISC
"""sightglass exec and how programs find names: each resolver that a machine may have,
and what the command has of its own, asked by the programs that people use.

Each test has a network of its own with a resolv.conf of its own, in which the servers
and sightglass run: so every resolver stands at the address at which it stands on a real
machine, and nothing leaves this one.
"""

import ctypes
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import unittest

from harness import Process, get, wait_for
from test_dns import Unbound, answers, query, refusal
from test_exec import Exec

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
PYTHON = "/usr/bin/python3"  # the one that Debian's modules are of
RESOLVED = shutil.which("systemd-resolved", path="/lib/systemd:" + os.environ["PATH"])
ZEROCONF = "/usr/lib/python3/dist-packages/zeroconf"

ZONE = [("www.example.test", "A", "192.0.2.7"),
        ("www.example.test", "AAAA", "2001:db8::7"),
        ("four.example.test", "A", "192.0.2.4"),
        ("7.2.0.192.in-addr.arpa", "PTR", "www.example.test.")]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def enter_machine(directory, timeout_s, *nameservers):
    """From here this process and its children have a network with loopback alone, and
    a resolv.conf that names these, each of which is given so much time."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET) != 0:
        raise unittest.SkipTest("no namespaces here: "
                                + os.strerror(ctypes.get_errno()))
    run("mount", "--make-rprivate", "/")
    run("ip", "link", "set", "lo", "up")
    path = os.path.join(directory, "resolv.conf")
    with open(path, "w", encoding="ascii") as out:
        out.writelines(f"nameserver {n}\n" for n in nameservers)
        out.write(f"options timeout:{timeout_s} attempts:2\n")
    run("mount", "--bind", path, os.path.realpath("/etc/resolv.conf"))


class Dnsmasq(Process):
    """dnsmasq at one address, or at each, with what the options tell it."""

    COMMAND = ("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
               "--no-resolv", "--no-hosts", "--user=root", "--pid-file=",
               "--log-facility=-")

    def __init__(self, test, address, *options):
        at = ["--bind-interfaces", f"--listen-address={address}"] if address else []
        super().__init__(test, [*self.COMMAND, *at, *options], "dnsmasq")
        wait_for(lambda: answers(address or "127.0.0.1"), "dnsmasq to answer")


class Server:
    """Says to each datagram at a port, in a thread, what `answer(datagram)` gives: a
    list of (socket, bytes). No mock of a server of DNS: what it says is odd."""

    def __init__(self, test, address, port, answer):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        test.addCleanup(self.socket.close)
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                asked, peer = self.socket.recvfrom(65535)
                for sender, told in self.answer(asked):
                    (sender or self.socket).sendto(told, peer)
            except OSError:
                return


@unittest.skipUnless(os.getuid() == 0, "needs a network of its own")
class Resolvers(Exec):
    NAMESERVERS = ("127.0.0.53",)
    TIMEOUT_S = 25  # who asks again on a slow machine has one record more

    def setUp(self):
        super().setUp()
        enter_machine(self.directory, self.TIMEOUT_S, *self.NAMESERVERS)

    def unbound(self, zone=ZONE, **options):
        return Unbound(self, zone, **options)

    def same(self, *command, status=0):
        """What the command prints without us is what it prints with us."""
        plain = subprocess.run(command, capture_output=True, text=True, check=False,
                               timeout=60, env=self.environment)
        done = self.exec(*command)
        self.assertEqual((plain.returncode, plain.stdout),
                         (done.returncode, done.stdout), done.stderr)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def python(self, text, **options):
        done = self.exec(sys.executable, "-c", text, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def told(self, records=None):
        """Of each record of DNS what says most."""
        return [(r["dns_hostname"], r["dns_query_type"], r.get("dns_response_code"),
                 r["dns_answer_number"], get(r, "sightglass.dns.server.ip"),
                 get(r, "process.name"))
                for r in (self.records("dns") if records is None else records)]

    BOTH = [("www.example.test", "A", "NOERROR", 1),
            ("www.example.test", "AAAA", "NOERROR", 1)]

    def programs_find_names(self, *servers):
        """getent, nslookup and dig, with the machine's resolver."""
        server = servers[0]
        self.assertIn("2001:db8::7", self.same("getent", "hosts", "www.example.test"))
        self.assertEqual(self.same("getent", "hosts", "192.0.2.7").split(),
                         ["192.0.2.7", "www.example.test"])
        # The order of addresses is that of routes, which are not the same inside.
        inside = self.exec("getent", "ahosts", "www.example.test").stdout.split()
        self.assertLess({"192.0.2.7", "2001:db8::7", "STREAM"}, set(inside))
        self.same("getent", "hosts", "none.example.test", status=2)
        printed = self.same("nslookup", "www.example.test")
        self.assertIn(f"Server:\t\t{server}\n", printed)
        self.assertIn("Address: 192.0.2.7\n", printed)
        self.assertEqual(self.same("dig", "+short", "www.example.test"), "192.0.2.7\n")
        self.assertEqual(self.same("dig", "+short", "-x", "192.0.2.7"),
                         "www.example.test.\n")
        self.assertEqual(self.same("dig", "+short", f"@{server}", "+tcp",
                                   "four.example.test"), "192.0.2.4\n")
        told = self.told()
        by_program = {p: [t[:4] for t in told if t[5] == p]
                      for p in ("getent", "nslookup", "dig")}
        self.assertEqual(by_program["dig"], [
            self.BOTH[0], ("7.2.0.192.in-addr.arpa", "PTR", "NOERROR", 1),
            ("four.example.test", "A", "NOERROR", 1)])
        self.assertEqual(by_program["nslookup"], self.BOTH)
        for one in (*self.BOTH, ("7.2.0.192.in-addr.arpa", "PTR", "NOERROR", 1),
                    ("none.example.test", "AAAA", "NXDOMAIN", 0),
                    ("none.example.test", "A", "NXDOMAIN", 0)):
            self.assertIn(one, by_program["getent"])
        self.assertEqual({t[4] for t in told if t[4]}, {server})


class Stub(Resolvers):
    """A stub of the machine at 127.0.0.53, as systemd-resolved has it."""

    def test_dnsmasq_as_the_stub_of_the_machine(self):
        above = self.unbound()
        Dnsmasq(self, "127.0.0.53", f"--server={above.address}")
        self.programs_find_names("127.0.0.53")

    def systemd_resolved(self, server):
        """Needs an interface besides loopback, a user, and no bus."""
        if not RESOLVED:
            self.skipTest("systemd-resolved is not installed")
        run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        run("ip", "addr", "add", "198.51.100.1/24", "dev", "v0")
        run("ip", "link", "set", "v0", "up")
        run("ip", "link", "set", "v1", "up")
        run("mount", "-t", "tmpfs", "none", "/run")
        settings = os.path.join(self.directory, "resolved.conf")
        with open(settings, "w", encoding="ascii") as out:
            out.write(f"[Resolve]\nDNS={server}\nFallbackDNS=\nLLMNR=no\n"
                      "MulticastDNS=no\nDNSSEC=no\n")
        run("mount", "-t", "tmpfs", "none", "/etc/systemd")
        shutil.copy(settings, "/etc/systemd/resolved.conf")
        os.makedirs("/run/systemd/resolve")
        shutil.chown("/run/systemd/resolve", "systemd-resolve", "systemd-resolve")
        Process(self, [RESOLVED], "resolved",
                env=dict(os.environ, SYSTEMD_LOG_TARGET="console"))
        wait_for(lambda: answers("127.0.0.53"), "systemd-resolved to answer")

    def test_systemd_resolved_as_the_stub_of_the_machine(self):
        self.systemd_resolved(self.unbound().address)
        self.programs_find_names("127.0.0.53")

    def test_a_stub_that_the_command_brings(self):
        """Its clients are not seen, since they ask inside; what it asks is."""
        above = self.unbound()
        command = " ".join(f"'{w}'" for w in (
            *Dnsmasq.COMMAND, "--bind-interfaces", "--listen-address=127.0.0.53",
            f"--server={above.address}"))
        done = self.exec("sh", "-c", f"""{command} & p=$!
            until dig +short +tries=1 +time=1 version.bind CH TXT >/dev/null; do :; done
            getent hosts www.example.test; nslookup www.example.test; kill $p""")
        self.assertIn("2001:db8::7", done.stdout, done.stderr)
        self.assertIn("Server:\t\t127.0.0.53\n", done.stdout)
        told = [t for t in self.told() if t[5] == "dnsmasq"]
        self.assertEqual({t[:4] for t in told}, set(self.BOTH))
        self.assertEqual({t[4] for t in told}, {above.address})

    def test_a_server_of_the_command_at_every_address(self):
        """It has port 53 to itself, and asks others at theirs all the same."""
        run("ip", "addr", "add", "198.51.100.53/32", "dev", "lo")
        above = self.unbound(address="198.51.100.53")
        out = self.python(f"""
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 53))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(60)
for asking in client, server:
    asking.settimeout(60)
    asking.sendto({query(7)!r}, ("{above.address}", 53))
    answer, peer = asking.recvfrom(4096)
    print(answer[:2], peer)
""")
        self.assertEqual(out, f"b'\\x00\\x07' ('{above.address}', 53)\n" * 2)
        self.assertEqual([t[:4] for t in self.told()], self.BOTH[:1] * 2)


class Loopback(Resolvers):
    NAMESERVERS = ("127.0.0.1",)

    def test_a_resolver_at_127_0_0_1(self):
        above = self.unbound()
        Dnsmasq(self, "127.0.0.1", f"--server={above.address}")
        self.programs_find_names("127.0.0.1")


class LoopbackSix(Resolvers):
    NAMESERVERS = ("::1",)

    def test_a_resolver_at_loopback_of_ipv6(self):
        above = self.unbound()
        Dnsmasq(self, "::1", f"--server={above.address}")
        self.programs_find_names("::1")


class Second(Resolvers):
    NAMESERVERS = ("127.0.0.9", "127.0.0.1")
    TIMEOUT_S = 3

    def test_a_silent_resolver_is_followed_by_the_next(self):
        Server(self, "127.0.0.9", 53, lambda asked: [])
        above = self.unbound()
        Dnsmasq(self, "127.0.0.1", f"--server={above.address}")
        self.configure("dns:\n  timeout: 500 ms\n")
        self.assertIn("2001:db8::7", self.same("getent", "hosts", "www.example.test"))
        records = self.records("dns")
        silent = [r for r in records
                  if get(r, "sightglass.dns.server.ip") == "127.0.0.9"]
        self.assertEqual([get(r, "sightglass.dns.incomplete") for r in silent],
                         ["timeout"])
        self.assertNotIn("dns_response_code", silent[0])
        self.assertIn(self.BOTH[1] + ("127.0.0.1", "getent"), self.told())


class Addresses(Resolvers):
    """From where an answer comes."""

    def test_each_address_of_a_server_answers_from_itself(self):
        Dnsmasq(self, None, "--address=/www.example.test/192.0.2.7")
        for address in ("127.0.0.1", "127.9.8.7"):
            printed = self.same("nslookup", "-type=A", "www.example.test", address)
            self.assertIn(f"Address:\t{address}#53\n", printed)
            self.assertEqual(self.same("dig", "+short", f"@{address}",
                                       "www.example.test"), "192.0.2.7\n")
        self.assertEqual([t[4] for t in self.told()],
                         ["127.0.0.1"] * 2 + ["127.9.8.7"] * 2)

    def test_an_answer_from_elsewhere_is_not_taken_for_the_server_s(self):
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        other.bind(("127.0.0.66", 53))
        self.addCleanup(other.close)
        Server(self, "127.0.0.53", 53, lambda asked: [(other, refusal(asked))])
        done = self.exec("dig", "+tries=1", "+time=1", "@127.0.0.53",
                         "www.example.test")
        self.assertEqual(done.returncode, 9, done.stdout)
        self.assertNotIn("REFUSED", done.stdout)
        records = self.records("dns")
        self.assertEqual({(get(r, "sightglass.dns.server.ip"),
                           get(r, "sightglass.dns.incomplete")) for r in records},
                         {("127.0.0.66", "no_query"), ("127.0.0.53", "flow_end")})

    def test_who_answered_is_who_the_client_sees(self):
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        other.bind(("127.0.0.66", 7777))
        self.addCleanup(other.close)
        Server(self, "127.0.0.53", 53,
               lambda asked: [(other, b"other"), (None, b"server")])
        out = self.python("""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.sendto(b"x", ("127.0.0.53", 53))
print(s.recvfrom(99), s.recvfrom(99))
""")
        self.assertEqual(out, "(b'other', ('127.0.0.66', 7777)) "
                         "(b'server', ('127.0.0.53', 53))\n")

    def test_datagrams_of_any_length(self):
        for address in "127.0.0.53", "::1":
            Server(self, address, 53, lambda asked: [(None, asked[::-1])])
            out = self.python(f"""
import socket
family = socket.AF_INET6 if ":" in "{address}" else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect(("{address}", 53))
for length in 0, 1, 511, 512, 1499, 4096, 9001, 32767, 65000:
    sent = bytes(i * i % 251 for i in range(length))
    s.send(sent)
    print(s.recv(65535) == sent[::-1])
""")
            self.assertEqual(out, "True\n" * 9)

    def test_more_clients_at_once_than_a_thousand(self):
        asked = []
        Server(self, "127.0.0.53", 53,
               lambda q: asked.append(q) or [(None, refusal(q))])
        count = 1500
        out = self.python(f"""
import resource, socket
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
clients = []
for i in range({count}):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(60)
    s.connect(("127.0.0.53", 53))
    s.send(i.to_bytes(2, "big") + {query(0)[2:]!r})
    clients.append(s)
    if i % 50 == 49:  # so that none is lost in a queue
        print(sum(c.recv(512)[0] == n >> 8
                  for n, c in enumerate(clients[i - 49:], i - 49)))
""", timeout_s=120)
        self.assertEqual(out, "50\n" * (count // 50))
        self.assertEqual(len(asked), count)
        records = self.records("dns")
        self.assertEqual(len(records), count)
        self.assertEqual({r.get("dns_response_code") for r in records}, {"REFUSED"})


class Ports(Resolvers):
    """forward.udp_ports"""

    ASK = """
import socket
for port in {ports}:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(60)
    s.connect(("127.0.0.53", port))
    s.send({message!r})
    try:
        print(port, s.recv(512) == {answer!r})
    except OSError as error:
        print(port, type(error).__name__)
"""

    def ask(self, *ports):
        return self.python(self.ASK.format(ports=ports, message=query(7),
                                           answer=refusal(query(7))))

    def serve(self, *ports):
        for port in ports:
            Server(self, "127.0.0.53", port, lambda asked: [(None, refusal(asked))])

    def test_one_port_alone_unless_more_are_set(self):
        self.serve(53, 5353, 853)
        self.assertEqual(self.ask(53, 5353, 853), "53 True\n5353 ConnectionRefusedError"
                         "\n853 ConnectionRefusedError\n")

    def test_more_ports_by_setting(self):
        self.serve(53, 5353, 5355, 853)
        self.configure("forward:\n  udp_ports: [53, 5353, 5355, 853]\n")
        self.assertEqual(self.ask(53, 5353, 5355, 853),
                         "53 True\n5353 True\n5355 True\n853 True\n")
        self.assertEqual([get(r, "sightglass.dns.server.port")
                          for r in self.records("dns")], [53, 5353, 5355])
        unread = self.one(self.records("flow"), destination__port=853)
        self.assertEqual((get(unread, "sightglass.decision"),
                          get(unread, "sightglass.reason"),
                          get(unread, "sightglass.datagrams")),
                         ("splice", "datagrams", {"client": 1, "server": 1}))

    def test_no_port_by_setting(self):
        self.serve(53)
        self.configure("forward:\n  udp_ports: []\n")
        self.assertEqual(self.ask(53), "53 ConnectionRefusedError\n")

    def test_a_port_that_is_none_is_told(self):
        for wrong, why in (("0", "'0' is no port"), ("x", "'x' is no port"),
                           ("65536", "'65536' is no port"),
                           (", ".join(map(str, range(1, 66))), "more than 64 ports")):
            self.configure(f"forward:\n  udp_ports: [{wrong}]\n")
            done = self.exec("true")
            self.assertEqual(done.returncode, 126)
            self.assertIn("forward.udp_ports: " + why, done.stderr)


class Multicast(Resolvers):
    """What is asked of all on the link."""

    def setUp(self):
        super().setUp()
        # Nobody else could have its address.
        with open("/proc/sys/net/ipv6/conf/default/accept_dad", "w",
                  encoding="ascii") as out:
            out.write("0")
        run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        for name in "v0", "v1":
            run("ip", "link", "set", name, "up")
        run("ip", "addr", "add", "198.51.100.1/24", "dev", "v0")
        run("ip", "-6", "addr", "add", "fd00::1/64", "dev", "v0", "nodad")
        run("ip", "route", "add", "default", "via", "198.51.100.2")
        run("ip", "-6", "route", "add", "default", "dev", "v0")
        self.configure("forward:\n  udp_ports: [53, 5353, 5355]\n")

    @unittest.skipUnless(os.path.exists(ZEROCONF), "zeroconf is not installed")
    def test_mdns_finds_a_service(self):
        """zeroconf at both ends, which asks from port 5353 itself."""
        printer = Process(self, [PYTHON, "-c", """
import socket, time
from zeroconf import ServiceInfo, Zeroconf
z = Zeroconf(interfaces=["198.51.100.1"])
z.register_service(ServiceInfo(
    "_ipp._tcp.local.", "Printer._ipp._tcp.local.", port=631,
    addresses=[socket.inet_aton("198.51.100.7")], server="printer.local.",
    properties={"rp": "queue"}))
print("ready", flush=True)
time.sleep(1000)
"""], "printer")
        wait_for(lambda: "ready" in printer.output(), "the printer")
        done = self.exec(PYTHON, "-c", """
from zeroconf import Zeroconf
z = Zeroconf(interfaces=["127.0.0.1"])
found = z.get_service_info("_ipp._tcp.local.", "Printer._ipp._tcp.local.", 20000)
print(found.parsed_addresses(), found.port, found.server, found.properties)
""")
        self.assertEqual(done.stdout, "['198.51.100.7'] 631 printer.local. "
                         "{b'rp': b'queue'}\n", done.stderr)
        answered = [r for r in self.records("dns") if "dns_response_code" in r]
        self.assertIn(("printer._ipp._tcp.local", "SRV", None, "mdns", "IN"),
                      [(r["dns_hostname"], r["dns_query_type"],
                        get(r, "sightglass.dns.incomplete"),
                        get(r, "sightglass.dns.protocol"),
                        get(r, "dns.question.class")) for r in answered])
        for record in answered:
            self.assertEqual({a["class"] for a in get(record, "dns.answers")}, {"IN"})

    def link_local(self, group, port, family, answer):
        """Somebody on the link who has joined the group, and answers as himself."""
        server = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(("", port))
        index = socket.if_nametoindex("v0")
        if family == socket.AF_INET:
            server.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                              struct.pack("4s4si", socket.inet_aton(group),
                                          bytes(4), index))
        else:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                              struct.pack("16si", socket.inet_pton(family, group),
                                          index))

        def serve():
            while True:
                try:
                    asked, peer = server.recvfrom(9000)
                    server.sendto(answer(asked), peer)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()

    def check_group(self, group, port, protocol):
        family = socket.AF_INET6 if ":" in group else socket.AF_INET
        self.link_local(group, port, family, refusal)
        out = self.python(f"""
import socket
s = socket.socket({int(family)}, socket.SOCK_DGRAM)
s.settimeout(60)
to = ("{group}", {port}) if {int(family)} == socket.AF_INET else (
    "{group}", {port}, 0, socket.if_nametoindex("lo"))
s.sendto({query(7)!r}, to)
answer, peer = s.recvfrom(512)
print(answer == {refusal(query(7))!r}, peer[1])
print(peer[0])
""")
        same, peer = out.splitlines()
        self.assertEqual(same, f"True {port}")
        self.assertNotEqual(peer, group)
        record = self.one(self.records("dns"))
        self.assertEqual(record["dns_response_code"], "REFUSED")
        self.assertEqual(get(record, "sightglass.dns.server.port"), port)
        self.assertEqual((get(record, "sightglass.dns.transport"),
                          get(record, "sightglass.dns.protocol")), ("udp", protocol))

    def test_the_group_of_mdns(self):
        self.check_group("224.0.0.251", 5353, "mdns")

    def test_the_group_of_mdns_in_ipv6(self):
        self.check_group("ff02::fb", 5353, "mdns")

    def test_the_group_of_llmnr(self):
        self.check_group("224.0.0.252", 5355, "llmnr")

    def test_the_group_of_llmnr_in_ipv6(self):
        self.check_group("ff02::1:3", 5355, "llmnr")


if __name__ == "__main__":
    unittest.main()
