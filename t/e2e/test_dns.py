# SPDX-License-Identifier: ISC
"""DNS with real servers and clients: every record says what kdig printed.

The server answers from its own configuration alone: no query leaves the machine.
Its address is one of loopback's, so that it has the ports which say what it is.
"""

import base64
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import threading
import unittest

from harness import (Daemon, Process, ThreadServer, get, listens_at,
                     loopback_address, wait_for)
from test_exec import Exec

# Of each type that unbound takes: name, type, data.
ZONE = [
    ("www.example.test", "A", "192.0.2.1"),
    ("www.example.test", "A", "192.0.2.2"),
    ("www.example.test", "AAAA", "2001:db8::1"),
    ("alias.example.test", "CNAME", "www.example.test."),
    ("example.test", "NS", "ns.example.test."),
    ("example.test", "SOA", "ns.example.test. host.example.test. 7 3600 600 86400 60"),
    ("1.2.0.192.in-addr.arpa", "PTR", "www.example.test."),
    ("example.test", "MX", "10 mail.example.test."),
    ("example.test", "TXT", r'"v=spf1 -all" "a \" b \\ c \200"'),
    ("_sip._tcp.example.test", "SRV", "10 20 5060 sip.example.test."),
    ("example.test", "CAA", '128 issue "ca.example.test"'),
    ("example.test", "DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
    ("example.test", "DNSKEY", "256 3 13 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+"),
    ("_443._tcp.example.test", "TLSA",
     "3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971"),
    ("svc.example.test", "HTTPS",
     "1 . alpn=h2,h3 ipv4hint=192.0.2.1 ech=AEX+DQBBpQAgACA= ipv6hint=2001:db8::1"),
    ("svc.example.test", "SVCB", "16 foo.example.test. alpn=h2 port=8443"),
    ("example.test", "NAPTR", '100 50 "s" "z3950+I2L" "" _z3950._tcp.example.test.'),
    ("host.example.test", "SSHFP", "2 1 123456789ABCDEF67890123456789ABCDEF67890"),
    ("host.example.test", "LOC",
     "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"),
    ("_http._tcp.example.test", "URI", '10 1 "http://www.example.test/path"'),
    ("host.example.test", "TYPE65280", r"\# 4 0A000001"),
    (r"\000\046dot\032x.example.test", "A", "192.0.2.9"),
    *((f"r{i}.long.example.test", "A", "192.0.2.4") for i in range(3)),
    *(("long.example.test", "TXT", f'"{i:0200}"') for i in range(40)),
]

TEN = [("www.example.test", "A"), ("www.example.test", "AAAA"),
       ("alias.example.test", "A"), ("www.example.test", "NS"),
       ("nope.example.test", "A"), ("example.test", "MX"),
       ("example.test", "TXT"), ("svc.example.test", "HTTPS"),
       ("example.test", "SOA"), ("other.test", "A")]

# kdig's and dig's: who asks again on a slow machine has one record more.
PATIENT = ("+timeout=50", "+retry=0")

TLS = ("+tls", "+tls-sni=ns.example.test")

HTTPS = ("+https", "+tls-sni=ns.example.test", "+keepopen")

RECORD = re.compile(r"^(?P<name>\S+)\s+(?P<ttl>\d+)\s+(?P<class>IN)\s+"
                    r"(?P<type>\S+)\s+(?P<data>.+)$")


def answers(address, port=53):
    """Whether a server of DNS answers there, by UDP."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.connect((address, port))
            s.send(query(1))
            return len(s.recv(4096)) >= 12
        except OSError:
            return False


def unbound_configuration(test, address, zone, server="", more=""):
    """A file for unbound at that address: what it knows, options of its server
    section, and sections besides."""
    tls = test.ca.server("unbound", names=("ns.example.test",), addresses=(address,))
    path = os.path.join(test.directory, "unbound.conf")
    interfaces = "".join(f'  interface: "{address}@{port}"\n'
                         for port in (53, 853, 443))
    records = "".join(f"  local-data: '{name}. 300 IN {kind} {data}'\n"
                      for name, kind, data in zone)
    with open(path, "w", encoding="ascii") as out:
        out.write(f"""server:
{interfaces}  https-port: 443
  tls-service-pem: "{tls[0]}"
  tls-service-key: "{tls[1]}"
  directory: "{test.directory}"
  chroot: ""
  username: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  do-not-query-localhost: no
  access-control: 0.0.0.0/0 allow
  max-udp-size: 4096
  nsid: "ascii_ns1"
  local-zone: "." static
{records}{server}
remote-control:
  control-enable: no
{more}""")
    return path


class Unbound(Process):
    """unbound on an address of loopback: ports 53, 853 and 443."""

    def __init__(self, test, zone, address=None, **more):
        self.address = address or loopback_address()
        path = unbound_configuration(test, self.address, zone, **more)
        super().__init__(test, ["unbound", "-d", "-c", path], "unbound")
        wait_for(self.answers, "unbound to listen")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("unbound ended: " + self.output())
        return (all(listens_at(self.address, port) for port in (53, 853, 443))
                and answers(self.address))  # its ports are there before it is


class Nsd(Process):
    """nsd with a zone that it gives away whole, on port 53 of an address of loopback."""

    def __init__(self, test, records, more=""):
        self.address = loopback_address()
        path = os.path.join(test.directory, "nsd.conf")
        zone = os.path.join(test.directory, "zone")
        with open(zone, "w", encoding="ascii") as out:
            out.write("zone.test. 300 IN SOA ns.zone.test. host.zone.test. 1 1 1 1 1\n"
                      "zone.test. 300 IN NS ns.zone.test.\n")
            out.writelines(f"r{i}.zone.test. 300 IN TXT \"{i:0100}\"\n"
                           for i in range(records))
        with open(path, "w", encoding="ascii") as out:
            out.write(f"""server:
  ip-address: {self.address}@53
  rrl-ratelimit: 0
  username: ""
  chroot: ""
  zonesdir: "{test.directory}"
  pidfile: ""
  xfrdfile: ""
  zonelistfile: "{test.directory}/zones"
  xfrdir: "{test.directory}"
  cookie-secret-file: ""
remote-control:
  control-enable: no
zone:
  name: zone.test
  zonefile: "{zone}"
  provide-xfr: 127.0.0.0/8 NOKEY
{more}""")
        super().__init__(test, ["nsd", "-d", "-c", path], "nsd")
        wait_for(lambda: answers(self.address), "nsd to answer")


def bare(text):
    """Data without what may be written in two ways: the case of digits, a name's
    final dot, quotation marks where they may stand, 24.00m for 24m."""
    words = [word.replace('"', "").rstrip(".").lower() or "." for word in text.split()]
    return [re.sub(r"^(-?\d+)\.0+(m?)$", r"\1\2", word) for word in words]


def what_kdig_said(text):
    """Each message that it printed: status, count of answers, records."""
    said = []
    for part in text.split(";; ->>HEADER<<-")[1:]:
        status = re.search(r"status: (\w+)", part)[1]
        answers = int(re.search(r"ANSWER: (\d+)", part)[1])
        section = part.partition(";; ANSWER SECTION:\n")[2].partition("\n\n")[0]
        found = [RECORD.match(line) for line in section.splitlines()]
        said.append({"status": status, "answers": answers, "records": [
            (m["name"].rstrip(".").lower() or ".", m["type"], int(m["ttl"]),
             bare(m["data"])) for m in found if m]})
    return said


def what_was_recorded(record):
    return {"status": record.get("dns_response_code"),
            "answers": record["dns_answer_number"],
            "records": [(a["name"].lower(), a["type"], a["ttl"], bare(a["data"]))
                        for a in get(record, "dns.answers") or []]}


class Asked(Exec):
    """What kdig prints is held against the records."""

    def kdig(self, server, *arguments):
        """Asks through sightglass; what it printed."""
        done = self.exec("kdig", f"@{server.address}", *PATIENT, *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def check_same(self, printed, records):
        said = what_kdig_said(printed)
        self.assertEqual(len(records), len(said), printed)
        for record, one in zip(records, said):
            told = what_was_recorded(record)
            wrong = [pair for pair in zip(told["records"], one["records"])
                     if pair[0] != pair[1]]
            self.assertEqual(wrong, [], record["dns_query_type"])
            self.assertEqual(told, one)
        return said


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Dns(Asked):
    def test_a_record_of_each_type_is_what_kdig_prints(self):
        server = Unbound(self, ZONE)
        asked = sorted({(name, kind) for name, kind, _ in ZONE})
        words = [word for question in asked for word in question]
        printed = self.kdig(server, "+tcp", "+keepopen", *words)
        records = self.records("dns")
        said = self.check_same(printed, records)
        self.assertEqual([len(s["records"]) > 0 for s in said], [True] * len(asked))
        for record, (name, kind) in zip(records, asked):
            self.assertEqual(record["dns_query_type"], kind)
            self.assertEqual(record["dns_hostname"], name.replace(r"\046", r"\."))
            self.assertNotIn("malformed", record["sightglass"]["dns"]["response"])
            self.assertEqual(get(record, "sightglass.dns.transport"), "tcp")

    def test_ten_queries_are_the_same_over_each_transport(self):
        server = Unbound(self, ZONE)
        seen, records = {}, []
        for transport, options in (
                ("udp", ()), ("tcp", ("+tcp",)), ("tcp", ("+tcp", "+keepopen")),
                ("tls", TLS), ("tls", (*TLS, "+keepopen")),
                ("https", HTTPS), ("https", (*HTTPS, "+https-get"))):
            words = [word for question in TEN for word in question]
            printed = self.kdig(server, *options, *words)
            fresh = self.records("dns")[len(records):]
            records += fresh
            self.check_same(printed, fresh)
            self.assertEqual([get(r, "sightglass.dns.transport") for r in fresh],
                             [transport] * 10)
            seen[options] = [tuple(r[k] for k in (
                "dns_hostname", "dns_query_type", "dns_response_code",
                "dns_answer_number")) for r in fresh]
        self.assertEqual(set(map(tuple, seen.values())), {tuple(seen[()])}, seen)
        self.assertEqual(seen[()][0], ("www.example.test", "A", "NOERROR", 2))
        self.assertEqual(seen[()][4][2], "NXDOMAIN")
        # One record a flow beside them, and each says what it was.
        for flow in self.records("flow"):
            self.assertIn(get(flow, "sightglass.protocol"), ("dns", "http2"))
            self.assertEqual(get(flow, "sightglass.decision"), "inspect")
        # Those over HTTP are joined with what HTTP says of them.
        requests = [get(r, "http.request.id") for r in self.records("http")]
        self.assertEqual([get(r, "http.request.id") for r in records[50:]], requests)
        self.assertEqual(len(set(requests)), 20)

    def test_a_server_that_has_an_address_alone(self):
        server = Unbound(self, ZONE)
        for transport, option in (("tls", "+tls"), ("https", "+https")):
            self.kdig(server, option, "www.example.test", "AAAA")
            record = self.records("dns")[-1]
            self.assertEqual(get(record, "sightglass.dns.transport"), transport)
            self.assertEqual(record["dns_answer_number"], 1)
        leaves = {get(r, "sightglass.leaf.subject") for r in self.records("tls")}
        self.assertEqual(leaves, {f"O={server.address}"})

    def test_edns_is_read(self):
        server = Unbound(self, ZONE)
        printed = self.kdig(server, "+edns", "+nsid", "+dnssec",
                            "+subnet=192.0.2.0/24", "+cookie", "www.example.test")
        record = self.one(self.records("dns"))
        self.check_same(printed, [record])
        asked = get(record, "sightglass.dns.query.edns")
        options = {o["name"]: o["data"] for o in asked["options"]}
        self.assertEqual(options["ECS"], "192.0.2.0/24/0")
        self.assertEqual(options["NSID"], "")
        self.assertRegex(options["COOKIE"], "^[0-9A-F]{16}$")
        answered = get(record, "sightglass.dns.response.edns")
        self.assertIn({"name": "NSID", "data": '"ns1"'}, answered["options"])
        self.assertIn("DO", get(record, "dns.header_flags"))

    def test_a_truncated_answer_is_followed_by_a_whole_one(self):
        server = Unbound(self, ZONE)
        done = self.exec("dig", f"@{server.address}", *PATIENT, "+bufsize=1232",
                         "lOng.Example.TEST", "TXT")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("ANSWER: 40", done.stdout)
        first, second = self.records("dns")
        self.assertEqual(get(first, "dns.question.name"), "lOng.Example.TEST")
        self.assertEqual(first["dns_hostname"], "long.example.test")
        self.assertIn("TC", get(first, "dns.header_flags"))
        self.assertEqual(get(first, "sightglass.dns.transport"), "udp")
        self.assertNotIn("TC", get(second, "dns.header_flags"))
        self.assertEqual(get(second, "sightglass.dns.transport"), "tcp")
        self.assertEqual(len(get(second, "dns.answers")), 40)
        self.assertGreater(get(second, "sightglass.dns.response.bytes"), 8000)

    def test_four_kilobytes_pass_in_a_datagram(self):
        server = Unbound(self, [
            ("big.example.test", "TXT", f'"{i:0200}"') for i in range(17)])
        printed = self.kdig(server, "+notcp", "+bufsize=4096", "big.example.test",
                            "TXT")
        record = self.one(self.records("dns"))
        self.check_same(printed, [record])
        self.assertGreater(get(record, "sightglass.dns.response.bytes"), 3500)
        self.assertEqual(get(record, "sightglass.dns.transport"), "udp")

    def test_other_clients_are_read_too(self):
        server = Unbound(self, ZONE)
        done = self.exec("nslookup", "-timeout=50", "www.example.test",
                         server.address)
        self.assertIn("192.0.2.2", done.stdout, done.stderr)
        records = self.records("dns")
        self.assertEqual([(r["dns_hostname"], r["dns_query_type"],
                           r["dns_answer_number"]) for r in records],
                         [("www.example.test", "A", 2),
                          ("www.example.test", "AAAA", 1)])

    def test_a_zone_transfer_is_one_transaction(self):
        server = Nsd(self, 3000)
        done = self.exec("dig", f"@{server.address}", *PATIENT, "zone.test", "AXFR")
        found = re.search(r"XFR size: (\d+) records \(messages (\d+), bytes (\d+)\)",
                          done.stdout)
        self.assertIsNotNone(found, done.stdout[-2000:] + done.stderr)
        record = self.one(self.records("dns"))
        self.assertEqual(record["dns_query_type"], "AXFR")
        self.assertIsNone(get(record, "sightglass.dns.incomplete"))
        self.assertEqual((record["dns_answer_number"],
                          get(record, "sightglass.dns.messages"),
                          get(record, "sightglass.dns.response.bytes")),
                         tuple(map(int, found.groups())))
        self.assertEqual(record["dns_answer_number"], 3003)  # the SOA is there twice
        self.assertEqual(get(record, "dns.answers")[0]["type"], "SOA")

    def test_curl_asks_over_https(self):
        server = Unbound(self, [("localhost", "A", "127.0.0.1")])
        nginx = self.tls_nginx()
        done = self.exec("curl", "-sSk", "--doh-insecure", "--doh-url",
                         f"https://{server.address}/dns-query",
                         f"https://localhost.example.test:{nginx.port}/hello.txt")
        self.assertNotEqual(done.returncode, 0)  # there is no such name
        records = self.records("dns")
        self.assertEqual({(r["dns_hostname"], r["dns_query_type"],
                           r["dns_response_code"]) for r in records},
                         {("localhost.example.test", "A", "NXDOMAIN"),
                          ("localhost.example.test", "AAAA", "NXDOMAIN")})

    def test_json(self):
        """As web services have it: unbound does not speak it, so a peer of our own."""
        said = {"Status": 0, "TC": False, "RD": True, "RA": True, "AD": False,
                "CD": False, "Question": [{"name": "www.Example.test.", "type": 1}],
                "Answer": [{"name": "www.Example.test.", "type": 1, "TTL": 60,
                            "data": "192.0.2.1"},
                           {"name": "www.Example.test.", "type": 1, "TTL": 60,
                            "data": "192.0.2.2"}]}

        def serve(connection):
            connection.recv(65536)
            body = json.dumps(said).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                               b"Content-Type: application/dns-json\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(body) + body)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.ca.server())
        server = ThreadServer(self, serve, context)
        done = self.exec("curl", "-sS", "-H", "Accept: application/dns-json",
                         f"https://localhost:{server.port}/resolve?name=www.Example.test"
                         "&type=A")
        self.assertEqual(json.loads(done.stdout), said, done.stderr)
        record = self.one(self.records("dns"))
        self.assertEqual({k: record[k] for k in record if k.startswith("dns_")}, {
            "dns_hostname": "www.example.test", "dns_query_type": "A",
            "dns_response_code": "NOERROR", "dns_answer_number": 2})
        self.assertEqual(get(record, "dns.resolved_ip"), ["192.0.2.1", "192.0.2.2"])
        self.assertEqual(get(record, "dns.answers")[0], {
            "name": "www.Example.test", "type": "A", "class": "IN", "ttl": 60,
            "data": "192.0.2.1"})
        self.assertEqual(get(record, "sightglass.dns.transport"), "https")
        exchange = self.one(self.records("http"))
        self.assertEqual(get(record, "http.request.id"),
                         get(exchange, "http.request.id"))

    def test_a_query_over_http_1(self):
        nginx = self.tls_nginx(locations="location /dns-query "
                               "{ default_type application/dns-message; }")
        nginx.put("dns-query", refusal(query(0)))
        asked = base64.urlsafe_b64encode(query(0)).decode().rstrip("=")
        done = self.exec("curl", "-sS", "--http1.1", "-o", "/dev/null",
                         f"https://localhost:{nginx.port}/dns-query?dns={asked}")
        self.assertEqual(done.returncode, 0, done.stderr)
        exchange = self.one(self.records("http"))
        record = self.one(self.records("dns"))
        self.assertEqual(get(exchange, "http.version"), "1.1")
        self.assertEqual(get(record, "http.request.id"),
                         get(exchange, "http.request.id"))
        self.assertEqual(record["dns_hostname"], "www.example.test")
        self.assertEqual(record["dns_response_code"], "REFUSED")

    def test_the_line_for_a_person(self):
        server = Unbound(self, ZONE)
        self.kdig(server, "www.example.test", "AAAA")
        shown = self.run_cli("show", "-d", self.state, "--dataset", "dns")
        self.assertRegex(shown.stdout, r"^\S+ dns www\.example\.test  AAAA  NOERROR  "
                         r"2001:db8::1  udp  [0-9.]+ ms  kdig\n$")


class Lossy:
    """A server of datagrams that says what it is told to: `answer` of a query and the
    count of datagrams so far gives those to send."""

    def __init__(self, test, answer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((loopback_address(), 53))
        self.address = self.socket.getsockname()[0]
        test.addCleanup(self.socket.close)
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        count = 0
        while True:
            try:
                query, peer = self.socket.recvfrom(65535)
                count += 1
                for message in self.answer(query, count):
                    self.socket.sendto(message, peer)
            except OSError:
                return


def refusal(query):
    """The query as its own answer: REFUSED."""
    return query[:2] + bytes([query[2] | 0x80, query[3] & 0xf0 | 5]) + query[4:]


QUESTION = b"\3www\7example\4test\0\0\1\0\1"


def query(number, question=QUESTION):
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + question


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Datagrams(Exec):
    """A flow of datagrams, handed over as a forwarder does."""

    def hand_over(self, server, *settings):
        self.daemon = Daemon(self, "workers=1", *settings)
        bridge = self.daemon.bridge()
        self.addCleanup(bridge.close)
        bridge.sendall(self.daemon.header(server.address, 53, datagram=True))
        bridge.settimeout(60)
        return bridge

    def ask(self, bridge, server, message):
        bridge.sendall(struct.pack("!HB4sH", len(message), 4,
                                   socket.inet_aton(server.address), 53) + message)

    def hear(self, bridge):
        head = bridge.recv(9, socket.MSG_WAITALL)
        return bridge.recv(struct.unpack("!H", head[:2])[0], socket.MSG_WAITALL)

    def ended(self, bridge):
        bridge.close()
        return self.daemon.stop()

    def dns(self, records):
        return [r for r in records if r["event"]["dataset"] == "sightglass.dns"]

    def test_asking_again_is_one_transaction(self):
        server = Lossy(self, lambda q, n: [refusal(q)] * 2 if n == 3 else [])
        bridge = self.hand_over(server)
        for _ in range(3):
            self.ask(bridge, server, query(7))
        self.assertEqual(self.hear(bridge), self.hear(bridge))
        record = self.one(self.dns(self.ended(bridge)))
        self.assertEqual(record["dns_response_code"], "REFUSED")
        self.assertEqual(get(record, "sightglass.dns.retransmissions"), 2)
        self.assertIsNone(get(record, "sightglass.dns.incomplete"))

    def test_what_nobody_answers_is_recorded_in_time(self):
        server = Lossy(self, lambda q, n: [])
        bridge = self.hand_over(server, "dns.timeout=200ms", "log.flush=1ms",
                                "flow.datagram_idle=1h")
        self.ask(bridge, server, query(7))
        wait_for(lambda: b"timeout" in self.log_so_far(), "the record")
        record = self.one(self.dns(self.ended(bridge)))
        self.assertEqual(get(record, "sightglass.dns.incomplete"), "timeout")
        self.assertNotIn("dns_response_code", record)
        self.assertEqual(record["dns_answer_number"], 0)
        self.assertGreaterEqual(get(record, "event.duration"), 200_000_000)

    def log_so_far(self):
        text = b""
        for path in self.daemon.segments():
            text += subprocess.run(["zstd", "-dcq", path], capture_output=True,
                                   check=False).stdout
        return text

    def test_a_thousand_and_more_are_not_kept_waiting(self):
        server = Lossy(self, lambda q, n: [])
        bridge = self.hand_over(server)
        for i in range(1030):
            self.ask(bridge, server, query(i))
        records = self.dns(self.ended(bridge))
        self.assertEqual(len(records), 1030)
        why = [get(r, "sightglass.dns.incomplete") for r in records]
        self.assertEqual((why.count("limit"), why.count("flow_end")), (6, 1024))

    def test_an_answer_that_was_not_asked_for_is_told(self):
        server = Lossy(self, lambda q, n: [
            refusal(q), struct.pack("!H", 8) + refusal(q)[2:],
            refusal(q)[:3] + b"\x83" + q[4:]])
        bridge = self.hand_over(server)
        self.ask(bridge, server, query(7))
        for _ in range(3):
            self.hear(bridge)
        records = self.dns(self.ended(bridge))
        self.assertEqual([(r["dns_response_code"], get(r, "sightglass.dns.incomplete"))
                          for r in records],
                         [("REFUSED", None), ("REFUSED", "no_query"),
                          ("NXDOMAIN", "second_answer")])

    def test_what_is_no_dns_passes_and_its_flow_says_how_it_began(self):
        server = Lossy(self, lambda q, n: [b"pong"])
        bridge = self.hand_over(server)
        self.ask(bridge, server, b"ping")
        self.assertEqual(self.hear(bridge), b"pong")
        records = self.ended(bridge)
        self.assertEqual(self.dns(records), [])
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.first.client"), "cGluZw==")

    def test_a_flow_that_is_not_to_be_opened_is_not_read(self):
        server = Lossy(self, lambda q, n: [refusal(q)])
        bridge = self.hand_over(server, "policy.default=splice")
        self.ask(bridge, server, query(7))
        self.hear(bridge)
        records = self.ended(bridge)
        self.assertEqual(self.dns(records), [])
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.reason"), "datagrams")


if __name__ == "__main__":
    unittest.main()
