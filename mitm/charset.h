/* SPDX-License-Identifier: ISC */
/*
 * Texts as UTF-8, as a stream. Which charset a text is in is told, in this order, by
 * a byte order mark, by the charset of its Content-Type, by the document itself (XML
 * 1.0 section 4.3.3, <meta> in HTML), or not at all: then it is UTF-8 or, when a text
 * has a byte that cannot be UTF-8 before the first character beyond ASCII,
 * windows-1252, as browsers have it. JSON and event streams are UTF-8 unless their
 * Content-Type says another, and what is no text passes as it is. Pure; worker.
 *
 * What does not belong to its charset becomes U+FFFD, and is counted. What has a
 * control character that no text has among its first bytes (WHATWG MIME Sniffing,
 * section 3: binary data byte) is none, whatever it is said to be, and passes as it
 * is. So does JSON that is not UTF-8.
 *
 * Memory: until its charset is known, the first 1024 bytes of a text; a converter of
 * iconv, some hundred bytes, for what is not UTF-8.
 */
#ifndef SIGHTGLASS_MITM_CHARSET_H
#define SIGHTGLASS_MITM_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

#define CHARSET_LOOK_BYTES 1024u
#define CHARSET_REST_BYTES 16u

/* What the type says that it is. */
enum charset_kind {
	CHARSET_BINARY, /* no text, or not known to be one */
	CHARSET_UTF8,   /* as its type has it: JSON, event streams, forms */
	CHARSET_TEXT,   /* text/ and scripts */
	CHARSET_MARKUP  /* HTML and XML: the document may say it */
};

enum charset_state {
	CHARSET_LOOKING, /* for what tells it */
	CHARSET_PASSING, /* as it is */
	CHARSET_CHECKING, /* UTF-8, where what is none is replaced */
	CHARSET_CONVERTING
};

struct charset {
	enum charset_kind kind;
	enum charset_state state;
	const char *said;   /* the name of the one that the type says, or NULL */
	const char *name;   /* the one it is; NULL: no text, or not known yet */
	bool may_be_1252;   /* nothing says that it is UTF-8 */
	struct buf held;    /* while looking */
	iconv_t converter;  /* while converting */
	uint8_t rest[CHARSET_REST_BYTES]; /* of a character that is not whole */
	size_t rest_length;
	uint64_t replaced;  /* by U+FFFD so far */
	bool cut;           /* out had no room for all, or memory ran out */
};

/* Opens what iconv needs for the charsets that are known, and keeps it for good: a
 * process that may open no files later calls it before. Some 2 ms and, of memory that
 * is not shared, 600 KiB. */
void charset_load_all(void);

/* For a text of that Content-Type. */
void charset_init(struct charset *c, struct bytes type) NONNULL(1);
void charset_free(struct charset *c) NONNULL(1);

/* More of the text: appends it to `out` as UTF-8. */
void charset_feed(struct charset *c, struct bytes text, struct buf *out)
    NONNULL(1, 3);

/* The text ends here; `cut`: it goes on elsewhere, so that a character may be cut. */
void charset_end(struct charset *c, bool cut, struct buf *out) NONNULL(1, 3);

#endif
