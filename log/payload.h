/* SPDX-License-Identifier: ISC */
/* What a record says was said: its content, base64 undone. Pure; CLI only. */
#ifndef SIGHTGLASS_LOG_PAYLOAD_H
#define SIGHTGLASS_LOG_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/attr.h"
#include "base/buf.h"

struct payload {
	const uint8_t *bytes; /* of the record, or of the buffer given */
	size_t length;
	bool is_text; /* it was logged as UTF-8 */
};

/* The members content and encoding of `holder`, a body or a message. `decoded` is
 * emptied and holds what was base64, until it next changes. E_NOTFOUND: nothing
 * was kept; E_SYNTAX: not what our writer writes; E_LIMIT, E_NOMEM. */
int payload_read(yyjson_val *holder, struct buf *decoded, struct payload *out)
    WUNRES NONNULL(2, 3);

/* The same of the body as it was sent, in `decoded`, whatever its content became in the
 * log. E_NOTFOUND: the log does not have it so; else as above. */
int payload_read_as_sent(yyjson_val *body, struct buf *decoded, struct payload *out)
    WUNRES NONNULL(2, 3);

#endif
