# SPDX-License-Identifier: ISC
"""Chains of certificates made by openssl, judged by sightglass verify, by openssl
and by a daemon whose server shows them."""

import ipaddress
import os
import resource
import ssl
import subprocess
import time

from chains import CA, CAS, DAY, HOST, LEAF, LEAFS, SIGNS, Chains, Leaf, Revoking
from chains import constraints, san
from harness import CLI, Daemon, ThreadServer, in_order, wait_for

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
                    self.leaf(leaf), [self.ca(ca)], leaf.host, self.now + DAY)
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
                                                   self.now + DAY)
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
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            self.check_memory(used, 32 << 10)
            self.assertLess(used.ru_utime + used.ru_stime, 5)
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
        good = ",".join(f"excluded;DNS:t{i}.example.org" for i in range(2000))
        others = self.ca(constraints(good))
        for above, said in (ca, "name_constraints"), (others, "chain_too_long"):
            chain = self.chain(leaf, above)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.assertEqual(self.identifier(chain, host="n1.example.com"), said)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            # Of the processor: a wall clock would tell of what else runs here.
            self.assertLess(after.ru_utime - before.ru_utime, 5)


class Revocation(Revoking):
    def setUp(self):
        super().setUp()
        self.received = b""

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
        return [r["sightglass"]["verification"] for r in in_order(records)
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
        daemon = Daemon(self, f"upstream.distrust={digest}", trust=self.root,
                        workers=1)
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
        daemon = Daemon(self, trust=self.root, workers=1)
        for ca in ("other dns, not critical", "dns, not critical"):
            self.touch(daemon, self.server(ca=CAS[ca]))
        self.assertEqual(self.verdicts(daemon.stop()), ["name_constraints", "ok"])
        wait_for(lambda: self.received, "the byte of the one that is trusted")
        self.assertEqual(self.received, b"x")

    def test_what_is_critical_is_judged_by_the_daemon_too(self):
        """mbedTLS by itself reads no certificate with a critical extension that it
        does not know, name constraints among them, kept or broken."""
        daemon = Daemon(self, trust=self.root, workers=1)
        for leaf, ca in (("good", "other dns"), ("good", "unknown critical"),
                         ("unknown critical", "good"), ("good", "dns")):
            self.touch(daemon, self.server(LEAFS[leaf], CAS[ca]))
        self.assertEqual(self.verdicts(daemon.stop()), [
            "name_constraints", "unknown_critical", "unknown_critical", "ok"])
        wait_for(lambda: self.received, "the byte of the one that is trusted")
        self.assertEqual(self.received, b"x")

    def test_what_is_longer_than_the_library_takes_is_relayed(self):
        """A message of over 16 KiB, which is some 700 names, is read by nobody
        here, and so it is the client that judges it."""
        def names(count):
            return san(",".join(f"DNS:n{i}.example.com" for i in range(count))
                       + f",DNS:{HOST}")

        daemon = Daemon(self, trust=self.root, workers=1)
        self.assertTrue(self.touch(daemon, self.server(names(600))))
        for protocol in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            server = self.server(names(1000))
            self.assertFalse(self.touch(daemon, server))
            context = ssl.create_default_context(cafile=self.root)
            context.minimum_version = context.maximum_version = protocol
            with context.wrap_socket(daemon.flow(server.port),
                                     server_hostname=HOST) as s:
                s.sendall(b"x")
        wait_for(lambda: len(self.received) == 3, "the bytes of those who trust")
        tls = [r["sightglass"] for r in in_order(daemon.stop())
               if r["event"]["dataset"] == "sightglass.tls"]
        self.assertEqual([(t["decision"], t["reason"]) for t in tls],
                         [("inspect", "default")]
                         + [("splice", "upstream_certificate")] * 4)

    def test_who_wants_no_opening_gets_none_of_what_is_too_long(self):
        names = san(",".join(f"DNS:n{i}.example.com" for i in range(1000))
                    + f",DNS:{HOST}")
        daemon = Daemon(self, f"bypass.never={HOST}", trust=self.root)
        self.assertFalse(self.touch(daemon, self.server(names)))
        records = daemon.stop()
        self.assertEqual(self.one(records, event__dataset="sightglass.flow")
                         ["sightglass"]["close"], "upstream_handshake_failed")

    def test_a_client_that_minds_nothing_gets_no_server_that_is_malformed(self):
        """Its handshake was given up, and behind the leaf that the client is shown
        there is nothing."""
        daemon = Daemon(self, trust=self.root, workers=1)
        broken = self.server(ca=SIGNS + "2.5.29.19=critical,DER:0101FF\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(daemon.flow(broken.port),
                                 server_hostname=HOST) as s:
            try:
                s.sendall(b"x")
                self.assertEqual(s.recv(1), b"")
            except OSError:
                pass
        records = daemon.stop()
        self.assertEqual(self.verdicts(records), ["malformed"])
        self.assertEqual(self.one(records, event__dataset="sightglass.flow")
                         ["sightglass"]["close"], "upstream_invalid")
        self.assertEqual(self.received, b"")

    def test_settings_that_name_no_digest_or_no_file_are_refused(self):
        for setting, words in (("upstream.distrust=abc", "64 hexadecimal"),
                               (f"upstream.crl={self.path('none')}", "cannot open")):
            daemon = Daemon(self, setting, trust=self.root, wait=False)
            self.assertNotEqual(daemon.process.wait(60), 0)
            self.assertIn(words, daemon.output())
