/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of log/filter: what each expression lets through of a handful of
 * records, in both languages; where it says that one is wrong; and what it looks
 * for in raw bytes.
 */
#include "log/filter.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "log/pattern.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

/* One letter a record: what passes is told as a text of these. */
static const struct {
	char name;
	const char *line;
} records[] = {
    {'g', "{\"@timestamp\":\"2026-11-23T10:15:00.000001Z\",\"event\":{\"dataset\":"
          "\"sightglass.http\",\"duration\":29000000},\"process\":{\"name\":"
          "\"curl\"},\"source\":{\"ip\":\"10.1.2.3\",\"port\":40000},"
          "\"destination\":{\"ip\":\"192.0.2.1\",\"port\":443,\"domain\":"
          "\"example.com\"},\"network\":{\"transport\":\"tcp\"},\"http\":"
          "{\"request\":{\"method\":\"GET\",\"headers\":{\"accept\":[\"*/*\"],"
          "\"host\":[\"example.com\"]},\"body\":{\"bytes\":0}},\"response\":"
          "{\"status_code\":200,\"headers\":{\"content-type\":"
          "[\"text/html; charset=utf-8\"],\"set-cookie\":[\"a=1\",\"b=2\"]},"
          "\"body\":{\"bytes\":2048,\"content\":\"<b>\\\"Hello\\\"\\n</b>\","
          "\"encoding\":\"utf-8\"}}},\"url\":{\"full\":"
          "\"https://example.com/Login?x=1\",\"domain\":\"example.com\"},"
          "\"sightglass\":{\"flow\":\"f\",\"timing\":{\"wait\":12.5}}}"},
    {'p', "{\"@timestamp\":\"2026-11-23T10:16:00.000000Z\",\"event\":{\"dataset\":"
          "\"sightglass.http\",\"duration\":2000000000},\"process\":{\"name\":"
          "\"node\"},\"source\":{\"ip\":\"2001:db8::7\",\"port\":40001},"
          "\"destination\":{\"ip\":\"2001:db8::1\",\"port\":8443},\"network\":"
          "{\"transport\":\"tcp\"},\"http\":{\"request\":{\"method\":\"POST\","
          "\"headers\":{\"content-type\":[\"application/json\"]},\"body\":"
          "{\"bytes\":9,\"content\":\"{\\\"a\\\":\\\"\303\251\\\"}\",\"encoding\":"
          "\"utf-8\"}},\"response\":{\"status_code\":503,\"headers\":{},"
          "\"body\":{\"bytes\":5,\"content\":\"SGVsbG8=\",\"encoding\":"
          "\"base64\"}}},\"url\":{\"full\":\"https://api.example.org/v1\","
          "\"domain\":\"api.example.org\"},\"sightglass\":{\"timing\":"
          "{\"wait\":1999}}}"},
    {'q', "{\"@timestamp\":\"2026-11-23T10:17:00.000000Z\",\"event\":{\"dataset\":"
          "\"sightglass.http\"},\"http\":{\"request\":{\"method\":\"GET\","
          "\"headers\":{}}},\"url\":{\"full\":\"http://example.net/a.png\"},"
          "\"sightglass\":{\"incomplete\":\"no_response\"}}"},
    {'i', "{\"@timestamp\":\"2026-11-23T10:18:00.000000Z\",\"event\":{\"dataset\":"
          "\"sightglass.http\"},\"http\":{\"request\":{\"method\":\"GET\","
          "\"headers\":{}},\"response\":{\"status_code\":304,\"headers\":"
          "{\"content-type\":[\"image/png\"]}}},\"url\":{\"full\":"
          "\"http://example.net/b.png\"},\"sightglass\":{}}"},
    {'w', "{\"@timestamp\":\"2026-11-23T10:19:00.000000Z\",\"event\":{\"dataset\":"
          "\"sightglass.websocket\"},\"websocket\":{\"from\":\"client\",\"type\":"
          "\"text\",\"bytes\":5,\"content\":\"hello\",\"encoding\":\"utf-8\"},"
          "\"sightglass\":{}}"},
    {'u', "{\"@timestamp\":\"2026-11-23T10:20:00.000000Z\",\"event\":{\"dataset\":"
          "\"sightglass.flow\"},\"destination\":{\"ip\":\"192.0.2.53\",\"port\":53}"
          ",\"network\":{\"transport\":\"udp\"},\"sightglass\":{\"close\":"
          "\"idle\"}}"},
    {'t', "{\"@timestamp\":\"2026-11-23T10:21:00.000000Z\",\"event\":{\"dataset\":"
          "\"sightglass.tls\"},\"destination\":{\"ip\":\"192.0.2.1\",\"port\":443,"
          "\"domain\":\"pinned.example\"},\"sightglass\":{\"error\":\"MAC\"}}"},
};

enum language { LETTERS, WHERE, REGEX };

static int
add(struct filter *f, enum language language, const char *text,
    struct filter_error *error)
{
	if (language == LETTERS)
		return filter_add_letters(f, text, error);
	if (language == WHERE)
		return filter_add_where(f, text, error);
	return filter_add_regex(f, text, error);
}

/* Through the door of the fuzzer, too, which holds raw bytes against records. */
static void
play(enum language language, const char *text)
{
	char input[16384];
	int n = snprintf(input, sizeof(input), "%c%s\n", "~?/"[language], text);

	for (size_t i = 0; i < ARRAY_LENGTH(records); i++)
		n += snprintf(input + n, sizeof(input) - (size_t)n, "%s\n",
		    records[i].line);
	ck_assert_int_lt(n, (int)sizeof(input));
	(void)LLVMFuzzerTestOneInput((const uint8_t *)input, (size_t)n);
}

static void
check_passes(struct filter *f, const char *text, const char *expected)
{
	char passed[ARRAY_LENGTH(records) + 1] = "";

	for (size_t i = 0, n = 0; i < ARRAY_LENGTH(records); i++) {
		const char *line = records[i].line;
		bool own = filter_passes(f, line, strlen(line), true);
		ck_assert_msg(own == filter_passes(f, line, strlen(line), false),
		    "%s: raw and parsed differ for %c", text, records[i].name);
		if (own)
			passed[n++] = records[i].name;
	}
	ck_assert_msg(strcmp(passed, expected) == 0, "%s: %s, not %s", text, passed,
	    expected);
}

static const struct {
	enum language language;
	const char *text, *passes;
} expressions[] = {
    /* mitmproxy's letters */
    {LETTERS, "~all", "gpqiwut"},
    {LETTERS, "login", "g"},
    {LETTERS, "~u LOGIN", "g"},
    {LETTERS, "~u 'example\\.(com|net)'", "gqi"},
    {LETTERS, "~u a.png|b.png", "qi"},
    {LETTERS, "~d ^example", "g"},
    {LETTERS, "~d pinned", "t"},
    {LETTERS, "~m post", "p"},
    {LETTERS, "~c 200", "g"},
    {LETTERS, "~c 20", ""},
    {LETTERS, "~http", "gpqi"},
    {LETTERS, "~websocket", "w"},
    {LETTERS, "~udp", "u"},
    {LETTERS, "~tcp", ""},
    {LETTERS, "~dns", ""},
    {LETTERS, "~q", "q"},
    {LETTERS, "~s", "gpi"},
    {LETTERS, "~e", "qt"},
    {LETTERS, "~a", "i"},
    {LETTERS, "~h 'set-cookie: b'", "g"},
    {LETTERS, "~h '^b'", ""},
    {LETTERS, "~hq content-type", "p"},
    {LETTERS, "~hs content-type", "gi"},
    {LETTERS, "~t json", "p"},
    {LETTERS, "~ts html", "g"},
    {LETTERS, "~tq html", ""},
    {LETTERS, "~b hello", "gpw"},
    {LETTERS, "~b '\"hello\".*</b>'", "g"},
    {LETTERS, "~bq \303\211", "p"},
    {LETTERS, "~bs hello", "gp"},
    {LETTERS, "~bq hello", "w"},
    {LETTERS, "~p ^node$", "p"},
    {LETTERS, "~dst :443$", "gt"},
    {LETTERS, "~dst 'example.com:443'", "g"},
    {LETTERS, "~src 2001:db8::7:40001", "p"},
    {LETTERS, "!~http", "wut"},
    {LETTERS, "! ~http & !~websocket", "ut"},
    {LETTERS, "~http ~m get", "gqi"},
    {LETTERS, "~m post | ~u login & ~c 200", "gp"},
    {LETTERS, "(~m post | ~u login) & ~c 200", "g"},
    {LETTERS, "!(~http | ~websocket)", "ut"},
    {LETTERS, "!!~q", "q"},
    {LETTERS, "~q|~websocket", "qw"},
    /* fields */
    {WHERE, "url.domain == 'example.com'", "g"},
    {WHERE, "url.domain == \"example\"", ""},
    {WHERE, "url.domain != 'example.com'", "p"},
    {WHERE, "not url.domain == 'example.com'", "pqiwut"},
    {WHERE, "http.response.status_code >= 300", "pi"},
    {WHERE, "http.response.status_code < 300", "g"},
    {WHERE, "http.response.status_code > 200 and http.response.status_code <= 304",
        "i"},
    {WHERE, "http.response.status_code in (200, 503)", "gp"},
    {WHERE, "http.response.status_code matches '^5'", "p"},
    {WHERE, "event.dataset in ('sightglass.tls','sightglass.flow')", "ut"},
    {WHERE, "url.full contains 'Login'", "g"},
    {WHERE, "url.full contains 'login'", ""},
    {WHERE, "url.full matches '(?i)LOGIN\\?x'", "g"},
    {WHERE, "url.full starts with 'https://'", "gp"},
    {WHERE, "url.full ends with '.png'", "qi"},
    {WHERE, "source.ip in 10.0.0.0/8", "g"},
    {WHERE, "source.ip in (10.0.0.0/16, 2001:db8::/32)", "p"},
    {WHERE, "source.ip == '2001:0db8:0::7'", "p"},
    {WHERE, "destination.ip in '192.0.2.0/24'", "gut"},
    {WHERE, "destination.ip in 192.0.2.32/27", "u"},
    {WHERE, "source.ip != 10.1.2.3", "p"},
    {WHERE, "has sightglass.error", "t"},
    {WHERE, "has http.response and not has process", "i"},
    {WHERE, "event.duration > 1s", "p"},
    {WHERE, "event.duration <= 29ms", "g"},
    {WHERE, "event.duration == 29000000", "g"},
    {WHERE, "sightglass.timing.wait == 12.5", "g"},
    {WHERE, "sightglass.timing.wait >= 1.9s", "p"},
    {WHERE, "http.response.body.bytes == 2KiB", "g"},
    {WHERE, "@timestamp >= 2026-11-23T10:20:00Z", "ut"},
    {WHERE, "@timestamp < '2026-11-23T11:16:00+01:00'", "g"},
    {WHERE, "http.response.headers.set-cookie == 'b=2'", "g"},
    {WHERE, "http.\"response\".headers.\"content-type\" starts with 'image/'", "i"},
    {WHERE, "http.response.body.content contains '\"Hello\"\\n'", "g"},
    {WHERE, "(url.domain == 'x' or destination.port in (53, 8443)) and "
            "has network.transport", "pu"},
    /* the raw line */
    {REGEX, "\"status_code\":(503|304)", "pi"},
    {REGEX, "Login", "g"},
    {REGEX, "login", ""},
    {REGEX, "(?i)login", "g"},
};

START_TEST(an_expression_lets_through_what_it_says)
{
	struct filter *f = filter_new();
	struct filter_error error;

	ck_assert_ptr_nonnull(f);
	play(expressions[_i].language, expressions[_i].text);
	ck_assert_msg(add(f, expressions[_i].language, expressions[_i].text,
	                  &error) == 0,
	    "%s: %s", expressions[_i].text, error.words);
	check_passes(f, expressions[_i].text, expressions[_i].passes);
	filter_free(f);
}
END_TEST

static const struct {
	enum language language;
	const char *text;
	size_t column;
	const char *words;
} mistakes[] = {
    {LETTERS, "", 0, "an expression is missing"},
    {LETTERS, "~u", 2, "a regular expression is missing"},
    {LETTERS, "~q & ", 5, "an expression is missing"},
    {LETTERS, "~q | | ~s", 5, "an expression is missing"},
    {LETTERS, "~q & ~xyz", 5, "no ~xyz"},
    {LETTERS, "~ u", 0, "no ~"},
    {LETTERS, "~marked", 0, "mitmproxy keeps"},
    {LETTERS, "~c abc", 3, "takes a number"},
    {LETTERS, "~c 200x", 3, "takes a number"},
    {LETTERS, "(~q", 0, "not closed"},
    {LETTERS, "~q)", 2, "not opened"},
    {LETTERS, "~u 'abc", 3, "not closed"},
    {LETTERS, "~u 'a(b'", 7, "in the regular expression"},
    {LETTERS, "~u [", 4, "in the regular expression"},
    {WHERE, "", 0, "the name of a field is missing"},
    {WHERE, "url.domain", 10, "a comparison is missing"},
    {WHERE, "url.domain =", 11, "a comparison is missing"},
    {WHERE, "url.domain == ", 14, "a value is missing"},
    {WHERE, "url.domain == example.com", 14, "text stands in quotes"},
    {WHERE, "url.domain == 'x", 14, "not closed"},
    {WHERE, "url..domain == 'x'", 4, "a name is missing"},
    {WHERE, "url.domain == 'x' url.port == 1", 18, "'and' or 'or' is missing"},
    {WHERE, "url.domain == 'x' and", 21, "the name of a field"},
    {WHERE, "(url.domain == 'x'", 0, "not closed"},
    {WHERE, "url.domain == 'x')", 17, "not opened"},
    {WHERE, "http.response.status_code == '200'", 29, "is a number"},
    {WHERE, "event.duration > 1kB", 17, "unit"},
    {WHERE, "http.response.status_code contains '2'", 35, "is a number"},
    {WHERE, "tls.version == 1.3", 15, "is text, which stands in quotes"},
    {WHERE, "http.request.headers.x < 5", 25, "is text"},
    {WHERE, "sightglass.upgraded == 'yes'", 23, "is true or false"},
    {WHERE, "sightglass.upgraded matches 'y'", 28, "is true or false"},
    {WHERE, "http.request == 'x'", 16, "is an object"},
    {WHERE, "dns.answers.ttl < 5kB", 18, "unit"},
    {WHERE, "http.response.status_code > 1s", 28, "unit"},
    {WHERE, "source.ip in 10.0.0.0/33", 13, "no number"},
    {WHERE, "source.ip == 'localhost'", 13, "is an address"},
    {WHERE, "source.ip < 10.0.0.1", 12, "no order"},
    {WHERE, "url.full contains 5", 18, "text stands in quotes"},
    {WHERE, "url.\"full == 'x'", 0, "not closed"},
    {WHERE, "url.full matches /x/", 17, "in quotes"},
    {WHERE, "url.full matches 'a{2,1}'", 23, "in the regular expression"},
    {WHERE, "url.port in (1, 2", 12, "not closed"},
    {WHERE, "url.port in (1 2)", 15, "a ',' or a ')'"},
    {WHERE, "url.full == '\377'", 0, "not UTF-8"},
    {REGEX, "a(b", 3, "in the regular expression"},
};

START_TEST(a_mistake_is_told_at_its_column)
{
	struct filter *f = filter_new();
	struct filter_error error;

	play(mistakes[_i].language, mistakes[_i].text);
	ck_assert_int_eq(add(f, mistakes[_i].language, mistakes[_i].text, &error),
	    E_SYNTAX);
	ck_assert_msg(strstr(error.words, mistakes[_i].words) != NULL, "%s: %s",
	    mistakes[_i].text, error.words);
	ck_assert_msg(error.column == mistakes[_i].column, "%s: column %zu, not %zu",
	    mistakes[_i].text, error.column, mistakes[_i].column);
	filter_free(f);
}
END_TEST

/* Other writers may mean it. */
static const struct {
	const char *text;
	size_t column;
	const char *words; /* "": nothing is said */
} slips[] = {
    {"has url.path and url.domian == 'x'", 17, "did you mean 'url.domain'?"},
    {"status_code == 404", 0, "did you mean 'http.response.status_code'?"},
    {"http.\"respnose\".body.bytes > 5", 0, "'http.response.body.bytes'"},
    {"vendor.weight > 5", 0, "'sightglass fields' lists them"},
    {"has http.request.header.accept", 4, "'http.request.headers.accept'"},
    {"sightglass.close == 'finishd'", 20, "'sightglass fields sightglass.close'"},
    {"sightglass.close in ('idle', 'x')", 29, "no record has that"},
    {"event.dataset != 'http'", 17, "no record has that"},
    {"sightglass.close starts with 'x'", 0, ""},
    {"sightglass.failure == 'x'", 0, ""},
    {"http.request.headers.x == 'y' and has http.response.trailers.\"a.b\"", 0, ""},
    {"dns.answers.ttl < 5m and tls.client.server_name in 10.0.0.0/8", 0, ""},
};

START_TEST(what_is_likely_a_slip_is_told_at_its_column)
{
	struct filter *f = filter_new();
	struct filter_error error;

	play(WHERE, slips[_i].text);
	ck_assert_int_eq(filter_add_where(f, slips[_i].text, &error), 0);
	ck_assert_msg(strstr(error.words, slips[_i].words) != NULL &&
	    (slips[_i].words[0] != '\0') == (error.words[0] != '\0') &&
	    error.column == slips[_i].column, "%s: %zu: %s", slips[_i].text,
	    error.column, error.words);
	filter_free(f);
}
END_TEST

START_TEST(what_nests_without_end_is_a_mistake)
{
	struct filter *f = filter_new();
	struct filter_error error;
	char deep[2048];

	memset(deep, '(', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	for (int language = LETTERS; language <= WHERE; language++) {
		ck_assert_int_eq(add(f, (enum language)language, deep, &error),
		    E_SYNTAX);
		ck_assert_ptr_nonnull(strstr(error.words, "deep"));
	}
	filter_free(f);
}
END_TEST

START_TEST(what_is_added_narrows)
{
	struct filter *f = filter_new();
	struct filter_error error;

	ck_assert_int_eq(filter_add_letters(f, "~http", &error), 0);
	ck_assert_int_eq(filter_add_where(f, "event.duration < 1s", &error), 0);
	ck_assert_int_eq(filter_add_regex(f, "example", &error), 0);
	check_passes(f, "all three", "g");
	filter_free(f);
}
END_TEST

START_TEST(a_range_is_from_one_time_to_before_another)
{
	struct filter *f = filter_new();
	static const char spaced[] =
	    "{ \"a\": 1, \"@timestamp\": \"2026-11-23T10:16:30Z\" }";

	/* 10:16:00 to 10:18:00 */
	filter_set_range(f, 1795428960000000, 1795429080000000);
	check_passes(f, "a range", "pq");
	ck_assert(filter_passes(f, spaced, strlen(spaced), false));
	ck_assert(!filter_passes(f, "{\"a\":1}", 7, false));
	ck_assert(!filter_passes(f, "nonsense", 8, false));
	filter_free(f);
}
END_TEST

/* Another writer may escape anything; then nothing is looked for in raw bytes. */
START_TEST(lines_of_other_writers_are_parsed_first)
{
	static const char line[] = "{\"url\": {\"full\": \"http:\\/\\/ex\\u0061mple\","
	    "\"\\u0061\": 4.04e2}}";
	static const char *const texts[] = {"url.full contains 'example'",
	    "url.full contains '://'", "has url.a", "url.a == 404"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct filter *f = filter_new();
		struct filter_error error;
		ck_assert_int_eq(filter_add_where(f, texts[i], &error), 0);
		ck_assert_msg(filter_passes(f, line, strlen(line), false), "%s",
		    texts[i]);
		filter_free(f);
	}
}
END_TEST

static const struct {
	const char *regex, *literal;
} literals[] = {
    {"abc", "abc"}, {"ab.cde", "cde"}, {"abc|def", ""}, {"ab(c|d)efg", "efg"},
    {"abc*", "ab"}, {"abcd?ef", "abc"}, {"abc+d", "abc"}, {"abc{2}defg", "defg"},
    {"ab{x|cd", ""}, {"a\\.bc\\/", "a.bc/"}, {"\\d+abc", "abc"},
    {"ab[c|d]efg", "efg"}, {"ab[]c]efg", "efg"}, {"ab[^]c]efg", "efg"},
    {"ab[[:digit:]]efg", "ab"}, {"(?i)abc", ""}, {"abc(?i)def", "ab"},
    {"abc(?#x)*", "ab"}, {"abc\\E*", "ab"}, {"\\Qa|b\\E", ""}, {"a(*ACCEPT)bc", ""},
    {"a\303\251*bc", "bc"}, {"x\303\251?", "x"}, {"\\x41bcd", ""},
    {"(abc)(?:x\\)y)def", "def"}, {"(?<n>x)abc", "abc"}, {"(?=abc)de", "de"},
    {"", ""}, {"^abc$", "abc"}, {"abc(?(?=x)y|z)def", ""},
};

START_TEST(what_a_regular_expression_requires_is_found)
{
	char literal[PATTERN_LITERAL_MAX + 1];
	const char *regex = literals[_i].regex;

	size_t n = pattern_literal(regex, strlen(regex), literal);
	literal[n] = '\0';
	ck_assert_msg(strcmp(literal, literals[_i].literal) == 0, "%s: '%s', not '%s'",
	    regex, literal, literals[_i].literal);
}
END_TEST

START_TEST(bytes_without_what_is_needed_are_passed_over)
{
	static const uint8_t text[] = "{\"a\":1}\n{\"b\":\"Needle\"}\n{\"c\":2}\n";
	size_t length = sizeof(text) - 1;
	struct filter_error error;
	struct filter *f = filter_new();

	ck_assert_uint_eq(filter_skip(f, text, length), 0);
	ck_assert_int_eq(filter_add_letters(f, "~u needle", &error), 0);
	ck_assert_uint_eq(filter_skip(f, text, length), 14);
	ck_assert_uint_eq(filter_skip(f, text + 15, length - 15), length - 15);
	filter_free(f);
}
END_TEST

/* It ends, and it is no match. */
START_TEST(an_expression_that_backtracks_without_end_is_bounded)
{
	struct filter_error error;
	struct filter *f = filter_new();
	char line[4096];

	memset(line, 'a', sizeof(line));
	ck_assert_int_eq(filter_add_regex(f, "^(a+)+$|(a|aa)+b", &error), 0);
	line[sizeof(line) - 1] = 'c';
	ck_assert(!filter_passes(f, line, sizeof(line), true));
	filter_free(f);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("filter"), 5);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("filter");
	TCase *t = tcase_create("expressions");

	tcase_add_loop_test(t, an_expression_lets_through_what_it_says, 0,
	    (int)ARRAY_LENGTH(expressions));
	tcase_add_loop_test(t, what_is_likely_a_slip_is_told_at_its_column, 0,
	    (int)ARRAY_LENGTH(slips));
	tcase_add_loop_test(t, a_mistake_is_told_at_its_column, 0,
	    (int)ARRAY_LENGTH(mistakes));
	tcase_add_test(t, what_nests_without_end_is_a_mistake);
	tcase_add_test(t, what_is_added_narrows);
	tcase_add_test(t, a_range_is_from_one_time_to_before_another);
	suite_add_tcase(s, t);
	t = tcase_create("raw bytes");
	tcase_add_test(t, lines_of_other_writers_are_parsed_first);
	tcase_add_loop_test(t, what_a_regular_expression_requires_is_found, 0,
	    (int)ARRAY_LENGTH(literals));
	tcase_add_test(t, bytes_without_what_is_needed_are_passed_over);
	tcase_add_test(t, an_expression_that_backtracks_without_end_is_bounded);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
