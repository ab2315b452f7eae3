/* SPDX-License-Identifier: ISC */
/*
 * What the logger costs: lines through a ring into segments, as the daemon has them.
 *
 *   make bench/logger && bench/logger DIRECTORY [MEBIBYTES [LEVEL]]     (1024, 3)
 *
 * Lines are records of an exchange, some 2.3 kB, with words in their bodies; one of a
 * thousand has the URL https://needle1.example/0. The segments stay in DIRECTORY. Prints the bytes of lines, the
 * processor time (user and system) and the time by the clock that the logger's turns
 * took, without what it takes to make the lines, MB of lines a second of processor time,
 * and how much smaller the segments are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ring.h"
#include "log/logger.h"

#define RING_BYTES ((size_t)8 * 1024 * 1024)
#define POOL 8192u /* lines that were made before */
#define LINE_MAX_BYTES 4096u
#define STEP_US 1000u /* of the records' clock, a line */

static _Alignas(RING_HEADER_BYTES) uint8_t memory[RING_BYTES];
static _Alignas(8) uint8_t ledger[LOGGER_LEDGER_BYTES];
static char pool[POOL][LINE_MAX_BYTES];
static uint64_t processor_ns, clock_ns;

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t
next_random(void)
{
	static uint32_t state = 2463534242u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Markup as pages have it: the same phrases, with a word of their own now and then. So
 * lines compress as those of real exchanges do, some six times. */
static void
add_words(char *out, size_t length)
{
	static const char letters[] = "etaoinshrdlucmfwypvbgkjqxz";

	for (size_t at = 0; at < length;) {
		static const char phrase[] = "<li class=\\\"item\\\"><a href=\\\"/";
		if (next_random() % 5 == 0 && length - at > sizeof(phrase)) {
			memcpy(out + at, phrase, sizeof(phrase) - 1);
			at += sizeof(phrase) - 1;
		}
		uint32_t word = next_random() % 40 * (next_random() % 40) + 1;
		for (uint32_t rest = word; rest > 0 && at < length; rest /= 7)
			out[at++] = letters[(rest + word) % 26];
		if (at < length)
			out[at] = at % 11 == 0 ? '.' : ' ';
		at++;
	}
}

static void
make_pool(void)
{
	char words[1300];

	for (unsigned i = 0; i < POOL; i++) {
		add_words(words, sizeof(words) - 1);
		words[sizeof(words) - 1] = '\0';
		(void)snprintf(pool[i], LINE_MAX_BYTES,
		    "\"kind\":\"event\",\"dataset\":\"sightglass.http\",\"duration\":%u},"
		    "\"host\":{\"hostname\":\"box\"},\"process\":{\"pid\":%u,"
		    "\"executable\":\"/usr/bin/curl\",\"name\":\"curl\"},\"source\":"
		    "{\"ip\":\"127.0.0.1\",\"port\":%u},\"destination\":{\"ip\":"
		    "\"192.0.2.%u\",\"port\":443,\"domain\":\"site%u.example\"},"
		    "\"http\":{\"version\":\"2\",\"request\":{\"method\":\"GET\","
		    "\"headers\":{\"accept\":[\"*/*\"],\"user-agent\":[\"curl/7.88.1\"],"
		    "\"accept-encoding\":[\"gzip, deflate, br\"],\"cookie\":[\"id=%08x%08x"
		    "\"]},\"body\":{\"bytes\":0}},\"response\":{\"status_code\":%u,"
		    "\"headers\":{\"content-type\":[\"text/html; charset=utf-8\"],"
		    "\"cache-control\":[\"max-age=600\"],\"etag\":[\"%08x\"]},\"body\":"
		    "{\"bytes\":1299,\"content\":\"%s\",\"encoding\":\"utf-8\"}}},"
		    "\"url\":{\"full\":\"https://%s%u.example/%x\"}}\n",
		    next_random() % 90000000, next_random() % 9999,
		    30000 + next_random() % 30000, next_random() % 250,
		    next_random() % 97, next_random(), next_random(),
		    200 + next_random() % 5, next_random(), words,
		    i == 0 ? "needle" : "site", i == 0 ? 1 : next_random() % 97,
		    i == 0 ? 0 : next_random());
	}
}

static size_t
make_line(char line[2 * LINE_MAX_BYTES], uint64_t number, uint64_t time_us)
{
	char stamp[32];
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm utc;
	unsigned which = number % 1000 == 0 ? 0 : 1 + next_random() % (POOL - 1);

	(void)gmtime_r(&seconds, &utc);
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	return (size_t)snprintf(line, (size_t)2 * LINE_MAX_BYTES,
	    "{\"@timestamp\":\"%s.%06" PRIu64 "Z\",\"event\":{\"id\":\"benchrun-1-%" PRIu64
	    "\",\"sequence\":%" PRIu64 ",%s", stamp, time_us % 1000000, number, number,
	    pool[which]);
}

/* All that the ring has. */
static void
drain(struct logger *logger, uint64_t now_us)
{
	struct logger_turn turn = {0};
	uint64_t processor = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t clock = now_ns(CLOCK_MONOTONIC);

	do
		logger_turn(logger, now_us, &turn);
	while (turn.sleep_ms == 0);
	processor_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - processor;
	clock_ns += now_ns(CLOCK_MONOTONIC) - clock;
}

static void
run(struct logger *logger, struct ring *ring, uint64_t bytes)
{
	char line[2 * LINE_MAX_BYTES];
	uint64_t time_us = 1795428900000000u, done = 0;

	for (uint64_t number = 1; done < bytes; number++, time_us += STEP_US) {
		size_t length = make_line(line, number, time_us);
		while (ring_put(ring, line, length) < 0)
			drain(logger, time_us);
		done += length;
	}
	drain(logger, time_us);
	if (logger_finish(logger, time_us) != 0)
		(void)fprintf(stderr, "the log could not be finished\n");
}

static void
report(const struct logger_counters *c)
{
	double text = (double)c->text_bytes;

	(void)printf("%.0f MB of lines, %" PRIu64 " records: %.2f s of processor time, "
	    "%.2f s by the clock, %.0f MB/s, %.2f times smaller\n", text / 1e6,
	    c->records, (double)processor_ns / 1e9, (double)clock_ns / 1e9,
	    text / ((double)processor_ns / 1e3), text / (double)c->file_bytes);
}

int
main(int argc, char **argv)
{
	uint64_t mebibytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 1024;
	const struct logger_options options = {.directory = argv[argc > 1 ? 1 : 0],
	    .level = argc > 3 ? atoi(argv[3]) : 3, .flush_ms = 100, .sync_ms = 1000,
	    .rotate_bytes = (uint64_t)64 * 1024 * 1024, .rotate_ms = 900000,
	    .full_wait_ms = 2000, .group = (gid_t)-1,
	    .writer = {.run_id = "benchrun", .hostname = "box"}, .ledger = ledger};
	struct ring ring;
	char error[256] = "no DIRECTORY was named";
	struct logger *logger = NULL;

	if (argc > 1 && ring_format(memory, RING_BYTES) == 0 &&
	    ring_attach(&ring, memory, RING_BYTES) == 0)
		logger = logger_new(&options, 1795428900000000u, error);
	if (logger == NULL || logger_add_ring(logger, 0, memory, RING_BYTES) != 0) {
		(void)fprintf(stderr, "bench/logger: %s\n", error);
		return EXIT_FAILURE;
	}
	make_pool();
	run(logger, &ring, mebibytes << 20);
	struct logger_counters counters = logger_counters(logger);
	report(&counters);
	logger_free(logger);
	return EXIT_SUCCESS;
}
