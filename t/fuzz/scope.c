/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of ca/scope. The first byte says what the rest is: a certificate
 * whose constraints are read, or lines of the settings. What is read from the
 * settings, written as an extension into a certificate's place, permits the same
 * trees' names. Runs in the fuzzer and in the unit suite.
 */
#include "ca/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define LINE_BYTES 300

static void
is_sound(const struct scope *s)
{
	must(s->count <= SCOPE_TREES_MAX);
	for (size_t i = 0; i < s->count; i++) {
		const struct scope_tree *t = &s->trees[i];

		must(t->level < s->levels);
		must(t->kind == NAME_DNS ? t->length <= sizeof(t->bytes)
		                         : t->length == (t->kind == NAME_IP4 ? 8 : 32));
	}
}

static void
answers(const struct scope *s)
{
	static const char *const hosts[] = {"www.example.com", "*.example.com",
	    "192.0.2.1", "2001:db8::1", "localhost"};
	static struct names names;

	names.count = 0;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		must(names_add(&names, hosts[i]) == 0);
	scope_filter(s, &names);
	for (size_t i = 0; i < names.count; i++)
		must(scope_permits(s, &names.items[i]));
}

static void
from_certificate(struct scope *s, const uint8_t *bytes, size_t length)
{
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	if (scope_parse_certificate(s, &crt, bytes, length) != 0)
		must(s->count == 0 && s->levels == 0);
	mbedtls_x509_crt_free(&crt);
}

/* Whoever permits a domain permits it by its own name. */
static void
permits_itself(const struct scope *s, const char *line)
{
	struct name name;

	if (name_read(&name, line) == 0 && name.kind == NAME_DNS)
		must(scope_permits(s, &name));
}

static void
from_lines(struct scope *s, const uint8_t *bytes, size_t length)
{
	static uint8_t room[SCOPE_EXTENSION_BYTES_MAX];
	struct der d;

	while (length > 0) {
		const uint8_t *newline = memchr(bytes, '\n', length);
		size_t size = newline == NULL ? length : (size_t)(newline - bytes);
		char line[LINE_BYTES] = "";

		memcpy(line, bytes, size < sizeof(line) ? size : sizeof(line) - 1);
		if (scope_permit(s, line) == 0)
			permits_itself(s, line);
		size += newline != NULL;
		bytes += size;
		length -= size;
	}
	int closed = s->count == 0 ? 0 : scope_close(s);
	must(closed == 0 || closed == E_FULL);
	der_init(&d, room, sizeof(room));
	scope_write(s, &d);
	must(der_result(&d) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct scope scope;

	scope = (struct scope){0};
	if (length < 1)
		return 0;
	if (bytes[0] % 2 == 0)
		from_certificate(&scope, bytes + 1, length - 1);
	else
		from_lines(&scope, bytes + 1, length - 1);
	is_sound(&scope);
	answers(&scope);
	return 0;
}
