/* SPDX-License-Identifier: ISC */
/*
 * Where TLS begins inside a plain dialogue: the client asks for it, the server
 * agrees, and what the client says next is its hello. SMTP and LMTP (RFC 3207),
 * IMAP (RFC 9051 section 6.2.1), POP3 (RFC 2595 section 4), FTP's control
 * connection (AUTH TLS, RFC 4217 section 4), and PostgreSQL's SSLRequest ("SSL
 * Session Encryption" in its protocol's description).
 *
 * It is shown both ends' bytes as they pass and changes none. All that it has a
 * say in is when bytes of the client pass: what stands behind a request for TLS and
 * looks like a hello waits for the server's answer, since some clients do not.
 * Whatever else stands there passes at once, in the clear as it came, and is never
 * taken for something said inside TLS (RFC 3207 section 6; CVE-2011-0411 and its
 * kin). Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_STARTTLS_H
#define SIGHTGLASS_MITM_STARTTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

/* X(symbol, name: IANA's for the service, as in settings and records) */
#define STARTTLS_TABLE(X)                                                     \
	X(STARTTLS_SMTP, "smtp")                                              \
	X(STARTTLS_IMAP, "imap")                                              \
	X(STARTTLS_POP3, "pop3")                                              \
	X(STARTTLS_FTP, "ftp")                                                \
	X(STARTTLS_POSTGRESQL, "postgresql")

enum starttls_protocol {
#define STARTTLS_ENUM(symbol, name) symbol,
	STARTTLS_TABLE(STARTTLS_ENUM)
#undef STARTTLS_ENUM
	STARTTLS_COUNT
};

/* The name; static. */
const char *starttls_name(enum starttls_protocol protocol);

/* The protocols of a setting as bits (1 << protocol). E_NOTFOUND: *wrong is the
 * index of a name that is none. */
int starttls_set(char *const *names, size_t count, unsigned *protocols,
    size_t *wrong) WUNRES NONNULL(3, 4);

enum starttls_stage {
	STARTTLS_WATCHED, /* it may still begin */
	STARTTLS_BEGINS,  /* the client's next bytes are its hello */
	STARTTLS_OVER     /* it does not begin any more */
};

#define STARTTLS_BYTES_MAX (64u * 1024) /* of both ends; then it is over */
#define STARTTLS_LINE_BYTES 64u         /* of a line, what is looked at */
#define STARTTLS_TAG_BYTES 32u
#define STARTTLS_EARLY_BYTES 256u
#define STARTTLS_PIPELINED 32u /* commands of POP3 without their answers */

struct starttls_dialect;

/* A line as far as it came, without its end. */
struct starttls_line {
	uint8_t head[STARTTLS_LINE_BYTES];
	uint64_t length;
	/* IMAP's literals (RFC 9051 section 4.3): the octets that follow a line
	 * which ends in their number in braces are of the line that goes on behind
	 * them. */
	uint64_t number;
	enum { BRACE_NONE, BRACE_OPEN, BRACE_PLUS, BRACE_CLOSED } brace;
	bool waits;       /* the server is asked whether they may come */
	uint64_t literal; /* octets that are still to come */
};

struct starttls {
	enum starttls_stage stage;
	enum starttls_protocol protocol; /* asked for, or begun */
	unsigned allowed;                /* bits, as starttls_set makes them */
	const struct starttls_dialect *dialect; /* NULL: nothing tells it yet */
	size_t seen;
	struct starttls_line lines[2]; /* by enum direction */
	bool greeted;
	bool asked;     /* and the answer is to come */

	/* What the client said before the server greeted; then PostgreSQL's
	 * request. */
	uint8_t early[STARTTLS_EARLY_BYTES];
	size_t early_length;
	bool spoilt; /* PostgreSQL: what stands behind the request is no hello */

	uint64_t due;   /* SMTP, FTP: answers that are to come */
	uint64_t ahead; /* ... of them, in front of the one about TLS */
	int several;    /* the code of an answer of several lines, or 0; POP3: 1 */
	bool data;      /* SMTP: DATA was said */
	bool response;  /* POP3: the next line is an answer to a challenge */
	uint8_t pipelined[STARTTLS_PIPELINED]; /* POP3: what was said, in order */
	size_t pipelined_count;
	char tag[STARTTLS_TAG_BYTES];       /* IMAP: of STARTTLS */
	char login_tag[STARTTLS_TAG_BYTES]; /* ... of LOGIN or AUTHENTICATE */
};

/* Begins at a connection's first byte. `allowed` are the protocols to watch. */
void starttls_begin(struct starttls *s, unsigned allowed) NONNULL(1);

/* Reads the next bytes of one end. Returns how many of them may pass: of the
 * server all; of the client those in front of what may be its hello. The others
 * are to be offered again, with what follows them, once the server has said more
 * or the client has. In STARTTLS_BEGINS nothing of the client passes, in
 * STARTTLS_OVER everything. */
size_t starttls_read(struct starttls *s, enum direction direction,
    const uint8_t *bytes, size_t length) WUNRES NONNULL(1);

#endif
