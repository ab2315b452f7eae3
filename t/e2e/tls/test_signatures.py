# SPDX-License-Identifier: ISC
"""Rows 13 to 16: keys and signatures that are too weak, and chains that somebody
has spoken against: a list of ours, our own CA, a revocation list."""

import os
import shutil

from rows import Case, Rows, below, spread

from chains import CA, LEAFS, SIGNS, Leaf


def short_rsa(leaf=None, ca=None, root=None):
    """Where one of the three has a key of so many bits."""
    def make(t):
        for name, bits in (("leaf", leaf), ("ca", ca), ("root", root)):
            if bits:
                t.key(name, "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}")
        top = t.certificate("root", "/CN=root", CA + SIGNS, days=1001)
        middle = t.certificate("ca", "/CN=ca", CA + SIGNS, issuer=(top, "root"))
        bottom = t.certificate("leaf", "/CN=server", LEAFS["good"].extensions,
                               issuer=(middle, "ca"))
        return t.chain(bottom, middle), "leaf", top
    return make


def signed_with(leaf="sha256", ca="sha256"):
    """By RSA keys, with which alone there is MD5."""
    def make(t):
        for name in ("root", "ca"):
            t.key(name, "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        t.root = t.certificate("root", "/CN=root", CA + SIGNS, days=1001)
        return (t.chain(t.leaf(digest_of(leaf)), t.ca(digest=ca)), "leaf", t.root)
    return make


def digest_of(digest):
    return Leaf(LEAFS["good"].extensions, digest=digest)


def distrusting(kind):
    """The settings by which the root is on the list, by one of its digests."""
    def settings(t):
        if kind == "certificate":
            text = t.openssl("x509", "-in", t.root, "-noout", "-fingerprint",
                             "-sha256").strip().split("=")[1]
        else:
            t.openssl("pkey", "-in", t.path("root.key"), "-pubout", "-outform",
                      "DER", "-out", t.path("root.spki"))
            text = t.openssl("dgst", "-sha256", "-r", t.path("root.spki")).split()[0]
        return [f"upstream.distrust={text}"]
    return settings


def revoking(who):
    def settings(t):
        if not os.path.exists(t.path("list")):
            t.revoke(t.leaf() if who == "leaf" else t.ca(), by=issuer(who))
            t.crl("list", signer=issuer(who))
        return [f"upstream.crl={t.path('list')}"]
    return settings


def issuer(who):
    return "ca" if who == "leaf" else "root"


REJECTED = [
    Case("13", "RSA 1024: leaf", short_rsa(leaf=1024), "weak_key"),
    Case("13", "RSA 2047: leaf", short_rsa(leaf=2047), "weak_key", "gnutls",
         "openssl"),
    Case("13", "RSA 1024: intermediate", short_rsa(ca=1024), "weak_key",
         "openssl 1.2"),
    Case("13", "RSA 1024: root", short_rsa(root=1024), "weak_key", "gnutls",
         "gnutls"),
    Case("13", "MD5: leaf", signed_with(leaf="md5"), "weak_signature"),
    Case("13", "MD5: intermediate", signed_with(ca="md5"), "weak_signature",
         "gnutls", "openssl"),
    Case("13", "SHA-1: leaf", signed_with(leaf="sha1"), "weak_signature",
         "openssl 1.2"),
    Case("13", "SHA-1: intermediate", signed_with(ca="sha1"), "weak_signature",
         "gnutls", "gnutls"),
    Case("14", "a known-bad root, by its digest", below(), "known_bad", "nginx",
         settings=distrusting("certificate")),
    Case("14", "a known-bad root, by its key's digest", below(), "known_bad",
         "gnutls", "openssl", settings=distrusting("key")),
    Case("16", "revoked: leaf", below(), "revoked", "nginx",
         settings=revoking("leaf")),
    Case("16", "revoked: intermediate", below(), "revoked", "openssl", "gnutls",
         settings=revoking("intermediate")),
]


class Signatures(Rows):
    vars().update(spread(Rows.rejected, REJECTED, "reject"))


class Own(Rows):
    """Every daemon here has the same CA, so that a chain may end in it."""

    def setUp(self):
        super().setUp()
        self.run_cli("-d", self.state, "ca", "init")
        for name in ("mirror", "refuse"):
            shutil.copytree(self.state, self.path(name))

    def own(self):
        ca = os.path.join(self.state, "ca")
        key = next(n for n in os.listdir(ca) if "key" in n)
        pem = next(n for n in os.listdir(ca) if n.endswith(".pem") and n != key)
        if not os.path.exists(self.path("own.key")):
            os.symlink(os.path.join(ca, key), self.path("own.key"))
        return os.path.join(ca, pem), "own"

    def below_ours(self, extensions=LEAFS["good"].extensions, issuer=None, **more):
        return self.certificate("leaf", "/CN=server", extensions,
                                issuer=issuer or self.own(), **more)

    def trusted(self):
        return self.chain(self.below_ours()), "leaf", self.chain(
            self.root, self.own()[0])

    def sent_along(self):
        return (self.chain(self.below_ours(), self.own()[0]), "leaf", self.root)

    vars().update(spread(Rows.rejected, [
        Case("15", "our own CA, which is trusted", trusted, "own_ca", "nginx"),
        Case("15", "our own CA, sent along", sent_along, "own_ca", "gnutls",
             "openssl"),
    ], "reject"))
