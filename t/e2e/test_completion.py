# SPDX-License-Identifier: ISC
"""What bash, zsh and fish complete of a command line, in the shells themselves: a
person types at a pseudo terminal."""

import os
import pty
import re
import shutil
import subprocess
import unittest

from harness import CLI, Test

PROMPT = b"READY> "
# Line so far: some of what completes it, and some that must not be there.
CASES = [
    ("sightglass ", {"show", "tail", "stats", "exec", "completion", "help"}, set()),
    ("sightglass st", {"stats", "status"}, {"show"}),
    ("sightglass help segm", {"segments"}, {"show"}),
    ("sightglass --v", {"--version"}, {"--output"}),
    ("sightglass show --", {"--output", "--fields", "--where", "--no-pager"},
     {"--no-follow", "--by", "--version"}),
    ("sightglass tail --no", {"--no-follow", "--no-pager"}, {"--reverse"}),
    ("sightglass show -o ", {"pretty", "json", "har", "csv"}, {"table"}),
    ("sightglass show --color ", {"auto", "always", "never"}, {"json"}),
    ("sightglass -d /tmp stats -o ", {"table", "json"}, {"pretty"}),
    ("sightglass stats --sort p", {"p50", "p90", "p99"}, {"count"}),
    ("sightglass stats --by ho", {"host", "host.hostname"}, {"status"}),
    ("sightglass show -F process.n", {"process.name"}, {"process.pid"}),
    ("sightglass show -F url.full,process.n", {"url.full,process.name"}, {"url.full"}),
    ("sightglass show --dataset w", {"websocket"}, {"http"}),
    ("sightglass ca ", {"init", "show", "export", "trust", "untrust"}, {"list"}),
    ("sightglass segments ", {"ls", "verify", "repair", "cat"}, {"show"}),
    ("sightglass bypass ", {"list", "add", "remove", "clear"}, {"show"}),
    ("sightglass export ", {"har", "curl", "raw", "csv"}, {"table"}),
    ("sightglass completion ", {"bash", "zsh", "fish"}, {"show"}),
    ("sightglass bypass list -o ", {"text", "json"}, {"pretty"}),
    ("sightglass ca show --d", {"--der", "--directory"}, {"--dataset"}),
    ("sightglass show -i pla", {"place.ndjson", "places/"}, set()),
    ("sightglass show -d pla", {"places/"}, {"place.ndjson"}),
    ("sightglass segments verify pla", {"place.ndjson", "places/"}, set()),
    ("sightglass exec -- ls pla", {"place.ndjson", "places/"}, {"--output"}),
]


class Typist:
    """A shell at a pseudo terminal; what it answered to each line."""

    def __init__(self, test, command, **environment):
        self.ours, theirs = pty.openpty()
        self.said = b""
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=test.directory,
            start_new_session=True,
            env=dict(os.environ, TERM="dumb", PS1="", HOME=test.directory,
                     **environment))
        os.close(theirs)
        test.addCleanup(self.close)

    def close(self):
        os.close(self.ours)
        self.process.kill()
        self.process.wait()

    def wait_for(self, wanted):
        """Reads on until that has been said; what was said by then."""
        while wanted not in self.said:
            try:
                chunk = os.read(self.ours, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                raise AssertionError(f"no {wanted!r} in {self.said!r}")
            self.said += chunk
        said, _, self.said = self.said.partition(wanted)
        return said.decode(errors="replace")

    def run(self, line):
        os.write(self.ours, line.encode() + b"\n")

    def complete(self, line, all_matches):
        """Types it, has the shell put all there is in its place, and looks. `GOT` stands
        in two parts in what is typed, so that it is not its echo."""
        os.write(self.ours, line.encode() + all_matches + b"\x05 END\x01echo G''OT \n")
        self.wait_for(b"\nGOT ")
        words = self.wait_for(b"END").split()
        self.wait_for(PROMPT)
        # The slash of a directory is put there only where it is the only match.
        return {word + "/" if word == "places" else word for word in words}


class Completion(Test):
    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.directory, "places"))
        with open(os.path.join(self.directory, "place.ndjson"), "w", encoding="ascii"):
            pass
        os.symlink(CLI, os.path.join(self.directory, "sightglass"))

    def script(self, shell, name):
        done = self.run_cli("completion", shell)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(done.stdout)
        return path

    def check(self, complete):
        for line, wanted, unwanted in CASES:
            with self.subTest(line):
                words = {word.replace("\\@", "@") for word in complete(line)}
                self.assertLessEqual(wanted, words)
                self.assertFalse(unwanted & words, words)

    def test_bash(self):
        script = self.script("bash", "sightglass.bash")
        shell = Typist(self, ["bash", "--noprofile", "--norc", "-i"])
        shell.run(f"bind 'set bell-style none'; bind '\"\\e*\": insert-completions'; "
                  f"source {script}; PS1='REA''DY> '")
        shell.wait_for(PROMPT)
        self.check(lambda line: shell.complete(line, b"\x1b*"))

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        folder = os.path.join(self.directory, "functions")
        os.mkdir(folder)
        self.script("zsh", os.path.join("functions", "_sightglass"))
        shell = Typist(self, ["zsh", "-f", "-i"])
        shell.run(f"unsetopt zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste; "
                  f"unsetopt prompt_sp prompt_cr; path=($PWD $path); "
                  f"fpath=({folder} $fpath); "
                  f"autoload -U compinit; compinit -D; "
                  f"zle -C all-matches complete-word _generic; "
                  f"bindkey -e; bindkey '^Xa' all-matches; "
                  f"zstyle ':completion:all-matches:*' insert yes; "
                  f"zstyle ':completion:all-matches::::' completer _all_matches "
                  f"_complete; PS1='REA''DY> '")
        shell.wait_for(PROMPT)
        self.check(lambda line: shell.complete(line, b"\x18a"))

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        script = self.script("fish", "sightglass.fish")

        def complete(line):
            done = subprocess.run(
                ["fish", "--no-config", "-c",
                 f"set PATH $PWD $PATH; source {script}; complete -C '{line}'"],
                capture_output=True, text=True, timeout=60, check=False,
                cwd=self.directory, env=dict(os.environ, HOME=self.directory))
            self.assertEqual((done.returncode, done.stderr), (0, ""), line)
            return [word.split("\t")[0] for word in done.stdout.splitlines()]

        self.check(complete)

    def test_what_installs_is_what_the_command_prints(self):
        build = os.path.dirname(CLI)
        for shell, name in (("bash", "sightglass"), ("zsh", "_sightglass"),
                            ("fish", "sightglass.fish")):
            with open(os.path.join(build, "completion", shell, name),
                      encoding="utf-8") as made:
                self.assertEqual(made.read(), self.run_cli("completion", shell).stdout)

    def test_each_option_of_the_help_is_completed(self):
        fish = self.run_cli("completion", "fish").stdout
        commands = re.findall(r"^  (\w+) {2,}", self.run_cli("--help").stdout, re.M)
        self.assertGreater(len(commands), 12)
        for command in commands:
            told = re.findall(r"^ +(?:-\w, |    )?--([\w-]+)",
                              self.run_cli(command, "--help").stdout, re.M)
            self.assertIn("help", told)
            for name in told:
                self.assertRegex(fish, rf"__sightglass_in {command}'.* -l {name} ")

    def test_mistakes(self):
        for arguments, words in (([], "usage: sightglass completion"),
                                 (["tcsh"], "not 'tcsh'"),
                                 (["bash", "x"], "takes no argument 'x'")):
            done = self.run_cli("completion", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
