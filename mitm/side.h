/* SPDX-License-Identifier: ISC */
/*
 * One side of a flow: a connected, non-blocking stream socket, with TLS on it
 * or not. It reads and writes plaintext for the flow above and keeps whatever
 * the socket would not take. Worker only. It decides nothing.
 *
 * Buffers are shared by all sides of a process, since one flow is stepped at a
 * time: a side keeps memory of its own (besides its TLS contexts) only while
 * bytes wait, so an idle flow costs next to nothing and a busy one makes one
 * recv(2) and one send(2) for up to SIDE_IO_BYTES.
 */
#ifndef SIGHTGLASS_MITM_SIDE_H
#define SIGHTGLASS_MITM_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ssl.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"
#include "mitm/keylog.h"
#include "mitm/offer.h"
#include "mitm/server_hello.h"
#include "mitm/tickets.h"

#define SIDE_IO_BYTES (64u * 1024)
#define SIDE_WRITE_BYTES (2 * SIDE_IO_BYTES) /* that are written at once, at most */

/* The shared buffers of a process; zeroed, then side_io_init. */
struct side_io {
	uint8_t *raw; /* owned: what recv(2) gave and TLS has not yet taken */
	size_t raw_offset, raw_length;
	size_t received; /* by recv(2), since TLS was last called from above */
	size_t turn_bytes; /* that one recv(2) takes at most */
	size_t unsent_bytes; /* that wait in all sides for slow readers */
	struct buf out;   /* what TLS wants sent and send(2) has not yet seen */
};

int side_io_init(struct side_io *io) WUNRES NONNULL(1);
void side_io_free(struct side_io *io);

struct side_tls; /* mbedTLS's context and configuration for one connection */

struct side {
	int fd; /* owned; -1: none */
	/* Called before the descriptor is closed: others may have copies of it,
	 * and a poller would hear of it for ever. NULL: nobody watches. */
	void (*unwatch)(void *watch);
	void *watch;
	struct side_io *io;
	struct side_tls *tls; /* owned; NULL: the bytes go as they are */
	struct buf input;     /* received and not yet read: hello, prefix */
	struct buf unsent;    /* to be sent before anything else */
	size_t unsent_bytes;  /* of memory that has, as io->unsent_bytes counts it */
	bool want_read;       /* what the flow waits for on this side: set by */
	bool want_write;      /* side functions and the flow, read by the worker */
	bool input_ended;     /* the peer's FIN was seen */
	bool output_ended;    /* our FIN was sent */
	bool end_wanted;      /* side_end was called */
	bool close_notify;    /* the peer ended its TLS in order (RFC 8446 6.1) */
	bool reset;           /* the connection was reset */
	int system_error;     /* errno of the call that failed, or 0 */
};

void side_init(struct side *s, struct side_io *io) NONNULL(1, 2);

/* From here the side is `fd`, whatever it was before; what was received stays.
 * Takes it over, on failure too, and makes it non-blocking, close-on-exec, and
 * send at once. E_SYS. */
int side_replace(struct side *s, int fd) WUNRES NONNULL(1);

/* Whether the shared buffers are empty, as they are between two sides' turns. */
bool side_io_idle(const struct side_io *io) NONNULL(1);

/* Closes the descriptor (with a reset if `abort`), frees TLS and buffers. */
void side_close(struct side *s, bool abort) NONNULL(1);

/* Closes it and makes it as new, for another descriptor; who watches it stays. */
void side_renew(struct side *s) NONNULL(1);

/* --- plaintext --- */

/* How much may be read at once to be written to some side: less while much waits for
 * slow readers already, since what one does not take has to be kept. */
size_t side_turn_bytes(const struct side_io *io) WUNRES NONNULL(1);

/* Reads up to `capacity` bytes: their number (> 0); 0 at the end of input; or
 * E_AGAIN, E_CLOSED (reset), E_CRYPTO (side_tls_error says), E_SYS. */
int side_read(struct side *s, uint8_t *out, size_t capacity)
    WUNRES NONNULL(1, 2);

/* Takes all of `bytes` (at most SIDE_WRITE_BYTES, and only while side_blocked is
 * false), sends what the socket takes now and keeps the rest. 0, E_CLOSED,
 * E_CRYPTO, E_SYS, E_NOMEM. */
int side_write(struct side *s, const uint8_t *bytes, size_t length)
    WUNRES NONNULL(1, 2);

/* Sends what waits. 0 (perhaps not all: see side_blocked), E_CLOSED, E_SYS. */
int side_flush(struct side *s) WUNRES NONNULL(1);

/* Whether bytes wait for the socket: then nothing may be written. */
bool side_blocked(const struct side *s) NONNULL(1);

/* Nothing more will be written: sends close_notify if `orderly` (and TLS is
 * on), then, once all is sent, FIN. Idempotent. Errors as side_flush. */
int side_end(struct side *s, bool orderly) WUNRES NONNULL(1);

/* Reads more of what the peer sends into s->input, unopened, up to `limit`
 * bytes in it. > 0: so many came; 0: end; E_AGAIN; E_LIMIT; E_CLOSED; E_SYS. */
int side_peek_more(struct side *s, size_t limit) WUNRES NONNULL(1);

/* --- TLS --- */

struct side_tls_options {
	bool server;              /* we answer (client side of the flow) */
	const char *server_name;  /* client: SNI to send, NULL for none */
	const char *const *alpn;  /* NULL-terminated, or NULL; copied */
	mbedtls_ssl_protocol_version least, most;
	struct keylog *keylog; /* takes the secrets; borrowed while TLS is on */
	const struct offer *offer; /* copied; NULL: all that we stand for */
	/* server: the client's hello, of so many bytes, says that early data comes
	 * behind it, and the offer has it say hello again; 0: it does not */
	size_t early_data_behind;
	mbedtls_x509_crt *certificate; /* server: chain; borrowed while TLS is on */
	mbedtls_pk_context *key;       /* server: of its first; borrowed likewise */
	bool session_tickets;     /* client: ask for tickets in TLS 1.2 */
	const uint8_t *session;   /* client: to be offered, by side_tls_save_session;
	                           * NULL: none */
	size_t session_length;
	void (*on_ticket)(void *context); /* client: a ticket of TLS 1.3 came: save
	                                   * the session; NULL: nobody cares */
	void *context;            /* on_ticket's; borrowed while TLS is on */
	const struct ticket_terms *tickets; /* server: for tickets; copied; NULL:
	                                     * none are given or taken */
};

/* Puts TLS on the side; s->input is its first input. The upstream's chain is
 * not verified here: see verify.h. E_CRYPTO, E_NOMEM. */
int side_tls_start(struct side *s, const struct side_tls_options *options)
    WUNRES NONNULL(1, 2);

#define SIDE_ASKED 1 /* the server asks who we are: see side_tls_handshake */

/* Goes on with the handshake. 0: done; SIDE_ASKED, once: the server has had its
 * turn, side_tls_peer is its chain, and it asks for our certificate (RFC 8446
 * section 4.3.2, RFC 5246 section 7.4.4): call again, and before it
 * side_tls_present if there is one; E_AGAIN (want_read or want_write is
 * set); E_CRYPTO, E_CLOSED, E_SYS. */
int side_tls_handshake(struct side *s) WUNRES NONNULL(1);

/* What was negotiated. `leg`'s strings live as long as the TLS. */
void side_tls_describe(const struct side *s, struct tls_leg *leg)
    NONNULL(1, 2);

/* The server hello of this side, the peer's or our own, or NULL when none passed.
 * Borrowed until side_close. */
const struct server_hello *side_tls_server_hello(const struct side *s)
    NONNULL(1);

/* Shows the server this certificate. Both are borrowed while TLS is on. E_NOMEM. */
int side_tls_present(struct side *s, mbedtls_x509_crt *chain,
    mbedtls_pk_context *key) WUNRES NONNULL(1, 2, 3);

/* Whether the handshake, which is done, went on with a session: the server showed
 * no certificate. */
bool side_tls_resumed(const struct side *s) NONNULL(1);

/* Appends the session as it is now, to be offered by another connection. It is
 * secret. E_NOTFOUND: the server gave nothing to go on with; E_LIMIT, E_NOMEM,
 * E_CRYPTO. */
int side_tls_save_session(const struct side *s, struct buf *out)
    WUNRES NONNULL(1, 2);

/* The peer's chain, or NULL; in the handshake, as far as it came. Borrowed until
 * side_close. */
const mbedtls_x509_crt *side_tls_peer(const struct side *s) NONNULL(1);

/* When the handshake failed at the peer's certificates: appends those of its
 * message that can be read, as certificate_message_read, whose errors it has.
 * E_NOTFOUND: it did not fail there. E_LIMIT: the message is longer than the
 * library takes (16 KiB), and was not read. */
int side_tls_read_chain(const struct side *s, mbedtls_x509_crt *list)
    WUNRES NONNULL(1, 2);

/* The version that the server chose; MBEDTLS_SSL_VERSION_UNKNOWN before. */
mbedtls_ssl_protocol_version side_tls_version(const struct side *s) NONNULL(1);

/* Whether the peer ended the connection inside the handshake. */
bool side_tls_hung_up(const struct side *s) NONNULL(1);

/* The ALPN protocol agreed on, or NULL. Lives as long as the TLS. */
const char *side_tls_alpn(const struct side *s) NONNULL(1);

/* mbedTLS's words for the last E_CRYPTO, or NULL. In `text`, 128 bytes. */
const char *side_tls_error(const struct side *s, char text[128]) NONNULL(1, 2);

/* Sends a fatal alert in the clear on a side that has no TLS yet (RFC 8446
 * section 6.2), to a client whose hello was held. Best effort. */
void side_refuse(struct side *s, uint8_t alert) NONNULL(1);

#endif
