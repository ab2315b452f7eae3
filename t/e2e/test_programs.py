# SPDX-License-Identifier: ISC
"""Programs and libraries that people use, through the daemon: each works, and each
of its requests is in the log as the server says that it was."""

import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import unittest

from exchanges import NGINX_FORMAT, Exchanges
from harness import PEERS, Nginx, Process, get, wait_for

SERVERS = {"python": [sys.executable, os.path.join(PEERS, "echo.py")],
           "node": ["node", os.path.join(PEERS, "echo.js")]}


class Libraries(Exchanges):
    """Python's http and urllib and Node's http and http2, as clients and servers."""

    def play(self, client, server, version="h1"):
        words = [version] if server == "node" else []
        peer = Process(self, [*SERVERS[server], "serve", *self.pair, self.access_log,
                              *words], "server")
        port = int(wait_for(peer.output, "the server to listen").split()[0])
        url = self.start(port)
        words = [version] if client == "node" else []
        said = self.run_client(*SERVERS[client], "ask", url, self.our_ca, *words)
        right, _, asked = said.split()
        self.assertEqual(right, asked)
        http = self.stop()
        self.check_all_seen(http, int(asked))
        self.assertEqual(len(http), int(asked))
        for record in http:
            if get(record, "http.request.method") in ("POST", "PUT", "PATCH"):
                self.assertEqual(get(record, "http.request.body"),
                                 get(record, "http.response.body"))

    def test_python_asks_python(self):
        self.play("python", "python")

    def test_python_asks_node(self):
        self.play("python", "node")

    def test_node_asks_python(self):
        self.play("node", "python")

    def test_node_asks_node(self):
        self.play("node", "node")

    def test_node_asks_node_over_http_2(self):
        self.play("node", "node", "h2")


class Programs(Exchanges):
    def serve(self, **options):
        self.nginx = Nginx(self, self.pair, log=(self.access_log, NGINX_FORMAT),
                           **options)
        return self.start(self.nginx.port)

    def test_wget_follows_links_and_posts(self):
        url = self.serve(locations="location /said { return 200 heard; }")
        pages = [f"{n}.html" for n in range(20)]
        for n, page in enumerate(pages):
            self.nginx.put(page, f"<a href='{pages[(n + 1) % 20]}'>on</a>".encode())
        wget = ["wget", "-q", "--ca-certificate", self.our_ca, "-P", self.directory]
        self.run_client(*wget, "-r", "-l", "25", url + "/0.html")
        self.run_client(*wget, "--post-data", "said=this", "-O", "/dev/null",
                        url + "/said?so")
        http = self.stop()
        self.check_all_seen(http, 22)  # robots.txt too
        self.assertEqual({get(r, "url.path") for r in http},
                         {"/robots.txt", "/said", *("/" + page for page in pages)})
        post = self.one(http, http__request__method="POST")
        self.assertEqual(get(post, "http.request.body.content"), "said=this")

    def package(self, name, url, depends=()):
        """Puts a package where npm finds it; its size."""
        manifest = {"name": name, "version": "1.0.0", "main": "index.js",
                    "dependencies": {other: "^1.0.0" for other in depends}}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, text in (("package/package.json", json.dumps(manifest)),
                               ("package/index.js", f"module.exports = '{name}';\n")):
                member = tarfile.TarInfo(path)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        digest = base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
        manifest["dist"] = {"tarball": f"{url}/{name}-1.0.0.tgz",
                            "integrity": "sha512-" + digest}
        self.nginx.put(f"{name}-1.0.0.tgz", packed.getvalue())
        self.nginx.put(name, json.dumps({
            "name": name, "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": manifest}}).encode())
        return len(packed.getvalue())

    def npm_environment(self, url):
        """With nothing of this machine's own settings of npm."""
        environment = {name: value for name, value in os.environ.items()
                       if not name.lower().startswith("npm_config_")}
        environment.update(
            HOME=self.directory, npm_config_registry=url + "/",
            npm_config_cafile=self.our_ca, npm_config_audit="false",
            npm_config_fund="false", npm_config_update_notifier="false",
            npm_config_fetch_retries="0")
        return environment

    def test_npm_installs_what_depends_on_more(self):
        url = self.serve()
        names = [f"part-{n}" for n in range(12)]
        sizes = {f"/{name}-1.0.0.tgz": self.package(name, url, names[n + 1:n + 3])
                 for n, name in enumerate(names)}
        project = os.path.join(self.directory, "project")
        os.makedirs(project)
        self.run_client("npm", "install", "--no-save", names[0], cwd=project,
                        env=self.npm_environment(url))
        self.assertEqual({name for name in os.listdir(f"{project}/node_modules")
                          if name[0] != "."}, set(names))
        http = self.stop()
        self.check_all_seen(http, 24)
        for path, size in sizes.items():
            record = self.one(http, url__path=path)
            self.assertEqual(get(record, "http.response.body.bytes"), size)
        for name in names:
            record = self.one(http, url__path="/" + name)
            self.assertEqual(json.loads(get(record, "http.response.body.content"))
                             ["name"], name)

    def test_nghttp_asks_for_many_at_once(self):
        url = self.serve(http2=True)
        names = [f"part{n}" for n in range(100)]
        for n, name in enumerate(names):
            self.nginx.put(name, bytes([65 + n % 26]) * n * 50)
        self.run_client("nghttp", "-n", "-m", "3", *(f"{url}/{n}" for n in names))
        http = self.stop()
        self.check_all_seen(http, 300)
        self.assertEqual(len({get(r, "sightglass.stream") for r in http}), 300)

    def test_h2load_posts(self):
        peer = Process(self, [*SERVERS["node"], "serve", *self.pair, self.access_log,
                              "h2"], "server")
        port = int(wait_for(peer.output, "the server to listen").split()[0])
        body = os.path.join(self.directory, "body")
        with open(body, "w", encoding="ascii") as out:
            out.write("posted by h2load\n" * 100)
        url = self.start(port)
        said = self.run_client("h2load", "-n", "1000", "-c", "5", "-m", "40", "-d", body,
                               "-H", "X-Length: 1", url + "/post")
        self.assertIn("1000 succeeded", said)
        http = self.stop()
        self.assertEqual(len(http), 1000)
        self.check_all_seen(http, 1000)
        self.assertEqual({(get(r, "http.request.body.content"),
                           get(r, "http.response.body.bytes")) for r in http},
                         {("posted by h2load\n" * 100, 1700)})


if __name__ == "__main__":
    unittest.main()
