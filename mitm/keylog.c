/* SPDX-License-Identifier: ISC */
/* Lines of the key log. Worker only. */
#include "mitm/keylog.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>

#include "base/diag.h"

#define SECRET_BYTES_MAX 64u

static const struct label {
	mbedtls_ssl_key_export_type type;
	const char *name;
} labels[] = {
    {MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET, "CLIENT_RANDOM"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_EARLY_SECRET,
        "CLIENT_EARLY_TRAFFIC_SECRET"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_EARLY_EXPORTER_SECRET,
        "EARLY_EXPORTER_SECRET"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET,
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET,
        "SERVER_HANDSHAKE_TRAFFIC_SECRET"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET,
        "CLIENT_TRAFFIC_SECRET_0"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET,
        "SERVER_TRAFFIC_SECRET_0"},
};

static char *
put_hex(char *at, const uint8_t *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	return at;
}

size_t
keylog_line(mbedtls_ssl_key_export_type type, const uint8_t *secret,
    size_t length, const uint8_t random[KEYLOG_RANDOM_BYTES],
    char line[KEYLOG_LINE_BYTES])
{
	const char *name = NULL;
	char *at = line;

	for (size_t i = 0; i < ARRAY_LENGTH(labels); i++)
		if (labels[i].type == type)
			name = labels[i].name;
	if (name == NULL || length > SECRET_BYTES_MAX)
		return 0;
	memcpy(at, name, strlen(name));
	at += strlen(name);
	*at++ = ' ';
	at = put_hex(at, random, KEYLOG_RANDOM_BYTES);
	*at++ = ' ';
	at = put_hex(at, secret, length);
	*at++ = '\n';
	return (size_t)(at - line);
}

static void
append(struct keylog *k, const char *line, size_t length)
{
	ssize_t n = write(k->fd, line, length);
	bool whole = n >= 0 && (size_t)n == length;

	if (!whole && !k->failing)
		diag_error("keylog: cannot write: %s: connections from now on cannot "
		    "all be opened by it", n < 0 ? strerror(errno) : "the disk is full");
	/* A line in part is ended, so that the next one stands by itself. */
	if (n > 0 && !whole && write(k->fd, "\n", 1) != 1) {
		/* Then it is the next one's lot to be lost. */
	}
	k->failing = !whole;
}

void
keylog_write(struct keylog *k, mbedtls_ssl_key_export_type type,
    const uint8_t *secret, size_t length,
    const uint8_t random[KEYLOG_RANDOM_BYTES])
{
	char line[KEYLOG_LINE_BYTES];

	if (k->fd < 0)
		return;
	size_t bytes = keylog_line(type, secret, length, random, line);
	if (bytes > 0)
		append(k, line, bytes);
	mbedtls_platform_zeroize(line, sizeof(line));
}

void
keylog_use(struct keylog *k, int fd)
{
	if (k->fd >= 0)
		(void)close(k->fd);
	*k = (struct keylog){.fd = fd};
}
