# SPDX-License-Identifier: ISC
"""sightglass exec with real programs: what they send is seen, and they notice
nothing."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import unittest

from fields import read as read_records
from harness import (CLI, Certificates, Nginx, Process, Test, ThreadServer, get,
                     loopback_address, may_run, wait_for)


class Exec(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.state = os.path.join(self.directory, "state")
        self.environment = dict(os.environ, SSL_CERT_FILE=self.ca.ca,
                                HOME=self.directory, NO_COLOR="1")
        self.environment.pop("SSL_CERT_DIR", None)

    def certificates_of(self, name):
        """Those of another CA."""
        return Certificates(os.path.join(self.directory, name))

    def tls_nginx(self, **options):
        nginx = Nginx(self, self.ca.server(), **options)
        nginx.put("hello.txt", b"hello\n")
        return nginx

    def exec(self, *command, options=(), timeout_s=60, **keywords):
        keywords.setdefault("env", self.environment)
        done = subprocess.run(
            [CLI, "exec", *options, "-d", self.state, "--", *command],
            capture_output=True, text=True, timeout=timeout_s, check=False,
            **keywords)
        if "Killed" not in done.stderr:
            self.assertNotIn("Sanitizer", done.stderr)
        return done

    def configure(self, text):
        """What sightglass.yaml of the state directory says."""
        os.makedirs(self.state, exist_ok=True)
        with open(os.path.join(self.state, "sightglass.yaml"), "w",
                  encoding="ascii") as out:
            out.write(text)

    def records(self, dataset=None):
        arguments = ["show", "-d", self.state, "-o", "json"]
        if dataset:
            arguments += ["--dataset", dataset]
        done = self.run_cli(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return read_records(done.stdout)

    def check_left(self):
        """Sealed segments, and nothing of the run."""
        for name in os.listdir(os.path.join(self.state, "log")):
            self.assertTrue(name.endswith(".ndjson.zst"), name)
            subprocess.run(["zstd", "-tq", os.path.join(self.state, "log", name)],
                           check=True)
        self.assertEqual(os.listdir(os.path.join(self.state, "run")), [])


class Programs(Exec):
    def see(self, *command, path="/hello.txt", options=()):
        """Runs a command for {url}; its record and what it printed."""
        nginx = self.tls_nginx()
        url = f"https://localhost:{nginx.port}{path}"
        done = self.exec(*[c.replace("{url}", url).replace("{port}", str(nginx.port))
                           for c in command], options=options)
        self.assertEqual(done.returncode, 0, done.stderr)
        http = self.one(self.records("http"), url__path=path)
        self.assertEqual(get(http, "url.full"), url)
        self.assertEqual(get(http, "http.response.status_code"), 200)
        self.assertEqual(get(http, "http.response.body.content"), "hello\n")
        self.assertIn(f"200 GET {url}", done.stderr)
        self.check_left()
        return http, done

    def test_curl(self):
        http, done = self.see("curl", "-sS", "{url}")
        self.assertEqual(done.stdout, "hello\n")
        self.assertEqual(get(http, "process.executable"), shutil.which("curl"))
        self.assertEqual(get(http, "user.id"), str(os.getuid()))
        self.assertIn(get(http, "destination.ip"), ("127.0.0.1", "::1"))

    def test_wget(self):
        _, done = self.see("wget", "-qO-", "{url}")
        self.assertEqual(done.stdout, "hello\n")

    def test_python(self):
        _, done = self.see(
            sys.executable, "-c", "import urllib.request as u;"
            "print(u.urlopen('{url}').read().decode(), end='')")
        self.assertEqual(done.stdout, "hello\n")

    def test_node(self):
        _, done = self.see(
            "node", "-e", "require('https').get('{url}', "
            "r => r.on('data', d => process.stdout.write(d)))")
        self.assertEqual(done.stdout, "hello\n")

    def test_openssl(self):
        nginx = self.tls_nginx()
        done = self.exec("openssl", "s_client", "-quiet", "-verify_return_error",
                         "-servername", "localhost", "-connect",
                         f"127.0.0.1:{nginx.port}",
                         input="GET /hello.txt HTTP/1.0\r\n\r\n")
        self.assertTrue(done.stdout.endswith("hello\n"), done)
        self.assertEqual(get(self.one(self.records("http")), "url.full"),
                         "https://localhost/hello.txt")

    def test_npm_with_a_cafile_of_its_own(self):
        if not shutil.which("npm"):
            self.skipTest("npm is not installed")
        with open(os.path.join(self.directory, ".npmrc"), "w",
                  encoding="ascii") as out:
            out.write(f"cafile={self.ca.ca}\n")
        nginx = self.tls_nginx()
        nginx.put("x", b'{"name": "x", "dist-tags": {"latest": "1.2.3"},'
                  b'"versions": {"1.2.3": {"name": "x", "version": "1.2.3"}}}')
        # This machine's own settings of npm are not to matter.
        for name in list(self.environment):
            if name.lower().startswith("npm_config_"):
                self.environment.pop(name)
        self.environment["npm_config_registry"] = f"https://localhost:{nginx.port}/"
        self.environment["npm_config_fetch_retries"] = "0"
        done = self.exec("npm", "view", "x", "version", options=["-q"])
        self.assertEqual(done.stdout, "1.2.3\n", done.stderr)
        self.one(self.records("http"), url__path="/x")

    def test_java_below_a_path_with_blanks_and_quotes(self):
        if not shutil.which("javac") or not shutil.which("keytool"):
            self.skipTest("no Java here")
        source = os.path.join(self.directory, "Get.java")
        with open(source, "w", encoding="ascii") as out:
            out.write("""
class Get {
    public static void main(String[] arguments) throws Exception {
        try (var in = new java.net.URL(arguments[0]).openStream()) {
            in.transferTo(System.out);
        }
    }
}
""")
        self.state = os.path.join(self.directory, "it's a \"state\" of 'mine'")
        self.environment["JAVA_TOOL_OPTIONS"] = "-Dx=y"
        _, done = self.see("java", source, "{url}")
        self.assertEqual(done.stdout, "hello\n")
        self.assertIn("-Dx=y", done.stderr)

    @unittest.skipUnless(shutil.which("keytool"), "no Java here")
    def test_java_that_trusts_a_ca_of_ours_already(self):
        """As the doctor has it told, by whatever name."""
        home, own = (os.path.join(self.directory, n) for n in ("java", "own"))
        cacerts = os.path.join(home, "lib", "security", "cacerts")
        keytool = os.path.join(home, "bin", "keytool")
        os.makedirs(os.path.dirname(cacerts))
        os.makedirs(os.path.dirname(keytool))
        with open(keytool, "w", encoding="ascii") as script:
            script.write(f'#!/bin/sh\nexec {shutil.which("keytool")} "$@"\n')
        os.chmod(keytool, 0o755)
        self.run_cli("ca", "init", "-d", own)
        remedy = ["keytool", "-importcert", "-keystore", cacerts, "-storepass",
                  "changeit", "-noprompt", "-alias", "sightglass", "-file",
                  os.path.join(own, "ca", "sightglass-ca.pem")]
        subprocess.run(remedy, check=True, capture_output=True)
        self.environment["PATH"] = os.path.dirname(keytool) + ":" + os.environ["PATH"]
        self.assertEqual(self.exec("true").stderr, "")
        told = subprocess.run(
            ["keytool", "-list", "-storepass", "changeit", "-keystore",
             os.path.join(self.state, "ca", "java.truststore")], check=True,
            capture_output=True, text=True).stdout
        self.assertIn("2 entries", told)

    def test_curl_through_the_proxy(self):
        http, done = self.see("curl", "-sS", "{url}", options=["--proxy"])
        self.assertEqual(done.stdout, "hello\n")
        self.assertEqual(get(http, "process.executable"), shutil.which("curl"))

    def test_a_proxy_is_told_of_by_http_alone(self):
        """Of all_proxy many know HTTP alone, and some (httpx, aria2) do not start with
        SOCKS in it."""
        names = ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY")
        for name in names:
            self.environment.pop(name, None)
        done = self.exec(sys.executable, "-c", "import os\n"
                         f"print([os.environ.get(n, '')[:7] for n in {names}])",
                         options=["--proxy"])
        self.assertEqual(done.stdout, "['http://', 'http://', '', '']\n", done.stderr)

    def test_a_variable_of_each_program_names_the_bundle(self):
        """Also one that names another file: a program that knows it asks no other."""
        names = ("SSL_CERT_FILE", "PERL_LWP_SSL_CA_FILE", "HTTPLIB2_CA_CERTS",
                 "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NIX_SSL_CERT_FILE",
                 "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE")
        self.environment.update({name: self.ca.ca for name in names})
        done = self.exec(sys.executable, "-c", "import os\n"
                         f"print({{os.path.basename(os.environ[n]) for n in {names}}})")
        self.assertEqual(done.stdout, "{'bundle.pem'}\n", done.stderr)

    def test_php_is_told_behind_what_it_has(self):
        done = self.exec("sh", "-c", 'echo "$PHP_INI_SCAN_DIR"; cat "${PHP_INI_SCAN_DIR#'
                         '*:}"/*.ini')
        first, *settings = done.stdout.splitlines()
        self.assertRegex(first, r"^:/[^:]+$")
        bundle = os.path.join(first[1:], "bundle.pem")
        self.assertEqual(settings, [f"curl.cainfo = '{bundle}'",
                                    f"openssl.cafile = '{bundle}'"])
        self.environment["PHP_INI_SCAN_DIR"] = "/etc/own"
        done = self.exec("sh", "-c", 'echo "$PHP_INI_SCAN_DIR"')
        self.assertTrue(done.stdout.startswith("/etc/own:/"), done)
        self.check_left()

    @unittest.skipUnless(shutil.which("php"), "no PHP")
    def test_php(self):
        _, done = self.see("php", "-r", "echo file_get_contents('{url}');")
        self.assertEqual(done.stdout, "hello\n")

    def test_git(self):
        repository = os.path.join(self.directory, "r")
        bare = os.path.join(self.directory, "nginx", "www", "r.git")
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost",
               "-c", "init.defaultBranch=main"]
        nginx = self.tls_nginx()
        run = {"check": True, "capture_output": True}
        subprocess.run([*git, "init", repository], **run)
        subprocess.run([*git, "-C", repository, "commit", "--allow-empty", "-m",
                        "one"], **run)
        subprocess.run([*git, "clone", "--bare", repository, bare], **run)
        subprocess.run([*git, "-C", bare, "update-server-info"], **run)
        target = os.path.join(self.directory, "clone")
        done = self.exec("git", "clone", f"https://localhost:{nginx.port}/r.git",
                         target)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.isdir(os.path.join(target, ".git")))
        self.assertIn("/r.git/info/refs", [get(r, "url.path")
                                           for r in self.records("http")])

    def test_an_ordinary_user(self):
        if os.getuid() != 0:
            self.skipTest("the other cases run as one already")
        nobody = pwd.getpwnam("nobody")
        for path in (self.directory, os.path.dirname(self.ca.ca)):
            os.chmod(path, 0o755)
        if not may_run(nobody):
            self.skipTest("the build is not to be read by others")
        os.mkdir(self.state)
        os.chown(self.state, nobody.pw_uid, nobody.pw_gid)
        nginx = self.tls_nginx()
        done = self.exec("sh", "-c", f"id -u; curl -sS https://localhost:{nginx.port}"
                         "/hello.txt", user="nobody", group=nobody.pw_gid,
                         extra_groups=[])
        self.assertEqual(done.stdout, f"{nobody.pw_uid}\nhello\n", done.stderr)
        self.assertEqual(get(self.one(self.records("http")), "user.id"),
                         str(nobody.pw_uid))


class Network(Exec):
    def python(self, text, **options):
        done = self.exec(sys.executable, "-c", text, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_listener_inside_comes_first(self):
        outside = ThreadServer(self, lambda c: c.sendall(b"outside"))
        out = self.python(f"""
import socket
a = ("127.0.0.1", {outside.port})
with socket.create_connection(a) as c:
    print(c.recv(9))
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(a)
l.listen()
c = socket.create_connection(a)
s, _ = l.accept()
s.sendall(b"inside")
print(c.recv(9))
""")
        self.assertEqual(out, "b'outside'\nb'inside'\n")
        flow = self.one(self.records("flow"))
        self.assertEqual(get(flow, "destination.port"), outside.port)

    def test_loopback_in_both_families(self):
        self.need_ipv6()
        six = ThreadServer(self, lambda c: c.sendall(b"six"), address="::1")
        out = self.python("import socket;"
                          f"print(socket.create_connection(('::1', {six.port}))"
                          ".recv(9))")
        self.assertEqual(out, "b'six'\n")
        self.assertEqual(get(self.one(self.records("flow")), "destination.ip"), "::1")

    def test_localhost_is_found_at_its_other_address(self):
        self.need_ipv6()
        four = ThreadServer(self, lambda c: c.sendall(b"four"))
        six = ThreadServer(self, lambda c: c.sendall(b"six"), address="::1")
        out = self.python(f"""
import socket
print(socket.create_connection(("::1", {four.port})).recv(9))
print(socket.create_connection(("127.0.0.1", {six.port})).recv(9))
""")
        self.assertEqual(out, "b'four'\nb'six'\n")
        flows = self.records("flow")
        self.assertEqual({get(r, "destination.ip") for r in flows},
                         {"::1", "127.0.0.1"})
        self.assertEqual({get(r, "sightglass.close") for r in flows}, {"finished"})

    def test_a_listener_inside_is_found_at_its_other_address(self):
        self.need_ipv6()
        out = self.python("""
import socket
l = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(("::1", l.getsockname()[1]))
s, _ = l.accept()
sent = bytes(range(256)) * 40000
import threading
def answer():
    got = b""
    while part := s.recv(65536):
        got += part
    s.sendall(got[::-1])
    s.close()
threading.Thread(target=answer).start()
threading.Thread(target=lambda: (c.sendall(sent), c.shutdown(socket.SHUT_WR))).start()
got = b""
while part := c.recv(65536):
    got += part
print(got == sent[::-1])
""")
        self.assertEqual(out, "True\n")
        self.assertEqual(self.records("flow"), [])

    def test_no_ipv6_inside_where_there_is_none_outside(self):
        outside = ["unshare", "-Urn", "sh", "-c",
                   'ip link set lo up && exec "$@"', "sh"]
        try_it = subprocess.run([*outside, "true"], capture_output=True, text=True,
                                check=False)
        if try_it.returncode:
            self.skipTest(f"no namespaces here: {try_it.stderr.strip()}")
        done = subprocess.run(
            [*outside, CLI, "exec", "-q", "-d", self.state, "--", sys.executable,
             "-c", """
import socket
try:
    socket.create_connection(("2001:db8::7", 443))
except OSError as error:
    print(error.strerror)
"""], capture_output=True, text=True, timeout=60, check=False, env=self.environment)
        self.assertEqual(done.stdout, "Network is unreachable\n", done.stderr)

    def test_a_family_that_is_there_outside_is_asked_for(self):
        """AI_ADDRCONFIG, as of getent ahostsv4 and of apt: a machine that has no address
        of a family but loopback's asks for none of it."""
        ask = [sys.executable, "-c", """
import socket
try:
    print(socket.getaddrinfo("localhost", 443, socket.AF_INET, socket.SOCK_STREAM, 0,
                             socket.AI_ADDRCONFIG)[0][4][0])
except OSError as error:
    print(error)
"""]
        outside = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
        self.assertEqual(self.exec(*ask).stdout, outside)

    def test_the_original_destination_is_kept(self):
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
                s.connect(("2000::1", 443))
            addresses = ["198.51.100.7", "2001:db8::7"]
        except OSError:  # what cannot be reached outside cannot be inside
            addresses = ["198.51.100.7"]
        # Nothing is to leave this machine.
        self.configure("policy:\n  refuse: [198.51.100.0/24, '2001:db8::/32']\n")
        out = self.python(f"""
import socket
for address in {addresses}:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.settimeout(50)
    s.connect((address, 4321))
    print(s.getpeername()[0])
    try:
        s.sendall(b"x" * 9)
        s.recv(1)
    except OSError:
        pass
""")
        self.assertEqual(out.split(), addresses)
        flows = self.records("flow")
        self.assertEqual(sorted(get(r, "destination.ip") for r in flows), addresses)
        for r in flows:
            self.assertEqual(get(r, "destination.port"), 4321)
            self.assertEqual(get(r, "sightglass.close"), "refused_by_policy")
            self.assertIn(get(r, "source.ip"), ("127.0.0.1", "::1"))

    def test_quic_is_refused_at_once(self):
        out = self.python("""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect(("192.0.2.1", 443))
s.send(b"hello")
try:
    s.recv(1)
except ConnectionRefusedError:
    print("refused")
""")
        self.assertEqual(out, "refused\n")

    def test_dns_goes_through_the_daemon(self):
        if os.getuid() != 0:
            self.skipTest("needs port 53")
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        address = loopback_address()
        server.bind((address, 53))

        def serve():
            while True:
                data, peer = server.recvfrom(512)
                server.sendto(b"answer to " + data, peer)

        threading.Thread(target=serve, daemon=True).start()
        # As a resolver does: two queries on one connected socket, then more.
        out = self.python(f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect(("{address}", 53))
for i in range(20):
    s.send(b"A")
    s.send(b"AAAA")
    print(s.recvfrom(99), s.recvfrom(99))
""")
        server_end = f"('{address}', 53)"
        self.assertEqual(out, f"(b'answer to A', {server_end}) "
                         f"(b'answer to AAAA', {server_end})\n" * 20)
        flow = self.one(self.records("flow"))
        self.assertEqual(get(flow, "network.transport"), "udp")
        self.assertEqual(get(flow, "destination.ip"), address)
        self.assertEqual(get(flow, "process.pid") is not None, True)

    def test_two_hundred_connections_at_once(self):
        nginx = self.tls_nginx()
        out = self.python(f"""
import concurrent.futures, ssl, urllib.request
context = ssl.create_default_context()
def one(i):
    u = "https://localhost:{nginx.port}/hello.txt?" + str(i)
    return urllib.request.urlopen(u, context=context, timeout=50).read()
with concurrent.futures.ThreadPoolExecutor(200) as pool:
    print(sum(b == b"hello\\n" for b in pool.map(one, range(200))))
""", timeout_s=120, options=["-q"])
        self.assertEqual(out, "200\n")
        self.assertEqual(len(self.records("http")), 200)

    def test_a_server_that_is_not_trusted_is_not_trusted_here(self):
        other = self.ca
        self.ca = self.certificates_of("other")
        nginx = self.tls_nginx()
        self.ca = other
        done = self.exec("curl", "-sS", f"https://localhost:{nginx.port}/")
        self.assertEqual(done.returncode, 60, done.stderr)
        tls = self.one(self.records("tls"))
        # Both test CAs have one name, so it is the signature that is wrong.
        self.assertEqual(get(tls, "sightglass.verification"), "bad_signature")
        self.assertEqual(self.records("http"), [])
        self.assertIn(f"tls localhost:{nginx.port}  failed: the client broke off the "
                      "TLS handshake, for the server's certificate is not valid: "
                      "bad_signature", done.stderr)

    def test_a_client_that_does_not_trust_us_is_told(self):
        nginx = self.tls_nginx()
        done = self.exec("curl", "-sS", "--cacert", self.ca.ca,
                         f"https://localhost:{nginx.port}/")
        self.assertEqual(done.returncode, 60, done.stderr)
        self.assertRegex(done.stderr, rf"tls localhost:{nginx.port}  failed: the client "
                         r"broke off .*\(does it trust the CA\?\)  .*  curl\n")


class Bundle(Exec):
    """What the command is given to trust."""

    def bundle(self, **environment):
        # What this machine names is not to matter, whichever program it is for.
        for name in list(self.environment):
            if re.search("CERT|SSL|CA_?FILE|CA_?BUNDLE|CA_?INFO", name.upper()):
                self.environment.pop(name)
        self.environment.update(environment)
        done = self.exec("sh", "-c", 'cat "$SSL_CERT_FILE"', options=["-q"])
        self.assertEqual(done.returncode, 0, done.stderr)
        return re.findall("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n",
                          done.stdout, re.S)

    def own(self):
        return self.run_cli("ca", "export", "-d", self.state).stdout

    def test_our_own_is_there_once_where_it_is_trusted_already(self):
        self.run_cli("ca", "init", "-d", self.state)
        roots = os.path.join(self.directory, "roots.pem")
        with open(self.ca.ca, encoding="ascii") as theirs, \
                open(roots, "w", encoding="ascii") as out:
            out.write("# ours\r\n" + self.own() + theirs.read())
        found = self.bundle(SSL_CERT_FILE=roots, CURL_CA_BUNDLE=self.ca.ca)
        self.assertEqual(len(found), 2)
        self.assertEqual(found[0], self.own())

    def test_a_directory_gives_what_openssl_finds_in_it(self):
        roots = os.path.join(self.directory, "roots")
        os.mkdir(roots)
        shutil.copy(self.ca.ca, os.path.join(roots, "found.pem"))
        shutil.copy(self.certificates_of("other").ca, os.path.join(roots, "other"))
        subprocess.run(["openssl", "rehash", roots], check=True, capture_output=True)
        os.unlink(os.path.join(roots, "other"))
        shutil.copy(self.certificates_of("third").ca, os.path.join(roots, "third"))
        found = self.bundle(SSL_CERT_DIR=roots)
        with open(self.ca.ca, encoding="ascii") as theirs:
            self.assertEqual(sorted(found), sorted([theirs.read(), self.own()]))


class Settings(Exec):
    """DIR/sightglass.yaml holds settings of the daemon of exec."""

    def fetch(self):
        nginx = self.tls_nginx()
        return self.exec("curl", "-sS", "-H", "Authorization: Bearer secret",
                         f"https://localhost:{nginx.port}/hello.txt")

    def authorization(self):
        return get(self.one(self.records("http")),
                   "http.request.headers.authorization")

    def test_all_is_captured_unless_the_file_says_what_not(self):
        self.assertEqual(self.fetch().stdout, "hello\n")
        self.assertEqual(self.authorization(), ["Bearer secret"])

    def test_the_file_redacts(self):
        self.configure("capture:\n  redact_headers: [authorization]\n")
        self.assertEqual(self.fetch().stdout, "hello\n")
        self.assertEqual(self.authorization(), ["[redacted]"])

    def test_the_file_names_the_trust(self):
        """The caller trusts the server; the file does not, and wins."""
        other = self.certificates_of("other")
        self.configure(f"upstream:\n  trust: {other.ca}\n")
        self.assertEqual(self.fetch().returncode, 60)
        self.assertNotEqual(get(self.one(self.records("tls")),
                                "sightglass.verification"), "ok")

    def test_the_file_sets_the_number_of_workers(self):
        self.configure("workers: 3\n")
        done = self.exec("true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("serves with 3 workers", "\n".join(
            get(r, "message") or "" for r in self.records("daemon")))

    def test_the_places_stay_those_of_the_directory(self):
        elsewhere = os.path.join(self.directory, "elsewhere")
        self.configure(f"paths: {{run: {elsewhere}, log: {elsewhere}}}\n")
        self.assertEqual(self.fetch().stdout, "hello\n")
        self.assertFalse(os.path.exists(elsewhere))
        self.check_left()

    def test_a_mistake_in_the_file_is_told(self):
        self.configure("workrs: 3\n")
        done = self.exec("true")
        self.assertEqual(done.returncode, 126)
        self.assertIn("workers", done.stderr)


class Life(Exec):
    def test_statuses(self):
        self.assertEqual(self.exec("sh", "-c", "exit 42").returncode, 42)
        self.assertEqual(self.exec("sh", "-c", "kill -9 $$").returncode, 137)
        none = self.exec("/nonexistent/program")
        self.assertEqual(none.returncode, 127)
        self.assertIn("/nonexistent/program", none.stderr)
        self.assertEqual(self.exec(self.ca.ca).returncode, 126)
        self.check_left()

    def test_quiet_is_quiet(self):
        nginx = self.tls_nginx()
        done = self.exec("curl", "-sS", f"https://localhost:{nginx.port}/hello.txt",
                         options=["-q"])
        self.assertEqual((done.stdout, done.stderr), ("hello\n", ""))

    def test_two_at_once_share_a_directory(self):
        nginx = self.tls_nginx()
        url = f"https://localhost:{nginx.port}/hello.txt"
        done = []
        threads = [threading.Thread(target=lambda i=i: done.append(
            self.exec("curl", "-sS", f"{url}?{i}"))) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual([d.returncode for d in done], [0] * 4, done)
        for d in done:  # each tells of its own alone
            self.assertEqual(d.stderr.count(" 200 GET "), 1, d.stderr)
        self.assertEqual(sorted(get(r, "url.query") for r in self.records("http")),
                         ["0", "1", "2", "3"])
        self.check_left()

    def start(self, *command):
        return Process(self, [CLI, "exec", "-d", self.state, "--", *command], "exec",
                       env=self.environment, start_new_session=True)

    def wait_line(self, process, text):
        wait_for(lambda: text in process.output(), text)

    def test_a_signal_is_passed_on(self):
        process = self.start("sh", "-c", "trap 'echo got it; exit 9' TERM;"
                             "echo ready; while :; do sleep 0.05; done")
        self.wait_line(process, "ready")
        self.assertEqual(process.end(signal.SIGTERM), 9)
        self.assertIn("got it", process.output())
        self.check_left()

    def test_nothing_outlives_a_killed_exec(self):
        process = self.start("sh", "-c", "echo ready; exec sleep 1000")
        self.wait_line(process, "ready")
        session = process.pid
        process.end(signal.SIGKILL)
        wait_for(lambda: not processes_of(session), "all to end")

    def test_its_bypasses_are_those_of_the_directory(self):
        process = self.start("sh", "-c", "echo ready; exec sleep 1000")
        self.wait_line(process, "ready")
        bypass = ["bypass", "-d", self.state]
        added = self.run_cli(*bypass, "add", "--name", "x.test")
        self.assertEqual((added.returncode, added.stderr), (0, ""))
        listed = self.run_cli(*bypass, "list", "-o", "json")
        self.assertEqual(json.loads(listed.stdout)["name"], "x.test", listed.stderr)
        process.end(signal.SIGTERM)
        gone = self.run_cli(*bypass, "list", "-o", "json")
        self.assertEqual((gone.returncode, gone.stdout), (1, ""))

    def test_its_errors_say_whose_they_are(self):
        for command in (["/nonexistent/program"], [self.ca.ca]):
            for options in ([], ["--proxy"]):
                told = self.exec(*command, options=options).stderr.splitlines()
                self.assertTrue(told[0].startswith("sightglass: exec: "), told)

    def test_inside_another_a_command_runs_as_it_is(self):
        nginx = self.tls_nginx()
        url = f"https://localhost:{nginx.port}/hello.txt"
        inner = [CLI, "exec", "-d", self.state, "--"]
        done = self.exec(*inner, "curl", "-sS", url)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)
        self.assertIn(f"inside an exec on {self.state} already", done.stderr)
        self.one(self.records("http"), url__full=url)
        self.assertEqual(len(self.records("flow")), 1)
        self.assertEqual(self.exec(*inner, "sh", "-c", "exit 7").returncode, 7)
        done = self.exec(*inner, "/nonexistent/program")
        self.assertEqual(done.returncode, 127)
        self.assertIn("/nonexistent/program", done.stderr)
        self.check_left()

    def test_what_outlives_its_exec_is_not_inside_it(self):
        done = self.exec("sh", "-c", 'echo "$SIGHTGLASS_EXEC"')
        self.environment["SIGHTGLASS_EXEC"] = done.stdout.strip()
        done = self.exec("true", options=["-v"])
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("already", done.stderr)
        started = [r for r in self.records("daemon")
                   if get(r, "sightglass.action") == "started"]
        self.assertEqual(len(started), 2)

    def test_it_says_that_it_waits_for_connections(self):
        server = ThreadServer(self, lambda c: (c.sendall(b"x"), c.recv(1)))
        self.configure("drain_timeout: 2 s\n")
        leave = f"""
import os, socket, time
c = socket.create_connection(("127.0.0.1", {server.port}))
c.recv(1)
if os.fork() == 0:
    os.setsid()
    for fd in range(3):
        os.close(fd)
    time.sleep(20)
"""
        done = self.exec(sys.executable, "-c", leave)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("sightglass: exec: the command has ended: waiting",
                      done.stderr)
        self.check_left()
        quick = self.exec("true")
        self.assertNotIn("waiting", quick.stderr)

    def check_found(self):
        """status and doctor -d DIR ask the daemon of the exec that runs there."""
        process = self.start("sh", "-c", "echo ready; exec sleep 1000")
        self.wait_line(process, "ready")
        answer = self.run_cli("status", "-d", self.state, "-o", "json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        os.kill(json.loads(answer.stdout)["pid"], 0)
        told = self.run_cli("doctor", "-d", self.state)
        place = re.search(r"(?m)^ok +daemon +version \S+ answers at (.*)/control\.sock$",
                          told.stdout)[1]
        self.assertEqual(process.end(signal.SIGTERM), 128 + signal.SIGTERM)
        self.assertFalse(os.path.exists(place))
        self.assertEqual(self.run_cli("status", "-d", self.state).returncode, 1)
        self.check_left()
        return place

    def test_its_daemon_is_found(self):
        place = self.check_found()
        self.assertEqual(os.path.dirname(place), os.path.join(self.state, "run"))

    def test_its_daemon_is_found_below_a_long_path(self):
        self.state = os.path.join(self.directory, "long" * 40)
        self.assertLess(len(self.check_found()), 100)

    def test_two_at_once_are_both_found(self):
        for i in range(2):
            process = Process(self, [CLI, "exec", "-d", self.state, "--", "sh", "-c",
                                     "echo ready; exec sleep 1000"], f"exec{i}",
                              env=self.environment)
            self.wait_line(process, "ready")
        told = self.run_cli("status", "-d", self.state, "-o", "json").stdout
        self.assertEqual(len({json.loads(l)["run"] for l in told.splitlines()}), 2)

    def check_cleared(self):
        """What a killed run leaves behind is gone with the next."""
        runs = os.path.join(self.state, "run")
        process = self.start("sh", "-c", "echo ready; exec sleep 1000")
        self.wait_line(process, "ready")
        session = process.pid
        process.end(signal.SIGKILL)
        wait_for(lambda: not processes_of(session), "all to end")
        left = os.path.realpath(os.path.join(runs, os.listdir(runs)[0]))
        self.assertNotEqual(os.listdir(left), [])
        mine = os.path.join(runs, "mine")
        os.mkdir(mine)
        self.assertEqual(self.exec("true").returncode, 0)
        self.assertFalse(os.path.exists(left))
        self.assertEqual(os.listdir(runs), ["mine"])

    def test_what_a_killed_one_left_is_cleared_away(self):
        self.check_cleared()

    def test_what_a_killed_one_left_elsewhere_is_cleared_away(self):
        self.state = os.path.join(self.directory, "long" * 40)
        self.check_cleared()

    def test_a_line_appears_while_the_command_runs(self):
        nginx = self.tls_nginx()
        process = self.start(
            "sh", "-c", f"curl -sSo /dev/null https://localhost:{nginx.port}"
            "/hello.txt; exec sleep 1000")
        self.wait_line(process, "200 GET https://localhost")
        self.assertEqual(process.end(signal.SIGTERM), 128 + signal.SIGTERM)

    def test_closed_namespaces_are_explained(self):
        if subprocess.run(["unshare", "-Urm", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest("namespaces are closed here in another way")
        done = subprocess.run(
            ["unshare", "-Urm", "sh", "-c",
             "echo 0 > /proc/sys/user/max_net_namespaces && exec \"$@\"", "sh",
             CLI, "exec", "-d", self.state, "--", "true"],
            capture_output=True, text=True, timeout=60, check=False,
            env=self.environment)
        self.assertEqual(done.returncode, 126, done.stderr)
        self.assertIn("user.max_net_namespaces", done.stderr)
        self.assertIn("--proxy", done.stderr)

    def test_a_state_directory_that_cannot_be_made(self):
        self.state = os.path.join(self.ca.ca, "below")
        done = self.exec("true")
        self.assertEqual(done.returncode, 126)
        self.assertIn(self.ca.ca, done.stderr)

    def test_the_command_is_needed(self):
        done = self.run_cli("exec", "-d", self.state)
        self.assertEqual(done.returncode, 2)
        self.assertIn("usage: sightglass exec", done.stderr)


def processes_of(session):
    """Processes, but for zombies, whose session that is."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(name))
    return found


if __name__ == "__main__":
    unittest.main()
