/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/capture_rules: which rule an exchange fits, what is known of that
 * before the answer, and what is no rule.
 */
#include "mitm/capture_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/attr.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define LINES_MAX 100u

static struct capture_rules *rules;
static struct capture_rules_error wrong;

static void
teardown(void)
{
	capture_rules_release(rules);
	rules = NULL;
}

/* The lines of `text` are the rules. */
static bool
compile(const char *text)
{
	char copy[1024], *items[LINES_MAX], *rest = copy;
	struct conf_list lines = {.items = items};

	ck_assert_uint_lt(strlen(text), sizeof(copy));
	(void)strcpy(copy, text);
	while ((items[lines.count] = strsep(&rest, "\n")) != NULL)
		lines.count++;
	teardown();
	rules = capture_rules_new(&lines, &wrong);
	return rules != NULL;
}

static struct sockaddr_storage
address_of(const char *text)
{
	struct sockaddr_storage address = {.ss_family = AF_INET};

	ck_assert_int_eq(inet_pton(AF_INET, text,
	    &((struct sockaddr_in *)&address)->sin_addr), 1);
	return address;
}

/* An exchange, and the flow that it is in. */
struct asked {
	const char *host, *method, *type, *application, *address;
	unsigned status;
	bool unanswered;
};

static struct bytes
bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

static struct capture_verdict
verdict(const struct asked *asked)
{
	struct sockaddr_storage address =
	    address_of(asked->address == NULL ? "192.0.2.1" : asked->address);
	const struct policy_subject flow_subject = {.address = &address,
	    .executable = asked->application};
	struct capture_flow flow = capture_rules_flow(rules, &flow_subject);
	struct bytes type = bytes_of(asked->type);
	const struct capture_subject subject = {.host = bytes_of(asked->host),
	    .method = bytes_of(asked->method), .answered = !asked->unanswered,
	    .status = asked->status, .type = asked->type == NULL ? NULL : &type};

	return capture_rules_ask(rules, &flow, &subject);
}

/* --- what fits --- */

static const struct {
	const char *rules;
	struct asked asked;
	enum capture_level level;
} fits[] = {
	{"count", {.host = "a"}, CAPTURE_COUNT},
	{"head\ncount", {.host = "a"}, CAPTURE_HEAD},
	{"body host=a\ncount", {.host = "a"}, CAPTURE_BODY},
	{"body host=a\ncount", {.host = "b"}, CAPTURE_COUNT},
	{"head host=.a.b", {.host = "x.a.b"}, CAPTURE_HEAD},
	{"head host=.a.b", {.host = "A.B."}, CAPTURE_HEAD},
	{"head host=*.a.b", {.host = "a.b"}, CAPTURE_BODY},
	{"head host=a,*.b", {.host = "c.b"}, CAPTURE_HEAD},
	{"head host=10.0.0.0/8", {.address = "10.1.2.3", .host = "x"}, CAPTURE_HEAD},
	{"head host=10.0.0.0/8", {.address = "11.1.2.3", .host = "x"}, CAPTURE_BODY},
	{"head host=a", {.host = NULL}, CAPTURE_BODY},
	{"head app=/usr/bin/*", {.application = "/usr/bin/x"}, CAPTURE_HEAD},
	{"head app=/usr/bin/*", {.application = "/bin/x"}, CAPTURE_BODY},
	{"head app=/a,/b", {.application = "/b"}, CAPTURE_HEAD},
	{"head app=/a", {.application = NULL}, CAPTURE_BODY},
	{"head method=GET,head", {.method = "HEAD"}, CAPTURE_HEAD},
	{"head method=GET", {.method = "GETS"}, CAPTURE_BODY},
	{"head method=GET", {.method = ""}, CAPTURE_BODY},
	{"head status=200", {.status = 200}, CAPTURE_HEAD},
	{"head status=5xx", {.status = 503}, CAPTURE_HEAD},
	{"head status=5XX", {.status = 499}, CAPTURE_BODY},
	{"head status=200-204,304", {.status = 204}, CAPTURE_HEAD},
	{"head status=200-204,304", {.status = 304}, CAPTURE_HEAD},
	{"head status=2xx-3xx", {.status = 399}, CAPTURE_HEAD},
	{"head status=200-204", {.status = 205}, CAPTURE_BODY},
	{"head status=1xx-9xx", {.status = 0}, CAPTURE_BODY},
	{"head type=image/*", {.type = "image/png"}, CAPTURE_HEAD},
	{"head type=Image/PNG", {.type = "image/png; q=1"}, CAPTURE_HEAD},
	{"head type=image/*", {.type = "text/image/x"}, CAPTURE_BODY},
	{"head type=*/json,*/*+json", {.type = "application/x+json"}, CAPTURE_HEAD},
	{"head type=*/*", {.type = NULL}, CAPTURE_BODY},
	{"head type=*/*", {.type = ""}, CAPTURE_BODY},
	{"count host=a method=GET status=200 type=text/* app=/a", {.host = "a",
	    .method = "GET", .status = 200, .type = "text/html",
	    .application = "/a"}, CAPTURE_COUNT},
	{"count host=a method=GET status=200 type=text/* app=/a", {.host = "a",
	    .method = "GET", .status = 200, .type = "text/html",
	    .application = "/b"}, CAPTURE_BODY},
};

START_TEST(the_first_rule_that_fits_counts)
{
	ck_assert(compile(fits[_i].rules));
	struct capture_verdict v = verdict(&fits[_i].asked);
	ck_assert(v.decided);
	ck_assert_int_eq(v.level, fits[_i].level);
}
END_TEST

/* --- before the answer --- */

static const struct {
	const char *rules;
	enum capture_level level;
	bool decided;
} early[] = {
	{"count host=a status=200", CAPTURE_BODY, false},
	{"count host=b status=200", CAPTURE_BODY, true},
	{"head host=a", CAPTURE_HEAD, true},
	{"count host=a type=image/*\nhead host=a", CAPTURE_HEAD, false},
	{"head type=image/*\nhead", CAPTURE_HEAD, true},
	{"body status=5xx\ncount", CAPTURE_BODY, false},
	{"head status=5xx\ncount", CAPTURE_HEAD, false},
	{"body status=5xx", CAPTURE_BODY, true},
	{"count\nbody status=5xx", CAPTURE_COUNT, true},
};

START_TEST(what_is_sure_before_the_answer_is_told)
{
	const struct asked asked = {.host = "a", .method = "GET", .unanswered = true};

	ck_assert(compile(early[_i].rules));
	struct capture_verdict v = verdict(&asked);
	ck_assert_int_eq(v.level, early[_i].level);
	ck_assert(v.decided == early[_i].decided);
}
END_TEST

/* --- what is no rule --- */

static const struct {
	const char *rules, *word, *why;
	size_t rule, column;
} errors[] = {
	{"", "", "a rule begins with body, head or count", 0, 0},
	{"body\nlog host=a", "log", "a rule begins with body, head or count", 1, 0},
	{"head hots=a", "hots=a", "expected host=, app=, method=, status= or type=",
	    0, 5},
	{"head  host", "host", "expected = and a value behind it", 0, 6},
	{"head host=", "", "a value is missing here", 0, 10},
	{"head host=a,", "", "a value is missing here", 0, 12},
	{"head host=a,,b", "", "a value is missing here", 0, 12},
	{"head host=a host=b", "host=b",
	    "is there twice: put commas between its values", 0, 12},
	{"head host=a,port:25", "port:25",
	    "only names, addresses and blocks are asked here", 0, 12},
	{"head status=20", "20", "expected a status, as in 404, 5xx or 400-499", 0, 12},
	{"head status=404-400", "404-400",
	    "expected a status, as in 404, 5xx or 400-499", 0, 12},
	{"head status=400-", "400-", "expected a status, as in 404, 5xx or 400-499", 0,
	    12},
	{"head status=0xx", "0xx", "expected a status, as in 404, 5xx or 400-499", 0,
	    12},
	{"head type=image", "image",
	    "expected a type as in image/png, image/* or */json", 0, 10},
};

START_TEST(an_error_names_the_word_and_where_it_stands)
{
	const char *line = errors[_i].rules;

	ck_assert(!compile(line));
	ck_assert_str_eq(wrong.why, errors[_i].why);
	ck_assert_uint_eq(wrong.rule, errors[_i].rule);
	ck_assert_uint_eq(wrong.column, errors[_i].column);
	ck_assert_uint_eq(wrong.length, strlen(errors[_i].word));
	if (wrong.rule > 0)
		line = strchr(line, '\n') + 1;
	ck_assert_mem_eq(line + wrong.column, errors[_i].word, wrong.length);
}
END_TEST

START_TEST(there_are_so_many_rules_and_no_more)
{
	char text[65 * 5 + 1] = "";

	for (unsigned i = 0; i < CAPTURE_RULES_MAX; i++)
		(void)strcat(text, i == 0 ? "head" : "\nhead");
	ck_assert(compile(text));
	(void)strcat(text, "\nhead");
	ck_assert(!compile(text));
	ck_assert_uint_eq(wrong.rule, CAPTURE_RULES_MAX);
	ck_assert_str_eq(wrong.why, "more than 64 rules: join some with commas");
}
END_TEST

START_TEST(no_rules_log_all)
{
	const struct conf_list none = {0};

	rules = capture_rules_new(&none, &wrong);
	ck_assert_ptr_nonnull(rules);
	struct capture_verdict v = verdict(&(struct asked){.unanswered = true});
	ck_assert(v.decided && v.level == CAPTURE_BODY);
}
END_TEST

START_TEST(they_live_as_long_as_who_holds_them)
{
	ck_assert(compile("head host=a app=/b method=C status=404 type=d/e"));
	struct capture_rules *held = capture_rules_hold(rules);
	ck_assert_ptr_eq(held, rules);
	capture_rules_release(held);
	struct capture_verdict v = verdict(&(struct asked){.host = "a"});
	ck_assert(v.level == CAPTURE_BODY);
	capture_rules_release(NULL);
	ck_assert_ptr_null(capture_rules_hold(NULL));
}
END_TEST

START_TEST(the_corpus_keeps_the_invariants)
{
	ck_assert_uint_gt(corpus_run("capture_rules"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("capture_rules");
	TCase *t = tcase_create("capture_rules");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, the_first_rule_that_fits_counts, 0, ARRAY_LENGTH(fits));
	tcase_add_loop_test(t, what_is_sure_before_the_answer_is_told, 0,
	    ARRAY_LENGTH(early));
	tcase_add_loop_test(t, an_error_names_the_word_and_where_it_stands, 0,
	    ARRAY_LENGTH(errors));
	tcase_add_test(t, there_are_so_many_rules_and_no_more);
	tcase_add_test(t, no_rules_log_all);
	tcase_add_test(t, they_live_as_long_as_who_holds_them);
	tcase_add_test(t, the_corpus_keeps_the_invariants);
	suite_add_tcase(s, t);
	return s;
}
