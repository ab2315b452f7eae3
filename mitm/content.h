/* SPDX-License-Identifier: ISC */
/*
 * What a body says, as a stream: its content codings are undone (decode.h), text
 * becomes UTF-8 (charset.h), and what is to be hidden is replaced (redact.h,
 * redact_patterns.h). The bytes of the body go in as they come, what may be logged
 * comes out. Pure; worker.
 *
 * Memory: some 2 KiB, those of the decoders, the charset and the expressions, and,
 * until a coding has said its first byte, what it has read (192 KiB at most): a body
 * that is not in its coding is shown as it came.
 */
#ifndef SIGHTGLASS_MITM_CONTENT_H
#define SIGHTGLASS_MITM_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"
#include "mitm/redact_rules.h"

struct content;

struct content_options {
	struct redact_rules *rules; /* a reference is taken; NULL: all is shown */
	struct bytes type;    /* the value of Content-Type; borrowed for the call */
	struct bytes codings; /* the values of Content-Encoding, joined by commas;
	                       * likewise */
	uint64_t decoded_bytes; /* what it may become when they are undone; 0: they
	                         * are not */
};

/* What became of it. */
struct content_facts {
	bool decoded;           /* codings were undone */
	uint64_t decoded_bytes; /* how much that gave */
	bool cut;               /* it goes on behind what was said: the bytes ended
	                         * too early, could not be read further, or were
	                         * more than decoded_bytes or than out could hold */
	const char *error;      /* "corrupt", "limit", "unknown_coding", "no_memory",
	                         * "redact_limit": man/sightglass-log.5; NULL:
	                         * nothing went wrong */
	const char *charset;    /* that it was in, and is in no more; NULL: UTF-8,
	                         * or no text */
	uint64_t replaced;      /* characters that became U+FFFD */
	struct redacted redacted; /* names: as long as the content */
};

/* NULL: out of memory. */
struct content *content_new(const struct content_options *options)
    WUNRES NONNULL(1);

/* Frees it. NULL is fine. */
void content_free(struct content *c);

/* Takes bytes off the front of *in and appends what they say to `out`. True: it
 * stopped since out holds `enough`; empty it and call again with what is left in
 * *in, be it nothing. Out then holds less than enough and CONTENT_GROWTH_BYTES.
 * False: all was read. With `enough` SIZE_MAX it never stops. What is longer than
 * out's own limit is cut for good. */
#define CONTENT_GROWTH_BYTES ((size_t)256 * 1024)
bool content_feed(struct content *c, struct bytes *in, size_t enough,
    struct buf *out) WUNRES NONNULL(1, 2, 4);

/* What was fed is not all of the body: a character may be cut at its end. */
void content_is_cut(struct content *c) NONNULL(1);

/* What became of it so far. */
void content_describe(const struct content *c, struct content_facts *facts)
    NONNULL(1, 2);

/* The body ends here; appends what had to wait for that. Only content_free may
 * follow. */
void content_end(struct content *c, struct buf *out, struct content_facts *facts)
    NONNULL(1, 2, 3);

#endif
