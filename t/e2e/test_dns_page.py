#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""docs/dns.md: the same ten queries over UDP, TCP, TLS and HTTPS, and what the record
of each says. The page is made from a run of kdig against unbound, and this test holds
it against another; `make dns-page` writes it anew.
"""

import os
import unittest

from harness import SOURCE, get
from test_dns import HTTPS, TEN, TLS, ZONE, Asked, Unbound

PAGE = os.path.join(SOURCE, "docs", "dns.md")
FIELDS = ("dns_hostname", "dns_query_type", "dns_response_code", "dns_answer_number")
TRANSPORTS = (("udp", ("+notcp",), "UDP, port 53"),
              ("tcp", ("+tcp", "+keepopen"), "TCP, port 53"),
              ("tls", (*TLS, "+keepopen"), "TLS, port 853"),
              ("https", HTTPS, "HTTPS, port 443 (HTTP/2)"))

HEAD = """# DNS, the same on every transport

`make dns-page` made this page from a real run, and `make check` holds it against
another: [t/e2e/test_dns_page.py](../t/e2e/test_dns_page.py). kdig asks unbound the same
ten queries four times, inside `sightglass exec`:

"""

MIDDLE = """
Each query has a record of its own, whatever carried it. Four fields stand at the top of
it (sightglass-log(5) has the others):

"""

TAIL = """
`sightglass.dns.transport` says which it was. The data of the answers, in `dns.answers` of
each record, are the same over all four, too:

"""


def row(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |\n"


def data(record):
    """The data of the answers, in an order of its own."""
    return sorted(a["data"] for a in get(record, "dns.answers") or [])


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Page(Asked):
    def ask(self, server, options):
        """The records of the ten, each of which says what kdig printed."""
        before = len(self.records("dns")) if os.path.exists(self.state) else 0
        words = [word for question in TEN for word in question]
        printed = self.kdig(server, *options, *words)
        fresh = self.records("dns")[before:]
        self.check_same(printed, fresh)
        return fresh

    def page(self):
        server = Unbound(self, ZONE)
        records = {transport: self.ask(server, options)
                   for transport, options, _ in TRANSPORTS}
        text = HEAD + "".join(
            f"    kdig @$SERVER {' '.join(options)} {TEN[0][0]} {TEN[0][1]} …\n"
            for _, options, _ in TRANSPORTS) + MIDDLE
        text += row("transport", *(f"`{f}`" for f in FIELDS))
        text += row(*["---"] * 5)
        for number in range(len(TEN)):
            for transport, _, words in TRANSPORTS:
                record = records[transport][number]
                self.assertEqual(get(record, "sightglass.dns.transport"), transport)
                text += row(words, *(f"`{record[f]}`" for f in FIELDS))
        text += TAIL + row("asked for", "answered") + row("---", "---")
        for number, (name, kind) in enumerate(TEN):
            said = {tuple(data(r[number])) for r in records.values()}
            self.assertEqual(len(said), 1, said)
            text += row(f"`{name}` {kind}",
                        ", ".join(f"`{d}`" for d in said.pop()) or "nothing")
        return text

    def test_the_page_is_what_a_run_says(self):
        page = self.page()
        if "WRITE_PAGE" in os.environ:
            os.makedirs(os.path.dirname(PAGE), exist_ok=True)
            with open(PAGE, "w", encoding="utf-8") as out:
                out.write(page)
        with open(PAGE, encoding="utf-8") as there:
            self.assertEqual(there.read(), page, "make dns-page writes it anew")


if __name__ == "__main__":
    unittest.main()
