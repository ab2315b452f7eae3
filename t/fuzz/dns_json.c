/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/dns_json: the first byte says what the answer is called, the
 * second is the length of the target, and the rest is the answer. What is told is a
 * query, with an answer or a reason. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/dns_json.h"

#include <stdlib.h>
#include <string.h>

#include "t/fuzz/target.h"

static struct bytes
text_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void
check(const struct dns_transaction *t)
{
	must(t->query != NULL && !t->query->is_response);
	must(t->query->question != NULL && t->query->question->name.length > 0);
	must((t->response == NULL) == (t->incomplete != NULL));
	must(t->response == NULL || t->response->is_response);
	must(t->response == NULL || t->answers >= t->response->record_count);
	must(t->asked_us <= t->answered_us);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char *const types[] = {"application/dns-json",
	    "application/json; charset=utf-8", "text/html"};
	struct dns_http dns;

	if (length < 2)
		return 0;
	size_t asked = bytes[1] < length - 2 ? bytes[1] : length - 2;
	const struct http_field accept = {text_of("Accept"), text_of(types[0])};
	const struct http_field type = {text_of("Content-Type"),
	    text_of(types[bytes[0] % 3])};
	struct http_exchange e = {.method = text_of("GET"),
	    .request = {.fields = &accept, .field_count = bytes[0] >> 7,
	        .first_us = 1, .last_us = 2},
	    .response = {.fields = &type, .field_count = 1,
	        .body = {.content = {bytes + 2 + asked, length - 2 - asked}}}};

	if (dns_json_read(&e, (struct bytes){bytes + 2, asked}, &dns))
		check(&dns.transaction);
	dns_http_free(&dns);
	return 0;
}
