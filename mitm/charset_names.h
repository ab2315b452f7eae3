/* SPDX-License-Identifier: ISC */
/*
 * The charsets that are known, and by which labels (WHATWG Encoding, section 4.2).
 * Pure; worker, used by mitm/charset.c only.
 */
#ifndef SIGHTGLASS_MITM_CHARSET_NAMES_H
#define SIGHTGLASS_MITM_CHARSET_NAMES_H

#include <stddef.h>

#include "base/attr.h"
#include "mitm/event.h"

struct charset_row {
	const char *name;  /* in records: WHATWG's, in lower case */
	const char *iconv; /* the name that iconv has for it; NULL: UTF-8 itself */
	const char *labels; /* others of it, in lower case, each with a blank before and
	                     * behind */
};

extern const struct charset_row charset_rows[];
extern const size_t charset_row_count;

/* The charset with that label, without case. NULL: it is not known. */
const struct charset_row *charset_find(struct bytes label) WUNRES;

/* The label that an XML declaration or a <meta> at the beginning of a document
 * names. Empty: none does. */
struct bytes charset_declared(struct bytes document) WUNRES;

#endif
