# SPDX-License-Identifier: ISC
"""Apache httpd behind the daemon: what its own log says that it served is in ours,
over HTTP/1.1 and HTTP/2, with all that it does to a body on its way."""

import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import unittest

from exchanges import APACHE_FORMAT, Exchanges
from harness import Nginx, Process, free_port, get, wait_for

MODULES = "/usr/lib/apache2/modules"
PROGRAM = shutil.which("apache2") or "/usr/sbin/apache2"
LOADED = ["mpm_event", "authz_core", "alias", "cgid", "dav", "dav_fs", "deflate", "dir",
          "env", "filter", "headers", "http2", "mime", "proxy", "proxy_connect",
          "proxy_http", "setenvif", "ssl"]
BACKEND = os.path.join(
    subprocess.run(["git", "--exec-path"], capture_output=True, text=True,
                   check=True).stdout.strip(), "git-http-backend")
TEXT = "served by Apache, in a line\n" * 4000
DIGITS = hashlib.shake_256(b"digits").hexdigest(50000)  # packed still long


class Httpd(Process):
    """apache2 with a configuration of its own and nothing of the system's."""

    def __init__(self, test, pair, access_log, protocols):
        self.port = free_port()
        self.home = os.path.join(test.directory, "apache")
        self.root = os.path.join(self.home, "www")
        for name in "www", "www/dav", "git":
            os.makedirs(os.path.join(self.home, name))
        os.chmod(test.directory, 0o755)
        if os.getuid() == 0:
            for name in ".", "www/dav", "git":
                shutil.chown(os.path.join(self.home, name), "www-data")
        path = os.path.join(self.home, "httpd.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(self.configuration(pair, access_log, protocols))
        super().__init__(test, [PROGRAM, "-f", path, "-DFOREGROUND"], "apache2")
        wait_for(lambda: "resuming normal operations" in self.output(), "apache2")

    def configuration(self, pair, access_log, protocols):
        load = "\n".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in LOADED)
        return f"""
{load}
ServerRoot {self.home}
ServerName localhost
PidFile {self.home}/pid
ScriptSock {self.home}/cgid
DAVLockDB {self.home}/locks
Mutex file:{self.home}
User www-data
Group www-data
Listen 127.0.0.1:{self.port}
ErrorLog /dev/stderr
CustomLog {access_log} "{APACHE_FORMAT}"
DocumentRoot {self.root}
SSLEngine on
SSLCertificateFile {pair[0]}
SSLCertificateKeyFile {pair[1]}
Protocols {protocols}
KeepAliveTimeout 300
TypesConfig /dev/null
AddType text/plain .txt
AddOutputFilterByType DEFLATE text/plain
<Directory {self.root}/dav>
  DAV on
</Directory>
ScriptAlias /git/ {BACKEND}/
SetEnv GIT_PROJECT_ROOT {self.home}/git
SetEnv GIT_HTTP_EXPORT_ALL 1
SetEnv GIT_CONFIG_COUNT 2
SetEnv GIT_CONFIG_KEY_0 safe.directory
SetEnv GIT_CONFIG_VALUE_0 *
SetEnv GIT_CONFIG_KEY_1 http.receivepack
SetEnv GIT_CONFIG_VALUE_1 true
ProxyRequests on
AllowCONNECT 1-65535
"""

    def put(self, name, text):
        with open(os.path.join(self.root, name), "w", encoding="ascii") as out:
            out.write(text)


@unittest.skipUnless(os.path.exists(MODULES + "/mod_http2.so"), "no Apache httpd here")
class Apache(Exchanges):
    def serve(self, protocols="h2 http/1.1"):
        os.chmod(self.directory, 0o755)
        self.httpd = Httpd(self, self.pair, self.access_log, protocols)
        self.httpd.put("a.txt", DIGITS)
        self.httpd.put("a.bin", TEXT)
        return self.start(self.httpd.port)

    def play(self, version):
        """What curl asks of it over one connection after another."""
        got = os.path.join(self.directory, "got")
        self.assertEqual(self.curl(version, "URL/a.bin", "URL/a.bin?again", "URL/missing")
                         .count("in a line"), 8000)
        self.assertEqual(self.curl(version, "--compressed", "URL/a.txt"), DIGITS)
        self.assertEqual(self.curl(version, "-r", "7-16", "URL/a.bin"), TEXT[7:17])
        self.assertIn("Content-range: bytes 0-9/",
                      self.curl(version, "-r", "0-9,20-29", "URL/a.bin"))
        self.curl(version, "-I", "URL/a.bin")
        self.curl(version, "-H", "If-None-Match: *", "URL/a.bin")
        file = os.path.join(self.httpd.root, "a.bin")
        self.curl(version, "-T", file, "-H", "Expect: 100-continue",
                  "--expect100-timeout", "60", "URL/dav/b.bin")
        self.curl(version, "-T", file, "-H", "Transfer-Encoding: chunked", "-H",
                  "Expect:", "URL/dav/c.bin")
        self.curl(version, "-X", "PROPFIND", "-H", "Depth: 1", "-o", got, "URL/dav/")
        self.curl(version, "-X", "DELETE", "URL/dav/b.bin")
        return self.stop()

    def check_played(self, http):
        self.check_all_seen(http, 12)
        body = get(self.one(http, url__path="/a.txt"), "http.response.body")
        self.assertEqual((body["content_encoding"], body["content"]), ("gzip", DIGITS))
        ranged = self.one(http, http__request__headers__range=["bytes=7-16"])
        self.assertEqual(get(ranged, "http.response.body.content"), TEXT[7:17])
        parts = self.one(http, http__request__headers__range=["bytes=0-9,20-29"])
        self.assertEqual(get(parts, "http.response.status_code"), 206)
        self.assertIn(TEXT[20:30], get(parts, "http.response.body.content"))
        self.one(http, http__response__status_code=304)
        for path, informational in ("/dav/b.bin", {"count": 1, "last": 100}), \
                ("/dav/c.bin", None):
            put = self.one(http, url__path=path, http__request__method="PUT")
            self.assertEqual(get(put, "sightglass.informational"), informational)
            self.assertEqual(get(put, "http.request.body.bytes"), len(TEXT))
            self.assertTrue(TEXT.startswith(get(put, "http.request.body.content")))

    def test_http_1(self):
        self.serve("http/1.1")
        http = self.play("--http1.1")
        self.check_played(http)
        packed = self.one(http, url__path="/a.txt")
        self.assertEqual(get(packed, "http.response.headers.transfer-encoding"),
                         ["chunked"])
        kept = self.one(http, url__query="again")["sightglass"]["flow"]
        flow = self.one(self.records, event__dataset="sightglass.flow",
                        sightglass__flow=kept)
        self.assertEqual(get(flow, "sightglass.exchanges"), 3)

    def test_http_2(self):
        self.serve()
        self.check_played(self.play("--http2"))

    def test_many_streams(self):
        self.serve()
        self.httpd.put("small.bin", "small")
        said = self.run_client("h2load", "-n", "2000", "-c", "4", "-m", "100",
                               self.url + "/small.bin")
        self.assertIn("2000 succeeded", said)
        self.check_all_seen(self.stop(), 2000)

    def test_git_clones_and_pushes(self):
        self.serve()
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c",
               "init.defaultBranch=main"]
        environment = dict(os.environ, GIT_SSL_CAINFO=self.our_ca)
        bare = os.path.join(self.httpd.home, "git", "r.git")
        url = f"{self.url}/git/r.git"
        clone = os.path.join(self.directory, "clone")
        self.run_client(*git, "init", "--bare", bare)
        if os.getuid() == 0:
            self.run_client("chown", "-R", "www-data:", bare)
        self.run_client(*git, "clone", url, clone, env=environment)
        shutil.copy(os.path.join(self.httpd.root, "a.bin"), clone)
        self.run_client(*git, "-C", clone, "add", "-A")
        self.run_client(*git, "-C", clone, "commit", "-m", "one")
        self.run_client(*git, "-C", clone, "push", "origin", "HEAD:main",
                        env=environment)
        again = os.path.join(self.directory, "again")
        self.run_client(*git, "clone", url, again, env=environment)
        with open(os.path.join(again, "a.bin"), encoding="ascii") as file:
            self.assertEqual(file.read(), TEXT)
        http = self.stop()
        self.check_all_seen(http, 6)
        self.assertEqual({get(r, "url.path") for r in http}, {
            "/git/r.git/info/refs", "/git/r.git/git-upload-pack",
            "/git/r.git/git-receive-pack"})

    def test_as_a_proxy_inside_tls(self):
        self.serve("http/1.1")
        origin = Nginx(self)
        origin.put("x", b"behind the proxy\n")
        url = f"http://127.0.0.1:{origin.port}/x"
        proxy = ["--proxy", "URL", "--proxy-cacert", self.our_ca]
        self.assertEqual(self.curl(*proxy, url), "behind the proxy\n")
        self.assertEqual(self.curl(*proxy, "-p", url), "behind the proxy\n")
        http = self.stop()
        whole = self.one(http, http__request__method="GET")
        unread = [get(r, "sightglass.unread") for r in self.records
                  if get(r, "sightglass.unread")]
        self.assertEqual([u["why"] for u in unread], ["upgraded"])
        self.assertGreater(unread[0]["server"], len("behind the proxy\n"))
        self.assertEqual(get(whole, "url.full"), url)
        self.assertEqual(get(whole, "http.response.body.content"),
                         "behind the proxy\n")
        tunnel = self.one(http, http__request__method="CONNECT")
        self.assertEqual(get(tunnel, "http.response.status_code"), 200)
        self.assertIs(get(tunnel, "sightglass.upgraded"), True)
        self.assertEqual((get(tunnel, "url.domain"), get(tunnel, "url.port")),
                         ("127.0.0.1", origin.port))

    def test_requests_in_a_row_with_extensions_and_trailers(self):
        self.serve("http/1.1")
        context = ssl.create_default_context(cafile=self.our_ca)
        put = (b"PUT /dav/t HTTP/1.1\r\nHost: localhost:%d\r\n"
               b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
               b"5;why=\"because\"\r\nfirst\r\n6\r\n, then\r\n"
               b"0\r\nX-Sum: 11\r\n\r\n" % self.port)
        fetch = (b"GET /dav/t HTTP/1.1\r\nHost: localhost:%d\r\n"
                 b"Connection: %s\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.port)) as raw, \
                context.wrap_socket(raw, server_hostname="localhost") as s:
            s.sendall(put + fetch % (self.port, b"keep-alive")
                      + fetch % (self.port, b"close"))
            answers = b"".join(iter(lambda: s.recv(65536), b""))
        self.assertEqual(answers.count(b"\r\n\r\nfirst, then"), 2, answers)
        http = self.stop()
        self.check_all_seen(http, 3)
        stored = self.one(http, http__request__method="PUT")
        self.assertEqual(get(stored, "http.request.body.content"), "first, then")
        self.assertEqual(get(stored, "http.request.body.bytes"), 11)
        self.assertEqual(get(stored, "http.request.trailers"), {"x-sum": ["11"]})


if __name__ == "__main__":
    unittest.main()
