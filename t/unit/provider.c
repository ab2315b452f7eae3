/* SPDX-License-Identifier: ISC */
/*
 * Suite of extension-bridge/provider: every order of small sets of events, random
 * orders of large ones, a daemon that dies at every byte, and what has a time. The
 * promises are held at each step by the world (t/fuzz/provider_world.h), which
 * aborts with the seed; SEEDS=N runs as many seeds of each plan, FIRST_SEED=N from
 * there, LONG=1 the large sets too.
 */
#include "extension-bridge/provider.h"

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/attr.h"
#include "base/err.h"
#include "extension-bridge/provider_states.h"
#include "t/fuzz/provider_world_parts.h"
#include "t/unit/corpus.h"
#include "t/unit/provider_page.h"
#include "t/unit/suite.h"

/* --- every order --- */

#define SMALL .flows_max = 4, .chunk_bytes = 3, .one_size = true
#define STREAM SMALL, .is_up = true, .flows = 1, .app_chunks = 1, .peer_chunks = 1

static const struct world_plan sets[] = {
    {.name = "two starts, a stop, settings that are applied or refused",
        SMALL, .starts = 2, .stops = 1, .apply_errors = 1},
    {.name = "a start, a daemon that answers nonsense or hangs up, a tick",
        SMALL, .starts = 1, .nonsense = 1, .hang_ups = 1, .ticks = 1},
    {.name = "a stream: bytes and an end each way, completed late or at once",
        STREAM, .at_once = true},
    {.name = "a stream whose open, read and write may fail",
        STREAM, .open_errors = 1, .read_errors = 1, .write_errors = 1},
    {.name = "a stream whose connection the daemon may close",
        STREAM, .resets = 1},
    {.name = "a stream, bytes upward, a daemon that dies and comes back",
        SMALL, .is_up = true, .flows = 1, .app_chunks = 1, .deaths = 1},
    {.name = "a stream, bytes downward, a stop",
        SMALL, .is_up = true, .flows = 1, .peer_chunks = 1, .stops = 1},
    {.name = "a stream, tokens that are answered once more",
        SMALL, .is_up = true, .flows = 1, .stale = true},
    {.name = "datagrams each way, completed late or at once",
        STREAM, .datagrams = true, .at_once = true},
    {.name = "datagrams each way, a daemon that dies, or closes the connection",
        STREAM, .datagrams = true, .deaths = 1, .resets = 1},
    {.name = "DNS proxy: datagrams, a daemon that dies and comes back",
        SMALL, .kind = PROVIDER_DNS, .is_up = true, .flows = 1, .app_chunks = 1,
        .datagrams = true, .deaths = 1},
};

static const struct world_plan large_sets[] = {
    {.name = "two starts, a stop, settings applied or refused, late or at once",
        SMALL, .starts = 2, .stops = 1, .apply_errors = 1, .at_once = true},
    {.name = "two starts, two stops, late or at once", SMALL, .starts = 2,
        .stops = 2, .at_once = true},
    {.name = "a start, a flow, a wake, a daemon that dies and comes back", SMALL,
        .starts = 1, .deaths = 1, .wakes = 1, .flows = 1},
    {.name = "a stream with twice as many bytes", SMALL, .is_up = true, .flows = 1,
        .app_chunks = 2, .peer_chunks = 2},
    {.name = "a stream, bytes each way, a daemon that dies and comes back", STREAM,
        .deaths = 1},
    {.name = "a stream, bytes each way, a stop, late or at once", STREAM,
        .stops = 1, .at_once = true},
    {.name = "a stream whose connection the daemon may close, late or at once",
        STREAM, .resets = 1, .at_once = true},
};

static void
go_through(const struct world_plan *plan)
{
	static struct chooser_each each;
	unsigned long orders = 0;

	each.length = 0;
	do {
		(void)world_run(plan, chooser_one_by_one(&each), NULL);
		orders++;
	} while (chooser_next(&each));
	page_has_count(plan->name, orders);
}

START_TEST(every_order_of_a_small_set_keeps_all_promises)
{
	go_through(&sets[_i]);
}
END_TEST

START_TEST(every_order_of_a_larger_set_keeps_all_promises)
{
	if (getenv("LONG") != NULL)
		go_through(&large_sets[_i]);
}
END_TEST

/* --- random orders --- */

static const struct world_plan plans[] = {
    {.name = "streams", .flows_max = 8, .is_up = true, .flows = 3, .app_chunks = 4,
        .peer_chunks = 4, .chunk_bytes = 100000, .at_once = true, .stale = true},
    {.name = "streams in trouble", .flows_max = 8, .is_up = true, .flows = 5,
        .app_chunks = 3, .peer_chunks = 3, .chunk_bytes = 300000, .at_once = true,
        .stale = true, .open_errors = 1, .read_errors = 1, .write_errors = 1,
        .resets = 2, .hang_ups = 1},
    {.name = "streams, stopped", .flows_max = 2, .starts = 2, .stops = 2,
        .is_up = true, .flows = 5, .app_chunks = 3, .peer_chunks = 3,
        .chunk_bytes = 1000, .at_once = true, .stale = true, .never = true,
        .ticks = 3},
    {.name = "link", .flows_max = 4, .starts = 3, .stops = 2, .wakes = 2,
        .ticks = 20, .flows = 4, .app_chunks = 1, .peer_chunks = 1,
        .chunk_bytes = 10, .apply_errors = 1, .deaths = 2, .hang_ups = 2,
        .nonsense = 6, .at_once = true},
    {.name = "fail closed", .fail_closed = true, .flows_max = 2, .starts = 3,
        .stops = 1, .wakes = 2, .ticks = 20, .flows = 6, .app_chunks = 1,
        .peer_chunks = 1, .chunk_bytes = 10, .deaths = 2, .hang_ups = 2,
        .nonsense = 6, .at_once = true},
    {.name = "datagrams", .flows_max = 4, .is_up = true, .flows = 2,
        .datagrams = true, .app_chunks = 5, .peer_chunks = 5, .chunk_bytes = 1,
        .at_once = true, .stale = true},
    {.name = "dns", .kind = PROVIDER_DNS, .flows_max = 4, .starts = 1, .flows = 3,
        .datagrams = true, .app_chunks = 5, .peer_chunks = 5, .chunk_bytes = 1,
        .at_once = true, .ticks = 6, .deaths = 2, .resets = 1, .hang_ups = 1},
    {.name = "dns over streams", .kind = PROVIDER_DNS, .flows_max = 4, .starts = 1,
        .flows = 3, .app_chunks = 5, .peer_chunks = 5, .chunk_bytes = 1000,
        .at_once = true, .ticks = 6, .deaths = 2, .resets = 1, .hang_ups = 1},
};

static unsigned long
number_of(const char *variable, unsigned long fallback)
{
	const char *text = getenv(variable);

	return text == NULL ? fallback : strtoul(text, NULL, 10);
}

static void
run_seeds(const struct world_plan *plan, unsigned long first, unsigned long count)
{
	for (unsigned long seed = first; seed < first + count; seed++) {
		struct chooser_random r;
		(void)world_run(plan, chooser_by_seed(&r, seed), NULL);
	}
}

START_TEST(random_orders_keep_all_promises)
{
	run_seeds(&plans[_i], number_of("FIRST_SEED", 1), number_of("SEEDS", 300));
}
END_TEST

START_TEST(no_memory_is_kept_from_one_run_to_the_next)
{
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
	run_seeds(&plans[_i], 1, 50);
	size_t before = mallinfo2().uordblks;
	run_seeds(&plans[_i], 51, 200);
	/* What malloc keeps at hand counts as used, and varies. */
	ck_assert_uint_le(mallinfo2().uordblks, before + 8192);
#endif
}
END_TEST

START_TEST(the_corpus_passes)
{
	ck_assert_uint_ge(corpus_run("provider"), 5);
}
END_TEST

/* --- by hand --- */

static const struct world_plan by_hand = {.name = "by hand", .flows_max = 4,
    .is_up = true, .flows = 20, .app_chunks = 1, .peer_chunks = 1,
    .chunk_bytes = 100, .one_size = true, .without_end = true};
static struct world *w;

static unsigned
none(void *context UNUSED, unsigned count UNUSED)
{
	return 0;
}

static struct world *
begin(const struct world_plan *plan)
{
	return world_begin(plan, (struct chooser){none, NULL, "the test"}, NULL);
}

/* Time passes, and the timer fires as often as it was asked to. */
static void
pass(uint64_t ms)
{
	uint64_t end = w->now_ms + ms;

	while (w->wake_ms <= end) {
		world_pass(w, w->wake_ms > w->now_ms ? w->wake_ms - w->now_ms : 0);
		w->wake_ms = PROVIDER_NEVER;
		provider_tick(w->provider);
		if (w->finishing)
			world_go_on(w); /* the daemon answers */
	}
	world_pass(w, end - w->now_ms);
}

static const char *
link_state(void)
{
	struct provider_status status;

	provider_get_status(w->provider, &status);
	return status.link;
}

/* The daemon stops to listen, and whoever is connected is hung up on. */
static void
kill_daemon(void)
{
	while (w->control_count > 0)
		(void)close(w->controls[--w->control_count].fd);
	(void)close(w->flow_fd);
	(void)close(w->control_fd);
	(void)unlink(peers_flow_path);
	(void)unlink(peers_control_path);
	w->flow_fd = w->control_fd = -1;
	w->is_alive = w->told_policy = false;
	for (size_t i = 0; i < w->watched_count; i++)
		provider_ready(w->provider, w->watched[i].token);
}

START_TEST(a_flow_that_does_not_open_is_given_five_seconds)
{
	w = begin(&by_hand);
	apps_hand(w, 0);
	pass(4999);
	ck_assert(!w->apps[0].released);
	pass(1);
	ck_assert(w->apps[0].released);
	ck_assert_int_eq(w->apps[0].read_error, E_TIMEOUT);
	ck_assert_int_eq(w->apps[0].write_error, E_TIMEOUT);
	world_end(w);
}
END_TEST

START_TEST(datagrams_are_closed_after_ninety_seconds_without_one)
{
	struct world_plan plan = by_hand;

	plan.datagrams = true;
	w = begin(&plan);
	apps_hand(w, 0);
	w->finishing = true;
	world_go_on(w);
	pass(89999);
	ck_assert(!w->apps[0].released);
	pass(100);
	ck_assert(w->apps[0].released);
	ck_assert_int_eq(w->apps[0].read_error, 0);
	ck_assert_int_eq(w->apps[0].write_error, 0);
	world_end(w);
}
END_TEST

START_TEST(a_stream_is_idle_as_long_as_it_likes)
{
	w = begin(&by_hand);
	apps_hand(w, 0);
	w->finishing = true;
	world_go_on(w);
	pass(1900000);
	ck_assert(!w->apps[0].released);
	ck_assert_str_eq(link_state(), "up");
	world_end(w);
}
END_TEST

START_TEST(a_lost_daemon_is_looked_for_after_50_ms_to_1_s_for_ever)
{
	static const uint64_t delays[] = {50, 100, 200, 400, 800, 1000, 1000, 1000};

	w = begin(&by_hand);
	kill_daemon();
	for (size_t i = 0; i < ARRAY_LENGTH(delays); i++) {
		ck_assert_str_eq(link_state(), "waiting");
		ck_assert_uint_eq(w->wake_ms - w->now_ms, delays[i]);
		pass(delays[i]);
	}
	pass(600ull * 1000);
	ck_assert_str_eq(link_state(), "waiting");
	ck_assert_uint_le(w->wake_ms - w->now_ms, 1000);
	world_end(w);
}
END_TEST

START_TEST(no_flow_is_claimed_from_the_moment_the_daemon_is_gone)
{
	w = begin(&by_hand);
	kill_daemon();
	apps_hand(w, 0);
	ck_assert(!w->apps[0].claimed);
	world_end(w);
}
END_TEST

START_TEST(who_fails_closed_closes_what_comes_without_a_daemon)
{
	struct world_plan plan = by_hand;

	plan.fail_closed = true;
	w = begin(&plan);
	kill_daemon();
	apps_hand(w, 0);
	ck_assert(!w->apps[0].claimed && w->apps[0].released);
	ck_assert_int_eq(w->apps[0].read_error, E_DENIED);
	ck_assert_int_eq(w->apps[0].write_error, E_DENIED);
	world_end(w);
}
END_TEST

START_TEST(above_the_cap_flows_are_declined_and_below_it_claimed_again)
{
	w = begin(&by_hand);
	for (int i = 0; i < 5; i++)
		apps_hand(w, 0);
	ck_assert(w->apps[3].claimed);
	ck_assert(!w->apps[4].claimed);
	pass(5000); /* none of them opens */
	apps_hand(w, 0);
	ck_assert(w->apps[5].claimed);
	world_end(w);
}
END_TEST

START_TEST(without_a_descriptor_flows_are_declined)
{
	struct rlimit limit, none_left;

	w = begin(&by_hand);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	int next = dup(0);
	(void)close(next);
	none_left = limit;
	none_left.rlim_cur = (rlim_t)next;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none_left), 0);
	struct app a = {.target_fd = -1, .peer.fd = -1};
	struct flow_header h = {.transport = FLOW_STREAM,
	    .source.ss_family = AF_INET, .destination.ss_family = AF_INET};
	ck_assert(!provider_handle_flow(w->provider, &a, &h));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	apps_hand(w, 0);
	ck_assert(w->apps[0].claimed);
	world_end(w);
}
END_TEST

START_TEST(of_datagrams_only_dns_and_quic_are_claimed)
{
	static const struct {
		uint16_t port;
		bool claimed;
	} ports[] = {{53, true}, {443, true}, {123, false}, {5353, false}, {0, false}};

	w = begin(&by_hand);
	for (size_t i = 0; i < ARRAY_LENGTH(ports); i++) {
		struct flow_header h = {.transport = FLOW_DATAGRAM,
		    .source.ss_family = AF_INET, .destination.ss_family = AF_INET};
		uint16_t port = (uint16_t)(ports[i].port << 8 | ports[i].port >> 8);
		memcpy((char *)&h.destination + 2, &port, sizeof(port));
		struct app *a = &w->apps[w->app_count];
		h.unique_id[0] = (uint8_t)w->app_count;
		h.unique_id_length = 1;
		*a = (struct app){.index = w->app_count++, .datagrams = true,
		    .target_fd = -1, .peer.fd = -1, .harmed = true};
		ck_assert_int_eq(provider_handle_flow(w->provider, a, &h),
		    ports[i].claimed);
	}
	pass(5000);
	world_end(w);
}
END_TEST

/* The token that is awaited, answered from now on. */
static uint64_t
taken(struct app *a, enum asked asked)
{
	uint64_t token = a->asked[asked];

	a->asked[asked] = 0;
	return token;
}

/* Of datagrams, one is lost and no more: the flow may have had many. */
START_TEST(a_datagram_too_long_for_the_application_is_lost_alone)
{
	struct world_plan plan = by_hand;
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
	socklen_t length = sizeof(at);
	struct flow_header h = {.transport = FLOW_DATAGRAM};
	struct flow_datagram d = {.payload = (const uint8_t *)"?", .length = 1};
	uint32_t numbers[2] = {0, 0}; /* of the application, of the datagram */
	char byte;

	plan.kind = PROVIDER_DNS;
	w = begin(&plan);
	int server = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&at, &length), 0);
	memcpy(&h.source, &at, sizeof(at));
	memcpy(&h.destination, &at, sizeof(at));
	memcpy(&d.address, &at, sizeof(at));
	h.interface = if_nametoindex("lo");
	struct app *a = &w->apps[w->app_count];
	*a = (struct app){.index = w->app_count++, .datagrams = true, .target_fd = -1,
	    .peer = {.fd = -1, .was = true}, .harmed = true,
	    .target_port = at.sin_port};
	numbers[0] = a->index;
	ck_assert(provider_handle_own_flow(w->provider, a, &h));
	a->opened = true;
	provider_open_done(w->provider, taken(a, ASKED_OPEN), 0);
	provider_read_datagrams_done(w->provider, taken(a, ASKED_READ), &d, 1, 0);
	for (int i = 0; i < 2; i++) {
		length = sizeof(from);
		if (i == 0)
			ck_assert_int_eq(recvfrom(server, &byte, 1, 0,
			    (struct sockaddr *)&from, &length), 1);
		numbers[1] = (uint32_t)i;
		ck_assert_int_eq(sendto(server, numbers, sizeof(numbers), 0,
		    (struct sockaddr *)&from, sizeof(from)), sizeof(numbers));
		for (size_t j = 0; j < w->watched_count; j++)
			provider_ready(w->provider, w->watched[j].token);
		ck_assert_uint_ne(a->asked[ASKED_WRITE], 0);
		provider_write_done(w->provider, taken(a, ASKED_WRITE),
		    i == 0 ? E_LIMIT : E_CLOSED);
		ck_assert_int_eq(a->released, i == 1);
	}
	(void)close(server);
	world_end(w);
}
END_TEST

/* A query of the daemon's that came to it again would go round for ever. */
START_TEST(flows_of_the_daemons_own_never_go_to_it)
{
	static const enum provider_kind kinds[] = {PROVIDER_TRANSPARENT, PROVIDER_DNS};

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		struct world_plan plan = by_hand;
		struct provider_status status;
		struct flow_header h = {.transport = FLOW_DATAGRAM,
		    .source.ss_family = AF_INET, .destination.ss_family = AF_INET};
		bool dns = kinds[i] == PROVIDER_DNS;

		plan.kind = kinds[i];
		w = begin(&plan);
		struct pollfd daemon = {w->flow_fd, POLLIN, 0};
		struct app *a = &w->apps[w->app_count];
		*a = (struct app){.index = w->app_count++, .datagrams = true,
		    .target_fd = -1, .peer.fd = -1, .harmed = true};
		ck_assert_int_eq(provider_handle_own_flow(w->provider, a, &h), dns);
		ck_assert_int_eq(poll(&daemon, 1, 0), 0);
		provider_get_status(w->provider, &status);
		ck_assert_uint_eq(status.direct, dns);
		ck_assert_uint_eq(status.flows, dns);
		pass(5000);
		world_end(w);
	}
}
END_TEST

START_TEST(after_sleep_the_daemon_is_asked_and_an_answer_that_waits_counts)
{
	w = begin(&by_hand);
	world_pass(w, 3600000);
	provider_woke(w->provider);
	ck_assert_str_eq(link_state(), "pinging");
	w->finishing = true;
	world_go_on(w);
	ck_assert_str_eq(link_state(), "up");

	provider_woke(w->provider);
	for (size_t i = 0; i < w->control_count; i++)
		ck_assert_int_gt(send(w->controls[i].fd, "{\"ok\":true}\n", 12, 0), 0);
	world_pass(w, 3600000); /* it sleeps again before the answer is read */
	provider_tick(w->provider);
	ck_assert_str_ne(link_state(), "waiting");
	world_end(w);
}
END_TEST

START_TEST(a_daemon_that_does_not_answer_is_given_five_seconds)
{
	w = begin(&by_hand);
	provider_woke(w->provider);
	pass(4999);
	ck_assert_str_eq(link_state(), "pinging");
	pass(1);
	ck_assert_str_eq(link_state(), "waiting");
	world_end(w);
}
END_TEST

START_TEST(settings_that_are_never_applied_do_not_keep_a_start)
{
	struct world_plan plan = by_hand;

	plan.is_up = false;
	w = begin(&plan);
	provider_start(w->provider, w->starts_asked++);
	provider_start(w->provider, w->starts_asked++);
	ck_assert_uint_ne(w->applying, 0);
	pass(4999);
	ck_assert_uint_eq(w->started[0] + w->started[1], 0);
	pass(1);
	ck_assert_uint_eq(w->started[0], 1);
	ck_assert_uint_eq(w->started[1], 1);
	provider_applied(w->provider, w->applying, 0); /* late */
	w->applying = 0;
	provider_start(w->provider, w->starts_asked++);
	ck_assert_uint_eq(w->started[2], 1);
	ck_assert_uint_eq(w->applying, 0);
	world_end(w);
}
END_TEST

/* --- a daemon that dies at every byte --- */

static const char *const answers[] = {
    "{\"ok\":true,\"protocol\":1,\"version\":\"0.1.0\",\"run\":\"abc\",\"pid\":1}\n",
    "{\"ok\":true,\"default\":\"inspect\",\"splice\":[\".example.com\"]}\n"};

/* Serves the link by hand: so many answers whole, then one cut off, then the end. */
static void
answer_until(size_t whole, size_t cut)
{
	char request[1024];

	int fd = accept(w->control_fd, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i <= whole; i++) {
		ck_assert_int_gt(recv(fd, request, sizeof(request), 0), 0);
		size_t length = i < whole ? strlen(answers[i]) : cut;
		ck_assert_int_eq(send(fd, answers[i], length, 0), (ssize_t)length);
		ck_assert_uint_eq(w->watched_count, 1);
		provider_ready(w->provider, w->watched[0].token);
	}
	(void)close(fd);
	if (w->watched_count > 0)
		provider_ready(w->provider, w->watched[0].token);
}

START_TEST(a_daemon_may_die_at_every_byte_of_its_answers)
{
	struct world_plan plan = by_hand;

	plan.is_up = false;
	w = begin(&plan);
	provider_start(w->provider, w->starts_asked++);
	provider_applied(w->provider, w->applying, 0);
	w->applying = 0;
	for (size_t whole = 0; whole < ARRAY_LENGTH(answers); whole++) {
		for (size_t cut = 0; cut < strlen(answers[whole]); cut++) {
			answer_until(whole, cut);
			ck_assert_str_eq(link_state(), "waiting");
			pass(w->wake_ms - w->now_ms);
			ck_assert_str_eq(link_state(), "hello");
		}
	}
	w->finishing = true;
	world_go_on(w);
	ck_assert_str_eq(link_state(), "up");
	world_end(w);
}
END_TEST

START_TEST(what_is_no_policy_is_none)
{
	static const char *const wrong[] = {"{\"ok\":true}\n", "\n", "{}\n", "[]\n",
	    "{\"ok\":true,\"default\":1}\n", "{\"ok\":1,\"default\":\"inspect\"}\n",
	    "{\"ok\":true,\"default\":\"inspect\"}\n{\"ok\":true}\n"};
	struct world_plan plan = by_hand;
	char request[1024];

	plan.is_up = false;
	w = begin(&plan);
	provider_start(w->provider, w->starts_asked++);
	provider_applied(w->provider, w->applying, 0);
	w->applying = 0;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		int fd = accept(w->control_fd, NULL, NULL);
		ck_assert_int_gt(recv(fd, request, sizeof(request), 0), 0);
		ck_assert_int_gt(send(fd, answers[0], strlen(answers[0]), 0), 0);
		provider_ready(w->provider, w->watched[0].token);
		ck_assert_int_gt(recv(fd, request, sizeof(request), 0), 0);
		ck_assert_int_gt(send(fd, wrong[i], strlen(wrong[i]), 0), 0);
		provider_ready(w->provider, w->watched[0].token);
		ck_assert_msg(strcmp(link_state(), "waiting") == 0, "%s", wrong[i]);
		ck_assert_int_eq(recv(fd, request, sizeof(request), 0), 0);
		(void)close(fd);
		pass(w->wake_ms - w->now_ms);
	}
	world_end(w);
}
END_TEST

/* One more chunk of frames, cut off anywhere: what was whole arrives, the rest
 * closes the flow with an error. */
START_TEST(a_daemon_may_die_at_every_byte_of_its_frames)
{
	struct world_plan plan = by_hand;
	uint8_t frames[128];
	size_t length = 0, first = 0;

	plan.datagrams = true;
	for (uint32_t i = 0; i < 2; i++) {
		struct flow_datagram d = {.length = 8};
		uint16_t port = 443 >> 8 | (443 & 0xff) << 8;
		uint32_t payload[2] = {0, i};

		d.address.ss_family = AF_INET;
		memcpy((char *)&d.address + 2, &port, sizeof(port));
		length += (size_t)flow_datagram_write(&d, frames + length);
		memcpy(frames + length, payload, sizeof(payload));
		length += sizeof(payload);
		first = i == 0 ? length : first;
	}
	for (size_t cut = 0; cut < length; cut++) {
		w = begin(&plan);
		apps_hand(w, 0);
		w->apps[0].chunks_left = w->apps[0].peer.chunks_left = 0;
		w->finishing = true;
		world_go_on(w);
		ck_assert_int_eq(send(w->apps[0].peer.fd, frames, cut, 0),
		    (ssize_t)cut);
		w->apps[0].peer.sent = 2;
		peers_leave(&w->apps[0]);
		world_go_on(w);
		ck_assert(w->apps[0].released);
		ck_assert_int_eq(w->apps[0].read_error, E_CLOSED);
		ck_assert_int_eq(w->apps[0].write_error, E_CLOSED);
		ck_assert_uint_eq(w->apps[0].received, cut >= first ? 1 : 0);
		w->apps[0].harmed = true;
		world_end(w);
	}
}
END_TEST

/* --- the tables --- */

static bool
is_reached(const struct provider_machine *m, unsigned state)
{
	for (unsigned i = 0; i < m->row_count; i++)
		if (m->rows[i].to == state && m->rows[i].from != state)
			return true;
	return state == 0;
}

START_TEST(the_tables_lead_everywhere_by_one_way_each)
{
	const struct provider_machine *m = &provider_machines[_i];

	for (unsigned i = 0; i < m->state_count; i++)
		ck_assert_msg(is_reached(m, i), "%s: %s", m->name, m->states[i]);
	for (unsigned i = 0; i < m->row_count; i++)
		for (unsigned j = 0; j < i; j++)
			ck_assert(m->rows[i].from != m->rows[j].from ||
			    m->rows[i].event != m->rows[j].event);
}
END_TEST

START_TEST(the_page_shows_the_state_machines)
{
	page_has_machines();
}
END_TEST

static void
add_by_hand(TCase *t)
{
	tcase_add_test(t, a_flow_that_does_not_open_is_given_five_seconds);
	tcase_add_test(t, datagrams_are_closed_after_ninety_seconds_without_one);
	tcase_add_test(t, a_stream_is_idle_as_long_as_it_likes);
	tcase_add_test(t, a_lost_daemon_is_looked_for_after_50_ms_to_1_s_for_ever);
	tcase_add_test(t, no_flow_is_claimed_from_the_moment_the_daemon_is_gone);
	tcase_add_test(t, who_fails_closed_closes_what_comes_without_a_daemon);
	tcase_add_test(t, above_the_cap_flows_are_declined_and_below_it_claimed_again);
	tcase_add_test(t, without_a_descriptor_flows_are_declined);
	tcase_add_test(t, of_datagrams_only_dns_and_quic_are_claimed);
	tcase_add_test(t, a_datagram_too_long_for_the_application_is_lost_alone);
	tcase_add_test(t, flows_of_the_daemons_own_never_go_to_it);
	tcase_add_test(t,
	    after_sleep_the_daemon_is_asked_and_an_answer_that_waits_counts);
	tcase_add_test(t, a_daemon_that_does_not_answer_is_given_five_seconds);
	tcase_add_test(t, settings_that_are_never_applied_do_not_keep_a_start);
	tcase_add_test(t, a_daemon_may_die_at_every_byte_of_its_answers);
	tcase_add_test(t, what_is_no_policy_is_none);
	tcase_add_test(t, a_daemon_may_die_at_every_byte_of_its_frames);
}

Suite *
suite(void)
{
	Suite *s = suite_create("provider");
	TCase *t = tcase_create("orders");
	TCase *hand = tcase_create("by hand");

	tcase_set_timeout(t, 3600);
	tcase_set_timeout(hand, 60);
	tcase_add_loop_test(t, every_order_of_a_small_set_keeps_all_promises, 0,
	    (int)ARRAY_LENGTH(sets));
	tcase_add_loop_test(t, every_order_of_a_larger_set_keeps_all_promises, 0,
	    (int)ARRAY_LENGTH(large_sets));
	tcase_add_loop_test(t, random_orders_keep_all_promises, 0,
	    (int)ARRAY_LENGTH(plans));
	tcase_add_loop_test(t, no_memory_is_kept_from_one_run_to_the_next, 0,
	    (int)ARRAY_LENGTH(plans));
	tcase_add_test(t, the_corpus_passes);
	suite_add_tcase(s, t);
	add_by_hand(hand);
	tcase_add_loop_test(hand, the_tables_lead_everywhere_by_one_way_each, 0,
	    MACHINE_COUNT);
	tcase_add_test(hand, the_page_shows_the_state_machines);
	suite_add_tcase(s, hand);
	return s;
}
