# SPDX-License-Identifier: ISC
"""The CA: made as the settings say, or provided by an enterprise with the CAs
above it; what is wrong with one is said before the daemon serves."""

import os
import shutil
import ssl
import subprocess
import unittest

from chains import CA, SIGNS, Chains
from harness import Daemon, Forwarder, ThreadServer, get, wait_for

NAME = "localhost"
SAN = f"subjectAltName=DNS:{NAME},DNS:other.example\n"


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


class CaTest(Chains):
    def setUp(self):
        super().setUp()
        for name in ("issuing", "policy"):
            self.key(name, "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server(), self.path("leaf.key"))
        self.port = ThreadServer(self, echo, context).port

    def server(self):
        """A certificate below a root that has nothing to do with our CA."""
        return self.certificate("leaf", "/CN=server", SAN,
                                issuer=(self.certificate("low", "/CN=others",
                                                         CA + SIGNS), "low"))

    def trusted(self):
        return self.certificate("low", "/CN=others", CA + SIGNS)

    def policy(self, extensions=CA + SIGNS, **options):
        return self.certificate("policy", "/CN=policy", extensions,
                                issuer=(self.root, "root"), **options)

    def issuing(self, extensions=CA + SIGNS, issuer=None, **options):
        return self.certificate("issuing", "/CN=issuing", extensions,
                                issuer=(issuer or self.policy(), "policy"), **options)

    def provide(self, certificate, *more, key="issuing", **options):
        chain = ["ca.chain=" + self.chain(*more)] if more else []
        os.chmod(self.path(key + ".key"), 0o600)
        return Daemon(self, "ca.certificate=" + certificate,
                      "ca.private_key=" + self.path(key + ".key"), *chain,
                      trust=self.trusted(), **options)

    def client(self, daemon, name, trust):
        door = Forwarder(self, daemon, self.port).port
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{door}", "-servername",
             name, "-verify_hostname", name, "-verify_return_error", "-showcerts",
             "-x509_strict", "-CAfile", trust], input="x\n", capture_output=True, text=True,
            timeout=60)
        return done.returncode, done.stdout + done.stderr

    def decision(self, daemon):
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        return get(tls, "sightglass.decision"), get(tls, "sightglass.reason")


class Made(CaTest):
    def daemon(self, *settings):
        return Daemon(self, *settings, trust=self.trusted())

    def own(self, daemon):
        return daemon.path("ca", "sightglass-ca.pem")

    def test_with_an_rsa_key(self):
        daemon = self.daemon("ca.key=rsa3072")
        self.assertIn("Public-Key: (3072 bit)", self.openssl(
            "x509", "-noout", "-text", "-in", self.own(daemon)))
        status, said = self.client(daemon, NAME, self.own(daemon))
        self.assertEqual(status, 0, said)
        self.assertEqual(said.count("BEGIN CERTIFICATE"), 1, said) # no root

    def test_with_name_constraints(self):
        daemon = self.daemon("ca.permitted=localhost 192.0.2.0/24")
        text = self.openssl("x509", "-noout", "-text", "-in", self.own(daemon))
        self.assertIn("X509v3 Name Constraints: critical", text)
        status, said = self.client(daemon, NAME, self.own(daemon))
        self.assertEqual(status, 0, said)
        self.assertNotIn("other.example", subprocess.run(
            ["openssl", "x509", "-noout", "-text"], input=said, text=True,
            capture_output=True, check=True).stdout)
        self.assertEqual(self.decision(daemon), ("inspect", "default"))
        shown = self.run_cli("-d", daemon.directory, "ca", "show")
        self.assertEqual(shown.returncode, 0, shown.stderr)

    def test_a_name_outside_of_them_is_relayed(self):
        daemon = self.daemon("ca.permitted=example.net")
        status, said = self.client(daemon, NAME, self.trusted())
        self.assertEqual(status, 0, said)
        self.assertEqual(self.decision(daemon), ("splice", "ca_scope"))

    def test_a_wrong_constraint_is_said(self):
        for wrong in ("*.example.com", "192.0.2.1", "192.0.2.0/33"):
            done = subprocess.run(
                [os.path.join(os.environ["SIGHTGLASS_BUILD"], "sightglassd"), "-n",
                 "-d", self.directory, "-o", "ca.permitted=" + wrong,
                 "-o", "user=root"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"ca.permitted: '{wrong}': neither a domain nor a block",
                          done.stderr)


class Provided(CaTest):
    def test_leaf_and_chain_are_served_without_the_root(self):
        daemon = self.provide(self.issuing(), self.root, self.policy())
        status, said = self.client(daemon, NAME, self.root)
        self.assertEqual(status, 0, said)
        self.assertEqual(said.count("BEGIN CERTIFICATE"), 3, said)
        self.assertFalse(os.path.exists(daemon.path("ca", "sightglass-ca.key")))
        self.assertEqual(self.decision(daemon), ("inspect", "default"))

    def test_the_chain_may_follow_the_certificate(self):
        daemon = self.provide(self.chain(self.issuing(), self.policy()))
        status, said = self.client(daemon, NAME, self.root)
        self.assertEqual(status, 0, said)

    def test_a_root_that_signs_itself(self):
        root = self.certificate("issuing", "/CN=alone", CA + SIGNS)
        daemon = self.provide(root)
        status, said = self.client(daemon, NAME, root)
        self.assertEqual(status, 0, said)
        self.assertEqual(said.count("BEGIN CERTIFICATE"), 1, said)

    def test_constraints_anywhere_in_the_chain_are_kept(self):
        policy = self.policy(
            CA + SIGNS + "nameConstraints=critical,permitted;DNS:example.net\n")
        daemon = self.provide(self.issuing(issuer=policy), policy)
        status, said = self.client(daemon, NAME, self.trusted())
        self.assertEqual(status, 0, said)
        self.assertEqual(self.decision(daemon), ("splice", "ca_scope"))

    def test_a_leaf_does_not_outlive_the_chain(self):
        policy = self.policy(days=3)
        daemon = self.provide(self.issuing(issuer=policy), policy)
        status, said = self.client(daemon, NAME, self.root)
        self.assertEqual(status, 0, said)
        self.openssl("x509", "-noout", "-checkend", "0", "-in", policy)
        end = subprocess.run(["openssl", "x509", "-noout", "-enddate"], input=said,
                             text=True, capture_output=True, check=True).stdout
        self.assertEqual(end, self.openssl("x509", "-noout", "-enddate", "-in",
                                           policy))

    def test_that_it_nears_its_end_is_said(self):
        policy = self.policy(days=3)
        daemon = self.provide(self.issuing(issuer=policy), policy)
        self.assertNotIn("ends in less", daemon.output())
        daemon.stop()
        policy = self.policy(life=(-9, 1))
        daemon = self.provide(self.issuing(issuer=policy, life=(-9, 2)), policy)
        self.assertIn("ends in less than ca.renew_before", daemon.output())
        self.one(daemon.stop(), sightglass__action="ca_ends")

    def test_the_command_line_shows_and_exports_it(self):
        settings = self.path("sightglass.yaml")
        with open(settings, "w", encoding="ascii") as out:
            out.write(f"ca: {{certificate: {self.issuing()}, "
                      f"private_key: {self.path('issuing.key')}, "
                      f"chain: {self.policy()}}}\n")
        shown = self.run_cli("-c", settings, "ca", "show").stdout
        self.assertIn("CN=issuing", shown)
        self.assertIn("above it\nsubject   CN=policy", shown)
        exported = self.run_cli("-c", settings, "ca", "export").stdout
        self.assertEqual(exported.count("BEGIN CERTIFICATE"), 2)
        told = self.run_cli("-c", settings, "ca", "init")
        self.assertEqual(told.returncode, 1)
        self.assertIn("provided", told.stderr)


class Wrong(CaTest):
    """Each is said at the start, with what mends it, and the daemon ends."""

    def refused(self, words, *certificates, **options):
        daemon = self.provide(*certificates, wait=False, **options)
        self.assertNotEqual(daemon.process.wait(60), 0)
        self.assertIn(words, daemon.output())

    def test_the_key_of_another_certificate(self):
        self.refused("the key does not belong to it", self.issuing(), key="ca")

    def test_no_ca(self):
        self.refused("lacks basicConstraints with CA:TRUE",
                     self.issuing("basicConstraints=CA:FALSE\n"))

    def test_no_key_cert_sign(self):
        self.refused("keyUsage lacks keyCertSign",
                     self.issuing(CA + "keyUsage=critical,cRLSign\n"))

    def test_not_for_servers(self):
        self.refused("extendedKeyUsage leaves out serverAuth",
                     self.issuing(CA + SIGNS + "extendedKeyUsage=clientAuth\n"))

    def test_a_path_length_that_bars_it(self):
        policy = self.policy("basicConstraints=critical,CA:TRUE,pathlen:0\n" + SIGNS)
        self.refused("certificate of 'CN=policy': its pathLen allows no CA below it",
                     self.issuing(issuer=policy), policy)

    def test_expired(self):
        self.refused("it has expired", self.issuing(life=(-10, -1)))

    def test_not_valid_yet(self):
        self.refused("it is not valid yet", self.issuing(life=(1, 10)))

    def test_one_above_it_has_expired(self):
        policy = self.policy(life=(-10, -1))
        self.refused("certificate of 'CN=policy': it has expired",
                     self.issuing(issuer=policy), policy)

    def test_a_stranger_in_the_chain(self):
        self.refused("certificate of 'CN=ca': it is no part of the CA's chain",
                     self.issuing(), self.policy(), self.ca())

    def test_an_encrypted_key(self):
        self.openssl("pkey", "-in", self.path("issuing.key"), "-aes256", "-passout",
                     "pass:secret", "-out", self.path("locked.key"))
        self.refused("the key is encrypted", self.issuing(), key="locked")

    def test_a_key_that_others_may_read(self):
        certificate = self.issuing()
        daemon = None
        os.chmod(self.path("issuing.key"), 0o644)
        daemon = Daemon(self, "ca.certificate=" + certificate, "ca.private_key=" +
                        self.path("issuing.key"), wait=False)
        self.assertNotEqual(daemon.process.wait(60), 0)
        self.assertIn("lets others at the key: chmod 600", daemon.output())

    def test_a_key_of_another_user(self):
        os.chown(self.path("issuing.key"), 12345, 0)
        self.refused("owned by uid 12345: chown", self.issuing())

    def test_not_pem(self):
        with open(self.path("nonsense.pem"), "w", encoding="ascii") as out:
            out.write("nonsense\n")
        self.refused("not PEM certificates", self.path("nonsense.pem"))

    def test_not_there(self):
        self.refused("ca.certificate: cannot read", self.path("none.pem"))

    def test_a_certificate_without_a_key(self):
        daemon = Daemon(self, "ca.certificate=" + self.issuing(), wait=False)
        self.assertEqual(daemon.process.wait(60), 2)
        self.assertIn("ca.private_key: missing", daemon.output())



class Renewed(CaTest):
    """A CA that was made here is followed by another."""

    def put_old(self, life=(-9, 1)):
        """A CA of which nine tenths are over, as if made here."""
        certificate = self.certificate("issuing", "/CN=old", CA + SIGNS, life=life)
        self.folder = os.path.join(self.directory, "d", "ca")
        os.makedirs(self.folder, 0o700)
        shutil.copy(certificate, self.own())
        shutil.copy(self.path("issuing.key"), self.file("sightglass-ca.key"))
        os.chmod(self.file("sightglass-ca.key"), 0o600)

    def file(self, name):
        return os.path.join(self.folder, name)

    def own(self):
        return self.file("sightglass-ca.pem")

    def following(self):
        return self.file("sightglass-ca-next.pem")

    def daemon(self, *settings, **options):
        return Daemon(self, *settings, trust=self.trusted(), **options)

    def subject(self, path):
        return self.openssl("x509", "-noout", "-subject", "-nameopt", "oneline",
                            "-in", path).strip()

    def opened(self, daemon, trust, name=NAME):
        status, said = self.client(daemon, name, trust)
        self.assertEqual(status, 0, said)

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def test_the_next_one_is_given_out_while_leaves_come_from_the_old(self):
        self.put_old()
        daemon = self.daemon("ca.name=new")
        self.assertIn("CN = new", self.subject(self.following()))
        self.assertEqual(os.stat(self.file("sightglass-ca-next.key")).st_mode & 0o777,
                         0o600)
        self.opened(daemon, self.own())
        exported = self.run_cli("-d", daemon.directory, "ca", "export").stdout
        self.assertEqual(exported.encode(),
                         self.read(self.own()) + self.read(self.following()))
        alone = self.run_cli("-d", daemon.directory, "ca", "export", "--next")
        self.assertEqual(alone.stdout.encode(), self.read(self.following()))
        shown = self.run_cli("-d", daemon.directory, "ca", "show").stdout
        self.assertIn("CN=old", shown)
        self.assertIn("to follow it, and to be trusted by then\nin use", shown)
        self.assertIn("CN=new", shown)
        note = self.one(daemon.stop(), sightglass__action="ca_next")
        self.assertEqual(get(note, "sightglass.role"), "signer")
        # Another start makes no third.
        before = self.read(self.following())
        daemon = self.daemon("ca.name=new")
        self.assertEqual(self.read(self.following()), before)

    def test_a_running_daemon_turns_to_the_next_one(self):
        self.put_old()
        daemon = self.daemon("ca.name=new", "ca.overlap=10s")
        self.opened(daemon, self.own())
        next_key = self.read(self.file("sightglass-ca-next.key"))
        wait_for(lambda: not os.path.exists(self.following()), "the next one's turn")

        def new_leaf():
            return self.client(daemon, NAME, self.own())[0] == 0
        self.assertIn("CN = new", self.subject(self.own()))
        wait_for(new_leaf, "a leaf from the new CA")
        self.assertEqual(self.read(self.file("sightglass-ca.key")), next_key)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["sightglass-ca.key", "sightglass-ca.pem"])
        records = daemon.stop()
        self.one(records, sightglass__action="ca_renewed")
        self.assertEqual([r for r in records
                          if get(r, "sightglass.action") == "role_died"], [])
        self.assertEqual({get(r, "sightglass.leaf.issuer") for r in records
                          if r["event"]["dataset"] == "sightglass.mint"},
                         {"CN=old", "O=sightglass, CN=new"})

    def test_it_is_not_renewed_before_its_time_or_when_none_is_wanted(self):
        self.put_old(life=(-1, 9))
        self.daemon("ca.renew_before=3000d").stop()
        self.assertFalse(os.path.exists(self.following()))
        shutil.rmtree(self.folder)
        self.made.clear()
        self.put_old()
        self.daemon("ca.renew_before=0s").stop()
        self.assertFalse(os.path.exists(self.following()))

    def test_a_ca_that_ended_gives_way_to_the_next_one(self):
        self.put_old()
        self.daemon("ca.name=new").stop()
        shutil.copy(self.certificate("issuing", "/CN=old", CA + SIGNS,
                                     life=(-10, -1)), self.own())
        daemon = self.daemon()
        self.assertIn("CN = new", self.subject(self.own()))
        self.opened(daemon, self.own())

    def test_a_change_that_was_cut_short_is_ended(self):
        self.put_old()
        self.daemon("ca.name=new").stop()
        os.rename(self.file("sightglass-ca-next.key"),
                  self.file("sightglass-ca.key"))
        daemon = self.daemon()
        self.assertIn("CN = new", self.subject(self.own()))
        self.opened(daemon, self.own())

    def test_a_next_key_without_its_certificate_is_made_anew(self):
        self.put_old()
        shutil.copy(self.path("issuing.key"), self.file("sightglass-ca-next.key"))
        daemon = self.daemon("ca.name=new")
        self.assertIn("CN = new", self.subject(self.following()))
        self.assertNotEqual(self.read(self.file("sightglass-ca-next.key")),
                            self.read(self.path("issuing.key")))
        self.opened(daemon, self.own())

    def test_no_server_may_have_the_next_one_either(self):
        self.put_old()
        daemon = self.daemon("ca.name=new", "upstream.invalid=refuse")
        shutil.copy(self.following(), self.path("stolen.pem"))
        shutil.copy(self.file("sightglass-ca-next.key"), self.path("stolen.key"))
        server = self.certificate("leaf", "/CN=server", SAN + "# stolen\n",
                                  issuer=(self.path("stolen.pem"), "stolen"))
        said = self.run_cli("-d", daemon.directory, "verify", "--chain",
                            server, "--host", NAME,
                            "--trust", self.path("stolen.pem"))
        self.assertEqual(said.returncode, 1, said.stdout)
        self.assertIn("own_ca", said.stdout)


if __name__ == "__main__":
    unittest.main()
