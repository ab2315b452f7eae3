/* SPDX-License-Identifier: ISC */
/*
 * The secrets of TLS connections in the format of NSS's key log
 * (draft-ietf-tls-keylogfile), by which Wireshark opens a capture. Off unless the
 * settings say otherwise. Worker only; the file is the parent's to open.
 */
#ifndef SIGHTGLASS_MITM_KEYLOG_H
#define SIGHTGLASS_MITM_KEYLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ssl.h>

#include "base/attr.h"

#define KEYLOG_LINE_BYTES 256u
#define KEYLOG_RANDOM_BYTES 32u

/* One a worker, as long as it lives. */
struct keylog {
	int fd;       /* owned, appending; -1: nothing is logged */
	bool failing; /* the last line did not get there, and it was said */
};

/* Writes "LABEL RANDOM SECRET\n" and returns its length; 0 when the format has no
 * name for such a secret, or it is longer than any. */
size_t keylog_line(mbedtls_ssl_key_export_type type, const uint8_t *secret,
    size_t length, const uint8_t random[KEYLOG_RANDOM_BYTES],
    char line[KEYLOG_LINE_BYTES]) WUNRES NONNULL(2, 4, 5);

/* Appends the line to the log, if there is one, in one write. Best effort: what
 * cannot be written is said once. */
void keylog_write(struct keylog *k, mbedtls_ssl_key_export_type type,
    const uint8_t *secret, size_t length,
    const uint8_t random[KEYLOG_RANDOM_BYTES]) NONNULL(1, 3, 5);

/* From here lines go to `fd`, which it takes over; -1: nowhere. */
void keylog_use(struct keylog *k, int fd) NONNULL(1);

#endif
