# SPDX-License-Identifier: ISC
"""The configuration profile for Macs: what is in it, judged by programs that read
property lists and signed messages, and by the keys that Apple's schema requires."""

import os
import plistlib
import re
import subprocess
import unittest

from chains import CA, SIGNS, Chains
from harness import CLI

TEAM = "ABCDE12345"
APP = "org.sightglass.Sightglass"

# Apple's device management schema: what a payload of each type must have, and the
# type of each (mdm/profiles, "presence: required", and for the proxy what the text
# of a key makes so: VPNSubType and, for a system extension, the provider's two).
COMMON = {"PayloadType": str, "PayloadVersion": int, "PayloadIdentifier": str,
          "PayloadUUID": str}
REQUIRED = {
    "com.apple.security.root": {"PayloadContent": bytes},
    "com.apple.security.pkcs1": {"PayloadContent": bytes},
    "com.apple.system-extension-policy": {"AllowedSystemExtensions": dict,
                                          "AllowedSystemExtensionTypes": dict},
    "com.apple.vpn.managed": {"VPNType": str, "VPNSubType": str,
                              "UserDefinedName": str, "TransparentProxy": dict},
    "com.apple.dnsProxy.managed": {"AppBundleIdentifier": str,
                                   "ProviderBundleIdentifier": str},
    "com.apple.servicemanagement": {"Rules": list},
}
PROXY = {"ProviderType": str, "ProviderBundleIdentifier": str,
         "ProviderDesignatedRequirement": str, "Order": int, "OnDemandEnabled": int,
         "OnDemandRules": list}
UUID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}")
# Payloads that a profile can have once only, and those that MDM alone may bring.
ONCE = ["com.apple.dnsProxy.managed"]


class Profile(Chains):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.directory, "state")
        self.assertEqual(self.run_cli("ca", "init", "-d", self.state).returncode, 0)

    def profile(self, *arguments, status=0, team=TEAM):
        """The bytes that it wrote, or what it said when it failed."""
        done = self.run_cli("profile", "-d", self.state,
                            *(["--team", team] if team else []), *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr if status else done.stdout.encode()

    def message(self, *arguments):
        """The same of what is no text."""
        return subprocess.run(
            [CLI, "profile", "-d", self.state, "--team", TEAM, *arguments],
            capture_output=True, check=True).stdout

    def has(self, dictionary, keys):
        for key, kind in keys.items():
            self.assertIsInstance(dictionary.get(key), kind, (key, dictionary))

    def read(self, xml):
        """The payloads by their types, each with what it has to have."""
        for reader in (["xmllint", "--noout", "--nonet", "-"],
                       ["plistutil", "-i", "-", "-f", "bin", "-o", "-"]):
            done = subprocess.run(reader, input=xml, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, (reader, done.stderr, xml))
        profile = plistlib.loads(xml)
        self.assertEqual(plistlib.loads(done.stdout), profile)
        self.has(profile, COMMON)
        self.assertEqual(profile["PayloadType"], "Configuration")
        payloads = {}
        for payload in profile["PayloadContent"]:
            self.has(payload, COMMON)
            self.has(payload, REQUIRED[payload["PayloadType"]])
            payloads.setdefault(payload["PayloadType"], []).append(payload)
        everything = [profile, *profile["PayloadContent"]]
        for key in ("PayloadUUID", "PayloadIdentifier"):
            values = [each[key] for each in everything]
            self.assertEqual(len(set(values)), len(values), values)
        for each in everything:
            self.assertRegex(each["PayloadUUID"], UUID)
            self.assertEqual(each["PayloadVersion"], 1)
        for kind in ONCE:
            self.assertLessEqual(len(payloads.get(kind, [])), 1)
        return profile, payloads

    def der(self):
        return subprocess.run(
            ["openssl", "x509", "-outform", "DER", "-in",
             os.path.join(self.state, "ca", "sightglass-ca.pem")],
            capture_output=True, check=True).stdout


class Content(Profile):
    def test_all_payloads(self):
        profile, payloads = self.read(self.profile())
        self.assertEqual(sorted(payloads),
                         sorted(set(REQUIRED) - {"com.apple.security.pkcs1"}))
        self.assertEqual(profile["PayloadScope"], "System")
        self.assertTrue(profile["PayloadRemovalDisallowed"])
        self.assertEqual(payloads["com.apple.security.root"][0]["PayloadContent"], self.der())
        policy = payloads["com.apple.system-extension-policy"][0]
        self.assertEqual(policy["AllowedSystemExtensions"], {TEAM: [APP + ".extension"]})
        self.assertEqual(policy["AllowedSystemExtensionTypes"], {TEAM: ["NetworkExtension"]})
        self.assertNotIn("AllowedTeamIdentifiers", policy)
        vpn = payloads["com.apple.vpn.managed"][0]
        self.assertEqual((vpn["VPNType"], vpn["VPNSubType"]), ("TransparentProxy", APP))
        proxy = vpn["TransparentProxy"]
        self.has(proxy, PROXY)
        self.assertEqual((proxy["ProviderType"], proxy["Order"], proxy["OnDemandRules"]),
                         ("app-proxy", 1, [{"Action": "Connect"}]))
        self.assertIn(f'identifier "{APP}.extension"', proxy["ProviderDesignatedRequirement"])
        self.assertIn(f'subject.OU] = "{TEAM}"', proxy["ProviderDesignatedRequirement"])
        self.assertEqual(payloads["com.apple.servicemanagement"][0]["Rules"][0]["RuleType"],
                         "Label")

    def test_what_the_extension_is_told(self):
        _, payloads = self.read(self.profile())
        told = {"ExcludedNetworks": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                     "fc00::/7", "17.0.0.0/8", "2403:300:a42::/48",
                                     "2403:300:a51::/48", "2620:149:a44::/48",
                                     "2a01:b740:a42::/48"],
                "FailClosed": False, "ClaimQUIC": True, "ClaimDNS": False}
        self.assertEqual(payloads["com.apple.vpn.managed"][0]["VendorConfig"], told)
        self.assertEqual(payloads["com.apple.dnsProxy.managed"][0]["ProviderConfiguration"],
                         told)
        settings = os.path.join(self.state, "sightglass.yaml")
        with open(settings, "w", encoding="utf-8") as f:
            f.write("macos: {exclude: [17.0.0.0/8], fail_closed: true, quic: false}\n")
        _, payloads = self.read(self.profile("--no-dns"))
        self.assertEqual(payloads["com.apple.vpn.managed"][0]["VendorConfig"],
                         {"ExcludedNetworks": ["17.0.0.0/8"], "FailClosed": True,
                          "ClaimQUIC": False, "ClaimDNS": True})
        with open(settings, "w", encoding="utf-8") as f:
            f.write("macos: {exclude: [10.0.0.0/33]}\n")
        self.assertIn("macos.exclude has '10.0.0.0/33'", self.profile(status=2))

    def test_options(self):
        profile, payloads = self.read(self.profile(
            "--app", "com.example.glass", "--extension", "com.example.glass.net",
            "--organization", "Müller & <Söhne>", "--identifier", "com.example.p",
            "--order", "7", "--no-dns", "--removable", "--requirement", "anchor apple"))
        self.assertNotIn("com.apple.dnsProxy.managed", payloads)
        self.assertEqual(profile["PayloadOrganization"], "Müller & <Söhne>")
        self.assertEqual(profile["PayloadIdentifier"], "com.example.p")
        self.assertFalse(profile["PayloadRemovalDisallowed"])
        proxy = payloads["com.apple.vpn.managed"][0]["TransparentProxy"]
        self.assertEqual((proxy["Order"], proxy["ProviderDesignatedRequirement"],
                          proxy["ProviderBundleIdentifier"]),
                         (7, "anchor apple", "com.example.glass.net"))
        policy = payloads["com.apple.system-extension-policy"][0]
        self.assertNotIn("NonRemovableFromUISystemExtensions", policy)
        self.assertEqual(policy["RemovableSystemExtensions"], {TEAM: ["com.example.glass.net"]})

    def test_settings_of_the_file_and_options_over_them(self):
        with open(os.path.join(self.state, "sightglass.yaml"), "w", encoding="utf-8") as f:
            f.write("macos: {team: FILE567890}\nprofile: {order: 3, organization: Of the file}\n")
        profile, payloads = self.read(self.profile("--order", "4", team=None))
        self.assertEqual(profile["PayloadOrganization"], "Of the file")
        self.assertEqual(payloads["com.apple.vpn.managed"][0]["TransparentProxy"]["Order"], 4)
        self.assertIn("FILE567890", payloads["com.apple.system-extension-policy"][0]
                      ["AllowedSystemExtensions"])

    def test_is_the_same_each_time_and_new_with_a_new_ca(self):
        first = self.profile()
        self.assertEqual(first, self.profile())
        before, old = self.read(first)
        for name in ("sightglass-ca.pem", "sightglass-ca.key"):
            os.unlink(os.path.join(self.state, "ca", name))
        self.assertEqual(self.run_cli("ca", "init", "-d", self.state).returncode, 0)
        after, new = self.read(self.profile())
        self.assertEqual(before["PayloadUUID"], after["PayloadUUID"])
        root = "com.apple.security.root"
        self.assertNotEqual(old[root][0]["PayloadUUID"], new[root][0]["PayloadUUID"])
        del old[root], new[root]
        self.assertEqual(old, new)

    def test_a_ca_below_an_enterprise_root(self):
        self.key("issuing", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        below = self.certificate("issuing", "/CN=issuing", CA + SIGNS, issuer=(self.root, "root"))
        settings = f"ca: {{certificate: {below}, private_key: {self.path('issuing.key')}"
        for chain, kinds, warns in ((f", chain: {self.root}", ["pkcs1", "root"], False),
                                    ("", ["pkcs1"], True)):
            with open(os.path.join(self.state, "sightglass.yaml"), "w", encoding="utf-8") as f:
                f.write(settings + chain + "}\n")
            done = self.run_cli("profile", "-d", self.state, "--team", TEAM)
            self.assertEqual("none of the CA's certificates is a root" in
                             done.stderr, warns, done.stderr)
            _, payloads = self.read(done.stdout.encode())
            self.assertEqual(sorted(k.removeprefix("com.apple.security.") for k in payloads
                                    if "security" in k), kinds)


class Files(Profile):
    def test_one_payload_a_file(self):
        whole, payloads = self.read(self.profile())
        where = os.path.join(self.directory, "split")
        self.profile("--split", where)
        found, identifiers = [], {whole["PayloadIdentifier"]}
        for name in sorted(os.listdir(where)):
            with open(os.path.join(where, name), "rb") as f:
                profile, parts = self.read(f.read())
            self.assertEqual(len(profile["PayloadContent"]), 1, name)
            identifiers.add(profile["PayloadIdentifier"])
            found += parts.items()
        self.assertEqual(sorted(k for k, _ in found), sorted(payloads))
        self.assertEqual(dict(found), payloads)
        self.assertEqual(len(identifiers), len(found) + 1, identifiers)
        self.assertIn("is not overwritten", self.profile("--split", where, status=3))

    def test_to_a_file_that_is_not_there(self):
        path = os.path.join(self.directory, "p.mobileconfig")
        self.profile("-o", path)
        with open(path, "rb") as f:
            self.assertEqual(f.read(), self.profile())
        self.assertIn("is not overwritten", self.profile("-o", path, status=3))


class Signed(Profile):
    def signed_by(self, name, *algorithm):
        self.key(name, *algorithm)
        certificate = self.certificate(name, "/CN=signs profiles",
                                       "extendedKeyUsage=emailProtection\n",
                                       issuer=(self.root, "root"))
        message = self.message("--sign", self.path(name + ".key"), "--cert",
                               self.chain(certificate, self.root))
        done = subprocess.run(
            ["openssl", "cms", "-verify", "-inform", "DER", "-CAfile", self.root],
            input=message, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, self.profile())
        return message

    def test_with_each_kind_of_key(self):
        self.signed_by("rsa", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.signed_by("p256", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        self.signed_by("p384", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")

    def test_a_changed_byte_is_seen(self):
        message = bytearray(self.signed_by("p256", "EC", "-pkeyopt",
                                           "ec_paramgen_curve:P-256"))
        at = message.index(b"Connect")
        message[at] ^= 1
        done = subprocess.run(
            ["openssl", "cms", "-verify", "-inform", "DER", "-CAfile", self.root],
            input=bytes(message), capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_mistakes(self):
        self.key("other", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        key = self.path("other.key")
        self.assertIn("is not the key of", self.profile(
            "--sign", key, "--cert", self.root, status=3))
        self.assertIn("no private key", self.profile(
            "--sign", self.root, "--cert", self.root, status=3))
        self.assertIn("no certificates", self.profile(
            "--sign", key, "--cert", key, status=3))
        self.assertIn("belong together", self.profile("--sign", key, status=2))


class Mistakes(Profile):
    def test_each_names_the_setting_and_the_value(self):
        for arguments, words in (
                (["--team", "short"], ["macos.team", "'short'", "ABCDE12345"]),
                (["--app", "no spaces"], ["macos.app", "'no spaces'"]),
                (["--identifier", "a/b"], ["profile.identifier", "'a/b'"]),
                (["--order", "0"], ["--order", "0"]),
                (["--order", "x"], ["--order", "x"]),
                (["extra"], ["extra"]),
                (["-o", "a", "--split", "b"], ["-o", "--split"])):
            said = self.profile(*arguments, status=2)
            for word in words:
                self.assertIn(word, said)

    def test_a_text_that_xml_cannot_hold(self):
        self.assertIn("XML", self.profile("--organization", "a\x01b", status=3))

    def test_without_a_ca(self):
        self.state = os.path.join(self.directory, "none")
        self.assertIn("sightglass ca init", self.profile(status=3))


if __name__ == "__main__":
    unittest.main()
