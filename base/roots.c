/* SPDX-License-Identifier: ISC */
/* The files, by system. Parent and CLI; opens none. */
#include "base/roots.h"

#include <stddef.h>

const char *const roots_system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
	"/etc/ssl/ca-bundle.pem",             /* openSUSE */
	"/etc/ssl/cert.pem",                  /* Alpine, macOS */
	NULL,
};
