/* SPDX-License-Identifier: ISC */
/*
 * A writer of property lists in XML, as plist(5) of macOS says and a configuration
 * profile is written. Errors are sticky, as in base/json.h: plist_end tells. `key`
 * is NULL inside an array and for the outermost value. Pure; CLI.
 */
#ifndef SIGHTGLASS_CLI_PLIST_H
#define SIGHTGLASS_CLI_PLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

struct plist {
	struct buf *out; /* borrowed */
	unsigned depth;  /* of the elements that are open */
	int error;
};

/* Begins the document behind what `out` holds. */
void plist_begin(struct plist *p, struct buf *out) NONNULL(1, 2);

/* Ends it. E_SYNTAX: a text had a character that XML cannot hold (XML 1.0 section
 * 2.2), or was not UTF-8; E_LIMIT, E_NOMEM. After an error `out` is cut short. */
int plist_end(struct plist *p) WUNRES NONNULL(1);

void plist_dict_begin(struct plist *p, const char *key) NONNULL(1);
void plist_dict_end(struct plist *p) NONNULL(1);
void plist_array_begin(struct plist *p, const char *key) NONNULL(1);
void plist_array_end(struct plist *p) NONNULL(1);

void plist_text(struct plist *p, const char *key, const char *text)
    NONNULL(1, 3);
void plist_number(struct plist *p, const char *key, uint64_t number) NONNULL(1);
void plist_bool(struct plist *p, const char *key, bool value) NONNULL(1);
void plist_data(struct plist *p, const char *key, const void *bytes,
    size_t length) NONNULL(1, 3);

#endif
