# SPDX-License-Identifier: ISC
"""More servers of DNS, and what they do that is not an answer as it should be: each
record is what kdig printed, or what dnsperf counted."""

import os
import time
import unittest

from harness import get, loopback_address
from test_dns import (PATIENT, Asked, Lossy, Nsd, Unbound, query, refusal,
                      unbound_configuration)
from test_resolvers import Dnsmasq


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Servers(Asked):
    def test_dnsmasq(self):
        address = loopback_address()
        server = Dnsmasq(
            self, address, "--address=/www.example.test/192.0.2.7",
            "--address=/www.example.test/2001:db8::7",
            "--cname=alias.example.test,host.example.test",
            "--host-record=host.example.test,192.0.2.8,2001:db8::8,600",
            "--mx-host=example.test,mail.example.test,10",
            "--txt-record=example.test,v=spf1 -all,second",
            "--srv-host=_sip._tcp.example.test,sip.example.test,5060,10,20",
            "--ptr-record=7.2.0.192.in-addr.arpa,www.example.test",
            "--caa-record=example.test,0,issue,ca.example.test",
            "--local=/example.test/")
        server.address = address
        asked = [("www.example.test", "A"), ("www.example.test", "AAAA"),
                 ("alias.example.test", "A"), ("host.example.test", "AAAA"),
                 ("example.test", "MX"), ("example.test", "TXT"),
                 ("_sip._tcp.example.test", "SRV"),
                 ("7.2.0.192.in-addr.arpa", "PTR"), ("example.test", "CAA"),
                 ("none.example.test", "A"), ("elsewhere.test", "A")]
        seen = []
        for transport in "+notcp", "+tcp":
            printed = self.kdig(server, transport,
                                *(word for one in asked for word in one))
            records = self.records("dns")[len(seen):]
            seen += records
            said = self.check_same(printed, records)
            self.assertEqual([(r["dns_hostname"], r["dns_query_type"])
                              for r in records], asked)
            self.assertEqual([s["status"] for s in said],
                             ["NOERROR"] * 9 + ["NXDOMAIN", "REFUSED"])
            self.assertEqual([s["answers"] for s in said[:3]], [1, 1, 2])

    def test_what_is_no_answer(self):
        """REFUSED for a zone of others, SERVFAIL for one that cannot be served, NXDOMAIN
        with the zone's SOA, and a name that has nothing of the type."""
        server = Nsd(self, 3, 'zone:\n  name: dead.test\n  zonefile: "/nowhere"\n')
        asked = [("www.other.test", "A"), ("www.dead.test", "A"),
                 ("none.zone.test", "A"), ("r0.zone.test", "AAAA"),
                 ("r0.zone.test", "TXT")]
        for transport in "+notcp", "+tcp":
            printed = self.kdig(server, transport,
                                *(word for one in asked for word in one))
            records = self.records("dns")[-len(asked):]
            said = self.check_same(printed, records)
            self.assertEqual([(s["status"], s["answers"]) for s in said],
                             [("REFUSED", 0), ("SERVFAIL", 0), ("NXDOMAIN", 0),
                              ("NOERROR", 0), ("NOERROR", 1)])
            for record in records[2:4]:
                authority = get(record, "sightglass.dns.authorities")
                self.assertEqual([a["type"] for a in authority], ["SOA"])

    def test_servfail_from_a_resolver_whose_server_is_lame(self):
        """Whoever is asked above refuses, though the zone is said to be his."""
        lame = Lossy(self, lambda q, n: [refusal(q)])
        server = Unbound(self, [], server='  local-zone: "lame.test" transparent',
                         more=f"""forward-zone:
  name: "lame.test"
  forward-addr: {lame.address}
""")
        printed = self.kdig(server, "www.lame.test", "A")
        said = self.check_same(printed, self.records("dns"))
        self.assertEqual(said[0]["status"], "SERVFAIL")

    def test_a_resolver_of_the_command_that_mixes_the_case(self):
        """unbound inside, with its guard against forged answers (0x20): each of its
        questions is shown as it was asked, and named in lower case."""
        above = Nsd(self, 40)
        inside = unbound_configuration(
            self, "127.0.0.1", [], '  local-zone: "zone.test" transparent\n'
            "  use-caps-for-id: yes\n", f"""forward-zone:
  name: "zone.test"
  forward-addr: {above.address}
""")
        done = self.exec("sh", "-c", f"""unbound -d -c {inside} & p=$!
            until dig +short +tries=1 +time=1 @127.0.0.1 id.server CH TXT >/dev/null
            do :; done
            for i in $(seq 0 19)
            do dig {" ".join(PATIENT)} +short @127.0.0.1 r$i.zone.test TXT
            done; kill $p""")
        self.assertEqual(done.stdout.count("\n"), 20, done.stderr)
        records = [r for r in self.records("dns") if r["dns_query_type"] == "TXT"
                   and r["dns_hostname"].startswith("r")]
        names = [get(r, "dns.question.name") for r in records]
        self.assertTrue(any(n != n.lower() for n in names), names)
        # On a slow machine unbound asks again, and hears no more of the first question.
        answered = [r for r in records if not get(r, "sightglass.dns.incomplete")]
        self.assertEqual({r["dns_hostname"] for r in answered},
                         {f"r{i}.zone.test" for i in range(20)})
        for record in answered:
            self.assertEqual(record["dns_response_code"], "NOERROR")

    def test_answers_of_a_stream_come_out_of_order(self):
        """dnsperf asks twenty at a time on one connection; unbound answers what it knows
        before what it has to ask for."""
        def slowly(message, count):
            time.sleep(0.01)
            return [message[:2] + b"\x85\x83" + message[4:]]  # there is no such name

        slow = Lossy(self, slowly)
        server = Unbound(self, [(f"f{i}.fast.test", "A", "192.0.2.1")
                                for i in range(50)], server='  local-zone: "slow.test" transparent\n'
                         "  num-queries-per-thread: 512\n  jostle-timeout: 60000",
                         more=f"""forward-zone:
  name: "slow.test"
  forward-addr: {slow.address}
""")
        names = [f"{'f' if i % 2 else 's'}{i // 2}.{'fast' if i % 2 else 'slow'}.test"
                 for i in range(100)]
        path = os.path.join(self.directory, "queries")
        with open(path, "w", encoding="ascii") as out:
            out.writelines(f"{name} A\n" for name in names)
        done = self.exec("dnsperf", "-m", "tcp", "-s", server.address, "-d", path,
                         "-n", "1", "-c", "1", "-q", "20", timeout_s=120)
        self.assertIn("Queries completed:    100", done.stdout, done.stderr)
        records = self.records("dns")
        self.assertEqual(sorted(r["dns_hostname"] for r in records), sorted(names))
        self.assertEqual(len({get(r, "sightglass.flow") for r in records}), 1)
        # They are written when they are answered.
        self.assertNotEqual([r["dns_hostname"] for r in records], names)
        for record in records:
            fast = ".fast." in record["dns_hostname"]
            self.assertEqual((record["dns_response_code"], record["dns_answer_number"],
                              get(record, "sightglass.dns.incomplete"),
                              get(record, "sightglass.dns.transport")),
                             ("NOERROR" if fast else "NXDOMAIN", int(fast), None, "tcp"))

    def test_a_lame_server(self):
        """What it says to other questions is told, and never taken for an answer."""
        def other(message, count):
            return [message[:2] + refusal(query(0, b"\5other\4test\0\0\1\0\1"))[2:],
                    bytes([message[0] ^ 1]) + refusal(message)[1:]]

        server = Lossy(self, other)
        self.configure("dns:\n  timeout: 100 ms\n")
        done = self.exec("dig", "+tries=1", "+time=4", f"@{server.address}",
                         "www.example.test")
        self.assertNotIn("REFUSED", done.stdout)
        records = self.records("dns")
        self.assertEqual(sorted((r["dns_hostname"], r.get("dns_response_code") or "",
                                 get(r, "sightglass.dns.incomplete")) for r in records),
                         [("other.test", "REFUSED", "no_query"),
                          ("www.example.test", "", "timeout"),
                          ("www.example.test", "REFUSED", "no_query")])

    def test_a_client_that_asks_again_on_its_socket(self):
        """glibc, of a server that answers the second time alone."""
        server = Lossy(self, lambda q, n: [refusal(q)] if n > 2 else [])
        done = self.exec("unshare", "-m", "sh", "-c", f"""
            printf 'nameserver {server.address}\\noptions timeout:1 attempts:3\\n' \\
                > {self.directory}/resolv.conf &&
            mount --bind {self.directory}/resolv.conf "$(realpath /etc/resolv.conf)" &&
            getent ahosts www.example.test""")
        self.assertEqual(done.returncode, 2, done.stderr)
        records = self.records("dns")
        again = [get(r, "sightglass.dns.retransmissions") for r in records]
        self.assertIn(1, again, records)


if __name__ == "__main__":
    unittest.main()
