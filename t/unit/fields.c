/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of log/fields: what a row must be for the writers, the manual and the
 * filters to rely on it. That records hold to the table is for the suites of the
 * records (records.c) and the end-to-end tests.
 */
#include "log/fields.h"

#include <ctype.h>
#include <string.h>

#include "base/attr.h"
#include "t/unit/suite.h"

START_TEST(a_name_is_one_rows_in_each_dataset)
{
	char name[FIELD_NAME_MAX];

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		for (unsigned i = 0; field_name(f, i, name); i++) {
			for (unsigned d = 0; d < DATASET_COUNT; d++) {
				if ((field_rows[f].datasets & 1u << d) == 0)
					continue;
				ck_assert_msg(field_find(name, strlen(name),
				    1u << d) == f, "%s is twice in %s", name,
				    dataset_rows[d].name);
			}
		}
	}
}
END_TEST

/* Else it could be in no record. */
START_TEST(a_field_has_a_parent_in_each_of_its_datasets)
{
	char name[FIELD_NAME_MAX];

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		unsigned datasets = 0;
		for (unsigned i = 0; field_name(f, i, name); i++) {
			ck_assert_msg(field_datasets(f, name) != 0,
			    "%s can stand nowhere", name);
			datasets |= field_datasets(f, name);
		}
		ck_assert_msg(datasets == field_rows[f].datasets,
		    "%s: its parents are not in all of its datasets", name);
	}
}
END_TEST

START_TEST(a_parent_is_an_object)
{
	char name[FIELD_NAME_MAX];

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		for (unsigned i = 0; field_name(f, i, name); i++) {
			const char *dot = strrchr(name, '.');
			if (dot == NULL)
				continue;
			enum field parent =
			    field_find(name, (size_t)(dot - name), IN_ALL);
			ck_assert_msg(parent < FIELD_COUNT &&
			    (field_rows[parent].kind == KIND_OBJECT ||
			        field_rows[parent].kind == KIND_OBJECTS),
			    "%s stands in no object", name);
		}
	}
}
END_TEST

START_TEST(a_key_needs_no_escape)
{
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		for (const char *p = field_rows[f].key; *p != '\0'; p++)
			ck_assert_msg(islower((unsigned char)*p) ||
			    isdigit((unsigned char)*p) || *p == '_' || *p == '@',
			    "%s", field_rows[f].key);
	}
}
END_TEST

/* An object may go without a word, a value not. */
START_TEST(a_meaning_is_a_sentence)
{
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		const char *text = field_rows[f].text;
		size_t length = strlen(text), quotes = 0;

		if (length == 0 && field_rows[f].kind == KIND_OBJECT)
			continue;
		for (const char *p = text; *p != '\0'; p++)
			quotes += *p == '`';
		ck_assert_msg(length > 1 && text[length - 1] == '.' &&
		    !islower((unsigned char)text[0]) && quotes % 2 == 0,
		    "%s.%s: %s", field_rows[f].parent, field_rows[f].key, text);
	}
}
END_TEST

static size_t
values_of(enum field field)
{
	size_t count = 0;

	for (size_t i = 0; i < field_value_count; i++)
		count += field_values[i].field == field;
	return count;
}

/* The manual has them where the first is. */
START_TEST(values_of_a_field_stand_together)
{
	for (size_t i = 0; i < field_value_count;) {
		size_t count = values_of(field_values[i].field);
		for (size_t k = 0; k < count; k++)
			ck_assert_msg(field_values[i + k].field == field_values[i].field,
			    "%s", field_values[i + k].value);
		i += count;
	}
}
END_TEST

START_TEST(values_of_a_field_say_all_something_or_none)
{
	for (size_t i = 1; i < field_value_count; i++) {
		const struct field_value *a = &field_values[i - 1];
		const struct field_value *b = &field_values[i];
		if (a->field != b->field)
			continue;
		ck_assert_msg((*a->text == '\0') == (*b->text == '\0') &&
		    strcmp(a->value, "*") != 0 && strcmp(a->value, b->value) != 0,
		    "%s", b->value);
	}
}
END_TEST

START_TEST(event_dataset_has_the_datasets_as_values)
{
	unsigned dataset = 0;

	for (size_t i = 0; i < field_value_count; i++) {
		if (field_values[i].field == F_EVENT_DATASET)
			ck_assert_str_eq(field_values[i].value,
			    dataset_rows[dataset++].word);
	}
	ck_assert_uint_eq(dataset, DATASET_COUNT);
}
END_TEST

/* What asks for it by its name alone knows no dataset. */
START_TEST(a_name_is_of_one_kind_in_all_datasets)
{
	char name[FIELD_NAME_MAX];
	bool inside;

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		for (unsigned i = 0; field_name(f, i, name); i++) {
			enum field first =
			    field_resolve(name, strlen(name), &inside);
			ck_assert_msg(!inside &&
			    field_rows[first].kind == field_rows[f].kind &&
			    field_rows[first].unit == field_rows[f].unit, "%s", name);
		}
	}
}
END_TEST

START_TEST(only_numbers_have_a_unit)
{
	for (enum field f = 0; f < FIELD_COUNT; f++)
		ck_assert_msg(field_rows[f].unit == UNIT_NONE ||
		    field_rows[f].kind == KIND_NUMBER, "%s.%s",
		    field_rows[f].parent, field_rows[f].key);
}
END_TEST

START_TEST(a_name_of_several_parents_is_each_of_theirs)
{
	char name[FIELD_NAME_MAX];

	ck_assert(field_name(F_BODY_BYTES, 0, name));
	ck_assert_str_eq(name, "http.request.body.bytes");
	ck_assert(field_name(F_BODY_BYTES, 1, name));
	ck_assert_str_eq(name, "http.response.body.bytes");
	ck_assert(!field_name(F_BODY_BYTES, 2, name));
	ck_assert(field_name(F_TIMESTAMP, 0, name));
	ck_assert_str_eq(name, "@timestamp");
	ck_assert(!field_name(F_TIMESTAMP, 1, name));
}
END_TEST

START_TEST(a_name_may_mean_something_else_in_another_dataset)
{
	static const char name[] = "http.request.body.bytes";

	ck_assert_int_eq(field_find(name, sizeof(name) - 1, IN_HTTP),
	    F_BODY_BYTES);
	ck_assert_int_eq(field_find(name, sizeof(name) - 1, IN_BODY),
	    F_PART_BYTES);
	ck_assert_int_eq(field_find(name, sizeof(name) - 1, IN_DNS), FIELD_COUNT);
	ck_assert_int_eq(field_find(name, sizeof(name) - 2, IN_ALL), FIELD_COUNT);
}
END_TEST

/* The signer's records have the leaf, and no other certificate. */
START_TEST(a_name_is_where_its_parents_are)
{
	ck_assert_uint_eq(field_datasets(F_CERT_SERIAL, "sightglass.leaf.serial"),
	    IN_TLS | IN_MINT);
	ck_assert_uint_eq(field_datasets(F_CERT_SERIAL,
	    "sightglass.server_certificate.serial"), IN_TLS);
}
END_TEST

START_TEST(a_name_inside_a_map_is_its_maps)
{
	static const char name[] = "http.request.headers.x.y";
	bool inside;

	ck_assert_int_eq(field_resolve(name, sizeof(name) - 1, &inside), F_HEADERS);
	ck_assert(inside);
	ck_assert_int_eq(field_resolve(name, 20, &inside), F_HEADERS);
	ck_assert(!inside);
	ck_assert_int_eq(field_resolve("url.domain.x", 12, &inside), FIELD_COUNT);
	ck_assert(!inside);
}
END_TEST

static const struct {
	const char *name, *nearest; /* NULL: none */
} slips[] = {
    {"http.response.status_cod", "http.response.status_code"},
    {"http.respnose.status_code", "http.response.status_code"},
    {"status_code", "http.response.status_code"},
    {"url.domian", "url.domain"},
    {"http.request.header.accept", "http.request.headers.accept"},
    {"sightglass.colse", "sightglass.close"},
    {"timestamp", "@timestamp"},
    {"nothing.like.it", NULL},
    {"x", NULL},
    {"", NULL},
};

START_TEST(a_slip_has_a_nearest_name)
{
	char nearest[FIELD_NAME_MAX];
	const char *name = slips[_i].name;
	bool found = field_nearest(name, strlen(name), nearest);

	ck_assert_msg(found == (slips[_i].nearest != NULL), "%s: %s", name,
	    found ? nearest : "none");
	if (found)
		ck_assert_str_eq(nearest, slips[_i].nearest);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("fields");
	TCase *c = tcase_create("the table");

	tcase_add_test(c, a_name_is_one_rows_in_each_dataset);
	tcase_add_test(c, a_field_has_a_parent_in_each_of_its_datasets);
	tcase_add_test(c, a_parent_is_an_object);
	tcase_add_test(c, a_key_needs_no_escape);
	tcase_add_test(c, a_meaning_is_a_sentence);
	tcase_add_test(c, values_of_a_field_stand_together);
	tcase_add_test(c, values_of_a_field_say_all_something_or_none);
	tcase_add_test(c, event_dataset_has_the_datasets_as_values);
	tcase_add_test(c, a_name_is_of_one_kind_in_all_datasets);
	tcase_add_test(c, only_numbers_have_a_unit);
	suite_add_tcase(s, c);

	c = tcase_create("names");
	tcase_add_test(c, a_name_of_several_parents_is_each_of_theirs);
	tcase_add_test(c, a_name_may_mean_something_else_in_another_dataset);
	tcase_add_test(c, a_name_is_where_its_parents_are);
	tcase_add_test(c, a_name_inside_a_map_is_its_maps);
	tcase_add_loop_test(c, a_slip_has_a_nearest_name, 0,
	    (int)ARRAY_LENGTH(slips));
	suite_add_tcase(s, c);
	return s;
}
