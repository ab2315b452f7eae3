/* SPDX-License-Identifier: ISC */
/*
 * From an answer to the addresses of its name. It works on what dns_data.c wrote, so
 * that answers in JSON go the same way. Pure; worker.
 */
#include "mitm/dns_resolved.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "mitm/dns_names.h"
#include "mitm/dns_types.h"

#define ALIASES_MAX 16u

/* A name that the asked one leads to, itself to begin with. */
struct way {
	struct bytes name;
	uint32_t ttl_s; /* the least so far */
};

static bool
is_same_name(struct bytes a, struct bytes b)
{
	return a.length == b.length && a.length > 0 &&
	    strncasecmp((const char *)a.data, (const char *)b.data, a.length) == 0;
}

/* --- the name --- */

/* _8443._https.example.com is asked for what is at example.com. */
static struct bytes
served_name(struct bytes name)
{
	for (int label = 0; label < 2 && name.length > 0 && name.data[0] == '_';
	     label++) {
		const uint8_t *dot = memchr(name.data, '.', name.length);
		if (dot == NULL)
			break;
		name.length -= (size_t)(dot + 1 - name.data);
		name.data = dot + 1;
	}
	return name;
}

/* False: too long to be kept. */
static bool
take_name(struct dns_resolved *out, struct bytes name)
{
	if (name.length == 0 || name.length > sizeof(out->name))
		return false;
	for (size_t i = 0; i < name.length; i++) {
		uint8_t byte = name.data[i];
		out->name[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
	}
	out->name_length = name.length;
	return true;
}

/* --- addresses --- */

static void
add_address(struct dns_resolved *out, struct bytes text, int family, uint32_t ttl_s)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
	void *to = family == AF_INET
	    ? (void *)&((struct sockaddr_in *)&address)->sin_addr
	    : (void *)&((struct sockaddr_in6 *)&address)->sin6_addr;
	char word[INET6_ADDRSTRLEN];

	if (out->count == DNS_RESOLVED_MAX || text.length >= sizeof(word))
		return;
	memcpy(word, text.data, text.length);
	word[text.length] = '\0';
	if (inet_pton(family, word, to) != 1 ||
	    !dns_names_address(&address, out->addresses[out->count].bytes))
		return;
	out->addresses[out->count++].ttl_s = ttl_s;
}

static void
add_addresses(struct dns_resolved *out, struct bytes list, int family,
    uint32_t ttl_s)
{
	while (list.length > 0) {
		const uint8_t *comma = memchr(list.data, ',', list.length);
		size_t length = comma != NULL ? (size_t)(comma - list.data)
		                              : list.length;
		size_t used = comma != NULL ? length + 1 : length;

		add_address(out, (struct bytes){list.data, length}, family, ttl_s);
		list.data += used;
		list.length -= used;
	}
}

/* --- the parameters of a service --- */

/* Cuts the next word off; a blank inside quotation marks is none between words. */
static struct bytes
next_word(struct bytes *rest)
{
	bool quoted = false;
	size_t at = 0;

	while (rest->length > 0 && rest->data[0] == ' ') {
		rest->data++;
		rest->length--;
	}
	for (; at < rest->length && (quoted || rest->data[at] != ' '); at++) {
		if (rest->data[at] == '\\')
			at++;
		else if (rest->data[at] == '"')
			quoted = !quoted;
	}
	if (at > rest->length)
		at = rest->length;
	struct bytes word = {rest->data, at};
	rest->data += at;
	rest->length -= at;
	return word;
}

/* The value of "key=value", with or without marks around it; empty: another key's. */
static struct bytes
value_of(struct bytes word, const char *key)
{
	size_t skip = strlen(key);
	struct bytes value = {NULL, 0};

	if (word.length <= skip + 1 || memcmp(word.data, key, skip) != 0 ||
	    word.data[skip] != '=')
		return value;
	value = (struct bytes){word.data + skip + 1, word.length - skip - 1};
	if (value.length >= 2 && value.data[0] == '"') {
		value.data++;
		value.length -= 2;
	}
	return value;
}

/* "h3", or a draft of it: "h3-29". */
static bool
names_h3(struct bytes list)
{
	for (size_t at = 0; at + 2 <= list.length; at++) {
		bool begins = at == 0 || list.data[at - 1] == ',';
		bool ends = at + 2 == list.length || list.data[at + 2] == ',' ||
		    list.data[at + 2] == '-';
		if (begins && ends && memcmp(list.data + at, "h3", 2) == 0)
			return true;
	}
	return false;
}

/* Priority and target come first. An alias (priority 0) has no parameters; the name
 * that it leads to is asked for by itself. */
static void
read_service(struct dns_resolved *out, struct bytes data, uint32_t ttl_s)
{
	struct bytes priority = next_word(&data);

	if (priority.length == 1 && priority.data[0] == '0')
		return;
	(void)next_word(&data);
	while (data.length > 0) {
		struct bytes word = next_word(&data);

		add_addresses(out, value_of(word, "ipv4hint"), AF_INET, ttl_s);
		add_addresses(out, value_of(word, "ipv6hint"), AF_INET6, ttl_s);
		if (names_h3(value_of(word, "alpn"))) {
			out->has_h3 = true;
			out->h3_ttl_s = ttl_s;
		}
	}
}

/* --- the answer --- */

/* The next alias of the chain; aliases may stand in any order. */
static bool
follow(const struct dns_message *m, struct way *way)
{
	for (size_t i = 0; i < m->record_count; i++) {
		const struct dns_record *r = &m->records[i];

		if (r->section != DNS_ANSWER || r->type_number != DNS_TYPE_CNAME ||
		    !is_same_name(r->name, way->name))
			continue;
		way->name = r->data;
		if (r->ttl_s < way->ttl_s)
			way->ttl_s = r->ttl_s;
		return true;
	}
	return false;
}

static void
read_record(const struct dns_record *r, const struct way *way,
    struct dns_resolved *out)
{
	uint32_t ttl_s = r->ttl_s < way->ttl_s ? r->ttl_s : way->ttl_s;

	if (r->section != DNS_ANSWER || !is_same_name(r->name, way->name))
		return;
	switch (r->type_number) {
	case DNS_TYPE_A:
		add_address(out, r->data, AF_INET, ttl_s);
		break;
	case DNS_TYPE_AAAA:
		add_address(out, r->data, AF_INET6, ttl_s);
		break;
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		read_service(out, r->data, ttl_s);
		break;
	default:
		break;
	}
}

static bool
is_service(uint16_t type)
{
	return type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
}

bool
dns_resolved_read(const struct dns_transaction *t, struct dns_resolved *out)
{
	const struct dns_message *m = t->response;

	out->count = 0;
	out->has_h3 = false;
	if (t->query == NULL || m == NULL || t->query->question == NULL ||
	    strcmp(m->rcode, "NOERROR") != 0)
		return false;
	const struct dns_question *q = t->query->question;
	struct way way = {.name = q->name, .ttl_s = UINT32_MAX};
	if (!take_name(out, is_service(q->type_number) ? served_name(q->name) : q->name))
		return false;
	for (unsigned i = 0; i < ALIASES_MAX && follow(m, &way); i++)
		;
	for (size_t i = 0; i < m->record_count; i++)
		read_record(&m->records[i], &way, out);
	return out->count > 0 || out->has_h3;
}
