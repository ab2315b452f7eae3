/* SPDX-License-Identifier: ISC */
/*
 * The certificates of many files as one bundle in PEM (RFC 7468), each once, and
 * nothing else that stood in the files: no private key, no comment. Pure: text
 * in, text out. CLI; a bundle is used by one thread at a time.
 */
#ifndef SIGHTGLASS_CLI_BUNDLE_H
#define SIGHTGLASS_CLI_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

struct bundle_span {
	size_t at, length;
};

struct bundle {
	struct buf text; /* the result: blocks of lines of 64 characters */
	struct bundle_span *blocks; /* of text, one a certificate */
	size_t count, room;
	/* Of the file that is being fed: */
	struct buf line;   /* what there is of the current one */
	struct buf block;  /* the certificate that is open, as it will stand */
	const char *label; /* its label (static); NULL: none is open */
	size_t column;     /* of the block's last line */
	bool overlong;     /* the line is too long to be PEM, and is dropped */
};

/* An empty bundle whose text may grow to limit_bytes. Allocates nothing. */
void bundle_init(struct bundle *b, size_t limit_bytes) NONNULL(1);
void bundle_free(struct bundle *b) NONNULL(1);

/* Takes the next bytes of a file, however it is cut up. E_LIMIT: the text would
 * be too long; E_NOMEM. A certificate that is not base64 is left out. */
int bundle_feed(struct bundle *b, const void *bytes, size_t length)
    WUNRES NONNULL(1);

/* The file ends here, and what was open in it is dropped. Errors as above. */
int bundle_end_file(struct bundle *b) WUNRES NONNULL(1);

/* Whether a file of a certificate directory is one that OpenSSL would find there:
 * "5cd81ad7.0", the hash of a subject and a number. The others are the same
 * certificates once more, under the names that people gave them. */
bool bundle_is_hash_name(const char *name) WUNRES NONNULL(1);

#endif
