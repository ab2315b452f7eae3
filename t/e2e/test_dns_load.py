# SPDX-License-Identifier: ISC
"""DNS in quantity: dnsperf counts, and so does the log."""

import os
import re
import unittest

from harness import get
from test_dns import Lossy, Nsd, refusal
from test_exec import Exec


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Load(Exec):
    def dnsperf(self, server, names, *options):
        """Asks for each of the names once; what it counted."""
        path = os.path.join(self.directory, "queries")
        with open(path, "w", encoding="ascii") as out:
            out.writelines(f"{name} TXT\n" for name in names)
        done = self.exec("dnsperf", "-s", server.address, "-d", path, "-n", "1",
                         "-c", "4", *options, timeout_s=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return {key: int(re.search(rf"Queries {key}:\s+(\d+)", done.stdout)[1])
                for key in ("sent", "completed", "lost")}

    def test_not_one_of_many_queries_is_unrecorded(self):
        names = [f"r{i}.zone.test" for i in range(20000)]
        server = Nsd(self, 10000)  # which has half of them
        counted = self.dnsperf(server, names, "-t", "60")
        self.assertEqual(counted["sent"], len(names))
        records = self.records("dns")
        self.assertEqual(len(records), counted["sent"])
        self.assertEqual({r["dns_hostname"] for r in records}, set(names))
        answered = [r for r in records if get(r, "sightglass.dns.incomplete") is None]
        self.assertEqual(len(answered), counted["completed"])
        for record in answered:
            there = int(record["dns_hostname"][1:].partition(".")[0]) < 10000
            self.assertEqual(
                (record["dns_query_type"], record["dns_response_code"],
                 record["dns_answer_number"]),
                ("TXT", "NOERROR" if there else "NXDOMAIN", int(there)))
        flows = self.records("flow")
        self.assertEqual(len(flows), 4)
        self.assertEqual(sum(get(f, "sightglass.datagrams.client") for f in flows),
                         counted["sent"])

    def test_what_is_not_answered_is_recorded_too(self):
        """Of each twenty names one is lost on the way."""
        names = [f"{'lost' if i % 20 == 0 else 'r'}{i}.zone.test" for i in range(2000)]
        self.configure("dns:\n  timeout: 5 s\n")
        server = Lossy(self, lambda q, n: [] if b"lost" in q else [refusal(q)])
        counted = self.dnsperf(server, names, "-t", "10")
        self.assertEqual((counted["sent"], counted["lost"]), (2000, 100))
        records = self.records("dns")
        self.assertEqual({r["dns_hostname"] for r in records}, set(names))
        self.assertEqual(len(records), counted["sent"])
        unanswered = [r for r in records if "dns_response_code" not in r]
        self.assertEqual({r["dns_hostname"] for r in unanswered},
                         {n for n in names if n.startswith("lost")})
        self.assertLessEqual({get(r, "sightglass.dns.incomplete") for r in unanswered},
                             {"timeout", "flow_end"})


if __name__ == "__main__":
    unittest.main()
