/* SPDX-License-Identifier: ISC */
/*
 * The certificates of our CA for the subcommands that show or write them. CLI;
 * reads no key. Each returns CLI_OK, or another status after a message.
 */
#ifndef SIGHTGLASS_CLI_CA_TEXT_H
#define SIGHTGLASS_CLI_CA_TEXT_H

#include <stddef.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"
#include "conf/conf.h"

#define CA_TEXT_BYTES_MAX (256u * 1024)

/* The PEM text of the CA of the settings and of those above it, in a new buffer
 * that the caller frees, with a NUL behind it that counts. CLI_CANNOT_READ. */
int ca_text_load(const struct conf *conf, struct buf *pem) WUNRES NONNULL(1, 2);

/* The same of the CA that is to follow it. CLI_NO_MATCH: there is none. */
int ca_text_load_next(const struct conf *conf, struct buf *pem)
    WUNRES NONNULL(1, 2);

/* The first, and the second behind it where there is one. */
int ca_text_load_all(const struct conf *conf, struct buf *pem)
    WUNRES NONNULL(1, 2);

/* The certificates of such a text, to be freed. CLI_CORRUPT. */
int ca_text_parse(const struct buf *pem, mbedtls_x509_crt *certificates)
    WUNRES NONNULL(1, 2);

/* Both steps at once, with the CA that is to follow where there is one. */
int ca_text_certificates(const struct conf *conf, mbedtls_x509_crt *certificates)
    WUNRES NONNULL(1, 2);

/* Writes a file that is not there yet, or to standard output for NULL.
 * CLI_CANNOT_READ. */
int cli_write_new(const char *path, const void *bytes, size_t length)
    WUNRES NONNULL(2);

#endif
