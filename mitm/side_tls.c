/* SPDX-License-Identifier: ISC */
/*
 * TLS on one side of a flow, by mbedTLS. It offers and accepts TLS 1.2 and 1.3,
 * never renegotiation, compression or early data. Verification of the upstream's
 * chain is not done inside the handshake but by verify.c right after it, before
 * anything is said to the client. Worker only.
 */
#include "mitm/side_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>

#include "base/err.h"
#include "mitm/certificate_read.h"
#include "mitm/early_data.h"

struct side_tls {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	int error;       /* mbedTLS's, of the last failure; 0: none */
	int alert;       /* the fatal alert that came, or -1 */
	bool established;
	struct keylog *keylog;
	struct early_data *early; /* owned: what a client sent early is left out */
	bool certificate_wanted; /* CertificateRequest came ... */
	bool told;               /* ... and our caller was told */
	bool full;       /* the server's certificate had its turn */
	void (*on_ticket)(void *context); /* NULL: nobody cares */
	void *context;
	struct ticket_terms terms; /* of tickets that this side gives or takes */
	const char **alpn; /* owned, with its texts; mbedTLS borrows it */
	struct offer offer; /* mbedTLS points into it */
	struct server_flight *flight; /* owned, while it has more to learn */
	bool has_hello;
	struct server_hello hello;
};

/* The server's first bytes, the peer's or our own, on their way to mbedTLS or
 * from it: once they have said who the server is nothing more is looked at. */
static void
look(struct side_tls *tls, const uint8_t *bytes, size_t length)
{
	if (tls->flight == NULL)
		return;
	int verdict = server_flight_read(tls->flight, bytes, length);
	tls->has_hello = tls->flight->seen;
	tls->hello = tls->flight->hello;
	if (verdict == E_MORE)
		return;
	free(tls->flight);
	tls->flight = NULL;
}

static bool
is_server(const struct side_tls *tls)
{
	return mbedtls_ssl_conf_get_endpoint(&tls->conf) == MBEDTLS_SSL_IS_SERVER;
}

/* As side_receive, without early data. */
static int
receive_wanted(struct side *s, unsigned char *out, size_t capacity)
{
	int n;

	do {
		n = side_receive(s, out, capacity);
		if (n <= 0 || s->tls->early == NULL)
			return n;
		n = early_data_skip(s->tls->early, out, (size_t)n);
	} while (n == 0);
	return n;
}

static int
bio_receive(void *context, unsigned char *out, size_t capacity)
{
	struct side *s = context;
	int n = receive_wanted(s, out, capacity);

	if (n > 0 && !is_server(s->tls))
		look(s->tls, out, (size_t)n);
	switch (n) {
	case E_AGAIN:
		return MBEDTLS_ERR_SSL_WANT_READ;
	case E_CLOSED:
		return MBEDTLS_ERR_NET_CONN_RESET;
	case E_SYS:
		return MBEDTLS_ERR_NET_RECV_FAILED;
	case E_LIMIT: /* too much of it */
		return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
	default:
		return n;
	}
}

/* Never blocks: side_flush sends it in one call when TLS is done. */
static int
bio_send(void *context, const unsigned char *bytes, size_t length)
{
	struct side *s = context;

	if (is_server(s->tls))
		look(s->tls, bytes, length);
	if (buf_append(&s->io->out, bytes, length) != 0)
		return MBEDTLS_ERR_SSL_ALLOC_FAILED;
	return (int)length;
}

void
side_tls_free(struct side_tls *tls)
{
	if (tls == NULL)
		return;
	mbedtls_ssl_free(&tls->ssl);
	mbedtls_ssl_config_free(&tls->conf);
	free(tls->alpn);
	free(tls->flight);
	free(tls->early);
	free(tls);
}

/* Tickets of TLS 1.3 are for one use each (RFC 8446 appendix C.4), and clients
 * open connections in pairs. */
#define TICKETS_AT_ONCE 2

static void
configure_offer(struct side_tls *tls, const struct side_tls_options *options)
{
	if (options->offer != NULL)
		tls->offer = *options->offer;
	else
		offer_own(true, &tls->offer);
	mbedtls_ssl_conf_ciphersuites(&tls->conf, tls->offer.suites);
	mbedtls_ssl_conf_groups(&tls->conf, tls->offer.groups);
	mbedtls_ssl_conf_sig_algs(&tls->conf, tls->offer.schemes);
	mbedtls_ssl_conf_dhm_min_bitlen(&tls->conf, OFFER_DHE_BITS_MIN);
}

/* In one piece: the pointers, then the texts. */
static const char **
copy_list(const char *const *list)
{
	size_t count = 0, bytes = 0;

	for (; list[count] != NULL; count++)
		bytes += strlen(list[count]) + 1;
	const char **copy = malloc((count + 1) * sizeof(*copy) + bytes);
	if (copy == NULL)
		return NULL;
	char *text = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(list[i]) + 1;
		copy[i] = memcpy(text, list[i], length);
		text += length;
	}
	copy[count] = NULL;
	return copy;
}

/* mbedtls_ssl_ticket_write_t: NewSessionTicket is being written. */
static int
write_ticket(void *context, const mbedtls_ssl_session *session,
    unsigned char *start, const unsigned char *end, size_t *length,
    uint32_t *life_s)
{
	const struct side_tls *tls = context;
	uint8_t clear[TICKET_CLEAR_BYTES_MAX];
	size_t clear_length;
	int n;

	*length = 0;
	int error = mbedtls_ssl_session_save(session, clear, sizeof(clear),
	    &clear_length);
	if (error != 0)
		return error;
	n = tickets_seal(&tls->terms, clear, clear_length, start,
	    (size_t)(end - start));
	mbedtls_platform_zeroize(clear, sizeof(clear));
	if (n < 0)
		return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	*length = (size_t)n;
	*life_s = (uint32_t)(tls->terms.life_ms / 1000);
	return 0;
}

/* A session of another version has its secret elsewhere, and would go on with
 * none. */
static int
load_session(const struct side_tls *tls, mbedtls_ssl_session *session,
    const uint8_t *bytes, size_t length)
{
	int error = mbedtls_ssl_session_load(session, bytes, length);

	if (error == 0 && session->MBEDTLS_PRIVATE(tls_version) !=
	        mbedtls_ssl_get_version_number(&tls->ssl))
		error = MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
	return error;
}

/* mbedtls_ssl_ticket_parse_t: any error means a full handshake. */
static int
read_ticket(void *context, mbedtls_ssl_session *session, unsigned char *ticket,
    size_t length)
{
	const struct side_tls *tls = context;
	uint8_t clear[TICKET_CLEAR_BYTES_MAX];
	int n = tickets_open(&tls->terms, ticket, length, clear);

	if (n == E_TIMEOUT)
		return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
	if (n < 0)
		return MBEDTLS_ERR_SSL_INVALID_MAC;
	int error = load_session(tls, session, clear, (size_t)n);
	mbedtls_platform_zeroize(clear, sizeof(clear));
	return error;
}

static void
want_sessions(struct side_tls *tls, const struct side_tls_options *options)
{
	tls->on_ticket = options->on_ticket;
	tls->context = options->context;
	mbedtls_ssl_conf_session_tickets(&tls->conf, options->session_tickets
	    ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
	    : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#if MBEDTLS_VERSION_NUMBER >= 0x03060100 /* before, it always tells of them */
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&tls->conf,
	    options->on_ticket != NULL
	        ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
	        : MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
#endif
}

static int
offer_session(struct side_tls *tls, const struct side_tls_options *options)
{
	mbedtls_ssl_session session;

	mbedtls_ssl_session_init(&session);
	int error = mbedtls_ssl_session_load(&session, options->session,
	    options->session_length);
	if (error == 0)
		error = mbedtls_ssl_set_session(&tls->ssl, &session);
	mbedtls_ssl_session_free(&session);
	return error;
}

/* A connection that goes on with a session has a key exchange of its own in TLS
 * 1.3: whoever learns the session's secret later does not read it. */
static void
configure_resumption(struct side_tls *tls,
    const struct side_tls_options *options)
{
	mbedtls_ssl_conf_tls13_key_exchange_modes(&tls->conf,
	    MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
	if (!options->server)
		want_sessions(tls, options);
	if (options->tickets == NULL)
		return;
	tls->terms = *options->tickets;
	mbedtls_ssl_conf_session_tickets_cb(&tls->conf, write_ticket, read_ticket,
	    tls);
	mbedtls_ssl_conf_new_session_tickets(&tls->conf, TICKETS_AT_ONCE);
}

static int
configure(struct side_tls *tls, const struct side_tls_options *options)
{
	mbedtls_ssl_config *conf = &tls->conf;
	int endpoint = options->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
	int error = mbedtls_ssl_config_defaults(conf, endpoint,
	    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

	if (error != 0)
		return error;
	mbedtls_ssl_conf_rng(conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_min_tls_version(conf, options->least);
	mbedtls_ssl_conf_max_tls_version(conf, options->most);
	mbedtls_ssl_conf_renegotiation(conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
	if (tls->alpn != NULL && tls->alpn[0] != NULL)
		error = mbedtls_ssl_conf_alpn_protocols(conf, tls->alpn);
	if (error == 0 && options->server)
		error = mbedtls_ssl_conf_own_cert(conf, options->certificate,
		    options->key);
	return error;
}

/* Called with each secret. */
static void
on_secret(void *context, mbedtls_ssl_key_export_type type,
    const unsigned char *secret, size_t length,
    const unsigned char client_random[32],
    const unsigned char server_random[32] UNUSED,
    mbedtls_tls_prf_types prf UNUSED)
{
	const struct side_tls *tls = context;

	keylog_write(tls->keylog, type, secret, length, client_random);
}

int
side_tls_start(struct side *s, const struct side_tls_options *options)
{
	struct side_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return E_NOMEM;
	s->tls = tls;
	tls->alert = -1;
	tls->keylog = options->keylog;
	mbedtls_ssl_init(&tls->ssl);
	mbedtls_ssl_config_init(&tls->conf);
	tls->flight = calloc(1, sizeof(*tls->flight));
	if (tls->flight == NULL)
		return E_NOMEM;
	if (options->early_data_behind > 0) {
		tls->early = malloc(sizeof(*tls->early));
		if (tls->early == NULL)
			return E_NOMEM;
		early_data_begin(tls->early, options->early_data_behind);
	}
	if (options->alpn != NULL) {
		tls->alpn = copy_list(options->alpn);
		if (tls->alpn == NULL)
			return E_NOMEM;
	}
	tls->error = configure(tls, options);
	configure_offer(tls, options);
	configure_resumption(tls, options);
	if (tls->error == 0)
		tls->error = mbedtls_ssl_setup(&tls->ssl, &tls->conf);
	if (tls->error == 0 && !options->server)
		tls->error = mbedtls_ssl_set_hostname(&tls->ssl, options->server_name);
	if (tls->error == 0 && options->session != NULL)
		tls->error = offer_session(tls, options);
	if (tls->error != 0)
		return E_CRYPTO;
	mbedtls_ssl_set_bio(&tls->ssl, s, bio_send, bio_receive, NULL);
	mbedtls_ssl_set_export_keys_cb(&tls->ssl, on_secret, tls);
	return 0;
}

/* The number stands in the record that mbedTLS has just refused; the library
 * has no call for it. */
static int
alert_number(const mbedtls_ssl_context *ssl)
{
	const unsigned char *message = ssl->MBEDTLS_PRIVATE(in_msg);

	return message == NULL ? -1 : message[1];
}

/* A client that turns our certificate down in TLS 1.3 may have no keys to write
 * with yet, and sends its alert in the clear; mbedTLS takes that for a record
 * that does not decrypt. What is encrypted never says that it is an alert (RFC
 * 8446 section 5.2). The number, or -1. */
static int
plain_alert(const struct side_tls *tls)
{
	static const unsigned char start[] = {MBEDTLS_SSL_MSG_ALERT, 3, 3, 0, 2,
	    MBEDTLS_SSL_ALERT_LEVEL_FATAL};
	const unsigned char *record = tls->ssl.MBEDTLS_PRIVATE(in_hdr);

	return tls->established || record == NULL ||
	        memcmp(record, start, sizeof(start)) != 0
	    ? -1 : record[sizeof(start)];
}

/* mbedTLS's error as ours, noted for the record. */
static int
failure(struct side *s, int error)
{
	struct side_tls *tls = s->tls;

	tls->error = error;
	switch (error) {
	case MBEDTLS_ERR_SSL_INVALID_MAC:
		tls->alert = plain_alert(tls);
		if (tls->alert >= 0)
			tls->error = MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
		return E_CRYPTO;
	case MBEDTLS_ERR_SSL_WANT_READ:
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		tls->error = 0;
		return E_AGAIN;
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		tls->alert = alert_number(&tls->ssl);
		return E_CRYPTO;
	case MBEDTLS_ERR_NET_CONN_RESET:
		return E_CLOSED;
	case MBEDTLS_ERR_NET_RECV_FAILED:
		return E_SYS;
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
		return E_NOMEM;
	default:
		return E_CRYPTO;
	}
}

/* mbedTLS forgets a CertificateRequest with the handshake, so it is looked at
 * when its state is passed: it has been read then, or another message waits. */
static int
handshake_step(struct side_tls *tls)
{
	mbedtls_ssl_context *ssl = &tls->ssl;
	if (ssl->MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_SERVER_CERTIFICATE)
		tls->full = true;
	bool perhaps =
	    ssl->MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_CERTIFICATE_REQUEST;
	int error = mbedtls_ssl_handshake_step(ssl);

	if (error == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
		error = 0;
	if (perhaps && error == 0 &&
	    ssl->MBEDTLS_PRIVATE(in_msgtype) == MBEDTLS_SSL_MSG_HANDSHAKE &&
	    ssl->MBEDTLS_PRIVATE(in_msg)[0] == MBEDTLS_SSL_HS_CERTIFICATE_REQUEST)
		tls->certificate_wanted = true;
	return error;
}

/* It was asked for, and the server's flight is over: what comes next is ours. */
static bool
is_asked(const struct side_tls *tls)
{
	return tls->certificate_wanted && !tls->told &&
	    tls->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_CLIENT_CERTIFICATE;
}

int
side_tls_handshake(struct side *s)
{
	struct side_tls *tls = s->tls;
	int error = 0;

	s->want_read = false;
	s->io->received = 0;
	/* Over is it, for the library, before a server's tickets are written. */
	while (error == 0 && !is_asked(tls) &&
	    tls->ssl.MBEDTLS_PRIVATE(state) != MBEDTLS_SSL_HANDSHAKE_OVER)
		error = handshake_step(tls);

	/* What TLS wants sent goes out on failure too: it may be an alert. */
	int leftovers = side_keep_leftovers(s);
	int flushed = side_flush(s);
	if (error != 0)
		return failure(s, error);
	if (is_asked(tls)) {
		tls->told = true;
		return leftovers != 0 ? leftovers : flushed != 0 ? flushed : SIDE_ASKED;
	}
	tls->established = true;
	free(tls->flight);
	free(tls->early);
	tls->flight = NULL;
	tls->early = NULL;
	return leftovers != 0 ? leftovers : flushed;
}

/* Reads whole records until `out` is full or no more came. */
static int
read_records(struct side *s, uint8_t *out, size_t capacity, size_t *length)
{
	struct side_tls *tls = s->tls;

	while (*length < capacity) {
		s->want_read = false;
		int n = mbedtls_ssl_read(&tls->ssl, out + *length, capacity - *length);
		/* Or it has read a message that holds no data, and would be called
		 * again: only the socket knows that there is no more. */
		if (n == MBEDTLS_ERR_SSL_WANT_READ && !s->want_read)
			continue;
		if (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
			if (tls->on_ticket != NULL)
				tls->on_ticket(tls->context);
			continue;
		}
		if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
			s->close_notify = true;
		if (n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ||
		    n == MBEDTLS_ERR_SSL_CONN_EOF) {
			s->input_ended = true;
			return 0;
		}
		if (n < 0)
			return failure(s, n);
		*length += (size_t)n;
	}
	return 0;
}

int
side_tls_read(struct side *s, uint8_t *out, size_t capacity)
{
	size_t length = 0;

	if (s->tls->error != 0)
		return failure(s, s->tls->error);
	s->io->received = 0;
	int error = read_records(s, out, capacity, &length);

	if (side_keep_leftovers(s) != 0 && error == 0)
		error = E_NOMEM;
	/* TLS may have answered: an alert, say. It is this side's to send. */
	int flushed = side_flush(s);
	if (error == 0)
		error = flushed;
	/* Whatever came before the end or the error is passed on first; both are
	 * found again by the next read. */
	if (length > 0)
		return (int)length;
	return error;
}

int
side_tls_write(struct side *s, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		int n = mbedtls_ssl_write(&s->tls->ssl, bytes, length);
		if (n < 0)
			return failure(s, n);
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

void
side_tls_end(struct side *s)
{
	(void)mbedtls_ssl_close_notify(&s->tls->ssl);
}

static const char *
version_name(const mbedtls_ssl_context *ssl)
{
	switch (mbedtls_ssl_get_version_number(ssl)) {
	case MBEDTLS_SSL_VERSION_TLS1_2:
		return "1.2";
	case MBEDTLS_SSL_VERSION_TLS1_3:
		return "1.3";
	default:
		return NULL;
	}
}

/* mbedTLS has IANA's names with other punctuation: "TLS1-3-AES-128-GCM-SHA256" is
 * TLS_AES_128_GCM_SHA256. */
static void
name_suite(const char *own, char *name, size_t size)
{
	static const char tls13[] = "TLS1-3-";

	if (own == NULL)
		return;
	if (strncmp(own, tls13, sizeof(tls13) - 1) == 0)
		(void)snprintf(name, size, "TLS_%s", own + sizeof(tls13) - 1);
	else
		(void)snprintf(name, size, "%s", own);
	for (; *name != '\0'; name++) {
		if (*name == '-')
			*name = '_';
	}
}

void
side_tls_describe(const struct side *s, struct tls_leg *leg)
{
	const struct side_tls *tls = s->tls;

	*leg = (struct tls_leg){.alert_received = -1, .alert_sent = -1};
	if (tls == NULL)
		return;
	leg->alert_received = tls->alert;
	leg->hello_retry = tls->hello.retried;
	leg->established = tls->established;
	if (!tls->established && !tls->told) /* told: the server has had its turn */
		return;
	leg->resumed = side_tls_resumed(s);
	leg->version = version_name(&tls->ssl);
	name_suite(mbedtls_ssl_get_ciphersuite(&tls->ssl), leg->cipher,
	    sizeof(leg->cipher));
	leg->group = server_hello_group_name(tls->hello.group);
	leg->alpn = mbedtls_ssl_get_alpn_protocol(&tls->ssl);
}

const struct server_hello *
side_tls_server_hello(const struct side *s)
{
	return s->tls != NULL && s->tls->has_hello ? &s->tls->hello : NULL;
}

bool
side_tls_resumed(const struct side *s)
{
	return s->tls->established && !s->tls->full;
}

/* Below TLS 1.3 a session goes on by its ticket or by its id. */
static bool
goes_on(const mbedtls_ssl_session *session)
{
	return session != NULL && (session->MBEDTLS_PRIVATE(ticket_len) > 0 ||
	    (session->MBEDTLS_PRIVATE(tls_version) ==
	            MBEDTLS_SSL_VERSION_TLS1_2 &&
	        session->MBEDTLS_PRIVATE(id_len) > 0));
}

int
side_tls_save_session(const struct side *s, struct buf *out)
{
	const mbedtls_ssl_session *session = s->tls->ssl.MBEDTLS_PRIVATE(session);
	size_t length;
	uint8_t *room;

	if (!goes_on(session))
		return E_NOTFOUND;
	(void)mbedtls_ssl_session_save(session, NULL, 0, &length);
	int error = buf_reserve(out, length, &room);
	if (error != 0)
		return error;
	if (mbedtls_ssl_session_save(session, room, length, &length) != 0)
		return E_CRYPTO;
	buf_commit(out, length);
	return 0;
}

const mbedtls_x509_crt *
side_tls_peer(const struct side *s)
{
	if (s->tls == NULL)
		return NULL;
	const mbedtls_ssl_context *ssl = &s->tls->ssl;
	const mbedtls_ssl_session *session = ssl->MBEDTLS_PRIVATE(session_negotiate);
	return session != NULL ? session->MBEDTLS_PRIVATE(peer_cert)
	                       : mbedtls_ssl_get_peer_cert(ssl);
}

int
side_tls_read_chain(const struct side *s, mbedtls_x509_crt *list)
{
	const struct side_tls *tls = s->tls;
	const mbedtls_ssl_context *ssl = &tls->ssl;
	const uint8_t *message = ssl->MBEDTLS_PRIVATE(in_msg);
	size_t length = ssl->MBEDTLS_PRIVATE(in_hslen);
	const size_t header = 4; /* of a handshake message */

	int state = ssl->MBEDTLS_PRIVATE(state);

	if (tls->error == 0 || (state != MBEDTLS_SSL_SERVER_CERTIFICATE &&
	    state != MBEDTLS_SSL_CERTIFICATE_REQUEST))
		return E_NOTFOUND;
	/* Then only a part of it is there, or was; in TLS 1.3 it was waited for to
	 * see whether it is a request. */
	if (length > MBEDTLS_SSL_IN_CONTENT_LEN)
		return E_LIMIT;
	if (state != MBEDTLS_SSL_SERVER_CERTIFICATE ||
	    ssl->MBEDTLS_PRIVATE(in_msgtype) != MBEDTLS_SSL_MSG_HANDSHAKE ||
	    length < header || message[0] != MBEDTLS_SSL_HS_CERTIFICATE)
		return E_NOTFOUND;
	return certificate_message_read(list, message + header, length - header,
	    mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3);
}

mbedtls_ssl_protocol_version
side_tls_version(const struct side *s)
{
	return mbedtls_ssl_get_version_number(&s->tls->ssl);
}

const char *
side_tls_alpn(const struct side *s)
{
	return mbedtls_ssl_get_alpn_protocol(&s->tls->ssl);
}

int
side_tls_present(struct side *s, mbedtls_x509_crt *chain,
    mbedtls_pk_context *key)
{
	return mbedtls_ssl_conf_own_cert(&s->tls->conf, chain, key) == 0 ? 0
	                                                                 : E_NOMEM;
}

bool
side_tls_hung_up(const struct side *s)
{
	return s->tls != NULL && s->tls->error == MBEDTLS_ERR_SSL_CONN_EOF;
}

const char *
side_tls_error(const struct side *s, char text[128])
{
	if (s->tls == NULL || s->tls->error == 0)
		return NULL;
	mbedtls_strerror(s->tls->error, text, 128);
	return text;
}
