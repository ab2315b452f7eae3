/* SPDX-License-Identifier: ISC */
/*
 * A CA that was made here and nears its end is followed by another. The next one
 * is made ca.renew_before its end and lies beside it, so that it can be given out
 * (sightglass ca export gives both) while leaves still come from the old one;
 * ca.overlap later it takes the old one's place, and the old key is destroyed. Of
 * a CA that is provided nothing is renewed; it is said when it is time for whoever
 * provides it. Signer.
 */
#ifndef SIGHTGLASS_CA_RENEWAL_H
#define SIGHTGLASS_CA_RENEWAL_H

#include <stdint.h>

#include "base/attr.h"
#include "ca/key.h"
#include "conf/conf.h"

/* What has been done at a start. */
enum renewal_done {
	RENEWAL_NOTHING,
	RENEWAL_MADE,    /* a CA, there being none */
	RENEWAL_NEXT,    /* the one that is to follow */
	RENEWAL_SWITCHED, /* the next one is the CA now */
	RENEWAL_ENDING /* none: the CA was provided, and nears its end */
};

struct renewal {
	enum renewal_done done;
	char name[CA_NAME_BYTES]; /* of the CA that was made, the first or the next */
	int64_t due_s; /* when there is more to do, in seconds since the epoch;
	                * INT64_MAX: never */
	struct ca *next; /* its certificate alone, owned; NULL: there is none */
};

/* Loads the CA of the settings into *out, having made or renewed it where that is
 * due at now_s. Errors as ca_load and ca_store, with words; a next one that could
 * not be made is none: the words say why, and it is due again in an hour. */
int renewal_load(const struct conf *conf, const char *hostname, int64_t now_s,
    struct ca *out, struct renewal *renewal, char error[256])
    WUNRES NONNULL(1, 2, 4, 5, 6);
void renewal_free(struct renewal *renewal);

/* When the next CA is to be made for one that ends at end_s and began at begin_s:
 * ca.renew_before its end, in the second half of its life. INT64_MAX: never. */
int64_t renewal_make_s(const struct conf *conf, int64_t begin_s, int64_t end_s)
    NONNULL(1);

/* When the next CA, made at made_s, takes the place of one that ends at end_s:
 * after ca.overlap, or half of what was left then, should that be sooner. */
int64_t renewal_switch_s(const struct conf *conf, int64_t made_s, int64_t end_s)
    NONNULL(1);

#endif
