/* SPDX-License-Identifier: ISC */
/*
 * The profiles for macOS: each is what t/corpus/sandbox_profile has, where people can
 * read them and try them with sandbox-exec(1); every one is well formed; a directory of
 * any name stays one directory.
 */
#include "daemon/sandbox_profile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/suite.h"

#define LIMIT 16384u
#define LOG "/private/var/log/sightglass"

/* Text until the next call. */
static const char *
profile_of(enum sandbox_kind kind, const char *directory)
{
	static char text[LIMIT + 1];
	struct buf out;

	buf_init(&out, LIMIT);
	ck_assert_int_eq(sandbox_profile(kind, directory, 0, &out), 0);
	(void)snprintf(text, sizeof(text), "%.*s", (int)buf_length(&out),
	    (const char *)buf_data(&out));
	buf_free(&out);
	return text;
}

static bool
allows(enum sandbox_kind kind, const char *words)
{
	return strstr(profile_of(kind, kind == SANDBOX_LOGGER ? LOG : NULL), words) != NULL;
}

/* --- as text --- */

/* WRITE_PROFILES in the environment makes it so. */
static void
assert_file(const char *name, const char *text)
{
	const char *source = getenv("srcdir");
	char path[PATH_MAX], held[LIMIT + 1];

	(void)snprintf(path, sizeof(path), "%s/t/corpus/sandbox_profile/%s",
	    source != NULL ? source : ".", name);
	FILE *file = fopen(path, getenv("WRITE_PROFILES") != NULL ? "w+e" : "re");
	ck_assert_msg(file != NULL, "%s cannot be opened", path);
	if (getenv("WRITE_PROFILES") != NULL) {
		ck_assert_int_ge(fputs(text, file), 0);
		rewind(file);
	}
	held[fread(held, 1, LIMIT, file)] = '\0';
	(void)fclose(file);
	ck_assert_msg(strcmp(held, text) == 0, "%s is to be:\n%s", path, text);
}

START_TEST(each_is_what_people_can_read)
{
	assert_file("worker.sb", profile_of(SANDBOX_WORKER, NULL));
	assert_file("signer.sb", profile_of(SANDBOX_SIGNER, NULL));
	assert_file("logger.sb", profile_of(SANDBOX_LOGGER, LOG));
}
END_TEST

/* Lists are closed, each begins with a word, and nothing stands between them. */
static void
assert_well_formed(const char *text)
{
	int depth = 0;
	bool quoted = false;

	for (const char *at = text; *at != '\0'; at++) {
		if (quoted) {
			if (*at == '\\')
				ck_assert_int_ne(*++at, '\0');
			else
				quoted = *at != '"';
		} else if (*at == '"') {
			ck_assert_int_gt(depth, 0);
			quoted = true;
		} else if (*at == '(') {
			depth++;
			ck_assert_msg(at[1] >= 'a' && at[1] <= 'z', "%.20s", at);
		} else if (*at == ')') {
			depth--;
			ck_assert_int_ge(depth, 0);
		} else if (*at != '\n' && *at != ' ') {
			ck_assert_msg(depth > 0, "%.20s", at);
		}
	}
	ck_assert(!quoted);
	ck_assert_int_eq(depth, 0);
	ck_assert_int_eq(strncmp(text, "(version 1)\n(deny default)\n", 27), 0);
}

START_TEST(each_is_well_formed)
{
	assert_well_formed(profile_of(SANDBOX_WORKER, NULL));
	assert_well_formed(profile_of(SANDBOX_SIGNER, NULL));
	assert_well_formed(profile_of(SANDBOX_LOGGER, LOG));
	assert_well_formed(profile_of(SANDBOX_LOGGER, "/a\"))(allow default)(\"b"));
	assert_well_formed(profile_of(SANDBOX_LOGGER, "/ends with \\"));
}
END_TEST

/* --- what each may --- */

START_TEST(only_the_logger_writes_files)
{
	ck_assert(allows(SANDBOX_LOGGER,
	    "(allow file-read* file-write*\n  (subpath \"" LOG "\"))\n"));
	ck_assert(!allows(SANDBOX_WORKER, "file-write*"));
	ck_assert(!allows(SANDBOX_SIGNER, "file-write*"));
}
END_TEST

/* Of the whole system, but for what the rules name, nobody reads what a file says. */
START_TEST(files_at_large_may_be_looked_at_alone)
{
	ck_assert(allows(SANDBOX_WORKER, "(allow file-read-metadata)\n"));
	for (int kind = SANDBOX_WORKER; kind <= SANDBOX_LOGGER; kind++) {
		ck_assert(!allows((enum sandbox_kind)kind, "(allow file-read*)"));
		ck_assert(!allows((enum sandbox_kind)kind, "file-read-data"));
		ck_assert(!allows((enum sandbox_kind)kind, "(subpath \"/\")"));
	}
}
END_TEST

START_TEST(only_the_worker_has_a_network)
{
	ck_assert(allows(SANDBOX_WORKER, "(allow network-outbound (remote tcp) "));
	ck_assert(!allows(SANDBOX_SIGNER, "network"));
	ck_assert(!allows(SANDBOX_LOGGER, "network"));
}
END_TEST

START_TEST(only_the_worker_asks_about_other_processes)
{
	ck_assert(allows(SANDBOX_WORKER, "(allow process-info-pidinfo)\n"));
	ck_assert(!allows(SANDBOX_SIGNER, "pidinfo"));
	ck_assert(!allows(SANDBOX_LOGGER, "pidinfo"));
}
END_TEST

START_TEST(none_starts_another_program_or_asks_a_service)
{
	static const char *const never[] = {"process-exec", "process-fork", "mach-lookup",
	    "mach-register", "iokit", "default (with", "(allow default", "sysctl-write",
	    "(allow file*", "network*", "shm-write-create", "target others",
	    "(import"};

	for (int kind = SANDBOX_WORKER; kind <= SANDBOX_LOGGER; kind++)
		for (size_t i = 0; i < ARRAY_LENGTH(never); i++)
			ck_assert_msg(!allows((enum sandbox_kind)kind, never[i]), "%s",
			    never[i]);
}
END_TEST

/* --- a release that does not know a word --- */

static const char *unknown; /* this one */

static bool
knows_all_others(const char *profile)
{
	return strstr(profile, unknown) == NULL;
}

/* The text of what is left without the rules that are not understood. */
static const char *
left_of(enum sandbox_kind kind, const char *word)
{
	static char text[LIMIT + 1];
	struct buf out;

	unknown = word;
	buf_init(&out, LIMIT);
	ck_assert_int_eq(sandbox_profile(kind, kind == SANDBOX_LOGGER ? LOG : NULL,
	    sandbox_not_understood(kind, knows_all_others), &out), 0);
	(void)snprintf(text, sizeof(text), "%.*s", (int)buf_length(&out),
	    (const char *)buf_data(&out));
	buf_free(&out);
	return text;
}

/* The rule with the word goes, and no other. */
START_TEST(a_rule_that_is_not_understood_is_left_out)
{
	static const char *const words[] = {"signal", "kern.osvariant_status", "/usr/share",
	    "file-read-metadata", "process-info-codesignature"};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		const char *whole = profile_of(SANDBOX_WORKER, NULL);
		const char *left = left_of(SANDBOX_WORKER, words[i]);
		size_t rules = 0, kept = 0;

		assert_well_formed(left);
		ck_assert_ptr_null(strstr(left, words[i]));
		for (unsigned n = 0; sandbox_rule_text(n) != NULL; n++) {
			const char *rule = sandbox_rule_text(n);
			rules += strstr(whole, rule) != NULL;
			kept += strstr(left, rule) != NULL;
		}
		ck_assert_uint_eq(kept, rules - 1);
	}
}
END_TEST

/* Then the role does not start: it would claim flows that go nowhere. */
START_TEST(what_a_role_cannot_do_without_stays)
{
	ck_assert_str_eq(left_of(SANDBOX_WORKER, "network-bind"), "(version 1)\n"
	    "(deny default)\n"
	    "(allow ipc-posix-shm-read-data ipc-posix-shm-write-data\n"
	    "  (ipc-posix-name-prefix \"/sightglass.\"))\n"
	    "(allow network-outbound (remote tcp) (remote udp))\n"
	    "(allow network-bind (local udp))\n"
	    "(allow network-inbound)\n");
	ck_assert_ptr_nonnull(strstr(left_of(SANDBOX_LOGGER, "file-read-metadata"), LOG));
}
END_TEST

START_TEST(all_is_kept_of_what_is_understood)
{
	for (int kind = SANDBOX_WORKER; kind <= SANDBOX_LOGGER; kind++) {
		unknown = "no such word";
		ck_assert_uint_eq(sandbox_not_understood((enum sandbox_kind)kind,
		    knows_all_others), 0);
	}
}
END_TEST

/* --- the directory --- */

START_TEST(a_directory_of_any_name)
{
	ck_assert_ptr_nonnull(strstr(profile_of(SANDBOX_LOGGER, "/a \"b\" \\c é"),
	    "(subpath \"/a \\\"b\\\" \\\\c é\"))\n"));
}
END_TEST

START_TEST(what_is_no_directory)
{
	static const char *const wrong[] = {"", "log", "/a\nb", "/a\tb", "/a\x7f"};
	struct buf out;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		buf_init(&out, LIMIT);
		ck_assert_int_eq(sandbox_profile(SANDBOX_LOGGER, wrong[i], 0, &out), E_SYNTAX);
		buf_free(&out);
	}
}
END_TEST

/* Never a part of one. */
START_TEST(without_room)
{
	size_t length = strlen(profile_of(SANDBOX_LOGGER, LOG));
	struct buf out;

	for (size_t room = 0; room < length; room++) {
		buf_init(&out, room);
		ck_assert_int_eq(sandbox_profile(SANDBOX_LOGGER, LOG, 0, &out), E_LIMIT);
		buf_free(&out);
	}
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("sandbox_profile");
	TCase *t = tcase_create("profiles");

	tcase_add_test(t, each_is_what_people_can_read);
	tcase_add_test(t, each_is_well_formed);
	tcase_add_test(t, only_the_logger_writes_files);
	tcase_add_test(t, files_at_large_may_be_looked_at_alone);
	tcase_add_test(t, only_the_worker_has_a_network);
	tcase_add_test(t, only_the_worker_asks_about_other_processes);
	tcase_add_test(t, none_starts_another_program_or_asks_a_service);
	tcase_add_test(t, a_rule_that_is_not_understood_is_left_out);
	tcase_add_test(t, what_a_role_cannot_do_without_stays);
	tcase_add_test(t, all_is_kept_of_what_is_understood);
	tcase_add_test(t, a_directory_of_any_name);
	tcase_add_test(t, what_is_no_directory);
	tcase_add_test(t, without_room);
	suite_add_tcase(s, t);
	return s;
}
