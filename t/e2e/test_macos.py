# SPDX-License-Identifier: ISC
"""Bundle and package for macOS, as far as a machine without Apple's tools can show:
make, the scripts and preflight are run as they are; clang's and Apple's tools are
stand-ins that write down how they were called, and answer what they are told to."""

import os
import plistlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

from harness import BUILD, SOURCE

MACOS = os.path.join(SOURCE, "extension-bridge", "macos")
PACKAGING = os.path.join(SOURCE, "packaging", "macos")
TEAM = "ABCDE12345"
APP = "org.sightglass.Sightglass"
EXTENSION = f"Contents/Library/SystemExtensions/{APP}.extension.systemextension"
LABEL = "org.sightglass.sightglassd"
# Of launchd.plist(5), those that a daemon may want.
JOB_KEYS = {"Label", "Program", "ProgramArguments", "AssociatedBundleIdentifiers", "Sockets",
            "RunAtLoad", "KeepAlive", "ThrottleInterval", "ExitTimeOut", "ProcessType",
            "AbandonProcessGroup", "SoftResourceLimits", "HardResourceLimits", "Umask",
            "StandardErrorPath", "StandardOutPath", "WorkingDirectory",
            "EnvironmentVariables", "MachServices", "LaunchEvents", "UserName", "GroupName"}

# Writes the file that -o names.
COMPILER = """#!/bin/sh
echo "cc $*" >> "$CALLS"
while [ $# -gt 1 ]; do
	if [ "$1" = -o ]; then echo built > "$2"; fi
	shift
done
"""
RECORDER = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
"""
# plutil -extract KEY raw -o - FILE
PLUTIL = """#!/usr/bin/env python3
import plistlib, sys
value = plistlib.load(open(sys.argv[6], "rb"))
for key in sys.argv[2].replace("\\\\.", "\\0").split("."):
    value = value[key.replace("\\0", ".")]
print(value)
"""


def write_program(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)


class Tools(unittest.TestCase):
    """A directory of stand-ins, first in PATH, and what was called."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="sightglass-macos-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.bin = os.path.join(self.directory, "bin")
        self.record = os.path.join(self.directory, "calls")
        self.environment = dict(os.environ, CALLS=self.record,
                                PATH=f"{self.bin}:{os.environ['PATH']}")
        # Of the make that runs the tests.
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            self.environment.pop(name, None)

    def stand_in(self, name, text=RECORDER):
        write_program(os.path.join(self.bin, name), text)

    def run_tool(self, *command, status=0):
        done = subprocess.run(command, env=self.environment, check=False,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def calls(self):
        with open(self.record, encoding="utf-8") as file:
            return file.read().splitlines()

    def make_bundle(self, *settings, status=0):
        self.stand_in("codesign")
        self.stand_in("cc-for-macos", COMPILER)
        said = self.run_tool("make", "-C", MACOS, "CC=cc-for-macos", "SDK=/sdk",
                             f"OUT={self.directory}/out", *settings, status=status)
        return os.path.join(self.directory, "out", "Sightglass.app"), said


def read_plist(path):
    with open(path, "rb") as file:
        return plistlib.load(file)


class Bundle(Tools):
    def test_layout_and_order_of_signing(self):
        profile = os.path.join(self.directory, "profile")
        with open(profile, "w", encoding="utf-8") as file:
            file.write("a profile")
        app, _ = self.make_bundle(f"TEAM={TEAM}", "IDENTITY=Developer ID Application: X",
                                  f"APP_PROFILE={profile}",
                                  f"EXTENSION_PROFILE={profile}")
        extension = os.path.join(app, EXTENSION)
        for path in ("Contents/MacOS/Sightglass", "Contents/embedded.provisionprofile",
                     f"{EXTENSION}/Contents/MacOS/{APP}.extension",
                     f"{EXTENSION}/Contents/embedded.provisionprofile"):
            self.assertTrue(os.path.isfile(os.path.join(app, path)), path)
        signed = [call for call in self.calls() if call.startswith("codesign")]
        self.assertEqual([call.split()[-1] for call in signed], [extension, app],
                         "inner code is signed first")
        for call in signed:
            self.assertIn("--options runtime", call)
            self.assertIn("--sign Developer ID Application: X --timestamp ", call)
        for call in self.calls():
            if call.endswith(".m.o"):
                self.assertIn("-fobjc-arc", call)

    def test_property_lists(self):
        app, _ = self.make_bundle(f"TEAM={TEAM}")
        lists = [os.path.join(app, "Contents/Info.plist"),
                 os.path.join(app, EXTENSION, "Contents/Info.plist"),
                 os.path.join(self.directory, "out", "app.entitlements"),
                 os.path.join(self.directory, "out", "extension.entitlements")]
        for path in lists:
            self.run_tool("xmllint", "--noout", "--nonet", path)
            self.run_tool("plistutil", "-i", path, "-o", "/dev/null")
            with open(path, encoding="utf-8") as file:
                self.assertNotIn("@", file.read(), "a value that was not filled in")
        host, extension, app_rights, rights = map(read_plist, lists)
        group = f"{TEAM}.{APP}"
        self.assertEqual(extension["CFBundlePackageType"], "SYSX")
        self.assertEqual(extension["CFBundleVersion"], host["CFBundleVersion"])
        self.assertTrue(extension["NSSystemExtensionUsageDescription"])
        network = extension["NetworkExtension"]
        self.assertTrue(network["NEMachServiceName"].startswith(group + "."))
        for name in network["NEProviderClasses"].values():
            self.assertTrue(os.path.exists(os.path.join(MACOS, "extension", name + ".m")))
        for each in (app_rights, rights):
            self.assertEqual(each["com.apple.security.application-groups"], [group])
            self.assertEqual(each["com.apple.developer.networking.networkextension"],
                             ["app-proxy-provider-systemextension",
                              "dns-proxy-systemextension"])
        install = "com.apple.developer.system-extension.install"
        self.assertTrue(app_rights[install])
        self.assertNotIn(install, rights)

    def test_versions_rise(self):
        seen = set()
        for build in ("2026.101.1", None, None):
            app, _ = self.make_bundle(f"TEAM={TEAM}", *([f"BUILD={build}"] if build else []))
            info = read_plist(os.path.join(app, "Contents/Info.plist"))
            seen.add(tuple(map(int, info["CFBundleVersion"].split("."))))
        self.assertEqual(min(seen), (2026, 101, 1))

    def test_a_team_that_is_none(self):
        for team in ("", "abcde12345", "ABCDE1234", "ABCDE123456"):
            _, said = self.make_bundle(f"TEAM={team}", status=2)
            self.assertIn(f"TEAM is '{team}'", said)

    def test_identifiers_are_the_same_everywhere(self):
        def found(path, pattern):
            with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
                return re.search(pattern, file.read(), re.M)[1]

        makefile = "extension-bridge/macos/Makefile"
        self.assertEqual(found(makefile, r"^APP = (.*)$"),
                         found("conf/params.h", r'"macos\.app", "([^"]*)"'))
        labels = {found(makefile, r"^DAEMON = (.*)$"),
                  found("cli/profile_payloads.h", r'DAEMON_LABEL "([^"]*)"'),
                  found("packaging/macos/scripts/functions", r"^label=(.*)$"),
                  found(f"packaging/macos/{LABEL}.plist.in",
                        r"<key>Label</key>\s*<string>([^<]*)")}
        self.assertEqual(labels, {LABEL})
        networks = found("extension-bridge/networks.c",
                         r"networks_default\[\] = \{([^}]*), NULL\}")
        self.assertEqual(re.findall(r'"([^"]*)"', networks),
                         "".join(re.findall(r'"([^"]*)"', found(
                             "conf/params.h",
                             r'"macos\.exclude",((?:\s*\\\s*"[^"]*")+),'))).split())


# otool -L PROGRAM
OTOOL = """#!/bin/sh
echo "$2:"
echo "	/usr/lib/libSystem.B.dylib (compatibility version 1.0.0, current version 1336.0.0)"
echo "	/System/Library/Frameworks/Security.framework/Versions/A/Security (compatibility \
version 1.0.0, current version 61123.121.1)"
"""
HOMEBREW = """echo "	/opt/homebrew/opt/mbedtls@3/lib/libmbedtls.21.dylib (compatibility \
version 21.0.0, current version 3.6.4)"
"""


class Package(Tools):
    """packaging/macos/pkg, of what was built here."""

    def pkg(self, *arguments, otool=OTOOL, status=0):
        app, _ = self.make_bundle(f"TEAM={TEAM}")
        for name in ("pkgbuild", "productbuild"):
            self.stand_in(name)
        self.stand_in("otool", otool)
        # The tree is gone afterwards: it is listed, and one file kept.
        self.stand_in("pkgbuild", RECORDER + """
(cd "$2" && find . | sort) > "$CALLS.tree"
cp "$2"/Library/LaunchDaemons/*.plist "$CALLS.plist"
cp "$2"/private/etc/sightglass/sightglass.yaml.example "$CALLS.yaml"
""")
        self.stand_in("plutil", PLUTIL)
        return self.run_tool(os.path.join(PACKAGING, "pkg"), "--build", BUILD,
                             "--bundle", app, "--output",
                             os.path.join(self.directory, "s.pkg"), *arguments,
                             status=status)

    def test_what_is_in_it(self):
        self.pkg("--team", TEAM, "--installer", "Developer ID Installer: X")
        with open(self.record + ".tree", encoding="utf-8") as file:
            tree = file.read().splitlines()
        for path in ("./Applications/Sightglass.app/Contents/MacOS/Sightglass",
                     f"./Library/LaunchDaemons/{LABEL}.plist",
                     "./usr/local/sbin/sightglassd", "./usr/local/bin/sightglass",
                     "./usr/local/share/sightglass/uninstall",
                     "./usr/local/share/sightglass/scripts/functions",
                     "./private/etc/sightglass/sightglass.yaml.example"):
            self.assertIn(path, tree)
        self.assertNotIn("./etc", tree, "a link on a Mac")
        self.assertNotIn("./private/etc/sightglass/sightglass.yaml", tree,
                         "a package would write over what a person has set")
        calls = self.calls()
        self.assertTrue(any(f"--identifier {LABEL}" in call and "runtime" in call
                            for call in calls if call.startswith("codesign")), calls)
        built = next(call for call in calls if call.startswith("pkgbuild"))
        self.assertIn(f"--scripts {PACKAGING}/scripts", built)
        self.assertIn("--component-plist", built)
        self.assertIn("--sign Developer ID Installer: X",
                      next(call for call in calls if call.startswith("productbuild")))

    def test_launchd_listens_where_the_extension_connects(self):
        self.pkg("--team", TEAM)
        self.run_tool("plistutil", "-i", self.record + ".plist", "-o", "/dev/null")
        job = read_plist(self.record + ".plist")
        run = f"/var/root/Library/Group Containers/{TEAM}.{APP}"
        self.assertEqual(job["Label"], LABEL)
        self.assertEqual(job["ProgramArguments"],
                         ["/usr/local/sbin/sightglassd",
                          "-D", "ca.user=_sightglass_ca",
                          "-D", "log.user=_sightglass_log"])
        with open(self.record + ".yaml", encoding="utf-8") as file:
            self.assertIn(f'\n  run: "{run}"\n', file.read())
        self.run_tool(os.path.join(BUILD, "sightglassd"), "-n", "-c", self.record + ".yaml",
                      "-o", "user=root", "-d", os.path.join(self.directory, "state"))
        self.assertEqual(set(job["Sockets"]), {"flow.sock", "control.sock"})
        for name, of_socket in job["Sockets"].items():
            self.assertEqual(of_socket["SockPathName"], f"{run}/{name}")
            self.assertEqual(of_socket["SockPathMode"], stat.S_IRUSR | stat.S_IWUSR)
            self.assertLess(len(of_socket["SockPathName"]), 104)

    def test_how_launchd_is_to_treat_the_daemon(self):
        self.pkg("--team", TEAM)
        job = read_plist(self.record + ".plist")
        self.assertEqual(set(job) - JOB_KEYS, set(), "not in launchd.plist(5)")
        # Its parent is what launchd knows: not somebody else, not started once only, and
        # not with all its roles killed when it dies.
        self.assertNotIn("UserName", job)
        self.assertEqual(job["KeepAlive"], {"SuccessfulExit": False})
        self.assertIs(job["RunAtLoad"], True)
        self.assertIs(job["AbandonProcessGroup"], True)
        self.assertEqual(job["ProcessType"], "Interactive")
        # In order: drain_timeout, 3 s of grace, 30 s to seal (daemon/parent.c).
        said = subprocess.run([os.path.join(BUILD, "conf", "describe"), "yaml"], check=True,
                              capture_output=True, text=True).stdout
        drain = int(re.search(r"^#drain_timeout: (\d+) s$", said, re.M)[1])
        self.assertGreater(job["ExitTimeOut"], drain + 3 + 30)
        with open(os.path.join(PACKAGING, "scripts", "functions"), encoding="utf-8") as file:
            patience = int(re.search(r"wait_until (\d+) daemon_is_gone", file.read())[1])
        self.assertGreater(patience, job["ExitTimeOut"])
        for limits in ("SoftResourceLimits", "HardResourceLimits"):
            self.assertGreaterEqual(job[limits]["NumberOfFiles"], 65536)

    def test_only_programs_of_the_team_may_connect(self):
        self.pkg("--team", TEAM)
        with open(self.record + ".yaml", encoding="utf-8") as file:
            self.assertIn("\n  #signed_by: []\n", file.read(),
                          "what is signed ad hoc is of no team")
        self.pkg("--team", TEAM, "--identity", "Developer ID Application: X")
        with open(self.record + ".yaml", encoding="utf-8") as file:
            self.assertIn(f"\n  signed_by: [{TEAM}]\n", file.read())
        done = self.run_tool(
            os.path.join(BUILD, "sightglassd"), "-n", "-c", self.record + ".yaml", "-o",
            "user=root", "-d", os.path.join(self.directory, "state"),
            status=0 if sys.platform == "darwin" else 2)
        if sys.platform != "darwin":
            self.assertIn("bridge.signed_by: programs are signed on macOS only", done)

    def test_a_library_that_only_this_mac_has(self):
        said = self.pkg("--team", TEAM, otool=OTOOL + HOMEBREW, status=1)
        self.assertIn("sightglassd wants "
                      "/opt/homebrew/opt/mbedtls@3/lib/libmbedtls.21.dylib, which", said)
        self.assertIn("--enable-static-libraries", said)

    def test_a_bundle_of_another_team(self):
        self.assertIn(f"built for team {TEAM}", self.pkg("--team", "ZZZZZ99999", status=1))


# --- the package's scripts ----------------------------------------------------------

LAUNCHCTL = """#!/bin/sh
echo "launchctl $*" >> /calls
case $1 in
print) [ -e /loaded ] ;;
bootout) [ -e /stuck ] || rm -f /loaded ;;
bootstrap) touch /loaded ;;
asuser) shift 5; exec "$@" ;; # UID sudo -u USER
esac
"""
SCUTIL = """#!/bin/sh
if [ -e /console ]; then echo "  Name : $(cat /console)"; fi
"""
DSCL = """#!/bin/sh
case $2 in
-read) [ -e /user ] ;;
-list)
	printf '_one 450\\n_two 452\\nroot 0\\n'
	awk '/UniqueID|PrimaryGroupID/ { print "made", $NF }' /calls ;;
*) echo "dscl $*" >> /calls ;;
esac
"""
VERIFIED = """#!/bin/sh
[ "$*" = "--verify --deep --strict /Applications/Sightglass.app" ] && [ ! -e /broken ]
"""
HOST_APP = """#!/bin/sh
echo "app $*" >> /calls
if [ -e "/app-$1" ]; then exit "$(cat "/app-$1")"; fi
"""
ROOT = """set -e
for d in bin lib lib32 lib64 libx32; do
	if [ -L "/$d" ]; then cp -P "/$d" "$R/$d"
	elif [ -d "/$d" ]; then mkdir "$R/$d"; mount --rbind "/$d" "$R/$d"; fi
done
mount --rbind /usr "$R/usr"
mount --rbind /dev "$R/dev"
if [ -d /etc/alternatives ]; then
	mkdir -p "$R/etc/alternatives"; mount --bind /etc/alternatives "$R/etc/alternatives"
fi
mount --bind "$R.local" "$R/usr/local"
mount --bind "$R.tools" "$R/usr/sbin"
mount --bind /usr/bin/true "$R/usr/bin/sleep"
exec chroot "$R" "$@"
"""


class Scripts(Tools):
    """In a root of their own, where Apple's tools are stand-ins in /usr/sbin, waiting
    takes no time, and files named for it make things go wrong."""

    def setUp(self):
        super().setUp()
        self.unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
        if subprocess.run([*self.unshare, "true"], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("no mount namespace may be made here")
        self.root = os.path.join(self.directory, "root")
        for path in ("usr", "dev", "tmp", "etc/sightglass", "Library/LaunchDaemons",
                     "Applications", "scripts", "var/lib/sightglass"):
            os.makedirs(os.path.join(self.root, path))
        tools = {"launchctl": LAUNCHCTL, "scutil": SCUTIL, "dscl": DSCL,
                 "codesign": VERIFIED,
                 "pkgutil": RECORDER.replace('"$CALLS"', "/calls"),
                 "plutil": "#!/bin/sh\necho '/var/root/Group Containers/g/flow.sock'\n"}
        for name, text in tools.items():
            write_program(os.path.join(self.root + ".tools", name), text)
        os.makedirs(self.root + ".local")
        self.record = os.path.join(self.root, "calls")
        self.put("calls", "")
        self.put("etc/passwd", "root:x:0:0::/:/bin/sh\nalice:x:501:20::/:/bin/sh\n")
        self.put("etc/group", "root:x:0:\nwheel:x:0:\n")
        shutil.copytree(PACKAGING, os.path.join(self.root, "packaging"))

    def put(self, path, text=""):
        with open(os.path.join(self.root, path), "w", encoding="utf-8") as file:
            file.write(text)

    def install(self):
        """What an installer has unpacked."""
        write_program(os.path.join(
            self.root, "Applications/Sightglass.app/Contents/MacOS/Sightglass"), HOST_APP)
        write_program(os.path.join(self.root + ".local", "bin/sightglass"),
                      "#!/bin/sh\n[ -e /loaded ] && [ ! -e /mute ]\n")
        write_program(os.path.join(self.root + ".local", "sbin/sightglassd"), "")
        self.put(f"Library/LaunchDaemons/{LABEL}.plist", "a job")
        self.put("etc/sightglass/sightglass.yaml.example", "from the package")

    def has(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def script(self, name, *arguments, status=0):
        return self.run_tool("env", f"R={self.root}", *self.unshare, "sh", "-c", ROOT, "-",
                             f"/packaging/{name}", *arguments, status=status)

    def installer(self, name, status=0, volume="/"):
        return self.script(f"scripts/{name}", "/s.pkg", "/", volume, status=status)

    def test_first_installation(self):
        self.installer("preinstall")
        self.assertEqual(self.calls(), [f"launchctl print system/{LABEL}"])
        self.install()
        said = self.installer("postinstall")
        self.assertIn("are active", said)
        self.assertEqual([call for call in self.calls() if "print" not in call], [
            *(f"dscl . -create /{words}"
              for name, number in (("_sightglass", 451), ("_sightglass_ca", 453),
                                   ("_sightglass_log", 454))
              for words in (f"Groups/{name} PrimaryGroupID {number}",
                            f"Groups/{name} Password *",
                            f"Users/{name} UniqueID {number}",
                            f"Users/{name} PrimaryGroupID {number}",
                            f"Users/{name} UserShell /usr/bin/false",
                            f"Users/{name} NFSHomeDirectory /var/empty",
                            f"Users/{name} RealName sightglass daemon",
                            f"Users/{name} Password *",
                            f"Users/{name} IsHidden 1")),
            f"launchctl enable system/{LABEL}",
            f"launchctl bootstrap system /Library/LaunchDaemons/{LABEL}.plist",
            "app activate --wait 10"])
        self.assertTrue(self.has("var/root/Group Containers/g"))
        self.assertTrue(self.has("etc/sightglass/sightglass.yaml"))

    def test_update_stops_replaces_and_starts(self):
        self.install()
        self.put("loaded")
        self.put("user")
        self.put("console", "alice")
        self.put("etc/sightglass/sightglass.yaml", "a person's")
        self.installer("preinstall")
        self.installer("postinstall")
        as_alice = "launchctl asuser 501 sudo -u alice " \
                   "/Applications/Sightglass.app/Contents/MacOS/Sightglass"
        self.assertEqual([call for call in self.calls() if "print" not in call], [
            f"{as_alice} stop", "app stop", f"launchctl bootout system/{LABEL}",
            f"launchctl enable system/{LABEL}",
            f"launchctl bootstrap system /Library/LaunchDaemons/{LABEL}.plist",
            f"{as_alice} activate --wait 10", "app activate --wait 10"])
        with open(os.path.join(self.root, "etc/sightglass/sightglass.yaml"),
                  encoding="utf-8") as file:
            self.assertEqual(file.read(), "a person's")

    def test_a_daemon_that_does_not_end_is_not_replaced(self):
        self.install()
        self.put("loaded")
        self.put("stuck")
        said = self.installer("preinstall", status=1)
        self.assertIn("nothing was replaced", said)
        self.assertEqual([call for call in self.calls() if call.startswith("app")],
                         ["app stop", "app start"])

    def test_a_proxy_that_does_not_stop_is_no_obstacle(self):
        self.install()
        self.put("loaded")
        self.put("app-stop", "1")
        self.assertIn("was not stopped", self.installer("preinstall"))
        self.assertFalse(self.has("loaded"))

    def test_a_daemon_that_does_not_answer_gets_no_extension(self):
        self.install()
        self.put("mute")
        said = self.installer("postinstall", status=1)
        self.assertIn("does not answer", said)
        self.assertNotIn("app activate --wait 10", self.calls())

    def test_a_broken_bundle_replaces_no_extension(self):
        self.install()
        self.put("broken")
        self.assertIn("signature of /Applications/Sightglass.app is broken",
                      self.installer("postinstall"))
        self.assertNotIn("app activate --wait 10", self.calls())
        self.assertTrue(self.has("loaded"))

    def test_what_activation_says_is_told(self):
        for status, words in ((1, "was not activated"), (3, "restart the Mac"),
                              (4, "allow Sightglass in System Settings")):
            self.install()
            self.put("app-activate", str(status))
            self.assertIn(words, self.installer("postinstall"))

    def test_another_volume_is_left_alone(self):
        self.install()
        self.installer("preinstall", volume="/Volumes/Other")
        self.installer("postinstall", volume="/Volumes/Other")
        self.assertEqual(self.calls(), [])

    def test_uninstall_takes_configuration_then_extension_then_daemon(self):
        self.install()
        self.put("loaded")
        said = self.script("uninstall")
        self.assertIn("left: /etc/sightglass", said)
        self.assertEqual([call for call in self.calls() if "print" not in call],
                         ["app deactivate --wait 60",
                          f"launchctl bootout system/{LABEL}",
                          "pkgutil --forget org.sightglass.pkg"])
        for path in ("Applications/Sightglass.app", f"Library/LaunchDaemons/{LABEL}.plist"):
            self.assertFalse(self.has(path), path)
        self.assertFalse(os.path.exists(self.root + ".local/sbin/sightglassd"))
        self.assertTrue(self.has("var/lib/sightglass"))

    def test_uninstall_leaves_all_where_the_extension_stays(self):
        self.install()
        self.put("loaded")
        self.put("app-deactivate", "1")
        self.assertIn("nothing else was", self.script("uninstall", status=1))
        self.assertTrue(self.has("loaded"))
        self.assertTrue(self.has("Applications/Sightglass.app"))

    def test_purge(self):
        self.install()
        self.put("app-deactivate", "3")
        said = self.script("uninstall", "--purge")
        self.assertIn("next restart", said)
        for name in ("_sightglass", "_sightglass_ca", "_sightglass_log"):
            self.assertIn(f"dscl . -delete /Users/{name}", self.calls())
            self.assertIn(f"dscl . -delete /Groups/{name}", self.calls())
        self.assertFalse(self.has("var/lib/sightglass"))
        self.assertFalse(self.has("etc/sightglass"))


# --- preflight ----------------------------------------------------------------------

# codesign -d --entitlements - --xml PATH; -d --verbose=2 PATH; --verify ... PATH
CODESIGN = """#!/bin/sh
for path; do :; done
case "$*" in
*--entitlements*) cat "$path/entitlements" ;;
*--verify*) [ ! -e "$path/broken" ] || { echo "a sealed resource is missing" >&2; exit 1; } ;;
*) cat "$path/flags" >&2 ;;
esac
"""
SECURITY = """#!/bin/sh
for path; do :; done
cat "$path"
"""


class Preflight(Tools):
    def setUp(self):
        super().setUp()
        self.app, _ = self.make_bundle(f"TEAM={TEAM}", "BUILD=2026.1126.5")
        self.extension = os.path.join(self.app, EXTENSION)
        self.stand_in("codesign", CODESIGN)
        self.stand_in("security", SECURITY)
        self.stand_in("spctl")
        for bundle, name in ((self.app, "app"), (self.extension, "extension")):
            shutil.copy(os.path.join(self.directory, "out", f"{name}.entitlements"),
                        os.path.join(bundle, "entitlements"))
            with open(os.path.join(bundle, "flags"), "w", encoding="utf-8") as file:
                file.write("CodeDirectory v=20500 flags=0x10000(runtime) hashes=9\n")
            self.allow(bundle)

    def allow(self, bundle, **other):
        """Its provisioning profile, which allows what it has."""
        rights = read_plist(os.path.join(bundle, "entitlements"))
        profile = {"Entitlements": dict(rights), "TeamIdentifier": [TEAM],
                   "ExpirationDate": plistlib.loads(
                       b"<plist><date>2099-01-01T00:00:00Z</date></plist>")}
        profile.update(other)
        self.write(bundle, "Contents/embedded.provisionprofile", profile)

    def write(self, bundle, path, value):
        with open(os.path.join(bundle, path), "wb") as file:
            plistlib.dump(value, file)

    def change(self, bundle, path, **values):
        plist = read_plist(os.path.join(bundle, path))
        for key, value in values.items():
            plist[key] = value
        self.write(bundle, path, plist)

    def preflight(self, *options, status=0):
        if not options:
            options = ("--previous", "2026.1126.4")
        return self.run_tool(os.path.join(PACKAGING, "preflight"), *options, self.app,
                             status=status)

    def test_what_make_builds_passes(self):
        self.assertIn("0 wrong", self.preflight())

    def test_signature_runtime_and_debugger(self):
        os.unlink(os.path.join(self.extension, "flags"))
        open(os.path.join(self.extension, "flags"), "w", encoding="utf-8").close()
        open(os.path.join(self.app, "broken"), "w", encoding="utf-8").close()
        self.change(self.app, "entitlements", **{"com.apple.security.get-task-allow": True})
        said = self.preflight(status=1)
        self.assertIn("no hardened runtime", said)
        self.assertIn("a sealed resource is missing", said)
        self.assertIn("get-task-allow", said)
        self.assertIn("3 wrong", said)

    def test_entitlements_against_the_profile(self):
        self.allow(self.app, Entitlements={})
        self.allow(self.extension, TeamIdentifier=["ZZZZZ99999"],
                   ExpirationDate=plistlib.loads(
                       b"<plist><date>2020-01-01T00:00:00Z</date></plist>"))
        said = self.preflight(status=1)
        self.assertIn("does not allow app-proxy-provider-systemextension", said)
        self.assertIn("does not allow dns-proxy-systemextension", said)
        self.assertIn("does not allow com.apple.developer.system-extension.install", said)
        self.assertIn(f"is not team {TEAM}'s", said)
        self.assertIn("ended on 2020", said)

    def test_no_profile(self):
        os.unlink(os.path.join(self.app, "Contents/embedded.provisionprofile"))
        self.assertIn("no provisioning profile", self.preflight(status=1))

    def test_versions(self):
        for previous in ("2026.1126.5", "2026.1126.10", "2027.101.1"):
            self.assertIn(f"is not above {previous}",
                          self.preflight("--previous", previous, status=1))
        old = os.path.join(self.directory, "installed")
        shutil.copytree(self.app, old)
        self.assertIn("is not above", self.preflight("--installed", old, status=1))
        self.change(self.extension, "Contents/Info.plist", CFBundleVersion="1")
        self.assertIn("differ in CFBundleVersion", self.preflight(status=1))

    def test_groups_and_who_may_install(self):
        for bundle in (self.app, self.extension):
            self.change(bundle, "entitlements",
                        **{"com.apple.security.application-groups": ["group.sightglass"]})
        self.change(self.extension, "entitlements",
                    **{"com.apple.developer.system-extension.install": True})
        said = self.preflight(status=1)
        self.assertIn("does not begin with the team", said)
        self.assertIn("which is the app's alone", said)
        self.assertIn("is no child of an app group", said)

    def test_gatekeeper_is_asked_where_it_is_wanted(self):
        self.preflight()
        before = self.calls()
        self.preflight("--previous", "1", "--assess")
        self.assertEqual(self.calls()[len(before):],
                         [f"spctl --assess --type execute --verbose {self.app}"])

    def test_notarize_asks_apple_last(self):
        self.stand_in("pkgutil")
        self.stand_in("xcrun")
        start = len(self.calls())
        notarize = os.path.join(PACKAGING, "notarize")
        self.run_tool(notarize, "s.pkg", self.app, "keys", "--previous", "1")
        self.assertEqual(self.calls()[start:], [
            "pkgutil --check-signature s.pkg",
            "xcrun notarytool submit s.pkg --keychain-profile keys --wait",
            "xcrun stapler staple s.pkg",
            "spctl --assess --type install --verbose s.pkg"])
        self.run_tool(notarize, "s.pkg", self.app, "keys", "--previous", "2099.1",
                      status=1)
        self.assertEqual(len(self.calls()) - start, 4, "what is wrong is not sent")


if __name__ == "__main__":
    unittest.main()
