# SPDX-License-Identifier: ISC
"""The peers of the rows: a server or a client a line, each a real program, and
what it saw in words that do not change from run to run."""

import os
import re
import selectors
import subprocess
import time

from harness import PATIENCE_S, Nginx, Process, free_port, listens, wait_for

REQUEST = b"GET /x HTTP/1.0\r\n\r\n"
PAGE = "here"
ALERTS = {40: "handshake_failure", 42: "bad_certificate", 46: "certificate_unknown",
          48: "unknown_ca", 70: "protocol_version", 71: "insufficient_security",
          112: "unrecognized_name", 120: "no_application_protocol"}
WEAK = "DEFAULT:@SECLEVEL=0"  # a test's server shows what no server should


class Server:
    """A TLS server on loopback; `name` is how the table calls it."""

    def __init__(self, name, port, log, mark):
        self.name, self.port, self.log, self.mark = name, port, log, mark

    def saw(self):
        """Whether any of the request reached it."""
        with open(self.log, encoding="utf-8", errors="backslashreplace") as text:
            return self.mark in text.read()


def start(test, command, name, port):
    process = Process(test, command, name, cwd=test.directory)

    def ready():
        if process.process.poll() is not None:
            raise AssertionError(f"{name} ended: {process.output()}")
        return listens(port)

    wait_for(ready, f"{name} to listen")
    return process.log


def behind_the_first(chain):
    """The options by which s_server sends the rest of the file too, as it is."""
    with open(chain, encoding="ascii") as file:
        _, *rest = re.findall(r"(?s)-----BEGIN.*?END CERTIFICATE-----\n",
                              file.read())
    with open(chain + ".rest", "w", encoding="ascii") as out:
        out.write("".join(rest))
    return ["-cert_chain", chain + ".rest"] if rest else []


def openssl_server(test, chain, key, *options):
    """s_server, which names each file that it is asked for."""
    port = free_port()
    with open(os.path.join(test.directory, "x"), "w", encoding="ascii") as out:
        out.write(PAGE + "\n")
    log = start(test, ["openssl", "s_server", "-accept", f"127.0.0.1:{port}",
                       "-WWW", "-cert", chain, "-key", key, "-cipher", WEAK,
                       *behind_the_first(chain), *options], "s_server", port)
    version = next((o[1:] for o in options if o.startswith("-tls1_")), None)
    name = "openssl" + (f" {version[3:].replace('_', '.')}" if version else "")
    return Server(name, port, log, "FILE:x")


def gnutls_server(test, chain, key, *options, priority="NORMAL"):
    """gnutls-serv, which says the request back and in its log."""
    port = free_port()
    log = start(test, ["gnutls-serv", "--echo", "--disable-client-cert", "-p", str(port), "--x509certfile",
                       chain, "--x509keyfile", key, "--priority", priority,
                       *options], "gnutls-serv", port)
    return Server("gnutls", port, log, "GET /x")


def nginx_server(test, chain, key, *directives, protocols="TLSv1.2 TLSv1.3"):
    log = os.path.join(test.directory, "access.log")
    more = "".join(f"{d};\n" for d in directives)
    nginx = Nginx(test, (chain, key), protocols=protocols, locations=(
        f"access_log {log};\nssl_ciphers {WEAK};\n{more}"))
    nginx.put("x", PAGE.encode() + b"\n")
    return Server("nginx", nginx.port, log, "GET /x")


SERVERS = {
    "openssl": openssl_server,
    "openssl 1.2": lambda *a: openssl_server(*a, "-tls1_2"),
    "openssl 1.3": lambda *a: openssl_server(*a, "-tls1_3"),
    "gnutls": gnutls_server,
    "nginx": nginx_server,
    "nginx 1.2": lambda *a: nginx_server(*a, protocols="TLSv1.2"),
}


# --- clients ---


class Reply:
    """What a client got: whether it was served, and what it said."""

    def __init__(self, served, said, output):
        self.served, self.said, self.output = served, said, output


def curl(port, host, trust, *options):
    name = f"[{host}]" if ":" in host else host
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "60", "--cacert", trust, "--connect-to",
         f"::127.0.0.1:{port}", *options, f"https://{name}/x"],
        capture_output=True, text=True, check=False)
    said = re.search(r"curl: \(\d+\) (.*)", done.stderr)
    words = said[1] if said else "the page"
    words = re.sub(r".*SSL routines::(ssl/)?(sslv3 |tls(v1?)? )?|"
                   r"SSL certificate problem: ", "", words)
    words = re.sub(r" in connection to.*", "", words)
    return Reply(done.returncode == 0 and PAGE in done.stdout,
                 f"curl {done.returncode}: {words}", done.stdout + done.stderr)


def talk(command, timeout_s=PATIENCE_S):
    """Runs a client that is given the request; ends it once it has an answer.
    (its output, whether that has the answer)"""
    with subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process, \
            selectors.DefaultSelector() as ready:
        try:
            process.stdin.write(REQUEST)
        except OSError:
            pass
        ready.register(process.stdout, selectors.EVENT_READ)
        output, end = b"", time.monotonic() + timeout_s
        while ready.select(max(0, end - time.monotonic())):
            part = os.read(process.stdout.fileno(), 65536)
            output += part
            if not part or served(output):
                break
        process.kill()
    return output.decode(errors="replace"), served(output)


def served(output):
    return b"\nGET /x" in output or b"\n" + PAGE.encode() in output


def alert_said(output):
    number = re.search(r"SSL alert number (\d+)|Received alert \[(\d+)\]", output)
    if not number:
        return None
    number = int(number[1] or number[2])
    return f"alert {ALERTS.get(number, number)}"


def openssl_client(port, host, trust, *options):
    """Without a host it sends no name."""
    names = (["-servername", host, "-verify_hostname", host] if host else
             ["-noservername"])
    output, got = talk(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *names, "-CAfile",
         trust, "-verify_return_error", "-quiet", *options])
    problem = re.search(r"verify error:num=\d+:(.*)", output)
    words = ("served" if got else problem[1] if problem
             else alert_said(output) or "closed")
    return Reply(got, f"openssl: {words}", output)


def gnutls_client(port, host, trust, *options):
    output, got = talk(
        ["gnutls-cli", "-p", str(port), "--x509cafile", trust, "--sni-hostname",
         host, "--verify-hostname", host, *options, "127.0.0.1"])
    problem = re.search(r"NOT trusted\. (.*?)\.", output)
    words = ("served" if got else problem[1] if problem
             else alert_said(output) or "closed")
    return Reply(got, f"gnutls: {words}", output)


CLIENTS = {"curl": curl, "openssl": openssl_client, "gnutls": gnutls_client}
