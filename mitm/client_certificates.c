/* SPDX-License-Identifier: ISC */
/* Client certificates by host. Parent and worker; opens no file. */
#include "mitm/client_certificates.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/psa_util.h>

#include "base/err.h"
#include "mitm/certificate.h"
#include "mitm/host_rules.h"

#define RSA_BITS_LEAST 2048u
#define EC_BITS_LEAST 256u

struct client_certificates {
	struct host_rules *hosts;
	struct client_certificate **items; /* owned; by the rules' numbers */
	size_t count;
};

struct client_certificates *
client_certificates_new(void)
{
	struct client_certificates *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->hosts = host_rules_new();
	if (c->hosts == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

void
client_certificates_free(struct client_certificates *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++)
		client_certificate_release(c->items[i]);
	free(c->items);
	host_rules_free(c->hosts);
	free(c);
}

struct client_certificate *
client_certificate_hold(struct client_certificate *c)
{
	if (c != NULL)
		c->references++;
	return c;
}

void
client_certificate_release(struct client_certificate *c)
{
	if (c == NULL || --c->references > 0)
		return;
	mbedtls_x509_crt_free(&c->chain);
	mbedtls_pk_free(&c->key);
	free(c);
}

/* --- reading --- */

static int
read_chain(struct client_certificate *c, const struct client_certificate_pem *pem,
    const char **why)
{
	int bad = mbedtls_x509_crt_parse(&c->chain, pem->chain, pem->chain_length);

	if (bad == 0 && c->chain.raw.p != NULL)
		return 0;
	*why = bad == MBEDTLS_ERR_X509_ALLOC_FAILED ? "out of memory"
	    : bad > 0 ? "one of its certificates is not understood"
	              : "holds no certificate in PEM";
	return bad == MBEDTLS_ERR_X509_ALLOC_FAILED ? E_NOMEM : E_SYNTAX;
}

static bool
is_usable(mbedtls_pk_context *key)
{
	size_t bits = mbedtls_pk_get_bitlen(key);

	return mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) ? bits >= EC_BITS_LEAST
	    : mbedtls_pk_can_do(key, MBEDTLS_PK_RSA) && bits >= RSA_BITS_LEAST;
}

static int
read_key(struct client_certificate *c, const struct client_certificate_pem *pem,
    const char **why)
{
	int error = mbedtls_pk_parse_key(&c->key, pem->key, pem->key_length, NULL, 0,
	    mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);

	switch (error) {
	case 0:
		break;
	case MBEDTLS_ERR_PK_PASSWORD_REQUIRED:
	case MBEDTLS_ERR_PK_PASSWORD_MISMATCH:
		*why = "the key is encrypted: nobody could be asked for its password; "
		    "decrypt it (openssl pkey -in OLD -out NEW)";
		return E_DENIED;
	case MBEDTLS_ERR_PK_ALLOC_FAILED:
		*why = "out of memory";
		return E_NOMEM;
	default:
		*why = "holds no private key in PEM that is understood: an RSA or "
		    "ECDSA key is wanted";
		return E_NOTFOUND;
	}
	if (!is_usable(&c->key)) {
		*why = "wanted is an RSA key of 2048 bits at least, or an ECDSA key of "
		    "256";
		return E_DENIED;
	}
	if (mbedtls_pk_check_pair(&c->chain.pk, &c->key, mbedtls_psa_get_random,
	        MBEDTLS_PSA_RANDOM_STATE) == 0)
		return 0;
	*why = "the key is not the certificate's: put the certificate first in its "
	    "file, before those that signed it, or name its own key";
	return E_DENIED;
}

static struct client_certificate *
make(const struct client_certificate_pem *pem, int *error, const char **why)
{
	struct client_certificate *c = calloc(1, sizeof(*c));

	*error = E_NOMEM;
	*why = "out of memory";
	if (c == NULL)
		return NULL;
	c->references = 1;
	mbedtls_x509_crt_init(&c->chain);
	mbedtls_pk_init(&c->key);
	*error = read_chain(c, pem, why);
	if (*error == 0)
		*error = read_key(c, pem, why);
	if (*error == 0) {
		certificate_describe(&c->chain, &c->facts);
		return c;
	}
	client_certificate_release(c);
	return NULL;
}

int
client_certificates_add(struct client_certificates *c, const char *pattern,
    const struct client_certificate_pem *pem, const char **why)
{
	struct client_certificate **grown =
	    realloc(c->items, (c->count + 1) * sizeof(struct client_certificate *));
	int error;

	*why = "out of memory";
	if (grown == NULL)
		return E_NOMEM;
	c->items = grown;
	struct client_certificate *item = make(pem, &error, why);
	if (item == NULL)
		return error;
	error = host_rules_add(c->hosts, pattern, why);
	if (error != 0) {
		client_certificate_release(item);
		return error == E_SYNTAX ? E_RANGE : error;
	}
	c->items[c->count++] = item;
	return 0;
}

const struct certificate_facts *
client_certificates_last(const struct client_certificates *c)
{
	return &c->items[c->count - 1]->facts;
}

struct client_certificate *
client_certificates_find(const struct client_certificates *c, const char *name,
    const struct sockaddr_storage *address)
{
	const char *reason;
	int rule = c == NULL ? -1
	                     : host_rules_find(c->hosts, name, address, &reason);

	if (rule < 0)
		return NULL;
	c->items[rule]->references++;
	return c->items[rule];
}

/* --- the message --- */

/* The lengths of what follows, in this order: pattern (with its NUL), chain, key. */
struct head {
	uint32_t pattern, chain, key;
};

int
client_certificates_write(const char *pattern,
    const struct client_certificate_pem *pem, struct buf *out)
{
	const struct head head = {(uint32_t)strlen(pattern) + 1,
	    (uint32_t)pem->chain_length, (uint32_t)pem->key_length};
	int error = buf_append(out, &head, sizeof(head));

	if (error == 0)
		error = buf_append(out, pattern, head.pattern);
	if (error == 0)
		error = buf_append(out, pem->chain, pem->chain_length);
	if (error == 0)
		error = buf_append(out, pem->key, pem->key_length);
	return error;
}

static int
read_one(struct client_certificates *c, const uint8_t **at, size_t *left)
{
	struct head head;
	const char *why;

	if (*left < sizeof(head))
		return E_CORRUPT;
	memcpy(&head, *at, sizeof(head));
	const uint8_t *pattern = *at + sizeof(head);
	uint64_t bytes = (uint64_t)head.pattern + head.chain + head.key;
	if (bytes > *left - sizeof(head) || head.pattern == 0 ||
	    pattern[head.pattern - 1] != '\0')
		return E_CORRUPT;
	const struct client_certificate_pem pem = {
	    .chain = pattern + head.pattern,
	    .key = pattern + head.pattern + head.chain,
	    .chain_length = head.chain,
	    .key_length = head.key,
	};
	*at += sizeof(head) + bytes;
	*left -= sizeof(head) + bytes;
	int error = client_certificates_add(c, (const char *)pattern, &pem, &why);
	return error == 0 || error == E_NOMEM ? error : E_CORRUPT;
}

int
client_certificates_read(struct client_certificates *c, const uint8_t *bytes,
    size_t length)
{
	int error = 0;

	while (error == 0 && length > 0)
		error = read_one(c, &bytes, &length);
	return error;
}
