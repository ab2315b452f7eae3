/* SPDX-License-Identifier: ISC */
/*
 * Between key.c, configured.c and key_files.c only: the CA's files as text.
 */
#ifndef SIGHTGLASS_CA_KEY_FILES_H
#define SIGHTGLASS_CA_KEY_FILES_H

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
int key_files_read_provided(struct key_files *files,
    const struct ca_files *provided, char error[256]) WUNRES NONNULL(1, 2, 3);
void key_files_free(struct key_files *files) NONNULL(1);

/* A provided CA's certificate and chain ("": none) as one text, likewise. */
int key_files_read_public(struct buf *text, const char *certificate,
    const char *chain) WUNRES NONNULL(1, 2, 3);

/* Reads the certificate into a new buffer, to be freed on failure too. */
int key_files_read_certificate(struct buf *text, const char *directory)
    WUNRES NONNULL(1, 2);

#endif
