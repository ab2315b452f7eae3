# SPDX-License-Identifier: ISC
"""Sources of this machine's packages, by apt, from where its packages come from.

The machine's apt stays as it is: its sources are copied into a folder of our own,
with deb-src in the place of deb, and indexes and archives lie there too. Signatures
are verified as ever. What is fetched are the archives of the authors alone (not what
Debian changes in them), since mirrors are not always complete.
"""

import glob
import os
import re
import subprocess
import tarfile
import tempfile
import time


PAUSES_S = (10, 60)


class Missing(Exception):
    """A source that cannot be had; its text says which, and why."""


def package_version(package):
    """(source package, its version) of an installed package, or None."""
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${source:Package} ${source:Version}", package],
        check=False, capture_output=True, text=True)
    return tuple(done.stdout.split()) if done.returncode == 0 else None


def upstream(version):
    """A version as the authors count: without epoch and Debian's revision."""
    return version.split(":", 1)[-1].rsplit("-", 1)[0]


def is_at_least(version, least):
    return subprocess.run(["dpkg", "--compare-versions", version, "ge", least],
                          check=False).returncode == 0


class Sources:
    """A private apt that knows sources only. For one thread, in a with statement."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.options = []
        for name, place in [("Dir::State::lists", "lists"), ("Dir::Cache", "cache"),
                            ("Dir::Etc::sourceparts", "sources.list.d")]:
            path = os.path.join(self.folder.name, place)
            os.makedirs(os.path.join(path, "partial"))
            self.options += ["-o", f"{name}={path}"]
        # The folder is ours, so the downloads run as we do, and not as apt's own user.
        self.options += ["-o", "Dir::Etc::sourcelist=/dev/null",
                         "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]
        for path in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]:
            self._copy_sources(path)
        # A source of somebody else's that has none fails here: not our business.
        self.update = self._apt("apt-get", "-q", "update")
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def _copy_sources(self, path):
        if not os.path.exists(path) or not path.endswith((".list", ".sources")):
            return
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"^deb(?=\s)", "deb-src", text, flags=re.M)
        text = re.sub(r"^Types:.*", "Types: deb-src", text, flags=re.M)
        copy = os.path.join(self.folder.name, "sources.list.d", os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as file:
            file.write(text)

    def _apt(self, program, *arguments):
        return subprocess.run(
            [program, *self.options, *arguments], cwd=self.folder.name, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def _versions(self, package):
        done = self._apt("apt-cache", "showsrc", "--only-source", package)
        return sorted(set(re.findall(r"^Version: (\S+)$", done.stdout, re.M)))

    def unpack(self, package, fits, tree, directory):
        """Unpacks what lies below the folder tree ("" for all) of the authors' archive
        of a source package, of a version that fits says yes to. What a network or a
        mirror may have been the reason for is tried again, twice."""
        for pause_s in (*PAUSES_S, None):
            said, again = self._try(package, fits, tree, directory)
            if said is None:
                return
            if not again or pause_s is None:
                raise Missing(f"no source of {package} that fits what is installed: "
                              f"{said}")
            print(f"link-darwin: {package} did not come: again in {pause_s} s",
                  flush=True)
            time.sleep(pause_s)
            self.update = self._apt("apt-get", "-q", "update")

    def _try(self, package, fits, tree, directory):
        """(None, False) when it was unpacked; else why not, and whether it may come
        another time."""
        versions = self._versions(package)
        if not versions:
            return self.update.stdout + self.update.stderr, True
        said, again = (f"there are {', '.join(versions)}: after apt-get upgrade its "
                       "headers are of one of them"), False
        for version in filter(fits, versions):
            done = self._apt("apt-get", "-q", "source", "--download-only", "--tar-only",
                             f"{package}={version}")
            archives = glob.glob(os.path.join(self.folder.name, "*.orig.tar.*[!c]"))
            if done.returncode == 0 and archives:
                unpack(archives[0], tree, directory)
                for path in glob.glob(os.path.join(self.folder.name, "*.orig*")):
                    os.unlink(path)
                return None, False
            said, again = done.stdout + done.stderr, True
        return said, again


def unpack(archive, tree, directory):
    """Files alone, by their names below the archive's one folder and the tree."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isfile():
                continue
            name = os.path.relpath(member.name.partition("/")[2], tree or ".")
            if name.startswith(".."):
                continue
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(tar.extractfile(member).read())
