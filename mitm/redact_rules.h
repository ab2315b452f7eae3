/* SPDX-License-Identifier: ISC */
/*
 * What is to be kept out of the log, compiled from the settings. Counted, since
 * what is read as a stream goes on by the rules it began with when the settings
 * change. Pure; worker, and the parent to check settings.
 */
#ifndef SIGHTGLASS_MITM_REDACT_RULES_H
#define SIGHTGLASS_MITM_REDACT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "conf/conf.h"
#include "mitm/event.h"

#define REDACT_NAME_BYTES_MAX 128u

struct redact_rules {
	unsigned references;
	char **names; /* without case; rule i is names[i] */
	size_t count; /* REDACT_RULES_MAX at most */
};

/* Compiles capture.redact_fields. NULL: *error says why, in words that begin with
 * the setting. */
struct redact_rules *redact_rules_new(const struct conf *conf,
    struct conf_error *error) WUNRES NONNULL(1, 2);

/* One more, or one less, who holds it; freed with the last. NULL is fine. */
struct redact_rules *redact_rules_ref(struct redact_rules *r);
void redact_rules_unref(struct redact_rules *r);

/* Whether the values of fields of that name are to be hidden, and notes the rule
 * in *met. */
bool redact_rules_name(const struct redact_rules *r, const char *name,
    struct redacted *met) WUNRES NONNULL(1, 2, 3);

#endif
