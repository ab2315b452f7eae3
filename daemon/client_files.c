/* SPDX-License-Identifier: ISC */
/* Reads client certificates and their keys. Parent only. It refuses a key that
 * others could read or could have put there. */
#include "daemon/client_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "mitm/client_certificates.h"
#include "mitm/host_rules.h"

#define SETTING "upstream.client_certificates"
#define FILE_BYTES_MAX (256u * 1024)
#define PATH_BYTES 1024u

/* As much as client_certificates_write makes of one. */
#define ITEM_BYTES_MAX (HOST_PATTERN_BYTES + 2 * FILE_BYTES_MAX + 64u)

/* One of the list, taken apart. */
struct item {
	char pattern[HOST_PATTERN_BYTES];
	char chain_path[PATH_BYTES], key_path[PATH_BYTES];
	struct buf chain, key; /* what is in the files, and a NUL */
};

void
client_files_wipe(struct buf *b)
{
	if (buf_length(b) > 0)
		mbedtls_platform_zeroize(buf_data(b), buf_length(b));
	buf_free(b);
}

static int
complain(struct conf_error *error, const char *about, const char *why, int code)
{
	(void)snprintf(error->text, sizeof(error->text), SETTING ": '%.180s': %.250s",
	    about, why);
	return code;
}

/* PATTERN=CERTIFICATE,KEY */
static int
take_apart(const char *rule, struct item *item, struct conf_error *error)
{
	const char *chain, *why;
	int outcome = host_rules_split(rule, item->pattern, &chain, &why);

	if (outcome != 0)
		return complain(error, rule, why, outcome);
	if (strncmp(chain, "pkcs11:", 7) == 0)
		return complain(error, rule, "keys in tokens (PKCS #11) are not "
		    "supported yet: name two PEM files", E_SYNTAX);
	const char *comma = strchr(chain, ',');
	if (comma == NULL || strchr(comma + 1, ',') != NULL)
		return complain(error, rule, "expected PATTERN=CERTIFICATE,KEY: two "
		    "files with one comma between them", E_SYNTAX);
	const char *key = comma + 1;
	if (*chain != '/' || *key != '/')
		return complain(error, rule, "both files want absolute paths",
		    E_SYNTAX);
	if (strlen(chain) >= PATH_BYTES)
		return complain(error, rule, "the paths are too long", E_SYNTAX);
	(void)snprintf(item->chain_path, PATH_BYTES, "%.*s", (int)(comma - chain),
	    chain);
	(void)snprintf(item->key_path, PATH_BYTES, "%s", key);
	return 0;
}

static int
read_chain_file(struct item *item, struct conf_error *error)
{
	int outcome = file_read(item->chain_path, &item->chain);

	if (outcome != 0)
		return complain(error, item->chain_path, err_text(outcome), outcome);
	return buf_append(&item->chain, "", 1);
}

/* Room for all of it: growing would leave copies of keys behind. */
static int
reserve(struct buf *b, size_t bytes)
{
	uint8_t *room;

	return buf_reserve(b, bytes < b->limit_bytes ? bytes : b->limit_bytes, &room);
}

static int
read_key_file(struct item *item, struct conf_error *error)
{
	char words[256];

	if (reserve(&item->key, FILE_BYTES_MAX) != 0)
		return complain(error, item->key_path, err_text(E_NOMEM), E_NOMEM);
	int fd = open(item->key_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return complain(error, item->key_path, err_text(E_SYS), E_SYS);
	int outcome = file_check_secret(fd, words);
	if (outcome != 0) {
		(void)close(fd);
		return complain(error, item->key_path, words, outcome);
	}
	outcome = file_read_rest(fd, &item->key);
	if (outcome != 0)
		(void)complain(error, item->key_path, err_text(outcome), outcome);
	(void)close(fd);
	return outcome != 0 ? outcome : buf_append(&item->key, "", 1);
}

/* It is the server's to refuse it: it may have another clock. */
static void
warn_of_time(const struct item *item, const struct certificate_facts *facts)
{
	uint64_t now_s = clock_wall_us() / 1000000;

	if (now_s > facts->not_after_s)
		diag_warning(SETTING ": '%s': its time is over: servers will turn it "
		    "down; renew it", item->chain_path);
	else if (now_s < facts->not_before_s)
		diag_warning(SETTING ": '%s': its time has not come: servers will turn "
		    "it down", item->chain_path);
}

static int
judge(const struct item *item, struct client_certificates *all, struct buf *out,
    struct conf_error *error)
{
	const struct client_certificate_pem pem = {
	    .chain = buf_data(&item->chain),
	    .key = buf_data(&item->key),
	    .chain_length = buf_length(&item->chain),
	    .key_length = buf_length(&item->key),
	};
	const char *why;
	int outcome = client_certificates_add(all, item->pattern, &pem, &why);

	switch (outcome) {
	case 0:
		break;
	case E_SYNTAX:
		return complain(error, item->chain_path, why, outcome);
	case E_NOTFOUND:
	case E_DENIED:
		return complain(error, item->key_path, why, outcome);
	default:
		return complain(error, item->pattern, why, outcome);
	}
	warn_of_time(item, client_certificates_last(all));
	outcome = client_certificates_write(item->pattern, &pem, out);
	return outcome == 0 ? 0 : complain(error, item->pattern,
	    "too many certificates", outcome);
}

static int
add(const char *rule, struct client_certificates *all, struct buf *out,
    struct conf_error *error)
{
	struct item item;

	buf_init(&item.chain, FILE_BYTES_MAX);
	buf_init(&item.key, FILE_BYTES_MAX);
	int outcome = take_apart(rule, &item, error);
	if (outcome == 0)
		outcome = read_chain_file(&item, error);
	if (outcome == 0)
		outcome = read_key_file(&item, error);
	if (outcome == 0)
		outcome = judge(&item, all, out, error);
	buf_free(&item.chain);
	client_files_wipe(&item.key);
	return outcome;
}

int
client_files_read(const struct conf *conf, struct buf *out,
    struct conf_error *error)
{
	const struct conf_list *list = &conf->upstream_client_certificates;
	int outcome = 0;

	if (list->count == 0)
		return 0;
	(void)snprintf(error->text, sizeof(error->text), SETTING ": out of memory");
	if (psa_crypto_init() != PSA_SUCCESS)
		return complain(error, "psa", "the cryptographic library does not start",
		    E_CRYPTO);
	struct client_certificates *all = client_certificates_new();
	if (all == NULL || reserve(out, list->count * ITEM_BYTES_MAX) != 0) {
		client_certificates_free(all);
		return E_NOMEM;
	}
	for (size_t i = 0; outcome == 0 && i < list->count; i++)
		outcome = add(list->items[i], all, out, error);
	client_certificates_free(all);
	return outcome;
}
