/* SPDX-License-Identifier: ISC */
/* The replies of an FTP server, a line at a time. Worker only. */
#include "mitm/ftp_data.h"

#include <string.h>
#include <strings.h>

static bool
has(const struct ftp_data *f, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= f->length; i++)
		if (strncasecmp(f->line + i, word, length) == 0)
			return true;
	return false;
}

static bool
begins(const struct ftp_data *f, const char *code)
{
	return f->length >= 3 && memcmp(f->line, code, 3) == 0;
}

/* vsftpd: "522 SSL connection failed; session reuse required"; FileZilla: "425 ...
 * TLS session of data connection not resumed.", 450 in older ones; ProFTPD: "425
 * Unable to build data connection: Operation not permitted". */
static bool
says_so(const struct ftp_data *f)
{
	if (!begins(f, "425") && !begins(f, "450") && !begins(f, "522"))
		return false;
	return has(f, "SSL session") || has(f, "TLS session") ||
	    has(f, "session reuse") ||
	    has(f, "data connection: Operation not permitted");
}

bool
ftp_data_refused(struct ftp_data *f, const uint8_t *bytes, size_t length)
{
	bool refused = false;

	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n') {
			refused = refused || says_so(f);
			f->length = 0;
		} else if (f->length < sizeof(f->line)) {
			f->line[f->length++] = (char)bytes[i];
		}
	}
	return refused;
}
