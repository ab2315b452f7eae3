/* SPDX-License-Identifier: ISC */
/*
 * "-P roots": writes the roots that the system trusts for servers to descriptor 3, and
 * ends. It stays the user that it was started as, which is root where root started the
 * daemon: macOS answers a daemon's session only so; and nothing of what it reads comes
 * from anybody else.
 */
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "ca/system_roots.h"
#include "daemon/role.h"
#include "daemon/roots.h"

int
roots_main(void)
{
	struct buf bytes;
	char words[256] = "";

	diag_open("sightglassd: roots", DIAG_INFO);
	buf_init(&bytes, ROOTS_BYTES_MAX);
	int error = system_roots_read(&bytes, words);
	if (error == 0)
		error = file_write(ROLE_CHANNEL_FD, buf_data(&bytes), buf_length(&bytes));
	buf_free(&bytes);
	if (error == 0)
		return 0;
	diag_error("%s", words[0] != '\0' ? words : err_text(error));
	return 1;
}
