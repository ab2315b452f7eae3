/* SPDX-License-Identifier: ISC */
/* Rates by host, and the flow's lot. Pure. */
#include "mitm/sample.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/sha256.h>

#include "base/be.h"
#include "base/err.h"
#include "mitm/host_rules.h"

#define DIGEST_BYTES 32u
#define LOT_BYTES 8u
#define DIGITS_MAX 7u

struct sample {
	uint64_t fallback;
	struct host_rules *hosts;
	uint64_t *rates; /* of each rule */
};

void
sample_free(struct sample *s)
{
	if (s == NULL)
		return;
	host_rules_free(s->hosts);
	free(s->rates);
	free(s);
}

static int
read_rate(const char *text, uint64_t *rate, const char **why)
{
	size_t digits = strspn(text, "0123456789");

	*rate = 0;
	for (size_t i = 0; i < digits && i < DIGITS_MAX; i++)
		*rate = *rate * 10 + (uint64_t)(text[i] - '0');
	if (digits > 0 && digits <= DIGITS_MAX && text[digits] == '\0' &&
	    *rate <= SAMPLE_MOST)
		return 0;
	*why = "expected a number up to 1000000 behind the =";
	return E_SYNTAX;
}

static int
add(struct sample *s, size_t number, const char *rule, const char **why)
{
	char pattern[HOST_PATTERN_BYTES];
	const char *text;
	int error = host_rules_split(rule, pattern, &text, why);

	if (error == 0)
		error = read_rate(text, &s->rates[number], why);
	return error != 0 ? error : host_rules_add(s->hosts, pattern, why);
}

struct sample *
sample_new(uint64_t one_of, const struct conf_list *rules, size_t *wrong,
    const char **why)
{
	struct sample *s = calloc(1, sizeof(*s));

	*wrong = rules->count;
	*why = "out of memory";
	if (s == NULL)
		return NULL;
	s->fallback = one_of;
	s->hosts = host_rules_new();
	s->rates = calloc(rules->count + 1, sizeof(*s->rates));
	bool good = s->hosts != NULL && s->rates != NULL;
	for (size_t i = 0; good && i < rules->count; i++) {
		good = add(s, i, rules->items[i], why) == 0;
		if (!good)
			*wrong = i;
	}
	if (good)
		return s;
	sample_free(s);
	return NULL;
}

/* A flow that has none is read. */
static uint64_t
lot_of(const char *flow_id)
{
	uint8_t digest[DIGEST_BYTES];

	if (mbedtls_sha256((const unsigned char *)flow_id, strlen(flow_id), digest,
	        0) != 0)
		return 0;
	return be_dec(digest, LOT_BYTES);
}

bool
sample_takes(const struct sample *s, const char *flow_id, const char *name,
    const struct sockaddr_storage *address)
{
	const char *reason;
	int rule = host_rules_find(s->hosts, name, address, &reason);
	uint64_t one_of = rule < 0 ? s->fallback : s->rates[rule];

	return one_of == 1 || (one_of != 0 && lot_of(flow_id) % one_of == 0);
}
