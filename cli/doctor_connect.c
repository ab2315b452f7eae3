/* SPDX-License-Identifier: ISC */
/*
 * A TLS connection as any program makes it: who is in its way shows in the
 * certificate that comes back. CLI. Sends nothing but a handshake.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>

#include "cli/doctor.h"

#define DEADLINE_MS 10000

struct connection {
	mbedtls_net_context net;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
};

/* "host", "host:port", "[address]:port" taken apart. */
static bool
split(const char *text, char host[256], char port[8])
{
	const char *from = text, *colon = strrchr(text, ':');
	size_t length = strlen(text);

	(void)snprintf(port, 8, "443");
	if (text[0] == '[') {
		const char *end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		from = text + 1;
		length = (size_t)(end - from);
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != NULL && strchr(text, ':') == colon) {
		length = (size_t)(colon - text);
	} else {
		colon = NULL;
	}
	if (colon != NULL)
		(void)snprintf(port, 8, "%.7s", colon + 1);
	(void)snprintf(host, 256, "%.*s", (int)length, from);
	return length > 0 && length < 256 && port[0] != '\0';
}

static int
shake_hands(struct connection *c, struct doctor *d, const char *host)
{
	int result = mbedtls_ssl_config_defaults(&c->config, MBEDTLS_SSL_IS_CLIENT,
	    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

	if (result != 0)
		return result;
	/* What comes is judged afterwards, against our CA alone. */
	mbedtls_ssl_conf_authmode(&c->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
	mbedtls_ssl_conf_ca_chain(&c->config, &d->certificates, NULL);
	mbedtls_ssl_conf_rng(&c->config, mbedtls_psa_get_random,
	    MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_read_timeout(&c->config, DEADLINE_MS);
	result = mbedtls_ssl_setup(&c->ssl, &c->config);
	if (result == 0)
		result = mbedtls_ssl_set_hostname(&c->ssl, host);
	if (result != 0)
		return result;
	mbedtls_ssl_set_bio(&c->ssl, &c->net, mbedtls_net_send, NULL,
	    mbedtls_net_recv_timeout);
	while ((result = mbedtls_ssl_handshake(&c->ssl)) ==
	        MBEDTLS_ERR_SSL_WANT_READ ||
	    result == MBEDTLS_ERR_SSL_WANT_WRITE)
		continue;
	return result;
}

static void
judge(struct doctor *d, struct connection *c, const char *host, const char *port)
{
	const mbedtls_x509_crt *leaf = mbedtls_ssl_get_peer_cert(&c->ssl);
	char issuer[256] = "?";

	if (mbedtls_ssl_get_verify_result(&c->ssl) == 0) {
		finding_ok(&d->found, FINDING_CONNECTION, "to %s, port %s is opened: "
		    "its certificate is of our CA", host, port);
		return;
	}
	if (leaf != NULL)
		(void)mbedtls_x509_dn_gets(issuer, sizeof(issuer), &leaf->issuer);
	finding_failure(&d->found, FINDING_CONNECTION, "to %s, port %s is not opened: "
	    "its certificate is of %s", host, port, issuer);
	finding_remedy(&d->found, "see what the record of this flow gives as its "
	    "reason: sightglass show --dataset tls -S 1m; without one, no forwarder "
	    "took it");
}

void
doctor_connection(struct doctor *d)
{
	char host[256], port[8];
	struct connection c;

	if (d->connect == NULL)
		return;
	if (!split(d->connect, host, port)) {
		finding_failure(&d->found, FINDING_CONNECTION, "'%s' is not HOST or "
		    "HOST:PORT", d->connect);
		return;
	}
	mbedtls_net_init(&c.net);
	mbedtls_ssl_init(&c.ssl);
	mbedtls_ssl_config_init(&c.config);
	if (mbedtls_net_connect(&c.net, host, port, MBEDTLS_NET_PROTO_TCP) != 0)
		finding_failure(&d->found, FINDING_CONNECTION, "%s, port %s cannot be "
		    "reached", host, port);
	else if (shake_hands(&c, d, host) != 0)
		finding_failure(&d->found, FINDING_CONNECTION, "%s, port %s speaks no "
		    "TLS that we do", host, port);
	else
		judge(d, &c, host, port);
	mbedtls_ssl_free(&c.ssl);
	mbedtls_ssl_config_free(&c.config);
	mbedtls_net_free(&c.net);
}
