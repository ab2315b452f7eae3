# SPDX-License-Identifier: ISC
"""Rows 39 to 41: what we show to clients ourselves, judged by openssl, gnutls and
curl, and where the keys are."""

import os
import re
import ssl
import subprocess
import time
import unittest

from rows import Rows, row  # first: it makes the others' folder known

# pylint: disable=wrong-import-order
from chains import DAY, HOST, LEAF, SAN, SERVES
from harness import get
from peers import SERVERS

# What a leaf of ours has no right to say, though the server's may: RFC 5280
# (policies, AIA, CRL points), RFC 7633 (must-staple), RFC 6962 (SCTs).
CLAIMS = (
    "certificatePolicies=2.23.140.1.2.1\n"
    "authorityInfoAccess=OCSP;URI:http://ocsp.example/,"
    "caIssuers;URI:http://ca.example/ca.cer\n"
    "crlDistributionPoints=URI:http://ca.example/ca.crl\n"
    "tlsfeature=status_request\n"
    "1.3.6.1.4.1.11129.2.4.2=DER:04020000\n")
PROFILE = ["Authority Key Identifier", "Basic Constraints: critical",
           "Extended Key Usage", "Key Usage: critical", "Subject Alternative Name",
           "Subject Key Identifier"]


class Own(Rows):
    def upstream(self, said=""):
        """A server of openssl's whose certificate says this besides."""
        certificate = self.certificate("leaf", "/CN=server",
                                       LEAF + SERVES + SAN + said,
                                       issuer=(self.ca(), "ca"))
        return SERVERS["openssl"](self, self.chain(certificate, self.ca()),
                                  self.path("leaf.key"))

    def shown(self, daemon, port):
        """The path of the leaf that a client is shown, who verified it."""
        context = ssl.create_default_context(cafile=self.own(daemon))
        with context.wrap_socket(daemon.flow(port), server_hostname=HOST) as s:
            pem = ssl.DER_cert_to_PEM_cert(s.getpeercert(binary_form=True))
        path = self.path(f"shown{len(os.listdir(self.directory))}.pem")
        with open(path, "w", encoding="ascii") as out:
            out.write(pem)
        return path

    def own(self, daemon):
        return daemon.path("ca", "sightglass-ca.pem")

    def x509(self, path, *options):
        return self.openssl("x509", "-noout", "-in", path, *options).strip()

    def identifier(self, path, name):
        """Of a key, in hexadecimal."""
        return re.search(r"(?:[0-9A-F]{2}:){19}[0-9A-F]{2}",
                         self.x509(path, "-ext", name))[0]

    def seconds(self, path, end):
        said = self.x509(path, "-" + end).split("=")[1]
        return ssl.cert_time_to_seconds(said)

    def judged(self, daemon, leaf):
        """By openssl at its strictest, and by gnutls."""
        self.openssl("verify", "-x509_strict", "-purpose", "sslserver",
                     "-verify_hostname", HOST, "-CAfile", self.own(daemon), leaf)
        subprocess.run(["certtool", "--verify", "--verify-profile=high",
                        "--verify-hostname=" + HOST, "--load-ca-certificate",
                        self.own(daemon), "--infile", leaf], check=True,
                       capture_output=True)

    @row("39", "our leaf", "accept", "openssl, openssl and gnutls and curl")
    def test_row_39_our_leaf(self):
        server = self.upstream()
        daemon = self.daemon("d", trust=self.root)
        now = time.time()
        leaf = self.shown(daemon, server.port)
        self.judged(daemon, leaf)
        self.assertEqual(self.identifier(leaf, "authorityKeyIdentifier"),
                         self.identifier(self.own(daemon), "subjectKeyIdentifier"))
        self.assertNotEqual(self.identifier(leaf, "subjectKeyIdentifier"),
                            self.identifier(self.own(daemon),
                                            "subjectKeyIdentifier"))
        self.assertIn("TLS Web Server Authentication\n",
                      self.x509(leaf, "-ext", "extendedKeyUsage") + "\n")
        self.assertIn(f"DNS:{HOST}", self.x509(leaf, "-ext", "subjectAltName"))
        begin, end = self.seconds(leaf, "startdate"), self.seconds(leaf, "enddate")
        self.assertLessEqual(end - begin, 197 * DAY)
        self.assertLessEqual(abs(now - DAY - begin), 60)
        for client in ("curl", "gnutls", "openssl"):
            self.assertTrue(self.ask(daemon, server.port, client).served)
        self.assertEqual(len(self.serials(server)), 8)
        self.seen("verified by each; serials unique", "ok, a mint each")

    def serials(self, server):
        """Of leaves of as many daemons: at random, of 127 bits."""
        found = set()
        for i in range(8):
            daemon = self.daemon(f"other{i}", trust=self.root)
            serial = self.x509(self.shown(daemon, server.port), "-serial")
            found.add(serial)
            mint = self.one(daemon.stop(), event__dataset="sightglass.mint")
            self.assertEqual(int(get(mint, "sightglass.leaf.serial"), 16),
                             int(serial.split("=")[1], 16))
        self.assertGreater(max(int(s.split("=")[1], 16) for s in found), 1 << 100)
        return found

    @row("39", "the longest life that leaf.validity allows", "accept",
         "openssl, openssl")
    def test_row_39_longest_life(self):
        server = self.upstream()
        daemon = self.daemon("d", "leaf.validity=196d", trust=self.root)
        leaf = self.shown(daemon, server.port)
        self.judged(daemon, leaf)
        self.assertEqual(self.seconds(leaf, "enddate") -
                         self.seconds(leaf, "startdate"), 197 * DAY)
        self.seen("197 days", "ok")

    @row("40", "a server with policies, AIA, CRL points, must-staple and SCTs",
         "accept", "openssl, openssl and gnutls")
    def test_row_40_nothing_is_copied(self):
        server = self.upstream(CLAIMS)
        daemon = self.daemon("d", trust=self.root)
        leaf = self.shown(daemon, server.port)
        self.judged(daemon, leaf)
        text = self.x509(leaf, "-text")
        self.assertEqual(sorted(re.findall(r"^ {12}X509v3 (.+?):? ?$", text, re.M)),
                         PROFILE, text)
        self.assertEqual(len(re.findall(r"^ {12}\S.*: ?(critical)?$", text, re.M)),
                         len(PROFILE), text)
        self.seen("the six extensions of our profile", "ok")

    @row("41", "the leaf's key and the CA's", "accept", "openssl, openssl")
    def test_row_41_two_keys(self):
        server = self.upstream()
        daemon = self.daemon("d", trust=self.root)
        leaf = self.shown(daemon, server.port)
        keys = [self.x509(path, "-pubkey") for path in (leaf, self.own(daemon))]
        self.assertNotEqual(*keys)
        self.seen("two keys", "ok")

    @row("41", "the CA's key on the disk, of two machines", "accept", "none")
    def test_row_41_the_file(self):
        found = []
        for name in ("one", "two"):
            daemon = self.daemon(name, trust=self.root)
            key = daemon.path("ca", "sightglass-ca.key")
            stat = os.stat(key)
            self.assertEqual((stat.st_mode & 0o7777, stat.st_uid),
                             (0o600, os.geteuid()))
            found.append(self.x509(self.own(daemon), "-pubkey", "-serial",
                                   "-fingerprint"))
        self.assertEqual(len(set(found)), 2)
        self.seen("0600, another on each", "ok")

    @unittest.skipUnless(os.geteuid() == 0, "only root reads others' memory")
    @row("41", "the CA's key in memory", "accept", "openssl, openssl")
    def test_row_41_memory(self):
        """After leaves were made: in the signer and nowhere else."""
        server = self.upstream()
        daemon = self.daemon("d", trust=self.root)
        self.shown(daemon, server.port)
        secret = self.secret(daemon.path("ca", "sightglass-ca.key"))
        status = daemon.control("status")
        found = {name: holds(pid, secret) for name, pid in [
            ("parent", status["pid"]), ("signer", status["signer"]["pid"]),
            ("logger", status["logger"]["pid"]),
            ("worker", status["workers"][0]["pid"])]}
        self.assertEqual(found, {"parent": False, "signer": True, "logger": False,
                                 "worker": False})
        self.seen("in the signer's alone", "ok")

    def secret(self, path):
        """The private number as it may lie in memory: as in the file, in the
        library's order, and the file's text itself."""
        text = self.openssl("pkey", "-in", path, "-noout", "-text")
        number = bytes.fromhex("".join(
            re.search(r"priv:\n((?: +.*\n)+)", text)[1].split()).replace(":", ""))
        number = number[-32:].rjust(32, b"\0")
        with open(path, "rb") as file:
            middle = file.read().splitlines()[1]
        return [number, number[::-1], middle]


def holds(pid, patterns):
    """Whether one of them is in the process's memory."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            spans, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            begin, end = (int(part, 16) for part in spans.split("-"))
            if end - begin > 1 << 32:
                continue  # where a sanitizer has its shadow
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except OSError:
                continue
            if any(pattern in content for pattern in patterns):
                return True
    return False


if __name__ == "__main__":
    unittest.main()
