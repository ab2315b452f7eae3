/* SPDX-License-Identifier: ISC */
/*
 * Our CA's roots in the stores of others: the system's, and those that programs
 * with NSS (Firefox, Chromium, Thunderbird) have for each user. Each root goes by
 * a name that begins "sightglass-", by which it is found again. CLI.
 *
 * The functions print a line about each store on standard output, and what went
 * wrong on standard error.
 */
#ifndef SIGHTGLASS_CLI_ANCHORS_H
#define SIGHTGLASS_CLI_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"

#define ANCHOR_PREFIX "sightglass-"
#define ANCHOR_DIGITS 16 /* of its SHA-256 */
#define ANCHOR_NAME_BYTES (sizeof(ANCHOR_PREFIX) + ANCHOR_DIGITS)
#define ANCHORS_MAX 8

struct anchor {
	char name[ANCHOR_NAME_BYTES];
	struct buf pem; /* owned */
};

struct anchors {
	struct anchor items[ANCHORS_MAX];
	size_t count;
};

/* How many stores were changed, and how many could not be. */
struct anchors_report {
	unsigned done, failed;
};

/* The certificates that signed themselves. E_FULL, E_NOTFOUND: there is none;
 * E_CRYPTO, E_NOMEM. To be freed after an error too. */
int anchors_take(struct anchors *a, const mbedtls_x509_crt *certificates)
    WUNRES NONNULL(1, 2);
void anchors_free(struct anchors *a);

/* Whether `name` is one that a root of ours goes by. */
bool anchor_is_name(const char *name, size_t length) WUNRES NONNULL(1);

/* Adds them to the system's store, for which one has to be root. */
void anchors_add_to_system(const struct anchors *a, struct anchors_report *report)
    NONNULL(1, 2);

/* Takes them out of it again; NULL: all that are ours. */
void anchors_remove_from_system(const struct anchors *a,
    struct anchors_report *report) NONNULL(2);

/* The same for each NSS store of the user who runs this. */
void anchors_add_to_nss(const struct anchors *a, struct anchors_report *report)
    NONNULL(1, 2);
void anchors_remove_from_nss(const struct anchors *a,
    struct anchors_report *report) NONNULL(2);

/* Asks of each whether it has all of them, and tells `found`, with the store's
 * directory. */
void anchors_look_into_nss(const struct anchors *a,
    void (*found)(void *context, const char *store, bool has_all), void *context)
    NONNULL(1, 2);

#endif
