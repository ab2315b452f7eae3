# SPDX-License-Identifier: ISC
"""Keys, certificates and revocation lists made by openssl, and what a CA or a
server may say in its own: shared by the tests of the verdict and of the rows."""

import collections
import json
import os
import ssl
import subprocess
import time

from harness import Test, sign_between

HOST = "www.example.com"
DAY = 86400

IDS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
CA = "basicConstraints=critical,CA:TRUE\n"
SIGNS = "keyUsage=critical,keyCertSign,cRLSign\n"
SAN = f"subjectAltName=DNS:{HOST}\n"
SERVES = "extendedKeyUsage=serverAuth\n"
LEAF = "basicConstraints=CA:FALSE\n"
UNKNOWN = "1.3.6.1.4.1.99999.1="


def constraints(text, critical=True):
    return CA + SIGNS + "nameConstraints=" + ("critical," if critical else "") + text


# What the intermediate says; all but these lines is good.
CAS = {
    "good": CA + SIGNS,
    "no key usage": CA,
    "not a CA": LEAF,
    "says nothing": "",
    "not critical": "basicConstraints=CA:TRUE\n" + SIGNS,
    "may not sign": CA + "keyUsage=critical,cRLSign\n",
    "pathlen 0": "basicConstraints=critical,CA:TRUE,pathlen:0\n" + SIGNS,
    "for servers": CA + SIGNS + SERVES,
    "for clients": CA + SIGNS + "extendedKeyUsage=clientAuth\n",
    "unknown critical": CA + SIGNS + UNKNOWN + "critical,DER:0500\n",
    "unknown": CA + SIGNS + UNKNOWN + "DER:0500\n",
    "dns": constraints("permitted;DNS:example.com"),
    "dns, not critical": constraints("permitted;DNS:example.com", False),
    "dns below": constraints("permitted;DNS:.example.com"),
    "other dns": constraints("permitted;DNS:example.org"),
    "other dns, not critical": constraints("permitted;DNS:example.org", False),
    "not dns": constraints("excluded;DNS:example.com"),
    "not www": constraints("excluded;DNS:www.example.com"),
    "ip": constraints("permitted;IP:192.0.2.0/255.255.255.0"),
    "not ip": constraints("excluded;IP:192.0.2.0/255.255.255.0"),
    "ip6": constraints("permitted;IP:2001:db8::/ffff:ffff::"),
    "mail": constraints("permitted;email:example.com"),
    "not mail": constraints("excluded;email:.example.com"),
    "uri": constraints("permitted;URI:.example.com"),
    "subject": constraints("permitted;dirName:dn\n[dn]\nO=A  Company\n"),
    "not subject": constraints("excluded;dirName:dn\n[dn]\nO=a company\n"),
    "id": constraints("excluded;RID:1.2.3"),
}

Leaf = collections.namedtuple("Leaf", "extensions subject host key digest",
                              defaults=("/CN=server", HOST, "leaf", "sha256"))


def san(names, **options):
    return Leaf(LEAF + SERVES + f"subjectAltName={names}\n", **options)


LEAFS = {
    "good": Leaf(LEAF + SERVES + SAN),
    "no usages": Leaf(SAN),
    "wildcard": san("DNS:*.example.com"),
    "upper case": san("DNS:WWW.EXAMPLE.COM"),
    "other name": san("DNS:www.example.org"),
    "parent": san("DNS:example.com"),
    "wildcard of all": san("DNS:*.com", host="example.com"),
    "wildcard over two": san("DNS:*.com,DNS:*.example.com", host="a.b.example.com"),
    "wildcard in part": san("DNS:w*.example.com"),
    "address": san("IP:192.0.2.1", host="192.0.2.1"),
    "other address": san("IP:192.0.2.2", host="192.0.2.1"),
    "address 6": san("IP:2001:db8::1", host="2001:db8::1"),
    "address as a name": san("DNS:192.0.2.1", host="192.0.2.1"),
    "both": san(f"DNS:{HOST},IP:198.51.100.1"),
    "mailbox": san(f"DNS:{HOST},email:a@b.example.com"),
    "uri": san(f"DNS:{HOST},URI:https://a.example.com/x"),
    "uri without a host": san(f"DNS:{HOST},URI:urn:x"),
    "id": san(f"DNS:{HOST},RID:1.2.3.4"),
    "common name only": Leaf(LEAF + SERVES, subject=f"/CN={HOST}"),
    "organization": san(f"DNS:{HOST}", subject="/O=A COMPANY/CN=x"),
    "no subject": san(f"critical,DNS:{HOST}", subject="/"),
    "no subject, not critical": san(f"DNS:{HOST}", subject="/"),
    "client": Leaf(LEAF + SAN + "extendedKeyUsage=clientAuth\n"),
    "code": Leaf(LEAF + SAN + "extendedKeyUsage=codeSigning\n"),
    "any": Leaf(LEAF + SAN + "extendedKeyUsage=anyExtendedKeyUsage\n"),
    "may sign": Leaf(LEAF + SAN + "keyUsage=digitalSignature\n"),
    "key for lists": Leaf(LEAF + SAN + "keyUsage=cRLSign\n"),
    "unknown critical": Leaf(LEAF + SAN + UNKNOWN + "critical,DER:0500\n"),
    "unknown": Leaf(LEAF + SAN + UNKNOWN + "DER:0500\n"),
    "rsa": Leaf(LEAF + SAN, key="rsa"),
    "short rsa": Leaf(LEAF + SAN, key="short"),
    "p384": Leaf(LEAF + SAN, key="p384"),
    "sha1": Leaf(LEAF + SAN, digest="sha1"),
    "sha512": Leaf(LEAF + SAN, digest="sha512"),
}


class Chains(Test):
    """Keys and certificates, each made once."""

    def setUp(self):
        super().setUp()
        self.now = int(time.time())
        self.made = {}
        self.state = os.path.join(self.directory, "state")
        os.mkdir(self.state)
        for name, kind in [("root", "P-256"), ("ca", "P-256"), ("low", "P-256"),
                           ("leaf", "P-256"), ("p384", "P-384")]:
            self.key(name, "EC", "-pkeyopt", f"ec_paramgen_curve:{kind}")
        self.root = self.certificate("root", "/CN=root", CA + SIGNS, days=3650)

    def path(self, name):
        return os.path.join(self.directory, name)

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], check=True,
                              capture_output=True, text=True).stdout

    def key(self, name, algorithm, *options):
        self.openssl("genpkey", "-algorithm", algorithm, *options, "-out",
                     self.path(name + ".key"))

    def certificate(self, key, subject, extensions, issuer=None, days=100,
                    digest="sha256", ids=IDS, life=None):
        """The path of a certificate that says this; the same for the same. Without
        extensions it is of version 1. `life`: the days from now on which it begins
        and ends, in the place of `days`."""
        what = (key, subject, extensions, issuer, days, digest, ids, life)
        if what in self.made:
            return self.made[what]
        path = self.path(f"c{len(self.made)}")
        self.openssl("req", "-new", "-key", self.path(key + ".key"), "-subj",
                     subject, "-out", path + ".csr")
        said = ["-in", path + ".csr", "-out", path + ".pem"]
        if extensions is not None:
            with open(path + ".ext", "w", encoding="ascii") as out:
                out.write(ids + extensions)
            said += ["-extfile", path + ".ext"]
        if life:
            self.live(said, key, issuer, life)
        else:
            signer = (["-CA", issuer[0], "-CAkey", self.path(issuer[1] + ".key"),
                       "-set_serial", str(1000 + len(self.made))] if issuer else
                      ["-signkey", self.path(key + ".key")])
            self.openssl("x509", "-req", *said, *signer, "-days", str(days),
                         "-" + digest)
        self.made[what] = path + ".pem"
        return path + ".pem"

    def live(self, said, key, issuer, life):
        signer = (["-cert", issuer[0], "-keyfile", self.path(issuer[1] + ".key")]
                  if issuer else
                  ["-selfsign", "-keyfile", self.path(key + ".key")])
        sign_between(self.directory, *(self.now + day * DAY for day in life), *said,
                     *signer)

    def patched(self, certificate, change):
        """The certificate with change(its DER) in the place of its DER."""
        der, path = certificate + ".der", certificate + ".patched.pem"
        self.openssl("x509", "-in", certificate, "-outform", "DER", "-out", der)
        with open(der, "rb") as file:
            changed = change(bytearray(file.read()))
        with open(path, "w", encoding="ascii") as out:
            out.write(ssl.DER_cert_to_PEM_cert(bytes(changed)))
        return path

    def ca(self, extensions=CA + SIGNS, **options):
        options.setdefault("days", 1000)
        return self.certificate("ca", "/CN=ca", extensions,
                                issuer=(self.root, "root"), **options)

    def leaf(self, leaf=LEAFS["good"], **options):
        """A server's, below CN=ca whatever that says."""
        return self.certificate(leaf.key, leaf.subject, leaf.extensions,
                                issuer=(self.ca(), "ca"), digest=leaf.digest,
                                **options)

    def chain(self, *paths):
        """The certificates in one file."""
        name = self.path("chain" + "".join(os.path.basename(p) for p in paths))
        if not os.path.exists(name):
            with open(name, "w", encoding="ascii") as out:
                for path in paths:
                    with open(path, encoding="ascii") as pem:
                        out.write(pem.read())
        return name

    def verify(self, chain, *options, host=HOST, trust=None, status=None):
        """What the CLI says, with its exit status checked against it."""
        done = self.run_cli("-d", self.state, "verify", "--chain", chain, "--host",
                            host, "--trust", trust or self.root, "-o", "json",
                            *options)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if said["trusted"] else 1)
        self.assertEqual(said["trusted"], said["failures"] == [])
        return said

    def identifier(self, *arguments, **options):
        return self.verify(*arguments, **options)["identifier"]


class Revoking(Chains):
    """And revocation lists, by openssl ca."""

    def setUp(self):
        super().setUp()
        self.database = self.path("index")
        with open(self.database, "w", encoding="ascii"):
            pass
        with open(self.path("crlnumber"), "w", encoding="ascii") as out:
            out.write("01\n")
        with open(self.path("ca.cnf"), "w", encoding="ascii") as out:
            out.write(f"""[ca]
default_ca = d
[d]
database = {self.database}
crlnumber = {self.path('crlnumber')}
default_md = sha256
default_crl_days = 30
crl_extensions = e
[e]
authorityKeyIdentifier = keyid
[part]
issuingDistributionPoint = critical, @users
[users]
onlyuser = TRUE
""")

    def revoke(self, certificate, by="ca"):
        issuer = self.ca() if by == "ca" else self.root
        self.openssl("ca", "-config", self.path("ca.cnf"), "-cert", issuer,
                     "-keyfile", self.path(by + ".key"), "-revoke", certificate)

    def crl(self, name, *options, signer="ca"):
        issuer = self.ca() if signer == "ca" else self.root
        self.openssl("ca", "-gencrl", "-config", self.path("ca.cnf"), "-cert",
                     issuer, "-keyfile", self.path(signer + ".key"), "-out",
                     self.path(name), *options)
        return self.path(name)
