# SPDX-License-Identifier: ISC
"""pyftpdlib with AUTH TLS, for a user "me" with the password "secret".

  ftp.py TLS-CERTIFICATE TLS-KEY DIRECTORY      prints its port

It is a service of the distribution's Python."""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

CERTIFICATE, KEY, DIRECTORY = sys.argv[1:]

authorizer = DummyAuthorizer()
authorizer.add_user("me", "secret", DIRECTORY, perm="elrw")
handler = type("Handler", (TLS_FTPHandler,), {
    "authorizer": authorizer, "certfile": CERTIFICATE, "keyfile": KEY,
    "tls_control_required": True, "tls_data_required": True})
server = FTPServer(("127.0.0.1", 0), handler)
print(server.address[1], flush=True)
server.serve_forever(handle_exit=False)
