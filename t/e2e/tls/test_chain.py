# SPDX-License-Identifier: ISC
"""Rows 1 to 12: chains that are not to be believed."""

from rows import Case, Rows, below, spread

from chains import CA, CAS, HOST, LEAF, LEAFS, SERVES, SIGNS, Leaf, constraints, san

PAST, FUTURE = (-60, -30), (30, 60)
SAN_CUT_SHORT = LEAF + SERVES + "2.5.29.17=DER:30058204777777\n"
NO_SEQUENCE = "2.5.29.19=critical,DER:0101FF\n"


def lives(leaf=None, ca=None, root=None):
    """Where only one of the three is out of its time."""
    def make(t):
        top = t.certificate("root", "/CN=root", CA + SIGNS, life=root,
                            days=3650) if root else t.root
        middle = t.certificate("ca", "/CN=ca", CA + SIGNS, issuer=(top, "root"),
                               days=1000, life=ca)
        bottom = t.certificate("leaf", "/CN=server", LEAFS["good"].extensions,
                               issuer=(middle, "ca"), life=leaf)
        return t.chain(bottom, middle), "leaf", top
    return make


def self_signed(t):
    return (t.certificate("leaf", "/CN=server", LEAFS["good"].extensions), "leaf",
            t.root)


def unknown_root(t):
    other = t.certificate("low", "/CN=another root", CA + SIGNS)
    return t.chain(t.leaf(), t.ca()), "leaf", other


def last_byte_changed(t):
    def change(der):
        der[-1] ^= 1
        return der
    return t.chain(t.patched(t.leaf(), change), t.ca()), "leaf", t.root


def issuer_forged(t):
    """Another key signed, under our intermediate's name."""
    forger = t.certificate("low", "/CN=ca", CA + SIGNS)
    leaf = t.certificate("leaf", "/CN=server", LEAFS["good"].extensions,
                         issuer=(forger, "low"), ids="")
    return t.chain(leaf, t.ca()), "leaf", t.root


def version_1(t):
    old = t.certificate("ca", "/CN=ca", None, issuer=(t.root, "root"))
    return t.chain(t.leaf(), old), "leaf", t.root


def path_length(t):
    """A CA that may have no CA below it, and has one."""
    upper = t.ca(CAS["pathlen 0"])
    low = t.certificate("low", "/CN=low", CA + SIGNS, issuer=(upper, "ca"),
                        days=1000)
    leaf = t.certificate("leaf", "/CN=server", LEAFS["good"].extensions,
                         issuer=(low, "low"))
    return t.chain(leaf, low, upper), "leaf", t.root


NOT_EXAMPLE = "excluded;DNS:example.com"
OTHER = "permitted;DNS:example.org"
BELOW_TREE = constraints("permitted;DNS:example.com")
OTHER_NET = "permitted;IP:198.51.100.0/255.255.255.0"
WITH_ADDRESS = san(f"DNS:{HOST},IP:192.0.2.1")

REJECTED = [
    Case("1", "expired leaf", lives(leaf=PAST), "expired", "nginx", "openssl"),
    Case("2", "wrong host", below(leaf=LEAFS["other name"]), "name_mismatch"),
    Case("3", "self-signed", self_signed, "self_signed", "gnutls", "gnutls"),
    Case("4", "unknown root", unknown_root, "unknown_root", "nginx"),
    Case("5", "expired: leaf", lives(leaf=PAST), "expired"),
    Case("5", "expired: intermediate", lives(ca=PAST), "expired", "nginx 1.2"),
    Case("5", "expired: root", lives(root=PAST), "expired", "gnutls", "openssl"),
    Case("6", "not yet valid: leaf", lives(leaf=FUTURE), "not_yet_valid",
         "openssl 1.2"),
    Case("6", "not yet valid: intermediate", lives(ca=FUTURE), "not_yet_valid",
         "nginx", "gnutls"),
    Case("6", "not yet valid: root", lives(root=FUTURE), "not_yet_valid"),
    Case("7", "bad signature", last_byte_changed, "bad_signature", "openssl 1.3"),
    Case("7", "issuer name forged", issuer_forged, "bad_signature", "nginx",
         "openssl"),
    Case("8", "intermediate with CA:FALSE", below(LEAF), "not_a_ca", "openssl 1.2"),
    Case("8", "intermediate without basicConstraints", below(""), "not_a_ca",
         "gnutls", "openssl"),
    Case("8", "version 1 intermediate", version_1, "not_a_ca", "nginx"),
    Case("8", "no keyCertSign", below(CAS["may not sign"]), "not_a_ca"),
    Case("9", "pathLen exceeded", path_length, "path_length", "nginx", "gnutls"),
    Case("10", "outside the permitted names", below(constraints(OTHER, False)),
         "name_constraints"),
    Case("10", "outside the permitted names, critical", below(constraints(OTHER)),
         "name_constraints", "openssl 1.2"),
    Case("10", "inside the excluded names", below(constraints(NOT_EXAMPLE, False)),
         "name_constraints", "nginx", "openssl"),
    Case("10", "inside the excluded names, critical",
         below(constraints(NOT_EXAMPLE)), "name_constraints", "gnutls", "gnutls"),
    Case("10", "outside the permitted addresses",
         below(constraints(OTHER_NET, False), WITH_ADDRESS), "name_constraints",
         "nginx 1.2"),
    Case("10", "outside the permitted addresses, critical",
         below(constraints(OTHER_NET), WITH_ADDRESS), "name_constraints",
         "openssl 1.3"),
    Case("11", "unknown critical extension: leaf",
         below(leaf=LEAFS["unknown critical"]), "unknown_critical"),
    Case("11", "unknown critical extension: intermediate",
         below(CAS["unknown critical"]), "unknown_critical", "nginx 1.2",
         "openssl"),
    Case("11", "malformed subjectAltName", below(leaf=Leaf(SAN_CUT_SHORT)),
         "malformed", "openssl 1.3"),
    Case("11", "malformed basicConstraints: leaf",
         below(leaf=Leaf(LEAFS["good"].extensions.replace(LEAF, NO_SEQUENCE))),
         "malformed", "openssl 1.3"),
    Case("11", "malformed basicConstraints: intermediate",
         below(SIGNS + NO_SEQUENCE), "malformed", "nginx"),
    Case("12", "leaf for clientAuth only", below(leaf=LEAFS["client"]),
         "wrong_usage", "gnutls", "openssl"),
    Case("12", "leaf for codeSigning only", below(leaf=LEAFS["code"]),
         "wrong_usage", "nginx"),
    Case("12", "intermediate for clientAuth only", below(CAS["for clients"]),
         "wrong_usage"),
]

ACCEPTED = [
    Case("10", "inside the permitted names, critical", below(BELOW_TREE), "ok"),
    Case("10", "inside the permitted names, critical, TLS 1.2", below(BELOW_TREE),
         "ok", "nginx 1.2", "gnutls"),
    Case("10", "inside the permitted names",
         below(constraints("permitted;DNS:example.com", False)), "ok", "gnutls",
         "openssl"),
]


class Chain(Rows):
    vars().update(spread(Rows.rejected, REJECTED, "reject"))
    vars().update(spread(Rows.accepted, ACCEPTED, "accept"))
