# SPDX-License-Identifier: ISC
"""The doctor as it is on macOS, with stand-ins for the tools of that system: which of
them are asked, what, and that what they say comes out as findings."""

import json
import os
import stat
import sys
import unittest

from harness import BUILD, Control, Daemon, Test

DOCTOR = os.path.join(BUILD, "t", "unit", "doctor-of-macos")
APP = "org.sightglass.Sightglass"
EXTENSION = APP + ".extension"
TOOLS = ("sw_vers", "systemsetup", "launchctl", "systemextensionsctl", "ps", "scutil",
         "profiles", "codesign", "security", "spctl", "log")

# A tool: it notes how it was called, and says what the file of its name has.
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "$SAID/calls"
[ ! -f "$SAID/$(basename "$0")" ] || cat "$SAID/$(basename "$0")"
"""

WELL = {
    "sw_vers": "ProductName:\t\tmacOS\nProductVersion:\t\t14.7\n",
    "systemsetup": "Network Time: On\n",
    "launchctl": "system/x = {\n\tstate = running\n}\n",
    "systemextensionsctl":
        "--- com.apple.system_extension.network_extension\n"
        f"*\t*\tABCDE12345\t{EXTENSION} (0.1.0/7)\tSightglass\t[activated enabled]\n",
    "ps": f"/Library/SystemExtensions/4C/{EXTENSION}.systemextension/Contents/MacOS/x\n",
    "scutil": f'* (Connected)   0AB1 VPN ({APP}) "Sightglass" [VPN:{APP}]\n',
    "profiles":
        "<key>PayloadContent</key><dict><key>Order</key><integer>1</integer>"
        f"<key>VPNSubType</key><string>{APP}</string></dict>"
        "<key>PayloadType</key><string>com.apple.vpn.managed</string>"
        f"<key>PayloadContent</key><dict><string>{EXTENSION}</string></dict>"
        "<key>PayloadType</key><string>com.apple.system-extension-policy</string>",
    "codesign":
        "CodeDirectory v=20500 size=1 flags=0x10000(runtime) hashes=1+7\n"
        "TeamIdentifier=ABCDE12345\n[String] app-proxy-provider-systemextension\n",
    "security": "...certificate verification successful.\n",
    "spctl": "/Applications/Sightglass.app: accepted\nsource=Notarized Developer ID\n",
    "log": "Timestamp Ty Process[PID:TID]\n",
}


@unittest.skipUnless(sys.platform == "linux", "on a Mac the doctor itself is there")
class OfMacos(Test):
    def setUp(self):
        super().setUp()
        self.said = os.path.join(self.directory, "said")
        programs = os.path.join(self.directory, "bin")
        for directory in (self.said, programs):
            os.mkdir(directory)
        for name in TOOLS:
            path = os.path.join(programs, name)
            with open(path, "w", encoding="ascii") as out:
                out.write(STAND_IN)
            os.chmod(path, stat.S_IRWXU)
        self.environment = dict(os.environ, SAID=self.said, HOME=self.directory,
                                PATH=f"{programs}:{os.environ['PATH']}")

    def doctor(self, directory, **said):
        """What it finds where the tools say this, by id; and how they were called."""
        for name, text in {**WELL, **said}.items():
            with open(os.path.join(self.said, name), "w", encoding="utf-8") as out:
                out.write(text)
        done = self.run_cli("doctor", "-d", directory, "-o", "json",
                            executable=DOCTOR, env=self.environment)
        found = {}
        for finding in map(json.loads, done.stdout.splitlines()):
            found.setdefault(finding["id"], []).append(finding)
            if finding["state"] != "ok":
                self.assertTrue(finding.get("remedy"), finding)
        with open(os.path.join(self.said, "calls"), encoding="utf-8") as calls:
            return found, calls.read()

    def states(self, found, what):
        return [f["state"] for f in found.get(what, [])]

    def test_which_tools_are_asked_and_what(self):
        daemon = Daemon(self)
        with Control(daemon) as control:
            version = control.ask("hello")["version"]
            control.ask("hello", protocol=1, role="macos", build=f"{version} (7)")
            found, _ = self.doctor(daemon.directory)
            self.assertEqual(self.states(found, "bridge"), ["ok", "warning"], found)
            with Control(daemon) as dns:
                dns.ask("hello", protocol=1, role="macos-dns", build=f"{version} (7)")
                found, calls = self.doctor(daemon.directory)
            self.assertEqual(self.states(found, "bridge"), ["ok", "ok"], found)
        for what in ("macos", "clock", "launchd", "extension", "proxy", "notarized",
                     "system"):
            self.assertEqual(self.states(found, what), ["ok"], (what, found))
        if os.geteuid() == 0:
            self.assertEqual(self.states(found, "profile"), ["ok"])
        # One text for both bundles: each lacks or has what the other must.
        self.assertEqual(self.states(found, "signature"), ["failure", "ok"])
        self.assertNotIn("stops", found)
        for words in ("sw_vers", "systemsetup -getusingnetworktime",
                      "launchctl print system/org.sightglass.sightglassd",
                      "systemextensionsctl list", "ps -axo command=",
                      "scutil --nc list", "-l -L",
                      f"/Contents/Library/SystemExtensions/{EXTENSION}.systemextension",
                      "spctl --assess --verbose=2 --type install",
                      f'--predicate subsystem == "{EXTENSION}" OR process == "sysextd"'):
            self.assertIn(words, calls)

    def test_a_daemon_without_the_extension(self):
        daemon = Daemon(self)
        found, _ = self.doctor(daemon.directory)
        self.assertEqual(self.states(found, "bridge"), ["failure"])
        self.assertIn("'macos' ever said hello", found["bridge"][0]["text"])

    def test_what_is_broken(self):
        daemon = Daemon(self)
        found, calls = self.doctor(
            daemon.directory, systemextensionsctl="0 extension(s)\n", scutil="",
            launchctl="Could not find service\n", security="CSSMERR_TP_NOT_TRUSTED\n",
            log="E  x[1:2] stopped by the system, reason 5\n")
        for what in ("extension", "launchd", "system"):
            self.assertEqual(self.states(found, what), ["failure"], (what, found))
        for what in ("proxy", "stops"):
            self.assertEqual(self.states(found, what), ["warning"], (what, found))
        self.assertNotIn("ps -axo", calls)


if __name__ == "__main__":
    unittest.main()
