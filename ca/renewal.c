/* SPDX-License-Identifier: ISC */
/*
 * The steps of a renewal, each of which can be cut short by a crash and is then
 * found undone, or is finished, at the next start. Signer, while it has still the
 * right to write. It never replaces a CA whose successor is not whole.
 */
#include "ca/renewal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "ca/issue.h"
#include "ca/key_files.h"

#define RETRY_S 3600

int64_t
renewal_make_s(const struct conf *conf, int64_t begin_s, int64_t end_s)
{
	int64_t before_s = (int64_t)(conf->ca_renew_before_ms / 1000);
	int64_t half_s = (end_s - begin_s) / 2;

	if (before_s == 0)
		return INT64_MAX;
	return end_s - (before_s < half_s ? before_s : half_s);
}

int64_t
renewal_switch_s(const struct conf *conf, int64_t made_s, int64_t end_s)
{
	int64_t overlap_s = (int64_t)(conf->ca_overlap_ms / 1000);
	int64_t half_s = end_s > made_s ? (end_s - made_s) / 2 : 0;

	return made_s + (overlap_s < half_s ? overlap_s : half_s);
}

/* A CA of ours begins a day back. */
static int64_t
made_s(const struct ca *ca)
{
	return issue_seconds(&ca->certificate.valid_from) + ISSUE_BACKDATE_S;
}

/* The certificate stays, the key goes. */
static void
keep_next(struct renewal *renewal, struct ca *next)
{
	mbedtls_pk_free(&next->key);
	mbedtls_pk_init(&next->key);
	renewal->next = next;
}

static struct ca *
load_next(const struct conf *conf)
{
	struct ca *next = calloc(1, sizeof(*next));
	char words[256];

	if (next != NULL && ca_load_next(next, conf->ca_dir, words) == 0)
		return next;
	free(next);
	return NULL;
}

static void
drop(struct ca *ca)
{
	ca_free(ca);
	free(ca);
}

/* Makes the CA, or the one that is to follow it. */
static int
make(const struct conf *conf, const char *hostname, int64_t now_s, bool follow,
    char name[CA_NAME_BYTES], struct ca *out, char error[256])
{
	int result = ca_generate_configured(conf, hostname, now_s, name, out);
	if (result != 0) {
		(void)snprintf(error, 256, "cannot make a CA: %s", err_text(result));
		return result;
	}
	result = follow ? ca_store_next(out, conf->ca_dir)
	                : ca_store(out, conf->ca_dir);
	if (result != 0) {
		(void)snprintf(error, 256, "cannot write the new CA to %.150s: %s",
		    conf->ca_dir, err_text(result));
		ca_free(out);
	}
	return result;
}

/* Another daemon may be faster: then its CA is the CA. */
static int
make_first(const struct conf *conf, const char *hostname, int64_t now_s,
    struct ca *out, struct renewal *renewal, char error[256])
{
	int result =
	    make(conf, hostname, now_s, false, renewal->name, out, error);

	if (result == E_DENIED)
		return ca_load(out, conf->ca_dir, error);
	if (result == 0)
		renewal->done = RENEWAL_MADE;
	return result;
}

static void
make_next(const struct conf *conf, const char *hostname, int64_t now_s,
    struct renewal *renewal, char error[256])
{
	struct ca *next = calloc(1, sizeof(*next));

	if (next == NULL ||
	    make(conf, hostname, now_s, true, renewal->name, next, error) != 0) {
		free(next);
		renewal->due_s = now_s + RETRY_S;
		return;
	}
	renewal->done = RENEWAL_NEXT;
	keep_next(renewal, next);
}

/* The next one becomes *out. */
static int
change(const struct conf *conf, struct ca *next, struct ca *out,
    struct renewal *renewal, char error[256])
{
	int result = key_files_promote(conf->ca_dir);

	if (result == E_NOTFOUND) { /* another daemon was faster */
		drop(next);
		ca_free(out);
		return ca_load(out, conf->ca_dir, error);
	}
	if (result != 0) {
		(void)snprintf(error, 256, "%.150s: the next CA cannot take the place of "
		    "the old one: %s", conf->ca_dir, err_text(result));
		drop(next);
		return result;
	}
	ca_free(out);
	*out = *next;
	free(next);
	renewal->done = RENEWAL_SWITCHED;
	return 0;
}

/* The CA is good: what follows it? */
static void
follow(const struct conf *conf, const char *hostname, int64_t now_s,
    struct ca *ca, struct renewal *renewal, char error[256])
{
	struct ca *next = load_next(conf);

	if (next != NULL &&
	    now_s >= renewal_switch_s(conf, made_s(next), ca->end_s)) {
		if (change(conf, next, ca, renewal, error) != 0)
			renewal->due_s = now_s + RETRY_S;
		next = NULL;
	}
	if (next != NULL)
		keep_next(renewal, next);
	else if (renewal->due_s == INT64_MAX && now_s >=
	    renewal_make_s(conf, made_s(ca), ca->end_s))
		make_next(conf, hostname, now_s, renewal, error);
	if (renewal->due_s != INT64_MAX)
		return;
	renewal->due_s = renewal->next != NULL
	    ? renewal_switch_s(conf, made_s(renewal->next), ca->end_s)
	    : renewal_make_s(conf, made_s(ca), ca->end_s);
}

/* One that has ended while nobody was there to renew it gives way to a next one
 * that can serve. */
static int
rescue(const struct conf *conf, struct ca *out, struct renewal *renewal,
    char error[256])
{
	struct ca *next = key_files_has_ended(conf->ca_dir) ? load_next(conf) : NULL;

	return next == NULL ? E_SYNTAX : change(conf, next, out, renewal, error);
}

static int
load_provided(const struct conf *conf, int64_t now_s, struct ca *out,
    struct renewal *renewal, char error[256])
{
	int result = ca_load_configured(conf, out, error);

	if (result == 0 && now_s >= renewal_make_s(conf,
	        issue_seconds(&out->certificate.valid_from), out->end_s))
		renewal->done = RENEWAL_ENDING;
	return result;
}

int
renewal_load(const struct conf *conf, const char *hostname, int64_t now_s,
    struct ca *out, struct renewal *renewal, char error[256])
{
	*renewal = (struct renewal){.due_s = INT64_MAX};
	if (conf->ca_certificate[0] != '\0')
		return load_provided(conf, now_s, out, renewal, error);
	key_files_finish(conf->ca_dir);
	int result = ca_load(out, conf->ca_dir, error);
	if (result == E_NOTFOUND)
		result = make_first(conf, hostname, now_s, out, renewal, error);
	else if (result == E_SYNTAX)
		result = rescue(conf, out, renewal, error);
	if (result != 0)
		return result;
	error[0] = '\0';
	follow(conf, hostname, now_s, out, renewal, error);
	return 0;
}

void
renewal_free(struct renewal *renewal)
{
	if (renewal == NULL || renewal->next == NULL)
		return;
	drop(renewal->next);
	renewal->next = NULL;
}
