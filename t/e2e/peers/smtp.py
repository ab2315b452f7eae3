# SPDX-License-Identifier: ISC
"""aiosmtpd with STARTTLS: each mail goes to a file as it came.

  smtp.py TLS-CERTIFICATE TLS-KEY MAIL-FILE     prints its port

It is a service of the distribution's Python."""

import asyncio
import ssl
import sys

from aiosmtpd.smtp import SMTP

CERTIFICATE, KEY, MAIL = sys.argv[1:]


class Handler:
    async def handle_DATA(self, _server, session, envelope):
        with open(MAIL, "ab") as out:
            out.write(envelope.content)
        return f"250 kept, over {'TLS' if session.ssl else 'nothing'}"


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), tls_context=context, hostname="mail.test"),
        "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
