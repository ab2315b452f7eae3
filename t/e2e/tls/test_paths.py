# SPDX-License-Identifier: ISC
"""Rows 21 to 23: ways to a root, and what a good chain may be made of."""

from rows import Case, Rows, below, row, spread

from chains import CA, LEAFS, SIGNS, Leaf
from harness import get, in_order
from peers import SERVERS
from test_chain import PAST

GOOD = LEAFS["good"].extensions


def alone(t):
    return t.chain(t.leaf()), "leaf", t.root


def in_the_trust_file(t):
    return t.chain(t.leaf()), "leaf", t.chain(t.root, t.ca())


def reversed_chain(t):
    """The server's own comes first always: the rest is from the root down."""
    low = t.certificate("low", "/CN=low", CA + SIGNS, issuer=(t.ca(), "ca"))
    leaf = t.certificate("leaf", "/CN=server", GOOD, issuer=(low, "low"))
    return t.chain(leaf, t.root, t.ca(), low), "leaf", t.root


def extra_certificates(t):
    stranger = t.certificate("low", "/CN=stranger", CA + SIGNS)
    other = t.certificate("p384", "/CN=other server", GOOD, issuer=(t.root, "root"))
    return t.chain(t.leaf(), stranger, t.ca(), other, t.root), "leaf", t.root


def cross_signed(first):
    """The intermediate's key has two certificates: one below our root, one below
    a root that has expired, which is trusted too."""
    def make(t):
        old = t.certificate("low", "/CN=old", CA + SIGNS, life=PAST)
        crossed = t.certificate("ca", "/CN=ca", CA + SIGNS, issuer=(old, "low"))
        pair = (crossed, t.ca()) if first == "old" else (t.ca(), crossed)
        return t.chain(t.leaf(), *pair), "leaf", t.chain(old, t.root)
    return make


def of_key(algorithm, *options, who="leaf"):
    """A chain in which one has such a key."""
    def make(t):
        t.key(who, algorithm, *(w for o in options for w in ("-pkeyopt", o)))
        return below()(t)
    return make


def rsa(bits, who="leaf"):
    """Of more primes than two, since so it is made in time; the public key, which
    is all that is seen, is as any other."""
    primes = {2048: 2, 4096: 4, 8192: 5}[bits]
    return of_key("RSA", f"rsa_keygen_bits:{bits}", f"rsa_keygen_primes:{primes}",
                  who=who)


def digest(name):
    def make(t):
        return (t.chain(t.leaf(Leaf(GOOD, digest=name)), t.ca(digest=name)), "leaf",
                t.root)
    return make


ACCEPTED = [
    Case("22", "chain reversed", reversed_chain, "ok"),
    Case("22", "extra certificates", extra_certificates, "ok", "openssl 1.2",
         "gnutls"),
    Case("22", "cross-signed, the expired root's first", cross_signed("old"), "ok",
         "openssl", "openssl"),
    Case("22", "cross-signed, the expired root's last", cross_signed("new"), "ok",
         "nginx"),
    Case("23", "SHA-256", digest("sha256"), "ok", "nginx", "openssl"),
    Case("23", "SHA-384", digest("sha384"), "ok", "gnutls", "gnutls"),
    Case("23", "SHA-512", digest("sha512"), "ok", "openssl 1.2"),
    Case("23", "RSA 2048", rsa(2048), "ok", "nginx", "gnutls"),
    Case("23", "RSA 4096", rsa(4096), "ok", "openssl 1.2"),
    Case("23", "RSA 8192", rsa(8192), "ok", "openssl"),
    Case("23", "RSA 4096: intermediate", rsa(4096, who="ca"), "ok", "nginx"),
    Case("23", "P-256", below(), "ok", "gnutls", "openssl"),
    Case("23", "P-384", of_key("EC", "ec_paramgen_curve:P-384"), "ok", "nginx 1.2"),
    Case("23", "P-384: intermediate", of_key("EC", "ec_paramgen_curve:P-384",
                                             who="ca"), "ok", "openssl", "gnutls"),
]


class Paths(Rows):
    vars().update(spread(Rows.rejected, [
        Case("21", "intermediate missing", alone, "unknown_root", "nginx",
             "openssl")], "policy"))
    vars().update(spread(Rows.accepted, [
        Case("21", "intermediate missing, but in upstream.trust", in_the_trust_file,
             "ok", "nginx")], "policy"))
    vars().update(spread(Rows.accepted, ACCEPTED, "accept"))

    @row("21", "intermediate missing, but seen before", "policy", "openssl, curl")
    def test_row_21_intermediate_missing_but_seen_before(self):
        key = self.path("leaf.key")
        whole = SERVERS["nginx"](self, self.chain(self.leaf(), self.ca()), key)
        bare = SERVERS["openssl"](self, self.chain(self.leaf()), key)
        daemon = self.daemon("d", trust=self.root)
        self.assertFalse(self.ask(daemon, bare.port).served)
        self.assertTrue(self.ask(daemon, whole.port).served)
        self.assertFalse(bare.saw())
        reply = self.ask(daemon, bare.port)
        self.assertTrue(reply.served, reply.output)
        tls = in_order(r for r in daemon.stop()
                       if r["event"]["dataset"] == "sightglass.tls")
        self.assertEqual([get(r, "sightglass.verification") for r in tls],
                         ["unknown_root", "ok", "ok"])
        self.seen(reply.said, self.describe(tls[-1]))
