/* SPDX-License-Identifier: ISC */
/* The files, by system. Parent and CLI; opens none. */
#include "base/roots.h"

#include <stddef.h>
#include <unistd.h>

const char *const roots_system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
	"/etc/ssl/ca-bundle.pem",             /* openSUSE */
	"/etc/ssl/cert.pem",                  /* Alpine; macOS: not all it trusts */
	NULL,
};

const char *
roots_system_file(void)
{
	for (size_t i = 0; roots_system_files[i] != NULL; i++)
		if (access(roots_system_files[i], R_OK) == 0)
			return roots_system_files[i];
	return NULL;
}
