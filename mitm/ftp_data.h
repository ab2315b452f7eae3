/* SPDX-License-Identifier: ISC */
/*
 * Whether a server of FTP turns data connections away because their TLS does not go
 * on with the control connection's session. Many do by default, to know that both
 * are one client's; with each end's sessions kept apart by us they are not to be
 * satisfied. No RFC has a code for it, so the words of the known servers tell
 * (vsftpd, ProFTPD, FileZilla Server). Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_FTP_DATA_H
#define SIGHTGLASS_MITM_FTP_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define FTP_DATA_LINE_BYTES 128u /* of a line, what is looked at */

/* Zeroed before the first bytes. */
struct ftp_data {
	char line[FTP_DATA_LINE_BYTES];
	size_t length;
};

/* Reads the next bytes that the server says on the control connection. True: one of
 * the lines that end in them says so. */
bool ftp_data_refused(struct ftp_data *f, const uint8_t *bytes, size_t length)
    WUNRES NONNULL(1);

#endif
