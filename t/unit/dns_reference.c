/* SPDX-License-Identifier: ISC */
/*
 * mitm/dns_message beside ldns: what a message of each type says, and what is left of
 * it when bytes are changed at random. Where both read a message they agree on every
 * record; each way in which they may differ is a row of `may_differ`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include "mitm/dns_message.h"
#include "mitm/dns_types.h"
#include "t/unit/suite.h"

#define ARENA_BYTES ((size_t)1024 * 1024)
#define TEXT_BYTES 300000u
#define MUTATIONS 20000u

static const char *const lines[] = {
#include "t/unit/dns_lines.h"
};

static struct arena arena;
static char ours[TEXT_BYTES], theirs[TEXT_BYTES];
static bool unprintable; /* theirs: they took it, and cannot say it */

static void
setup(void)
{
	arena_init(&arena, ARENA_BYTES);
}

static void
teardown(void)
{
	arena_free(&arena);
}

/* --- their text, as ours --- */

static bool
ends_with_dot(const char *name, size_t length)
{
	size_t marks = 0; /* in front of it: of two, one marks the other */

	if (length < 2 || name[length - 1] != '.')
		return false;
	while (marks < length - 1 && name[length - 2 - marks] == '\\')
		marks++;
	return marks % 2 == 0;
}

/* Without the final dot, and with a mark before quotation marks. */
static void
add_name(const char *name)
{
	size_t length = strlen(name), at = strlen(theirs);

	if (ends_with_dot(name, length))
		length--;
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '"')
			theirs[at++] = '\\';
		theirs[at++] = name[i];
	}
	theirs[at] = '\0';
}

/* Tabs and the like are escaped here. */
static void
add_text(const char *text)
{
	size_t at = strlen(theirs);

	for (; *text != '\0'; text++) {
		if (*text > '\0' && *text < ' ') {
			(void)snprintf(theirs + at, 5, "\\%03d", *text);
			at += 4;
		} else {
			theirs[at++] = *text;
		}
	}
	theirs[at] = '\0';
}

/* Degrees and metres with two digits as we have them. */
static void
add_location(const char *text)
{
	char copy[200];
	char *rest = NULL;
	const char *before = "";

	ck_assert_uint_lt(strlen(text), sizeof(copy));
	(void)strcpy(copy, text);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		size_t at = strlen(theirs);
		char *end;
		double value = strtod(word, &end);
		if (end == word)
			(void)snprintf(theirs + at, 64, "%s%s", before, word);
		else
			(void)snprintf(theirs + at, 64,
			    *end == 'm' ? "%s%.2f%s" :
			        strchr(word, '.') != NULL ? "%s%.3f%s"
			                                  : "%s%.0f%s",
			    before, value, end);
		before = " ";
	}
}

static void
add_field(const ldns_rdf *field)
{
	char *text = ldns_rdf2str(field);
	size_t length = text == NULL ? 0 : strlen(text);

	unprintable |= text == NULL;
	if (text == NULL)
		return;
	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
	if (length > 0 && theirs[0] != '\0')
		(void)strcat(theirs, " ");
	if (ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME)
		add_name(text);
	else if (ldns_rdf_get_type(field) == LDNS_RDF_TYPE_LOC)
		add_location(text);
	else
		add_text(text);
	free(text);
}

static void
fill_theirs(const ldns_rr *rr)
{
	theirs[0] = '\0';
	unprintable = false;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		add_field(ldns_rr_rdf(rr, i));
}

static const char *
our_text(struct bytes text)
{
	ck_assert_uint_lt(text.length, sizeof(ours));
	memcpy(ours, text.data, text.length);
	ours[text.length] = '\0';
	return ours;
}

/* --- comparing --- */

static void
check_name(struct bytes name, const ldns_rdf *reference)
{
	char *text = ldns_rdf2str(reference);

	theirs[0] = '\0';
	add_name(text);
	ck_assert_str_eq(our_text(name), theirs);
	free(text);
}

/* The number of "TYPE262"; 0: it is a name. */
static unsigned long
type_number(const char *word)
{
	return strncmp(word, "TYPE", 4) == 0 ? strtoul(word + 4, NULL, 10) : 0;
}

/* The same word, but for case, or a type that has a name here alone, or there. */
static bool
is_same_word(const char *word, const char *reference)
{
	char name[DNS_NAME_BYTES];
	unsigned long number = type_number(reference);

	if (strcasecmp(word, reference) == 0)
		return true;
	if (number != 0) {
		dns_type_name((uint16_t)number, name);
		return strcmp(word, name) == 0;
	}
	number = type_number(word);
	if (number == 0)
		return false;
	char *theirs_of = ldns_rr_type2str((ldns_rr_type)number);
	bool same = strcmp(theirs_of, reference) == 0;
	free(theirs_of);
	return same;
}

/* Ours, and theirs, word by word. */
static bool
is_same(void)
{
	char cut[TEXT_BYTES], their_cut[TEXT_BYTES], *rest, *their_rest;

	memcpy(cut, ours, sizeof(cut));
	memcpy(their_cut, theirs, sizeof(their_cut));
	char *word = strtok_r(cut, " ", &rest);
	char *their_word = strtok_r(their_cut, " ", &their_rest);

	while (word != NULL && their_word != NULL &&
	    is_same_word(word, their_word)) {
		word = strtok_r(NULL, " ", &rest);
		their_word = strtok_r(NULL, " ", &their_rest);
	}
	return word == NULL && their_word == NULL;
}

/* Whether the text of such data may differ though both read the same. */
static bool
may_differ(uint16_t type, const char *data)
{
	const char *layout = dns_type_layout(type);

	if (layout == NULL)  /* in the general form, which theirs is not always */
		return strncmp(data, "\\# ", 3) == 0;
	if (strncmp(data, "\\# ", 3) == 0)
		return true; /* not as the type has them: they may be more lenient */
	if (strncmp(theirs, "\\#", 2) == 0)
		return true; /* a type that is known here alone */
	return type == LDNS_RR_TYPE_CERT || /* numbers, where they have names */
	    strchr(layout, 'd') != NULL ||  /* time, counted from today */
	    strchr(layout, 'p') != NULL;    /* quoted where it must be */
}

static void
check_record(const struct dns_record *record, const ldns_rr *rr)
{
	ck_assert_uint_eq(record->type_number, ldns_rr_get_type(rr));
	ck_assert_uint_eq(record->ttl_s, ldns_rr_ttl(rr));
	check_name(record->name, ldns_rr_owner(rr));
	fill_theirs(rr);
	bool free_to_differ = may_differ(record->type_number, our_text(record->data));
	if (!unprintable && !free_to_differ && !is_same())
		ck_abort_msg("%s: \"%s\" is not ldns's \"%s\"", record->type, ours,
		    theirs);
}

/* The records but OPT. */
static size_t
check_section(const struct dns_message *m, size_t at, const ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		ck_assert_uint_lt(at, m->record_count);
		check_record(&m->records[at++], rr);
	}
	return at;
}

static void
check_header(const struct dns_message *m, const ldns_pkt *p)
{
	ck_assert_uint_eq(m->id, ldns_pkt_id(p));
	ck_assert(m->is_response == ldns_pkt_qr(p));
	ck_assert(m->authoritative == ldns_pkt_aa(p));
	ck_assert(m->truncated == ldns_pkt_tc(p));
	ck_assert(m->recursion_desired == ldns_pkt_rd(p));
	ck_assert(m->recursion_available == ldns_pkt_ra(p));
	ck_assert(m->authentic == ldns_pkt_ad(p));
	ck_assert(m->checking_disabled == ldns_pkt_cd(p));
}

static void
check_message(const struct dns_message *m, const ldns_pkt *p)
{
	check_header(m, p);
	const ldns_rr_list *questions = ldns_pkt_question(p);
	if (ldns_rr_list_rr_count(questions) > 0) {
		ck_assert_ptr_nonnull(m->question);
		check_name(m->question->name,
		    ldns_rr_owner(ldns_rr_list_rr(questions, 0)));
	}
	size_t at = check_section(m, 0, ldns_pkt_answer(p));
	at = check_section(m, at, ldns_pkt_authority(p));
	(void)check_section(m, at, ldns_pkt_additional(p));
}

/* --- messages --- */

static uint8_t *
message_of(size_t first, size_t count, size_t *length)
{
	ldns_pkt *p = ldns_pkt_query_new(ldns_dname_new_frm_str("a.Example."),
	    LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, LDNS_RD);
	uint8_t *wire = NULL;

	ldns_pkt_set_qr(p, true);
	ldns_pkt_set_id(p, 4711);
	for (size_t i = first; i < first + count; i++) {
		ldns_rr *rr = NULL;
		ck_assert_msg(ldns_rr_new_frm_str(&rr, lines[i % ARRAY_LENGTH(lines)],
		    0, NULL, NULL) == LDNS_STATUS_OK, "%s", lines[i]);
		ck_assert(ldns_pkt_push_rr(p, (ldns_pkt_section)(LDNS_SECTION_ANSWER +
		    i % 3), rr));
	}
	ldns_pkt_set_edns_udp_size(p, 1232);
	ck_assert(ldns_pkt2wire(&wire, p, length) == LDNS_STATUS_OK);
	ldns_pkt_free(p);
	return wire;
}

START_TEST(a_record_of_each_type_says_the_same)
{
	struct dns_message m;
	ldns_pkt *p = NULL;
	size_t length;
	uint8_t *wire = message_of((size_t)_i, 1, &length);

	ck_assert_int_eq(dns_message_read(wire, length, &arena, &m), 0);
	ck_assert_msg(m.malformed == NULL, "%s: %s", lines[_i], m.malformed);
	ck_assert_uint_eq(m.record_count, 1);
	ck_assert(ldns_wire2pkt(&p, wire, length) == LDNS_STATUS_OK);
	check_message(&m, p);
	/* And there is data that its type has. */
	if (dns_type_layout(m.records[0].type_number) != NULL)
		ck_assert_msg(strncmp(our_text(m.records[0].data), "\\#", 2) != 0,
		    "%s: %s", lines[_i], ours);
	ldns_pkt_free(p);
	free(wire);
}
END_TEST

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static size_t
mutate(uint8_t *wire, size_t length, uint32_t *state)
{
	for (unsigned i = next_random(state) % 4 + 1; i > 0; i--) {
		size_t at = 2 + next_random(state) % (length - 2);
		uint32_t how = next_random(state) % 4;
		if (how == 0)
			wire[at] ^= (uint8_t)(1u << next_random(state) % 8);
		else if (how == 1)
			wire[at] = (uint8_t)next_random(state);
		else if (how == 2)
			wire[at] = (uint8_t)(wire[at] + 1);
		else if (i == 1 && next_random(state) % 4 == 0)
			return at; /* cut */
	}
	return length;
}

/* How often each of them alone would not read the message. */
static struct {
	unsigned both, none, only_ours, only_theirs;
} tally;

static void
compare(const uint8_t *wire, size_t length)
{
	struct dns_message m;
	ldns_pkt *p = NULL;
	bool reads = length >= DNS_HEADER_BYTES &&
	    dns_message_read(wire, length, &arena, &m) == 0 && m.malformed == NULL;
	bool reference = ldns_wire2pkt(&p, wire, length) == LDNS_STATUS_OK;

	tally.both += reads && reference;
	tally.none += !reads && !reference;
	tally.only_ours += reads && !reference;
	tally.only_theirs += !reads && reference;
	if (reads && reference)
		check_message(&m, p);
	if (reference)
		ldns_pkt_free(p);
	arena_free(&arena);
}

START_TEST(changed_messages_say_the_same)
{
	uint32_t state = 20261126;

	for (unsigned i = 0; i < MUTATIONS; i++) {
		size_t length;
		uint8_t *wire = message_of(next_random(&state) % ARRAY_LENGTH(lines),
		    1 + next_random(&state) % 4, &length);
		length = mutate(wire, length, &state);
		compare(wire, length);
		free(wire);
	}
	(void)printf("read by both %u, by none %u, by us alone %u, by ldns alone %u\n",
	    tally.both, tally.none, tally.only_ours, tally.only_theirs);
	ck_assert_uint_gt(tally.both, MUTATIONS / 4);
	ck_assert_uint_gt(tally.none, MUTATIONS / 20);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns_reference");
	TCase *t = tcase_create("dns_reference");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_record_of_each_type_says_the_same, 0,
	    ARRAY_LENGTH(lines));
	tcase_add_test(t, changed_messages_say_the_same);
	suite_add_tcase(s, t);
	return s;
}
