# SPDX-License-Identifier: ISC
"""Rows 17 to 20: which names a certificate speaks for, and how many."""

from rows import Case, Rows, below, row, spread

from chains import HOST, LEAF, LEAFS, SERVES, Leaf, san
from harness import Forwarder, get, is_sanitized
from peers import SERVERS, curl

IP = "127.0.0.1"


def with_nul():
    """A name that a reader who stops at NUL takes for the host's."""
    name = HOST.encode() + b"\0.example.org"
    value = bytes([0x30, len(name) + 2, 0x82, len(name)]) + name
    return Leaf(LEAF + SERVES + f"2.5.29.17=DER:{value.hex()}\n")


def named(presented, leaf, reason="name_mismatch", **options):
    return Case(presented[0], presented[1], below(leaf=leaf), reason,
                host=leaf.host, **options)


REJECTED = [
    named(("17", "CN only, no SAN"), LEAFS["common name only"]),
    named(("17", "CN only, another name in the SAN"),
          san("DNS:www.example.org", subject=f"/CN={HOST}"), server="nginx",
          client="openssl"),
    named(("17", "NUL in a name"), with_nul(), client="openssl"),
    named(("17", "*.com for example.com"), san("DNS:*.com", host="example.com"),
          server="gnutls", client="openssl"),
    named(("17", "* alone"), san("DNS:*", host="example"), server="nginx"),
    named(("17", "w*.example.com"), LEAFS["wildcard in part"], server="gnutls",
          client="gnutls"),
    named(("17", "*w.example.com"), san("DNS:*w.example.com"), server="nginx"),
    named(("17", "*.example.com over two labels"),
          san("DNS:*.example.com", host="a.b.example.com"), client="gnutls"),
    named(("17", "www.*.com"), san("DNS:www.*.com"), server="nginx 1.2"),
    named(("17", "*.*.com"), san("DNS:*.*.com"), server="openssl 1.2"),
    named(("17", "*.example.com for example.com"),
          san("DNS:*.example.com", host="example.com")),
    named(("18", "the address in a dNSName"), san(f"DNS:{IP}", host=IP),
          server="nginx"),
    named(("18", "another address"), san("IP:127.0.0.2", host=IP)),
]

ACCEPTED = [
    named(("17", "*.example.com for www.example.com"), LEAFS["wildcard"], "ok",
          server="nginx", client="gnutls"),
    named(("18", "the address in the SAN"), san(f"IP:{IP}", host=IP), "ok"),
    named(("19", "empty subject, critical SAN"), LEAFS["no subject"], "ok",
          server="nginx", client="openssl"),
    named(("19", "empty subject, SAN not critical"),
          LEAFS["no subject, not critical"], "ok", client="gnutls"),
]


def many(count):
    """So many names, and the host's: short ones, since openssl and curl take no
    chain of over 100 KiB."""
    names = ",".join(f"DNS:{i:x}.e.x" for i in range(count - 1))
    return san(f"{names},DNS:{HOST}")


class Names(Rows):
    vars().update(spread(Rows.rejected, REJECTED, "reject"))
    vars().update(spread(Rows.accepted, ACCEPTED, "accept"))

    def peak_kib(self, daemon):
        """The most memory that the worker ever had, in KiB."""
        pid = daemon.control("status")["workers"][0]["pid"]
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines
                        if line.startswith("VmHWM"))

    def serve_many(self, count, trust):
        """Twenty flows to a server of so many names; the client's last word."""
        leaf = many(count)
        server = SERVERS["openssl"](self, self.chain(self.leaf(leaf), self.ca()),
                                    self.path("leaf.key"))
        daemon = self.daemon("d", trust=self.root)
        port = Forwarder(self, daemon, server.port).port
        trusted = trust or daemon.path("ca", "sightglass-ca.pem")
        before = None
        for _ in range(20):
            reply = curl(port, HOST, trusted)
            self.assertTrue(reply.served, reply.output)
            before = before or self.peak_kib(daemon)
        if not is_sanitized():
            self.assertLess(self.peak_kib(daemon) - before, 4096, "KiB, 20 flows")
            self.assertLess(self.peak_kib(daemon), 64 * 1024)
        tls = [r for r in daemon.stop() if r["event"]["dataset"] == "sightglass.tls"]
        self.assertEqual(len(tls), 20)
        return reply, tls

    @row("20", "1,000 SANs", "accept", "openssl, curl")
    def test_row_20_1000_sans(self):
        reply, tls = self.serve_many(1000, None)
        self.assertEqual({get(r, "sightglass.verification") for r in tls}, {"ok"})
        self.seen(reply.said, self.describe(tls[-1]))

    @row("20", "10,000 SANs", "accept", "openssl, curl")
    def test_row_20_10000_sans(self):
        """Relayed: the client sees the server's own certificate, and judges it."""
        reply, tls = self.serve_many(10000, self.root)
        says = {(get(r, "sightglass.decision"), get(r, "sightglass.reason"))
                for r in tls}
        self.assertEqual(says, {("splice", "upstream_certificate")})
        self.seen(reply.said, "splice, upstream_certificate",
                  "relayed, not opened: the library takes no certificate message "
                  "over 16 KiB")
