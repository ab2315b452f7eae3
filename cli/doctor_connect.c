/* SPDX-License-Identifier: ISC */
/*
 * A TLS connection as any program makes it: who is in its way shows in the
 * certificate that comes back, and what the daemon made of it in its record. CLI.
 * Sends nothing but a handshake, to a proxy that the environment names a CONNECT.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>

#include "base/clock.h"
#include "cli/doctor.h"

#define DEADLINE_MS 10000
#define HEAD_BYTES_MAX 4096u
#define TARGET_BYTES 272u /* "[host]:port" */

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

/* --- the way there --- */

/* HOST:PORT of https_proxy, in either case; false: there is none, or it is not one of
 * HTTP, which alone is spoken here. */
static bool
find_proxy(char address[TARGET_BYTES])
{
	static const char scheme[] = "http://";
	const char *lower = getenv("https_proxy");
	const char *text = lower != NULL ? lower : getenv("HTTPS_PROXY");

	if (text == NULL || strncmp(text, scheme, strlen(scheme)) != 0)
		return false;
	text += strlen(scheme);
	size_t length = strcspn(text, "/");
	if (length == 0 || length >= TARGET_BYTES || memchr(text, '@', length) != NULL)
		return false;
	(void)snprintf(address, TARGET_BYTES, "%.*s", (int)length, text);
	return true;
}

/* Whether a proxy said that the tunnel stands: no byte behind its head is taken. */
static bool
read_tunnel_head(mbedtls_net_context *net)
{
	char head[HEAD_BYTES_MAX + 1];
	size_t length = 0;

	while (length < HEAD_BYTES_MAX) {
		if (mbedtls_net_recv_timeout(net, (unsigned char *)head + length, 1,
		        DEADLINE_MS) != 1)
			return false;
		head[++length] = '\0';
		if (length >= 4 && memcmp(head + length - 4, "\r\n\r\n", 4) == 0)
			return strncmp(head, "HTTP/1.", 7) == 0 && length > 12 &&
			    memcmp(head + 8, " 200", 4) == 0;
	}
	return false;
}

static bool
connect_through(mbedtls_net_context *net, const char *proxy, const char *host,
    const char *port)
{
	bool bare = strchr(host, ':') != NULL;
	char request[3 * TARGET_BYTES], target[TARGET_BYTES], at[256], at_port[8];

	(void)snprintf(target, sizeof(target), "%s%s%s:%s", bare ? "[" : "", host,
	    bare ? "]" : "", port);
	int length = snprintf(request, sizeof(request), "CONNECT %s HTTP/1.1\r\n"
	    "Host: %s\r\n\r\n", target, target);
	return split(proxy, at, at_port) &&
	    mbedtls_net_connect(net, at, at_port, MBEDTLS_NET_PROTO_TCP) == 0 &&
	    mbedtls_net_send(net, (unsigned char *)request, (size_t)length) == length &&
	    read_tunnel_head(net);
}

static bool
reach(mbedtls_net_context *net, const char *proxy, const char *host, const char *port)
{
	return proxy != NULL
	    ? connect_through(net, proxy, host, port)
	    : mbedtls_net_connect(net, host, port, MBEDTLS_NET_PROTO_TCP) == 0;
}

/* --- the handshake --- */

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

/* What the certificate says that came back. */
struct outcome {
	bool opened; /* it is of our CA */
	char issuer[256];
};

static struct outcome
look_at(const struct connection *c)
{
	const mbedtls_x509_crt *leaf = mbedtls_ssl_get_peer_cert(&c->ssl);
	struct outcome o = {.opened = mbedtls_ssl_get_verify_result(&c->ssl) == 0,
	    .issuer = "?"};

	if (leaf != NULL)
		(void)mbedtls_x509_dn_gets(o.issuer, sizeof(o.issuer), &leaf->issuer);
	return o;
}

static void
tell_opened(struct doctor *d, const char *host, const char *port, bool logged)
{
	if (logged) {
		finding_ok(&d->found, FINDING_CONNECTION, "to %s, port %s is opened: "
		    "its certificate is of our CA, and its record is in the log", host,
		    port);
		return;
	}
	finding_warning(&d->found, FINDING_CONNECTION, "to %s, port %s is opened, and no "
	    "record of it came into %s", host, port, d->conf->log_dir);
	finding_remedy(&d->found, "ask as one who may read the log, of the daemon whose "
	    "log it is (-d, -c); else sightglass status tells what the logger waits "
	    "for");
}

/* Whether a daemon that runs has no forwarder, or none runs. */
static void
tell_unseen(struct doctor *d)
{
	finding_remedy(&d->found, "no record of it is in the log: no forwarder took it; "
	    "see %s%s", d->has_log_uid ? "bridge" : "daemon",
	    doctor_forwarder != NULL ? ""
	        : ". Seen is what https_proxy tells of sightglass proxy, and the command "
	          "of sightglass exec");
}

/* A daemon that saw it says why it let it pass. */
static void
tell_closed(struct doctor *d, const char *host, const char *port, const char *issuer,
    const struct doctor_record *record)
{
	finding_failure(&d->found, FINDING_CONNECTION, "to %s, port %s is not opened: "
	    "its certificate is of %s", host, port, issuer);
	if (record == NULL)
		tell_unseen(d);
	else
		finding_remedy(&d->found, "the daemon saw it: its record says '%s', for "
		    "the reason '%s' (sightglass-log(5))", record->decision,
		    record->reason);
}

static void
judge(struct doctor *d, const struct outcome *o, const char *host, const char *port,
    int64_t since_us)
{
	struct doctor_record record;
	bool logged = doctor_find_record(d, host, since_us, &record);

	if (o->opened)
		tell_opened(d, host, port, logged);
	else
		tell_closed(d, host, port, o->issuer, logged ? &record : NULL);
}

/* False: there is nothing to look at, which has been told. */
static bool
try(struct doctor *d, const char *host, const char *port, struct outcome *o)
{
	char address[TARGET_BYTES];
	const char *proxy = find_proxy(address) ? address : NULL;
	struct connection c;
	bool done = false;

	mbedtls_net_init(&c.net);
	mbedtls_ssl_init(&c.ssl);
	mbedtls_ssl_config_init(&c.config);
	if (!reach(&c.net, proxy, host, port)) {
		finding_failure(&d->found, FINDING_CONNECTION, "%s, port %s cannot be "
		    "reached%s%s", host, port, proxy != NULL ? " through https_proxy, "
		    : "", proxy != NULL ? proxy : "");
		finding_remedy(&d->found, "name a server that is there, and see whether "
		    "it is reached without sightglass");
	} else if (shake_hands(&c, d, host) != 0) {
		finding_failure(&d->found, FINDING_CONNECTION, "%s, port %s speaks no "
		    "TLS that we do", host, port);
		finding_remedy(&d->found, "name a server of TLS 1.2 or 1.3; if it is "
		    "one, its record says more: sightglass show --dataset tls");
	} else {
		*o = look_at(&c);
		done = true;
	}
	mbedtls_ssl_free(&c.ssl);
	mbedtls_ssl_config_free(&c.config);
	mbedtls_net_free(&c.net);
	return done;
}

/* The record comes when the flow is over. */
void
doctor_connection(struct doctor *d)
{
	int64_t since_us = (int64_t)clock_wall_us();
	char host[256], port[8];
	struct outcome o;

	if (d->connect == NULL)
		return;
	if (!split(d->connect, host, port)) {
		finding_failure(&d->found, FINDING_CONNECTION, "'%s' is not HOST or "
		    "HOST:PORT", d->connect);
		finding_remedy(&d->found, "as in: --connect example.com, or [::1]:8443");
	} else if (try(d, host, port, &o)) {
		judge(d, &o, host, port, since_us);
	}
}
