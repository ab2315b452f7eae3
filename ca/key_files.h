/* SPDX-License-Identifier: ISC */
/*
 * Between key.c, configured.c, renewal.c and key_files.c only: the CA's files as text.
 */
#ifndef SIGHTGLASS_CA_KEY_FILES_H
#define SIGHTGLASS_CA_KEY_FILES_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/path.h"
#include "ca/key.h"

struct key_files {
	struct buf key; /* PEM with a NUL behind it, counted; wiped when freed */
	struct buf certificate; /* likewise; of a provided CA the chain follows */
	char key_path[PATH_BYTES]; /* for messages, as the next */
	char certificate_path[PATH_BYTES];
};

/* Reads both; files is to be freed on failure too. Errors and words as ca_load,
 * but for what the text means. */
int key_files_read(struct key_files *files, const char *directory,
    char error[256]) WUNRES NONNULL(1, 2, 3);
/* The same of the CA that is to follow. */
int key_files_read_next(struct key_files *files, const char *directory,
    char error[256]) WUNRES NONNULL(1, 2, 3);
int key_files_read_provided(struct key_files *files,
    const struct ca_files *provided, char error[256]) WUNRES NONNULL(1, 2, 3);
void key_files_free(struct key_files *files) NONNULL(1);

/* A provided CA's certificate and chain ("": none) as one text, likewise. */
int key_files_read_public(struct buf *text, const char *certificate,
    const char *chain) WUNRES NONNULL(1, 2, 3);

/* Reads the certificate into a new buffer, to be freed on failure too. */
int key_files_read_certificate(struct buf *text, const char *directory)
    WUNRES NONNULL(1, 2);
int key_files_read_next_certificate(struct buf *text, const char *directory)
    WUNRES NONNULL(1, 2);

/* Puts the next CA in the place of the CA, whose key is gone then. E_NOTFOUND: there
 * is no next key; E_SYS. */
int key_files_promote(const char *directory) WUNRES NONNULL(1);

/* Ends what key_files_promote began and was killed in. */
void key_files_finish(const char *directory) NONNULL(1);

/* Whether the CA's certificate can be read and is over. */
bool key_files_has_ended(const char *directory) WUNRES NONNULL(1);

#endif
