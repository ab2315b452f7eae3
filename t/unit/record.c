/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of log/record: each line is read back by a foreign JSON parser and
 * must say what happened under the names of sightglass-log(5), and nothing that
 * did not.
 */
#include "log/record.h"

#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/records.h"
#include "t/unit/suite.h"

/* --- every record --- */

static void
write_kind(int kind)
{
	const struct daemon_event event = {.time_us = START_US,
	    .action = "started"};

	if (kind == 0)
		write_http();
	else if (kind == 1)
		write_tls();
	else if (kind == 2)
		write_flow();
	else
		parse(record_daemon(&writer, 99, &event, &out));
}

static const char *const datasets[] = {"sightglass.http", "sightglass.tls",
    "sightglass.flow", "sightglass.daemon"};

START_TEST(every_record_says_when_which_and_where)
{
	write_kind(_i);
	check_text("/@timestamp", "2026-11-23T10:15:00.123456Z");
	check_text("/event/id", "abcdefgh-3-99");
	check_number("/event/sequence", 99);
	check_text("/event/kind", "event");
	check_text("/event/dataset", datasets[_i]);
	check_text("/host/hostname", "box");
}
END_TEST

/* The first three: the daemon's records belong to no flow. */
START_TEST(every_record_of_a_flow_says_who_talks_to_whom)
{
	write_kind(_i);
	check_number("/process/pid", 4711);
	check_text("/process/executable", "/usr/bin/curl");
	check_text("/process/name", "curl");
	check_text("/process/code_signature/signing_id", "com.example.curl");
	check_text("/process/code_signature/team_id", "TEAM");
	check_text("/user/id", "1000");
	check_text("/source/ip", "127.0.0.1");
	check_number("/source/port", 50000);
	check_text("/destination/ip", "192.0.2.1");
	check_number("/destination/port", 8080);
	check_text("/destination/domain", "example.com");
	check_text("/network/transport", "tcp");
	check_text("/network/type", "ipv4");
	check_text("/observer/type", "exec");
	check_text("/sightglass/flow", "abcdefgh-3-17");
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
	static const char *const absent[] = {"/process", "/user", "/source",
	    "/destination", "/network", "/observer"};

	flow = (struct flow_facts){.id = "f"};
	make_facts(false);
	write_kind(_i);
	for (size_t i = 0; i < ARRAY_LENGTH(absent); i++)
		check_absent(absent[i]);
	check_text("/sightglass/flow", "f");
}
END_TEST

START_TEST(a_process_without_a_signature_has_none)
{
	flow.signing_id = flow.team_id = NULL;
	flow.pid = NULL;
	flow.executable = "curl";
	make_facts(false);
	write_flow();
	check_text("/process/name", "curl");
	check_absent("/process/pid");
	check_absent("/process/code_signature");
}
END_TEST

START_TEST(whom_a_process_works_for_is_told)
{
	const uint32_t other = 4712;

	flow.responsible_pid = &other;
	flow.responsible = "/Applications/A.app/Contents/MacOS/A";
	make_facts(false);
	write_flow();
	check_number("/process/pid", 4711);
	check_number("/process/responsible/pid", 4712);
	check_text("/process/responsible/executable", flow.responsible);
}
END_TEST

static void
check_members_around_the_source(void)
{
	check_text("/user/id", "1000");
	check_text("/destination/ip", "192.0.2.1");
	check_text("/observer/type", "exec");
	check_number("/process/pid", 4711);
}

START_TEST(a_source_that_is_found_later_stands_in_its_place)
{
	struct sockaddr_storage found, again;

	set_address(&flow.source, _i == 0 ? "0.0.0.0" : "::", 0);
	set_address(&found, "192.0.2.9", 40001);
	set_address(&again, "2001:db8::9", 40002);
	make_facts(false);
	write_flow();
	check_absent("/source"); /* nobody's */
	check_members_around_the_source();

	ck_assert_int_eq(record_facts_set_source(&facts, &found), 0);
	write_flow();
	check_text("/source/ip", "192.0.2.9");
	check_number("/source/port", 40001);
	check_members_around_the_source();

	ck_assert_int_eq(record_facts_set_source(&facts, &again), 0);
	write_flow();
	check_text("/source/ip", "2001:db8::9");
	check_number("/source/port", 40002);
	check_members_around_the_source();
}
END_TEST

START_TEST(a_source_alone_has_its_place_too)
{
	struct sockaddr_storage found;

	flow = (struct flow_facts){.id = "f"};
	set_address(&found, "192.0.2.9", 40001);
	make_facts(false);
	ck_assert_int_eq(record_facts_set_source(&facts, &found), 0);
	write_flow();
	check_text("/source/ip", "192.0.2.9");
	check_absent("/destination");
	check_text("/host/hostname", "box");
}
END_TEST

START_TEST(an_ipv6_datagram_flow_is_told)
{
	flow.datagram = true;
	set_address(&flow.destination, "2001:db8::1", 53);
	make_facts(false);
	write_flow();
	check_text("/destination/ip", "2001:db8::1");
	check_number("/destination/port", 53);
	check_text("/network/transport", "udp");
	check_text("/network/type", "ipv6");
}
END_TEST

START_TEST(a_destination_known_by_name_alone_is_told)
{
	memset(&flow.destination, 0, sizeof(flow.destination));
	make_facts(false);
	write_flow();
	check_text("/destination/domain", "example.com");
	check_absent("/destination/ip");
	check_absent("/destination/port");
	check_absent("/network");
}
END_TEST

START_TEST(facts_that_do_not_fit_are_refused)
{
	static char path[70000];
	struct record_facts long_facts;

	memset(path, 'a', sizeof(path) - 1);
	flow.executable = path;
	ck_assert_int_eq(record_facts_make(&writer, &flow, false, &long_facts),
	    E_LIMIT);
}
END_TEST

/* For every limit from nothing to one byte too few. */
START_TEST(a_line_that_does_not_fit_leaves_nothing)
{
	struct buf small;

	ck_assert_int_eq(record_http(&writer, 1, &facts, NULL, &exchange, &out),
	    0);
	for (size_t limit = 6; limit < 6 + buf_length(&out); limit++) {
		buf_init(&small, limit);
		ck_assert_int_eq(buf_puts(&small, "before"), 0);
		ck_assert_int_eq(record_http(&writer, 1, &facts, NULL, &exchange,
		    &small), E_LIMIT);
		ck_assert_uint_eq(buf_length(&small), 6);
		ck_assert_mem_eq(buf_data(&small), "before", 6);
		buf_free(&small);
	}
}
END_TEST

START_TEST(a_line_is_put_behind_what_is_there)
{
	ck_assert_int_eq(buf_puts(&out, "{}\n"), 0);
	ck_assert_int_eq(record_flow(&writer, 1, &facts, &end, &out), 0);
	ck_assert_mem_eq(buf_data(&out), "{}\n{", 4);
	ck_assert_uint_eq(buf_data(&out)[buf_length(&out) - 1], '\n');
}
END_TEST

/* --- tls --- */

static const struct {
	enum decision decision;
	const char *name;
} decisions[] = {{DECIDE_INSPECT, "inspect"}, {DECIDE_SPLICE, "splice"},
    {DECIDE_REFUSE, "refuse"}};

START_TEST(a_decision_is_told_with_its_reason)
{
	tls.decision = end.decision = decisions[_i].decision;
	tls.reason = end.reason = "policy";
	write_tls();
	check_text("/sightglass/decision", decisions[_i].name);
	check_text("/sightglass/reason", "policy");
	write_flow();
	check_text("/sightglass/decision", decisions[_i].name);
	check_text("/sightglass/reason", "policy");
}
END_TEST

static struct tls_leg
a_leg(const char *version)
{
	return (struct tls_leg){.version = version, .cipher = "TLS_X",
	    .group = "x25519", .alpn = "h2", .established = true, .resumed = true,
	    .alert_received = -1, .alert_sent = 0};
}

START_TEST(both_legs_are_told)
{
	tls.client = a_leg("1.3");
	tls.server = a_leg("1.2");
	tls.server_name = "example.com";
	write_tls();
	check_text("/tls/version", "1.3");
	check_text("/tls/cipher", "TLS_X");
	check_text("/tls/version_protocol", "tls");
	check_text("/tls/curve", "x25519");
	check_true("/tls/resumed");
	check_text("/tls/next_protocol", "h2");
	check_true("/tls/established");
	check_text("/tls/client/server_name", "example.com");
	check_text("/sightglass/client/version", "1.3");
	check_text("/sightglass/server/version", "1.2");
	check_text("/sightglass/server/group", "x25519");
	check_text("/sightglass/server/alpn", "h2");
	check_true("/sightglass/server/resumed");
	check_true("/sightglass/server/established");
	check_number("/sightglass/server/alert_sent", 0);
	check_absent("/sightglass/server/alert_received");
}
END_TEST

START_TEST(fingerprints_are_told_where_ecs_has_them)
{
	tls.ja3 = "ada70206e40642a3e4461f35503241d5";
	tls.ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
	tls.ja3s = "eb1d94daa7e0344597e756a1fb6e7054";
	tls.server = a_leg("1.3");
	tls.server.hello_retry = true;
	write_tls();
	check_text("/tls/client/ja3", "ada70206e40642a3e4461f35503241d5");
	check_text("/tls/client/ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1");
	check_text("/tls/server/ja3s", "eb1d94daa7e0344597e756a1fb6e7054");
	check_absent("/tls/client/server_name");
	check_true("/sightglass/server/hello_retry");
}
END_TEST

START_TEST(a_leg_that_never_was_is_left_out)
{
	tls.server.alert_received = 48;
	write_tls();
	check_absent("/sightglass/client");
	check_number("/sightglass/server/alert_received", 48);
	check_absent("/sightglass/server/version");
	check_absent("/tls/client");
	check_absent("/tls/server");
	check_absent("/sightglass/server/hello_retry");
	ck_assert(yyjson_is_false(at("/tls/established")));
}
END_TEST

START_TEST(certificates_are_told_with_their_times)
{
	tls.leaf = (struct certificate_facts){.present = true,
	    .subject = "CN=a \"b\"", .issuer = "CN=\xff", .serial = "01ab",
	    .sha256 = "00ff", .not_before_s = 1795428900,
	    .not_after_s = 4102444799};
	write_tls();
	check_text("/sightglass/leaf/subject", "CN=a \"b\"");
	check_text("/sightglass/leaf/issuer", "CN=\xc3\xbf");
	check_text("/sightglass/leaf/serial", "01ab");
	check_text("/sightglass/leaf/sha256", "00ff");
	check_text("/sightglass/leaf/not_before", "2026-11-23T10:15:00.000000Z");
	check_text("/sightglass/leaf/not_after", "2099-12-31T23:59:59.000000Z");
	check_absent("/sightglass/server_certificate");
}
END_TEST

START_TEST(what_the_client_offered_is_told)
{
	static const char *const alpn[] = {"h2", "http/1.1"};

	tls.offered_alpn = alpn;
	tls.offered_alpn_count = 2;
	tls.offered_version = "1.3";
	write_tls();
	check_text("/sightglass/offered/version", "1.3");
	check_count("/sightglass/offered/alpn", 2);
	check_text("/sightglass/offered/alpn/1", "http/1.1");
	check_absent("/sightglass/offered/ech");
	tls.offered_ech = true;
	write_tls();
	check_true("/sightglass/offered/ech");
}
END_TEST

START_TEST(a_verification_that_failed_is_told)
{
	tls.verification = "expired";
	tls.error = "no";
	tls.name_mismatch = true;
	write_tls();
	check_text("/sightglass/verification", "expired");
	check_text("/sightglass/error", "no");
	check_true("/sightglass/name_mismatch");
}
END_TEST

START_TEST(what_did_not_happen_in_tls_is_left_out)
{
	write_tls();
	check_absent("/sightglass/verification");
	check_absent("/sightglass/error");
	check_absent("/sightglass/name_mismatch");
	check_absent("/event/duration");
}
END_TEST

/* --- flow --- */

START_TEST(the_end_of_a_flow_is_told)
{
	end.close = "reset";
	end.state = "relay";
	end.protocol = "ssh";
	end.detail = "Connection reset by peer";
	end.bytes[FROM_CLIENT] = 10;
	end.bytes[FROM_SERVER] = UINT64_MAX;
	end.connect_us = 1500;
	end.exchanges = 7;
	write_flow();
	check_number("/event/duration", 2000000);
	check_text("/sightglass/close", "reset");
	check_text("/sightglass/state", "relay");
	check_text("/sightglass/protocol", "ssh");
	check_text("/sightglass/detail", "Connection reset by peer");
	check_number("/sightglass/bytes/client", 10);
	check_number("/sightglass/bytes/server", UINT64_MAX);
	check_ms("/sightglass/timing/connect", 1.5);
	check_number("/sightglass/exchanges", 7);
}
END_TEST

START_TEST(what_did_not_happen_in_a_flow_is_left_out)
{
	static const char *const absent[] = {"/sightglass/close",
	    "/sightglass/state", "/sightglass/protocol", "/sightglass/detail",
	    "/sightglass/datagrams", "/sightglass/exchanges",
	    "/sightglass/timing", "/sightglass/first"};

	end.end_us = START_US - 1;
	write_flow();
	for (size_t i = 0; i < ARRAY_LENGTH(absent); i++)
		check_absent(absent[i]);
	check_number("/event/duration", 0);
	check_number("/sightglass/bytes/client", 0);
}
END_TEST

START_TEST(what_is_not_logged_is_counted)
{
	write_flow();
	check_absent("/sightglass/counted");
	check_absent("/sightglass/sampled");
	end.exchanges_counted = 3;
	end.messages_counted = 2;
	write_flow();
	check_number("/sightglass/counted/exchanges", 3);
	check_number("/sightglass/counted/messages", 2);
}
END_TEST

START_TEST(what_was_not_read_is_told)
{
	write_flow();
	check_absent("/sightglass/unread");
	end.gave_up = "upgraded";
	end.unread[FROM_SERVER] = 7;
	write_flow();
	check_text("/sightglass/unread/why", "upgraded");
	check_number("/sightglass/unread/client", 0);
	check_number("/sightglass/unread/server", 7);
}
END_TEST

START_TEST(a_flow_that_is_left_out_says_so)
{
	write_tls();
	check_absent("/sightglass/sampled");
	tls.left_out = end.left_out = true;
	write_tls();
	check_false("/sightglass/sampled");
	write_flow();
	check_false("/sightglass/sampled");
}
END_TEST

START_TEST(datagrams_and_first_bytes_are_told)
{
	end.datagrams[FROM_SERVER] = 2;
	end.first[FROM_CLIENT] = (struct bytes)BYTES("\0\xff");
	write_flow();
	check_number("/sightglass/datagrams/client", 0);
	check_number("/sightglass/datagrams/server", 2);
	check_text("/sightglass/first/client", "AP8=");
	check_text("/sightglass/first/server", "");
}
END_TEST

/* --- mint --- */

START_TEST(what_the_signer_made_is_told)
{
	static const char *const names[] = {"www.example.com", "192.0.2.1"};
	const struct mint_event event = {.time_us = START_US, .duration_us = 250,
	    .worker = 2, .key = "p256", .names = names, .name_count = 2,
	    .leaf = {.present = true, .serial = "0a1b", .not_after_s = 86400}};

	parse(record_mint(&writer, 5, &event, &out));
	check_text("/event/dataset", "sightglass.mint");
	check_number("/event/duration", 250000);
	check_text("/host/hostname", "box");
	check_number("/sightglass/worker", 2);
	check_text("/sightglass/key", "p256");
	check_text("/sightglass/names/0", "www.example.com");
	check_text("/sightglass/names/1", "192.0.2.1");
	check_text("/sightglass/leaf/serial", "0a1b");
	check_text("/sightglass/leaf/not_after", "1970-01-02T00:00:00.000000Z");
	check_absent("/sightglass/refused");
	check_absent("/sightglass/flow");
}
END_TEST

START_TEST(what_the_signer_refused_is_told)
{
	const struct mint_event event = {.time_us = START_US, .worker = 1,
	    .refused = "denied"};

	parse(record_mint(&writer, 5, &event, &out));
	check_text("/sightglass/refused", "denied");
	check_absent("/sightglass/key");
	check_absent("/sightglass/leaf");
}
END_TEST

/* --- daemon --- */

START_TEST(what_happened_to_the_daemon_is_told)
{
	const struct daemon_event event = {.time_us = START_US, .action = "gap",
	    .role = "worker 2", .message = "a \"gap\"\n", .lost_records = 3,
	    .segment = "sightglass-x"};

	parse(record_daemon(&writer, 5, &event, &out));
	check_text("/message", "a \"gap\"\n");
	check_text("/sightglass/action", "gap");
	check_text("/sightglass/role", "worker 2");
	check_number("/sightglass/lost_records", 3);
	check_text("/sightglass/segment", "sightglass-x");
	check_absent("/sightglass/flow");
	check_absent("/process");
}
END_TEST

START_TEST(a_repair_is_told_in_numbers)
{
	const struct daemon_repair repair = {.records = 7, .cut_bytes = 0,
	    .damaged_frames = 2};
	const struct daemon_event event = {.time_us = START_US,
	    .action = "repaired", .segment = "sightglass-x", .repair = &repair};

	parse(record_daemon(&writer, 5, &event, &out));
	check_number("/sightglass/repair/records", 7);
	check_number("/sightglass/repair/cut_bytes", 0);
	check_number("/sightglass/repair/damaged_frames", 2);
}
END_TEST

START_TEST(what_did_not_happen_to_the_daemon_is_left_out)
{
	const struct daemon_event event = {.time_us = START_US,
	    .action = "started"};

	parse(record_daemon(&writer, 5, &event, &out));
	check_absent("/message");
	check_absent("/sightglass/role");
	check_absent("/sightglass/lost_records");
	check_absent("/sightglass/segment");
	check_absent("/sightglass/repair");
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("record"), 8);
}
END_TEST

static void
add_all_kinds(TCase *t)
{
	tcase_add_loop_test(t, every_record_says_when_which_and_where, 0, 4);
	tcase_add_loop_test(t, every_record_of_a_flow_says_who_talks_to_whom, 0, 3);
	tcase_add_loop_test(t, what_is_not_known_is_left_out, 0, 3);
	tcase_add_test(t, a_process_without_a_signature_has_none);
	tcase_add_test(t, whom_a_process_works_for_is_told);
	tcase_add_loop_test(t, a_source_that_is_found_later_stands_in_its_place, 0, 2);
	tcase_add_test(t, a_source_alone_has_its_place_too);
	tcase_add_test(t, an_ipv6_datagram_flow_is_told);
	tcase_add_test(t, a_destination_known_by_name_alone_is_told);
	tcase_add_test(t, facts_that_do_not_fit_are_refused);
	tcase_add_test(t, a_line_that_does_not_fit_leaves_nothing);
	tcase_add_test(t, a_line_is_put_behind_what_is_there);
	tcase_add_test(t, the_corpus_holds);
}

static void
add_others(TCase *t)
{
	tcase_add_loop_test(t, a_decision_is_told_with_its_reason, 0,
	    ARRAY_LENGTH(decisions));
	tcase_add_test(t, both_legs_are_told);
	tcase_add_test(t, fingerprints_are_told_where_ecs_has_them);
	tcase_add_test(t, a_leg_that_never_was_is_left_out);
	tcase_add_test(t, certificates_are_told_with_their_times);
	tcase_add_test(t, what_the_client_offered_is_told);
	tcase_add_test(t, a_verification_that_failed_is_told);
	tcase_add_test(t, what_did_not_happen_in_tls_is_left_out);
	tcase_add_test(t, the_end_of_a_flow_is_told);
	tcase_add_test(t, what_did_not_happen_in_a_flow_is_left_out);
	tcase_add_test(t, what_is_not_logged_is_counted);
	tcase_add_test(t, what_was_not_read_is_told);
	tcase_add_test(t, a_flow_that_is_left_out_says_so);
	tcase_add_test(t, datagrams_and_first_bytes_are_told);
	tcase_add_test(t, what_the_signer_made_is_told);
	tcase_add_test(t, what_the_signer_refused_is_told);
	tcase_add_test(t, what_happened_to_the_daemon_is_told);
	tcase_add_test(t, a_repair_is_told_in_numbers);
	tcase_add_test(t, what_did_not_happen_to_the_daemon_is_left_out);
}

Suite *
suite(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");

	tcase_add_checked_fixture(t, record_setup, record_teardown);
	add_all_kinds(t);
	add_others(t);
	suite_add_tcase(s, t);
	return s;
}
