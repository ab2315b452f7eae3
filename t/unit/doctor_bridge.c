/* SPDX-License-Identifier: ISC */
/* What the doctor says of the forwarders in a daemon's answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bridge.h"
#include "cli/doctor.h"
#include "log/when.h"
#include "t/unit/suite.h"

#define NOW "2026-11-26T12:00:00.000000Z"
#define STATUS(forwarders)                                                    \
	"{\"ok\":true,\"protocol\":1,\"version\":\"0.1.0\",\"workers\":["     \
	"{\"unwelcome\":0}],\"forwarders\":[" forwarders "]}"
#define HELLO(name, build, protocol, connections, hello, heard)               \
	"\"name\":\"" name "\",\"hello\":\"2026-11-26T" hello "Z\",\"build\":\"" build "\"," \
	"\"protocol\":" protocol ",\"connections\":" connections ","          \
	"\"heard\":\"2026-11-26T" heard "Z\","
#define STREAMS(count, last)                                                  \
	"\"streams\":{\"count\":" count ",\"last\":\"2026-11-26T" last "Z\"}"
#define MACOS(connections, heard, streams)                                    \
	"{" HELLO("macos", "0.1.0 (7)", "1", connections, "09:00:00", heard) streams "}"
#define DATAGRAMS(count, last)                                                \
	"\"datagrams\":{\"count\":" count ",\"last\":\"2026-11-26T" last "Z\"}"
#define DNS(connections, heard, flows)                                        \
	"{" HELLO("macos-dns", "0.1.0 (7)", "1", connections, "09:00:00", heard) flows "}"
#define HEALTHY MACOS("2", "11:59:50", STREAMS("9", "11:59:59"))

static const struct {
	const char *status, *expected;
	unsigned warnings, failures;
	const char *words;
} cases[] = {
    {STATUS(HEALTHY), "macos", 0, 0, "heard of 10 s ago; 9 connections, 0 flows of datagrams, the last 1 s"},
    {STATUS(""), "macos", 0, 1, "no forwarder 'macos' ever said hello"},
    {STATUS(""), NULL, 1, 0, "no forwarder has been heard of"},
    {"{}", NULL, 1, 0, "no forwarder"},
    {"[1]", "macos", 0, 1, "no forwarder"},
    /* Flows alone are no hello. */
    {STATUS("{\"name\":\"macos\"," STREAMS("9", "11:59:59") "}"), "macos", 0, 1,
	"ever said hello"},
    {STATUS(MACOS("1", "11:59:00", STREAMS("9", "11:59:59"))), "macos", 1, 0,
	"macos is silent: it was heard of 60 s ago"},
    {STATUS(MACOS("0", "11:00:00", STREAMS("9", "10:59:59"))), "macos", 1, 0,
	"macos is gone: it was heard of 60 min ago"},
    {STATUS(MACOS("1", "11:59:50", STREAMS("9", "08:59:59"))), "macos", 1, 0,
	"has handed over no connection since it said hello; the last was 3 h ago"},
    {STATUS("{" HELLO("macos", "0.1.0 (7)", "1", "1", "11:59:30", "11:59:50")
	    STREAMS("0", "") "}"), "macos", 0, 0, "0 connections, 0 flows of datagrams, the last never"},
    {STATUS("{" HELLO("macos", "0.2.0 (9)", "1", "2", "09:00:00", "11:59:50")
	    STREAMS("9", "11:59:59") "}"), "macos", 1, 0,
	"macos is of release 0.2.0 (9), the daemon of 0.1.0"},
    {STATUS("{" HELLO("macos", "0.1.01", "1", "2", "09:00:00", "11:59:50")
	    STREAMS("9", "11:59:59") "}"), "macos", 1, 0, "is of release 0.1.01"},
    {STATUS("{" HELLO("macos", "2.0.0", "2", "2", "09:00:00", "11:59:50")
	    STREAMS("9", "11:59:59") "}"), "macos", 0, 1,
	"macos (2.0.0) speaks protocol 2, the daemon 1"},
    /* Others keep no connection, and are asked for nothing. */
    {STATUS("{" HELLO("proxy", "0.1.0", "1", "0", "09:00:00", "09:00:00")
	    STREAMS("0", "") "}"), NULL, 0, 0, "proxy (0.1.0): heard of 3 h ago"},
    {STATUS(HEALTHY ",{" STREAMS("3", "11:00:00") ",\"bad_headers\":2}"), "macos", 1, 0,
	"gives no name: 2 of its connections had a header"},
    {STATUS("{\"bad_headers\":0," STREAMS("3", "11:00:00") "}"), NULL, 0, 0,
	"3 flows of forwarders that give no name, the last 60 min ago"},
    /* The DNS proxy has a link of its own, and mostly datagrams. */
    {STATUS(HEALTHY "," DNS("2", "11:59:50", DATAGRAMS("7", "11:59:57"))), "macos", 0, 0,
	"macos-dns (0.1.0 (7)): heard of 10 s ago; 0 connections, 7 flows of datagrams, "
	"the last 3 s"},
    {STATUS(HEALTHY "," DNS("2", "11:59:50", DATAGRAMS("7", "08:00:00"))), "macos", 1, 0,
	"has handed over no query since it said hello; the last was 4 h ago"},
    {STATUS(HEALTHY "," DNS("1", "11:59:00", DATAGRAMS("7", "11:59:57"))), "macos", 1, 0,
	"macos-dns is silent"},
    {STATUS(DNS("2", "11:59:50", DATAGRAMS("7", "11:59:57"))), "macos", 0, 1,
	"no forwarder 'macos' ever said hello"},
    {"{\"workers\":[{\"unwelcome\":2},{\"unwelcome\":1}],\"forwarders\":[" HEALTHY
     "],\"protocol\":1}", "macos", 1, 0, "3 connections were closed for who made them"},
};

static int64_t
now_us(void)
{
	int64_t us;

	ck_assert(when_stamp(NOW, strlen(NOW), &us));
	return us;
}

START_TEST(forwarders)
{
	yyjson_doc *doc = yyjson_read(cases[_i].status, strlen(cases[_i].status), 0);
	struct findings f;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	ck_assert_ptr_nonnull(doc);
	findings_begin(&f, out, false);
	doctor_bridge(&f, yyjson_doc_get_root(doc), cases[_i].expected, false, now_us());
	findings_end(&f);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_msg(strstr(text, cases[_i].words) != NULL, "no '%s' in:\n%s",
	    cases[_i].words, text);
	ck_assert_uint_eq(f.warnings, cases[_i].warnings);
	ck_assert_uint_eq(f.failures, cases[_i].failures);
	yyjson_doc_free(doc);
	free(text);
}
END_TEST

/* Asked for, and not there: that matters less than a proxy which is not. */
START_TEST(a_dns_proxy_that_is_configured_is_missed)
{
	static const struct {
		const char *status, *expected;
		unsigned warnings;
	} rows[] = {
	    {STATUS(HEALTHY), "macos", 1},
	    {STATUS(HEALTHY "," DNS("2", "11:59:50", DATAGRAMS("7", "11:59:57"))),
	        "macos", 0},
	    {STATUS(HEALTHY), NULL, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		yyjson_doc *doc = yyjson_read(rows[i].status, strlen(rows[i].status), 0);
		struct findings f;
		char *text = NULL;
		size_t length;
		FILE *out = open_memstream(&text, &length);

		ck_assert_ptr_nonnull(out);
		findings_begin(&f, out, false);
		doctor_bridge(&f, yyjson_doc_get_root(doc), rows[i].expected, true,
		    now_us());
		findings_end(&f);
		ck_assert_int_eq(fclose(out), 0);
		ck_assert_uint_eq(f.warnings, rows[i].warnings);
		ck_assert_uint_eq(f.failures, 0);
		ck_assert((strstr(text, "DNS proxy") != NULL) == (rows[i].warnings == 1));
		yyjson_doc_free(doc);
		free(text);
	}
}
END_TEST

static const struct {
	int64_t s;
	const char *words;
} ages[] = {{0, "0 s ago"}, {119, "119 s ago"}, {120, "2 min ago"}, {7199, "119 min ago"},
    {7200, "2 h ago"}, {172799, "47 h ago"}, {172800, "2 days ago"}, {-5, "0 s ago"}};

START_TEST(ages_in_words)
{
	char age[BRIDGE_AGE_BYTES];

	bridge_age(now_us(), now_us() - ages[_i].s * 1000000, age);
	ck_assert_str_eq(age, ages[_i].words);
	bridge_age(now_us(), 0, age);
	ck_assert_str_eq(age, "never");
}
END_TEST

#define ADD(tests, table)                                                     \
	tcase_add_loop_test(c, tests, 0, (int)(sizeof(table) / sizeof((table)[0])))

Suite *
suite(void)
{
	Suite *s = suite_create("doctor_bridge");
	TCase *c = tcase_create("answers");

	ADD(forwarders, cases);
	tcase_add_test(c, a_dns_proxy_that_is_configured_is_missed);
	ADD(ages_in_words, ages);
	suite_add_tcase(s, c);
	return s;
}
