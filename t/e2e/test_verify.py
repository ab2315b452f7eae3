# SPDX-License-Identifier: ISC
"""Chains of certificates made by openssl, judged by sightglass verify, by openssl
and by a daemon whose server shows them."""

import collections
import ipaddress
import json
import os
import ssl
import subprocess
import time

from harness import CLI, Daemon, Test, ThreadServer, wait_for

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

# Where the two are to differ: what makes the difference, whether we trust it, why.
# Nothing else may differ, and each of these must.
DIFFERENCES = {
    "CA not critical": (True, "strict openssl wants basicConstraints critical; "
                        "CAs exist for which it is not, and no browser asks"),
    "CA no key usage": (True, "strict openssl wants keyUsage in a CA; RFC 5280 "
                        "section 6.1.4 (n) checks it if it is there"),
    "leaf common name only": (False, "openssl falls back to the CN; RFC 9525 "
                              "section 2 does not"),
    "leaf wildcard in part": (False, "RFC 9525 section 6.3: a wildcard is a whole "
                              "label"),
    "leaf any": (True, "RFC 5280 section 4.2.1.12: anyExtendedKeyUsage is every "
                 "purpose"),
    "leaf no subject, not critical": (True, "RFC 5280 asks for a critical SAN; "
                                      "servers without it are in use"),
    "CA not www, leaf wildcard": (False, "the wildcard stands for the excluded "
                                  "name too; openssl compares it as text"),
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
                    digest="sha256", ids=IDS):
        """The path of a certificate that says this; the same for the same."""
        what = (key, subject, extensions, issuer, days, digest, ids)
        if what in self.made:
            return self.made[what]
        path = self.path(f"c{len(self.made)}")
        with open(path + ".ext", "w", encoding="ascii") as out:
            out.write(ids + extensions)
        self.openssl("req", "-new", "-key", self.path(key + ".key"), "-subj",
                     subject, "-out", path + ".csr")
        signer = (["-CA", issuer[0], "-CAkey", self.path(issuer[1] + ".key"),
                   "-set_serial", str(1000 + len(self.made))] if issuer else
                  ["-signkey", self.path(key + ".key")])
        self.openssl("x509", "-req", "-in", path + ".csr", *signer, "-days",
                     str(days), "-" + digest, "-extfile", path + ".ext", "-out",
                     path + ".pem")
        self.made[what] = path + ".pem"
        return path + ".pem"

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


def is_address(host):
    try:
        ipaddress.ip_address(host)
        return True
    except ValueError:
        return False


class Differential(Chains):
    def setUp(self):
        super().setUp()
        self.key("rsa", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.key("short", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")

    def ask_openssl(self, leaf, others, host, at):
        """Whether openssl trusts it; 112 bits of security, as we ask."""
        untrusted = [word for path in others for word in ("-untrusted", path)]
        kind = "-verify_ip" if is_address(host) else "-verify_hostname"
        return subprocess.run(
            ["openssl", "verify", "-x509_strict", "-purpose", "sslserver",
             "-auth_level", "2", "-attime", str(at), kind, host, "-CAfile",
             self.root, *untrusted, leaf], capture_output=True,
            check=False).returncode == 0

    def compare(self, leaf, others, host, at):
        """(ours, openssl's, our words)."""
        said = self.verify(self.chain(leaf, *others), "--at", f"@{at}", host=host)
        return (said["trusted"], self.ask_openssl(leaf, others, host, at),
                said["identifier"])

    def test_every_ca_over_every_server_is_judged_as_openssl_does(self):
        needed, wrong, trusted = set(), [], 0
        for ca_name, ca in CAS.items():
            for leaf_name, leaf in LEAFS.items():
                ours, theirs, words = self.compare(
                    self.leaf(leaf), [self.ca(ca)], leaf.host, self.now + 60)
                trusted += ours
                if ours == theirs:
                    continue
                causes = [c for c in (f"CA {ca_name}", f"leaf {leaf_name}",
                                      f"CA {ca_name}, leaf {leaf_name}")
                          if DIFFERENCES.get(c, (None,))[0] == ours]
                needed.update(causes)
                if not causes:
                    wrong.append(f"CA {ca_name}, leaf {leaf_name}: {words}, "
                                 f"openssl {theirs}")
        self.assertEqual(wrong, [])
        self.assertEqual(needed, set(DIFFERENCES))
        # Neither side says the same to everything.
        self.assertGreater(trusted, 100)
        self.assertLess(trusted, len(CAS) * len(LEAFS) - 300)

    def test_a_ca_below_a_ca_is_judged_as_openssl_does(self):
        lower = {name: CAS[name] for name in
                 ("good", "not a CA", "may not sign", "pathlen 0", "for clients",
                  "dns", "other dns", "not dns", "unknown critical")}
        for upper_name in lower:
            for lower_name, extensions in lower.items():
                upper = self.ca(CAS[upper_name])
                low = self.certificate("low", "/CN=low", extensions,
                                       issuer=(self.ca(), "ca"), days=1000)
                leaf = self.certificate("leaf", "/CN=server",
                                        LEAFS["good"].extensions,
                                        issuer=(low, "low"))
                with self.subTest(upper=upper_name, lower=lower_name):
                    ours, theirs, _ = self.compare(leaf, [low, upper], HOST,
                                                   self.now + 60)
                    self.assertEqual(ours, theirs)

    def test_times_are_judged_as_openssl_does(self):
        """Leaf, intermediate and root end one after the other."""
        for leaf_days, ca_days in ((100, 1000), (1000, 100), (5000, 5000)):
            leaf, ca = self.leaf(days=leaf_days), self.ca(days=ca_days)
            for days in (-1, 0.01, 99, 101, 999, 1001, 3649, 3651):
                at = self.now + int(days * DAY)
                with self.subTest(leaf=leaf_days, ca=ca_days, at=days):
                    ours, theirs, words = self.compare(leaf, [ca], HOST, at)
                    self.assertEqual(ours, theirs)
                    if not ours:
                        self.assertIn(words, ("expired", "not_yet_valid"))


class Verify(Chains):
    def test_the_verdict_is_told_in_words(self):
        chain = self.chain(self.leaf(), self.ca())
        arguments = ["-d", self.state, "verify", "--trust", self.root, "--chain",
                     chain, "--host"]
        done = self.run_cli(*arguments, HOST)
        self.assertEqual((done.returncode, done.stdout),
                         (0, "trusted: ok: the chain is good\n"))
        done = self.run_cli(*arguments, "other.example", "--at",
                            "2020-01-01T00:00:00Z")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"^not trusted: not_yet_valid: .*\n"
                         r"also: name_mismatch: .*\n$")
        said = self.verify(chain)
        self.assertEqual(said["path"], ["CN=server", "CN=ca", "CN=root"])

    def test_der_and_standard_input_are_read(self):
        chain = self.chain(self.leaf(), self.ca())
        der = self.path("chain.der")
        with open(der, "wb") as out:
            for path in (self.leaf(), self.ca()):
                out.write(subprocess.run(
                    ["openssl", "x509", "-in", path, "-outform", "DER"], check=True,
                    capture_output=True).stdout)
        self.assertEqual(self.identifier(der), "ok")
        with open(chain, encoding="ascii") as pem:
            done = self.run_cli("-d", self.state, "verify", "--trust", self.root,
                                "--chain", "-", "--host", HOST, stdin=pem)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_time_is_taken_as_rfc_3339_or_in_seconds(self):
        chain = self.chain(self.leaf(), self.ca())
        later = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.now + 50 * DAY))
        for at in (f"@{self.now + 50 * DAY}", later + "Z", later + ".25z",
                   later + "+01:00", later.replace("T", " ") + "-23:59"):
            self.assertEqual(self.identifier(chain, "--at", at), "ok", at)
        for at in ("2031-02-03T04:05:06Z", "@1930000000"):
            self.assertEqual(self.identifier(chain, "--at", at), "expired", at)
        for at in ("tomorrow", "@", "@1x", "2031-02-03", "2031-13-03T04:05:06Z",
                   "2031-02-03T04:05:06", "2031-02-03T04:05:06+1"):
            done = self.run_cli("-d", self.state, "verify", "--chain", chain,
                                "--host", HOST, "--at", at)
            self.assertEqual((done.returncode, done.stdout), (2, ""), at)

    def test_what_cannot_be_read_is_told_from_what_is_not_trusted(self):
        chain = self.chain(self.leaf(), self.ca())
        empty = self.path("empty")
        with open(empty, "w", encoding="ascii"):
            pass
        for arguments in (["--chain", self.path("none"), "--trust", self.root],
                          ["--chain", empty, "--trust", self.root],
                          ["--chain", chain, "--trust", self.path("none")],
                          ["--chain", chain, "--trust", empty],
                          ["--chain", chain, "--trust", self.root, "--crl", empty],
                          ["--chain", chain, "--trust", self.root, "--crl",
                           self.root]):
            done = self.run_cli("-d", self.state, "verify", "--host", HOST,
                                *arguments)
            self.assertEqual((done.returncode, done.stdout), (3, ""), arguments)
            self.assertNotEqual(done.stderr, "")
        for arguments in (["--chain", chain], ["--host", HOST],
                          ["--chain", chain, "--host", HOST, "-o", "xml"],
                          ["--chain", chain, "--host", HOST, "more"]):
            done = self.run_cli("-d", self.state, "verify", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)

    def test_a_certificate_that_is_malformed_is_not_trusted(self):
        """Its SAN says a length that it has not; the signature is not reached."""
        broken = self.leaf(Leaf(LEAF + "2.5.29.17=DER:30058204777777\n"))
        self.assertEqual(self.identifier(self.chain(broken, self.ca())),
                         "malformed")

    def test_the_order_is_free_and_more_may_be_sent(self):
        other = self.certificate("low", "/CN=low", CA + SIGNS)
        for rest in ([self.root, self.ca()], [other, self.ca(), other, self.root]):
            self.assertEqual(self.identifier(self.chain(self.leaf(), *rest)), "ok")

    def test_a_cross_signed_ca_with_an_expired_root_is_trusted(self):
        old = self.certificate("low", "/CN=old", CA + SIGNS, days=1)
        crossed = self.certificate("ca", "/CN=ca", CA + SIGNS, issuer=(old, "low"),
                                   days=1000)
        both = self.chain(self.root, old)
        for rest in ([crossed, self.ca()], [self.ca(), crossed]):
            self.assertEqual(self.identifier(
                self.chain(self.leaf(), *rest), "--at", f"@{self.now + 50 * DAY}",
                trust=both), "ok")
        self.assertEqual(self.identifier(
            self.chain(self.leaf(), crossed), "--at", f"@{self.now + 50 * DAY}",
            trust=both), "expired")

    def test_a_missing_intermediate_may_stand_among_the_roots(self):
        alone = self.chain(self.leaf())
        self.assertEqual(self.identifier(alone), "unknown_root")
        self.assertEqual(self.identifier(alone, trust=self.chain(self.root,
                                                                 self.ca())), "ok")

    def test_our_own_ca_is_no_servers(self):
        self.run_cli("-d", self.state, "ca", "init")
        ca = os.path.join(self.state, "ca")
        key = next(n for n in os.listdir(ca) if "key" in n)
        pem = next(n for n in os.listdir(ca) if n.endswith(".pem") and n != key)
        os.symlink(os.path.join(ca, key), self.path("own.key"))
        own = os.path.join(ca, pem)
        leaf = self.certificate("leaf", "/CN=server", LEAFS["good"].extensions,
                                issuer=(own, "own"))
        at = f"@{self.now + 60}"
        self.assertEqual(self.identifier(self.chain(leaf), "--at", at, trust=own),
                         "own_ca")

    def test_many_names_are_read_in_little_memory(self):
        for count in (1000, 10000):
            names = ",".join(f"DNS:n{i}.example.com" for i in range(count))
            leaf = self.leaf(san(names + f",DNS:{HOST}"))
            chain = self.chain(leaf, self.ca(CAS["dns"]))
            command = [CLI, "-d", self.state, "verify", "--chain", chain, "--host",
                       HOST, "--trust", self.root]
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            self.assertLess(used.ru_maxrss, 32 * 1024, f"KiB for {count} names")
            self.assertLess(time.monotonic() - began, 5)
            # A name outside, at their end, is found.
            leaf = self.leaf(san(names + ",DNS:www.example.org"))
            chain = self.chain(leaf, self.ca(CAS["dns"]))
            self.assertEqual(self.identifier(chain, host="n1.example.com"),
                             "name_constraints")

    def test_names_times_trees_are_bounded(self):
        """What would be a hundred million comparisons is given up in time."""
        names = ",".join(f"DNS:n{i}.example.com" for i in range(10000))
        trees = ",".join(f"permitted;DNS:t{i}.example.com" for i in range(2000))
        leaf = self.leaf(san(names))
        ca = self.ca(constraints(trees))
        began = time.monotonic()
        self.assertEqual(self.identifier(self.chain(leaf, ca),
                                         host="n1.example.com"), "name_constraints")
        good = ",".join(f"excluded;DNS:t{i}.example.org" for i in range(2000))
        ca = self.ca(constraints(good))
        self.assertEqual(self.identifier(self.chain(leaf, ca),
                                         host="n1.example.com"), "chain_too_long")
        self.assertLess(time.monotonic() - began, 10)


class Revocation(Chains):
    """Lists by openssl ca."""

    def setUp(self):
        super().setUp()
        self.received = b""
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

    def revoke(self, certificate):
        self.openssl("ca", "-config", self.path("ca.cnf"), "-cert", self.ca(),
                     "-keyfile", self.path("ca.key"), "-revoke", certificate)

    def crl(self, name, *options, signer="ca"):
        issuer = self.ca() if signer == "ca" else self.root
        self.openssl("ca", "-gencrl", "-config", self.path("ca.cnf"), "-cert",
                     issuer, "-keyfile", self.path(signer + ".key"), "-out",
                     self.path(name), *options)
        return self.path(name)

    def test_a_revoked_server_is_not_trusted(self):
        chain = self.chain(self.leaf(), self.ca())
        before = self.crl("before")
        self.revoke(self.leaf())
        after = self.crl("after")
        self.assertEqual(self.identifier(chain, "--crl", before), "ok")
        self.assertEqual(self.identifier(chain, "--crl", after), "revoked")
        self.assertEqual(self.identifier(chain, "--crl", before, "--crl", after),
                         "revoked")
        der = self.path("after.der")
        self.openssl("crl", "-in", after, "-outform", "DER", "-out", der)
        self.assertEqual(self.identifier(chain, "--crl", der), "revoked")
        # By its serial number in another issuer's list it is not.
        other = self.crl("other", signer="root")
        self.assertEqual(self.identifier(chain, "--crl", other), "ok")
        # An old list still revokes, and says nothing of what it does not name.
        late = ["--at", f"@{self.now + 50 * DAY}"]
        self.assertEqual(self.identifier(chain, "--crl", after, *late), "revoked")
        self.assertEqual(self.identifier(chain, "--crl", before, *late), "ok")

    def test_a_part_of_a_list_is_not_taken_for_the_whole(self):
        part = self.crl("part", "-crlexts", "part")
        done = self.run_cli("-d", self.state, "verify", "--trust", self.root,
                            "--chain", self.chain(self.leaf(), self.ca()), "--host",
                            HOST, "--crl", part)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("critical extension", done.stderr)

    # --- and by the daemon ---

    def server(self, leaf=LEAFS["good"], ca=CA + SIGNS):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain(self.leaf(leaf), self.ca(ca)),
                                self.path("leaf.key"))
        return ThreadServer(self, self.receive, context)

    def receive(self, s):
        self.received += s.recv(1)

    def touch(self, daemon, server):
        """One connection; the client trusts our CA, and sees who is shown."""
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        try:
            with context.wrap_socket(daemon.flow(server.port),
                                     server_hostname=HOST) as s:
                s.sendall(b"x")
                return True
        except ssl.SSLError:
            return False

    def verdicts(self, records):
        return [r["sightglass"]["verification"] for r in records
                if r["event"]["dataset"] == "sightglass.tls"]

    def test_the_daemon_takes_lists_at_its_start_and_on_reload(self):
        settings = self.path("sightglass.yaml")
        live = self.crl("live")
        os.makedirs(os.path.join(self.directory, "d"))
        with open(settings, "w", encoding="ascii") as out:
            out.write(f"upstream:\n  crl: [{live}]\n")
        os.rename(settings, os.path.join(self.directory, "d", "sightglass.yaml"))
        server = self.server()
        daemon = Daemon(self, trust=self.root, workers=1)
        self.assertTrue(self.touch(daemon, server))
        self.revoke(self.leaf())
        self.crl("live")
        self.assertTrue(daemon.control("reload")["ok"])
        wait_for(lambda: not self.touch(daemon, server), "the list to count")
        os.unlink(live)
        self.assertFalse(daemon.control("reload")["ok"])
        self.assertFalse(self.touch(daemon, server))
        verdicts = self.verdicts(daemon.stop())
        self.assertEqual(verdicts[0], "ok")
        self.assertEqual(verdicts[-2:], ["revoked", "revoked"])

    def test_the_daemon_distrusts_what_it_is_told_to(self):
        digest = self.openssl("x509", "-in", self.ca(), "-noout", "-fingerprint",
                              "-sha256").strip().split("=")[1]
        daemon = Daemon(self, f"upstream.distrust={digest}", trust=self.root)
        self.assertFalse(self.touch(daemon, self.server()))
        self.assertEqual(self.verdicts(daemon.stop()), ["known_bad"])

    def test_the_daemon_finds_an_intermediate_that_it_has_seen(self):
        whole = self.server()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.leaf(), self.path("leaf.key"))
        bare = ThreadServer(self, self.receive, context)
        daemon = Daemon(self, trust=self.root, workers=1)
        seen = [self.touch(daemon, s) for s in (bare, whole, bare)]
        self.assertEqual(seen, [False, True, True])
        self.assertEqual(self.verdicts(daemon.stop()),
                         ["unknown_root", "ok", "ok"])

    def test_the_daemon_applies_name_constraints(self):
        daemon = Daemon(self, trust=self.root)
        for ca in ("other dns, not critical", "dns, not critical"):
            self.touch(daemon, self.server(ca=CAS[ca]))
        self.assertEqual(self.verdicts(daemon.stop()), ["name_constraints", "ok"])
        wait_for(lambda: self.received, "the byte of the one that is trusted")
        self.assertEqual(self.received, b"x")

    def test_what_the_library_cannot_read_gets_no_byte(self):
        """mbedTLS 3.6 reads no certificate with a critical extension that it does
        not know, name constraints among them (kept or broken), and no message of
        over 16 KiB, which is some 700 names: there is no verdict then, but a
        handshake that failed."""
        def names(count):
            return san(",".join(f"DNS:n{i}.example.com" for i in range(count))
                       + f",DNS:{HOST}")

        daemon = Daemon(self, trust=self.root)
        self.assertTrue(self.touch(daemon, self.server(names(600))))
        wait_for(lambda: self.received, "the byte of the one that is trusted")
        self.received = b""
        refused = [(LEAFS["good"], "dns"), (LEAFS["good"], "other dns"),
                   (LEAFS["good"], "unknown critical"),
                   (LEAFS["unknown critical"], "good"), (names(1000), "good")]
        for leaf, ca in refused:
            self.assertFalse(self.touch(daemon, self.server(leaf, CAS[ca])))
        flows = [r["sightglass"] for r in daemon.stop()
                 if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual([f["close"] for f in flows].count(
            "upstream_handshake_failed"), len(refused))
        self.assertEqual(self.received, b"")

    def test_settings_that_name_no_digest_or_no_file_are_refused(self):
        for setting, words in (("upstream.distrust=abc", "64 hexadecimal"),
                               (f"upstream.crl={self.path('none')}", "cannot open")):
            daemon = Daemon(self, setting, trust=self.root, wait=False)
            self.assertNotEqual(daemon.process.wait(20), 0)
            self.assertIn(words, daemon.output())
