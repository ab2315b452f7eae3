# SPDX-License-Identifier: ISC
"""`ca trust` and `ca untrust`: in a copy of the machine's own stores, where curl
and others then take our leaf, or refuse it; and in the NSS stores of a home."""

import os
import subprocess
import unittest

from harness import CLI, Daemon, Forwarder, Nginx, Test

# Copies of what would be changed, in the place of it, for this process alone.
OWN_STORES = """
for place in /etc/ssl /usr/local/share/ca-certificates /etc/ca-certificates; do
  if [ -d $place ]; then
    mkdir -p "$0$place"
    cp -a $place/. "$0$place/"
    mount --bind "$0$place" $place
  fi
done
"""
SYSTEM = "/usr/local/share/ca-certificates"


class Trust(Test):
    def setUp(self):
        super().setUp()
        self.home = os.path.join(self.directory, "home")
        self.copies = os.path.join(self.directory, "copies")
        os.makedirs(self.home)

    def inside(self, script, status=0):
        """A script where the system's stores are our own; what it said."""
        root = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
        environment = dict(os.environ, HOME=self.home, SIGHTGLASS=CLI)
        for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
            environment.pop(name, None)
        done = subprocess.run(
            [*root, "sh", "-ec", OWN_STORES + script, self.copies],
            capture_output=True, text=True, timeout=120, check=False, env=environment)
        said = done.stdout + done.stderr
        if done.returncode and "mount:" in said:
            self.skipTest(f"no file systems of one's own here: {said}")
        self.assertEqual(done.returncode, status, said)
        return said

    def ca(self, *arguments, status=0):
        done = self.run_cli("ca", *arguments, env=dict(os.environ, HOME=self.home))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def nss(self, *place):
        store = os.path.join(self.home, *place)
        os.makedirs(store)
        subprocess.run(["certutil", "-N", "-d", "sql:" + store, "--empty-password"],
                       check=True)
        return store

    def names(self, store):
        listed = subprocess.run(["certutil", "-L", "-d", "sql:" + store], check=True,
                                capture_output=True, text=True).stdout
        return [line for line in listed.splitlines() if line.startswith("sightglass-")]


class System(Trust):
    def test_curl_takes_a_leaf_of_ours_until_it_is_not_trusted_any_more(self):
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server())
        daemon = Daemon(self, trust=certificates.ca)
        door = Forwarder(self, daemon, nginx.port).port
        curl = f"curl -sS -o /dev/null -w '%{{http_code}}\\n' https://localhost:{door}/"
        said = self.inside(f"""
curl_fails() {{ ! {curl} 2>&1; }}
curl_fails
"$SIGHTGLASS" ca trust --system -d {daemon.directory}
{curl}
"$SIGHTGLASS" ca untrust --system -d {daemon.directory}
curl_fails
""")
        self.assertEqual(said.count("SSL certificate problem"), 2, said)
        self.assertEqual(said.count("\n403\n"), 1, said)
        self.assertIn(f"trusted by the system: {SYSTEM}/sightglass-", said)
        self.assertIn(f"no longer trusted by the system: {SYSTEM}/sightglass-", said)

    def test_nothing_else_is_touched(self):
        state = os.path.join(self.directory, "state")
        self.ca("init", "-d", state)
        said = self.inside(f"""
echo mine > {SYSTEM}/sightglass-mine.txt
cp /etc/ssl/certs/ca-certificates.crt "$0/before"
"$SIGHTGLASS" ca trust --system -d {state}
if cmp -s /etc/ssl/certs/ca-certificates.crt "$0/before"; then exit 9; fi
rm -r {state}
"$SIGHTGLASS" ca untrust --system --all
cmp /etc/ssl/certs/ca-certificates.crt "$0/before"
cat {SYSTEM}/sightglass-mine.txt
""")
        self.assertIn("mine", said)

    def test_what_the_systems_program_says_when_it_fails(self):
        state = os.path.join(self.directory, "state")
        self.ca("init", "-d", state)
        said = self.inside(f"""
mkdir -p /etc/ca-certificates/update.d
mount -t tmpfs none /etc/ca-certificates
mount --bind -o ro /etc/ssl /etc/ssl
mount -o remount,ro,bind /etc/ssl
"$SIGHTGLASS" ca trust --system -d {state}
""", status=3)
        self.assertIn("update-ca-certificates failed: ", said)


class P11Kit(Trust):
    MODULE = "/usr/share/p11-kit/modules"
    PROGRAMS = "/usr/libexec/p11-kit"  # with one that a distribution should give

    def test_where_it_is_the_only_one(self):
        state = os.path.join(self.directory, "state")
        self.ca("init", "-d", state)
        for name in ("modules", "anchors"):
            os.mkdir(os.path.join(self.directory, name))
        with open(os.path.join(self.directory, "modules", "p11-kit-trust.module"), "w",
                  encoding="ascii") as f:
            f.write("module: p11-kit-trust.so\ntrust-policy: yes\nx-init-reserved: "
                    f"paths='{self.directory}/anchors'\n")
        said = self.inside(f"""
mount --bind {self.directory}/modules {self.MODULE}
mount -t tmpfs none /usr/local/share
mount -t tmpfs none {self.PROGRAMS}
printf '#!/bin/sh\n' > {self.PROGRAMS}/trust-extract-compat
chmod +x {self.PROGRAMS}/trust-extract-compat
"$SIGHTGLASS" ca trust --system -d {state}
trust list
"$SIGHTGLASS" ca untrust --system -d {state}
echo listed again
trust list
""")
        listed, again = said.split("listed again")
        self.assertIn("label: sightglass CA", listed)
        self.assertNotIn("label", again)


class Nss(Trust):
    def test_every_store_of_the_user(self):
        state = os.path.join(self.directory, "state")
        self.ca("init", "-d", state)
        stores = [self.nss(*place) for place in (
            (".pki", "nssdb"), (".mozilla", "firefox", "a b.default"),
            (".mozilla", "firefox", "c.other"),
            ("snap", "firefox", "common", ".mozilla", "firefox", "d"))]
        for _ in range(2):
            said = self.ca("trust", "--user", "-d", state)
            for store in stores:
                self.assertIn(f"trusted in NSS store {store}\n", said)
                (line,) = self.names(store)
                self.assertEqual(line.split()[1], "C,,")
        said = self.ca("untrust", "--user", "-d", state)
        for store in stores:
            self.assertIn(f"taken out of NSS store {store}\n", said)
            self.assertEqual(self.names(store), [])

    def test_of_one_ca_or_of_all(self):
        store = self.nss(".pki", "nssdb")
        states = [os.path.join(self.directory, name) for name in ("one", "two")]
        for state in states:
            self.ca("init", "-d", state)
            self.ca("trust", "--user", "-d", state)
        self.assertEqual(len(self.names(store)), 2)
        self.ca("untrust", "--user", "-d", states[0])
        self.assertEqual(len(self.names(store)), 1)
        self.ca("trust", "--user", "-d", states[0])
        self.ca("untrust", "--user", "--all")
        self.assertEqual(self.names(store), [])

    def test_without_a_store(self):
        state = os.path.join(self.directory, "state")
        self.ca("init", "-d", state)
        self.assertIn("no NSS store", self.ca("trust", "--user", "-d", state, status=1))

    def test_a_store_that_cannot_be_read(self):
        state = os.path.join(self.directory, "state")
        self.ca("init", "-d", state)
        store = self.nss(".pki", "nssdb")
        with open(os.path.join(store, "cert9.db"), "wb") as f:
            f.write(b"no database" * 100)
        self.assertIn(store, self.ca("trust", "--user", "-d", state, status=3))


if __name__ == "__main__":
    unittest.main()
