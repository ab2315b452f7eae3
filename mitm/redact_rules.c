/* SPDX-License-Identifier: ISC */
/* The rules own copies of their texts: the settings may go before they do. */
#include "mitm/redact_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- life --- */

static void
free_rules(struct redact_rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->names[i]);
	free(r->names);
	free(r);
}

static bool
add_names(struct redact_rules *r, const struct conf_list *list)
{
	r->names = calloc(list->count + 1, sizeof(*r->names));
	if (r->names == NULL)
		return false;
	for (; r->count < list->count; r->count++) {
		r->names[r->count] = strdup(list->items[r->count]);
		if (r->names[r->count] == NULL)
			return false;
	}
	return true;
}

struct redact_rules *
redact_rules_new(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *fields = &conf->capture_redact_fields;

	if (fields->count > REDACT_RULES_MAX) {
		(void)snprintf(error->text, sizeof(error->text),
		    "capture.redact_fields: %zu names, and %u are the most: leave some "
		    "out", fields->count, REDACT_RULES_MAX);
		return NULL;
	}
	struct redact_rules *r = calloc(1, sizeof(*r));
	if (r != NULL && add_names(r, fields)) {
		r->references = 1;
		return r;
	}
	if (r != NULL)
		free_rules(r);
	(void)snprintf(error->text, sizeof(error->text),
	    "capture.redact_fields: out of memory");
	return NULL;
}

struct redact_rules *
redact_rules_ref(struct redact_rules *r)
{
	if (r != NULL)
		r->references++;
	return r;
}

void
redact_rules_unref(struct redact_rules *r)
{
	if (r != NULL && --r->references == 0)
		free_rules(r);
}

/* --- asking --- */

static void
note(const struct redact_rules *r, size_t rule, struct redacted *met)
{
	met->names = (const char *const *)r->names;
	met->bits[rule / 64] |= UINT64_C(1) << rule % 64;
}

bool
redact_rules_name(const struct redact_rules *r, const char *name,
    struct redacted *met)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcasecmp(name, r->names[i]) == 0) {
			note(r, i, met);
			return true;
		}
	}
	return false;
}
