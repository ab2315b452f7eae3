/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of log/logger: when it flushes, syncs, rotates and removes; what it does
 * while it cannot write; and that whoever kills it, at any write, costs no record and
 * doubles none. The clock is the suite's.
 */
#include "log/logger.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yyjson.h>

#include "base/err.h"
#include "log/segment.h"
#include "t/unit/loggers.h"
#include "t/unit/suite.h"

#define KIB 1024u
#define RING_BYTES (256u * KIB)
#define CHANGES_MAX 2000000000u /* nobody needs so many */

static struct rig rig;

static void
set_up(void)
{
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	rig_open(&rig, RING_BYTES);
}

static void
tear_down(void)
{
	rig_close(&rig);
}

static void
start(void)
{
	ck_assert(rig_start(&rig));
	rig_turn(&rig);
}

static struct logger_counters
counters(void)
{
	return logger_counters(rig.logger);
}

static void
put(unsigned ring, size_t filler, struct buf *copy)
{
	ck_assert_int_ge(rig_put(&rig, ring, filler, 1, copy), 0);
}

static void
must_be_records(void)
{
	struct buf lines;

	ck_assert(rig_lines(&rig, &lines));
	const char *at = (const char *)buf_data(&lines);
	const char *end = at + buf_length(&lines);
	for (const char *newline; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		yyjson_doc *doc = yyjson_read(at, (size_t)(newline - at), 0);
		ck_assert_msg(doc != NULL, "'%.*s' is no record",
		    (int)(newline - at < 80 ? newline - at : 80), at);
		yyjson_doc_free(doc);
	}
	buf_free(&lines);
}

/* The records of `action` in the log, as the sum of that number of theirs. */
static unsigned
count_told(const char *action, const char *member, uint64_t *sum)
{
	struct buf lines;
	unsigned count = 0;

	ck_assert(rig_lines(&rig, &lines));
	const char *at = (const char *)buf_data(&lines);
	const char *end = at + buf_length(&lines);
	for (const char *newline; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		yyjson_doc *doc = yyjson_read(at, (size_t)(newline - at), 0);
		yyjson_val *own = yyjson_obj_get(yyjson_doc_get_root(doc),
		    "sightglass");
		const char *said = yyjson_get_str(yyjson_obj_get(own, "action"));
		if (said != NULL && strcmp(said, action) == 0) {
			count++;
			*sum += yyjson_get_uint(yyjson_obj_get(own, member));
		}
		yyjson_doc_free(doc);
	}
	buf_free(&lines);
	return count;
}

/* The log has these lines, each once and in order; others may stand between. */
static void
must_have(const struct buf *expected)
{
	static const char own[] = "\"sightglass\":";
	struct buf lines;
	const char *at, *want = (const char *)buf_data(expected);
	const char *want_end = want + buf_length(expected);

	ck_assert(rig_lines(&rig, &lines));
	at = (const char *)buf_data(&lines);
	const char *end = at + buf_length(&lines);
	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)(next + 1 - at);
		if (want < want_end && (size_t)(want_end - want) >= length &&
		    memcmp(at, want, length) == 0)
			want += length;
		else
			ck_assert_msg(memmem(at, length, own, strlen(own)) != NULL,
			    "lost, doubled or out of order: %.80s", at);
		at = next + 1;
	}
	ck_assert_msg(want == want_end, "%zu bytes lack, from %.80s",
	    (size_t)(want_end - want), want);
	buf_free(&lines);
}

/* As on a full disk: no file grows beyond so many bytes. */
static void
limit_files(rlim_t bytes)
{
	const struct rlimit limit = {bytes, RLIM_INFINITY};

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* --- when --- */

START_TEST(no_file_is_made_before_the_first_record)
{
	start();
	ck_assert_int_eq(rig.sleep_ms, -1);
	rig_wait(&rig, 3600000);
	ck_assert_uint_eq(rig_count(&rig, ".part"), 0);
	ck_assert_int_eq(rig_finish(&rig), 0);
	ck_assert_uint_eq(rig_count(&rig, SEGMENT_SUFFIX), 0);
}
END_TEST

START_TEST(a_record_is_in_the_file_when_its_time_has_come)
{
	start();
	put(0, 100, NULL);
	rig_turn(&rig);
	ck_assert_int_eq(rig.sleep_ms, 100);
	rig_wait(&rig, 99);
	ck_assert_uint_eq(counters().file_bytes, 0);
	ck_assert_uint_gt(ring_used(&rig.producers[0]), 0);
	rig_wait(&rig, 1);
	ck_assert_uint_gt(counters().file_bytes, 0);
	ck_assert_uint_eq(counters().records, 1);
	ck_assert_uint_eq(ring_used(&rig.producers[0]), 0);
}
END_TEST

START_TEST(so_much_text_is_in_the_file_at_once)
{
	start();
	put(0, 32 * KIB, NULL);
	put(1, 31 * KIB, NULL);
	rig_turn(&rig);
	ck_assert_uint_eq(counters().file_bytes, 0);
	put(0, 2 * KIB, NULL);
	rig_turn(&rig);
	ck_assert_uint_eq(counters().records, 3);
}
END_TEST

START_TEST(what_is_in_the_file_is_synced_when_its_time_has_come)
{
	start();
	put(0, 100, NULL);
	rig_wait(&rig, 0);
	rig_wait(&rig, 100);
	unsigned syncs = rig_syncs;
	rig_wait(&rig, 999);
	ck_assert_uint_eq(rig_syncs, syncs);
	rig_wait(&rig, 1);
	ck_assert_uint_eq(rig_syncs, syncs + 1);
	rig_wait(&rig, 10000);
	ck_assert_uint_eq(rig_syncs, syncs + 1);
}
END_TEST

START_TEST(a_segment_is_sealed_at_its_size)
{
	rig.options.rotate_bytes = 100 * KIB;
	start();
	for (unsigned i = 0; i < 7; i++) {
		put(0, 30 * KIB, NULL);
		rig_wait(&rig, 0);
		rig_wait(&rig, 100);
		ck_assert_uint_eq(counters().segments_sealed, (i + 1) / 4);
	}
	ck_assert_uint_eq(rig_count(&rig, SEGMENT_SUFFIX), 1);
	ck_assert_uint_eq(rig_count(&rig, ".part"), 1);
}
END_TEST

START_TEST(a_segment_is_sealed_at_its_age)
{
	rig.options.rotate_ms = 5000;
	start();
	put(0, 100, NULL);
	rig_turn(&rig);
	rig_wait(&rig, 4999);
	ck_assert_uint_eq(counters().segments_sealed, 0);
	rig_wait(&rig, 1);
	ck_assert_uint_eq(counters().segments_sealed, 1);
	rig_wait(&rig, 100000);
	ck_assert_uint_eq(rig_count(&rig, ".part"), 0);
	ck_assert_uint_eq(rig_count(&rig, SEGMENT_SUFFIX), 1);
}
END_TEST

START_TEST(a_reload_seals_what_is_open)
{
	start();
	logger_rotate(rig.logger, rig.now_us);
	ck_assert_uint_eq(counters().segments_sealed, 0);
	put(0, 100, NULL);
	rig_turn(&rig);
	logger_rotate(rig.logger, rig.now_us);
	ck_assert_uint_eq(counters().segments_sealed, 1);
	ck_assert_uint_eq(counters().records, 1);
}
END_TEST

START_TEST(settings_change_while_it_runs)
{
	start();
	put(0, 100, NULL);
	rig_turn(&rig);
	rig.options.flush_ms = 5;
	logger_configure(rig.logger, &rig.options);
	rig_wait(&rig, 5);
	ck_assert_uint_eq(counters().records, 1);
	rig.options.rotate_ms = 1000;
	logger_configure(rig.logger, &rig.options);
	rig_wait(&rig, 1000);
	ck_assert_uint_eq(counters().segments_sealed, 1);
}
END_TEST

START_TEST(a_clock_that_is_set_back_delays_nothing)
{
	start();
	put(0, 100, NULL);
	rig_turn(&rig);
	rig.now_us -= 3600000000u;
	rig_turn(&rig);
	ck_assert_int_le(rig.sleep_ms, 100);
	rig_wait(&rig, 100);
	ck_assert_uint_eq(counters().records, 1);
	rig.now_us -= 3600000000u;
	unsigned syncs = rig_syncs;
	rig_turn(&rig);
	rig_wait(&rig, 1000);
	ck_assert_uint_eq(rig_syncs, syncs + 1);
}
END_TEST

/* --- rings --- */

START_TEST(each_ring_comes_in_order_and_makes_room)
{
	struct buf first, second;

	buf_init(&first, RIG_FILE_MAX);
	buf_init(&second, RIG_FILE_MAX);
	start();
	for (unsigned i = 0; i < 200; i++) {
		put(0, i * 7 % 3000, &first);
		put(1, i * 11 % 3000, &second);
		rig_wait(&rig, i % 3 * 40);
	}
	ck_assert_int_eq(rig_finish(&rig), 0);
	struct buf lines;
	ck_assert(rig_lines(&rig, &lines));
	ck_assert_uint_eq(buf_length(&lines),
	    buf_length(&first) + buf_length(&second));
	/* Each line that is not the first ring's next is the second's. */
	const uint8_t *a = buf_data(&first), *b = buf_data(&second);
	for (size_t at = 0; at < buf_length(&lines);) {
		const uint8_t *line = buf_data(&lines) + at;
		size_t length = (size_t)((const uint8_t *)memchr(line, '\n',
		    buf_length(&lines) - at) - line) + 1;
		const uint8_t **of = a < buf_data(&first) + buf_length(&first) &&
		    memcmp(line, a, length) == 0 ? &a : &b;
		ck_assert_mem_eq(line, *of, length);
		*of += length;
		at += length;
	}
	buf_free(&lines);
	buf_free(&first);
	buf_free(&second);
}
END_TEST

START_TEST(a_producer_that_waits_is_woken_once_there_is_room)
{
	start();
	while (rig_put(&rig, 1, 10 * KIB, 1, NULL) != E_FULL)
		;
	rig.wake_rings = 0;
	rig_wait(&rig, 0);
	rig_wait(&rig, 100);
	ck_assert_uint_eq(rig.wake_rings, 2);
	ck_assert_int_ge(rig_put(&rig, 1, 10 * KIB, 1, NULL), 0);
}
END_TEST

static const char *const no_lines[] = {
    "", "x\n", "{\n", "{}", "{}\n{}\n", " {}\n", "{} \n", "{\"a\":1}\r\n"};

START_TEST(what_is_no_line_is_dropped_and_counted)
{
	uint64_t lost = 0;

	start();
	ck_assert_int_ge(rig_put_bytes(&rig, 0, no_lines[_i],
	    strlen(no_lines[_i])), 0);
	put(0, 100, NULL);
	rig_turn(&rig);
	rig_wait(&rig, 100);
	ck_assert_uint_eq(ring_used(&rig.producers[0]), 0);
	ck_assert_int_eq(rig_finish(&rig), 0);
	ck_assert_uint_eq(count_told("gap", "lost_records", &lost), 1);
	ck_assert_uint_eq(lost, 1);
}
END_TEST

START_TEST(a_ring_of_nonsense_costs_itself_only)
{
	struct buf kept;
	uint64_t lost = 0;

	buf_init(&kept, RIG_FILE_MAX);
	start();
	put(0, 100, NULL);
	memset((uint8_t *)rig.memory[0] + RING_HEADER_BYTES, 0xFF, 64);
	put(1, 100, &kept);
	rig_turn(&rig);
	put(0, 100, NULL);
	rig_wait(&rig, 100);
	ck_assert_uint_eq(counters().records, 3); /* one is its own */
	ck_assert_int_eq(rig_finish(&rig), 0);
	ck_assert_uint_eq(count_told("gap", "lost_records", &lost), 1);
	buf_free(&kept);
}
END_TEST

/* A process that breaks the line in the ring and mends it, over and over. */
static pid_t
start_changing(void *end_of_line)
{
	_Atomic uint8_t *byte = end_of_line;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child != 0)
		return child;
	for (uint32_t i = 0; i < CHANGES_MAX; i++)
		atomic_store_explicit(byte, i % 2 == 0 ? 'x' : '\n',
		    memory_order_relaxed);
	_exit(0);
}

/* What is no line any more when it is written would spoil the next one, which may be
 * another worker's. */
START_TEST(a_line_that_changes_while_it_is_read_costs_itself_only)
{
	const uint8_t *line;
	struct ring place;
	size_t length;

	start();
	for (unsigned i = 0; i < 200; i++) {
		put(0, 50000, NULL);
		ck_assert_int_eq(ring_attach(&place, rig.memory[0], rig.ring_bytes), 0);
		ck_assert_int_eq(ring_peek(&place, &line, &length), 0);
		pid_t child = start_changing((void *)(uintptr_t)(line + length - 1));
		put(1, 100, NULL);
		rig_wait(&rig, 100);
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
	ck_assert_int_eq(rig_finish(&rig), 0);
	must_be_records();
}
END_TEST

/* --- files --- */

START_TEST(files_are_for_their_owner_or_a_group)
{
	struct stat status;
	char path[512], name[SEGMENT_NAME_BYTES];

	rig.options.group = _i == 0 ? (gid_t)-1 : getgid();
	start();
	put(0, 100, NULL);
	rig_turn(&rig);
	segment_name(name, (int64_t)(rig.now_us / 1000000), 1);
	rig_path(&rig, name, path);
	(void)strcat(path, ".part");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, _i == 0 ? 0600 : 0640);
}
END_TEST

START_TEST(an_open_segment_that_somebody_removes_is_a_gap)
{
	char path[512], name[SEGMENT_NAME_BYTES];
	struct buf after;
	uint64_t lost = 0;

	buf_init(&after, RIG_FILE_MAX);
	start();
	for (unsigned i = 0; i < 5; i++)
		put(0, 100, NULL);
	rig_turn(&rig);
	rig_wait(&rig, 100);
	segment_name(name, (int64_t)(RIG_NOW_US / 1000000), 1);
	rig_path(&rig, name, path);
	(void)strcat(path, ".part");
	ck_assert_int_eq(unlink(path), 0);
	rig_wait(&rig, 1000);
	put(0, 100, &after);
	rig_wait(&rig, 100);
	ck_assert_int_eq(rig_finish(&rig), 0);
	must_have(&after);
	ck_assert_uint_eq(count_told("gap", "lost_records", &lost), 1);
	ck_assert_uint_eq(lost, 5);
	buf_free(&after);
}
END_TEST

START_TEST(what_another_daemon_writes_is_let_alone)
{
	static const char name[] = "sightglass-20261123T101500Z-000007.ndjson.zst.part";
	char path[512];

	rig_write(&rig, name, "\x28\xb5\x2f\xfd", 4);
	rig_path(&rig, name, path);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	start();
	ck_assert_uint_eq(rig_count(&rig, ".part"), 1);
	ck_assert_uint_eq(counters().repaired, 0);
	(void)close(fd);
	rig_kill(&rig);
	start();
	ck_assert_uint_eq(counters().repaired, 1);
	ck_assert_uint_eq(rig_count(&rig, "-000007.ndjson.zst"), 1);
}
END_TEST

START_TEST(the_oldest_sealed_ones_make_room)
{
	uint64_t removed = 0;

	rig.options.rotate_bytes = 64 * KIB;
	rig.options.retention.bytes = 150 * KIB;
	start();
	for (unsigned i = 0; i < 30; i++) {
		put(0, 40 * KIB, NULL);
		rig_wait(&rig, 0);
		rig_wait(&rig, 100);
	}
	ck_assert_uint_gt(counters().segments_removed, 5);
	ck_assert_uint_le(rig_count(&rig, SEGMENT_SUFFIX), 5);
	ck_assert_uint_eq(rig_count(&rig, "-000001.ndjson.zst"), 0);
	unsigned told = count_told("retired", "lost_records", &removed);
	ck_assert_uint_gt(told, 0);
}
END_TEST

START_TEST(a_directory_that_is_not_there_stops_the_first_start_alone)
{
	char moved[300];

	(void)snprintf(moved, sizeof(moved), "%s.moved", rig.directory);
	ck_assert_int_eq(rename(rig.directory, moved), 0);
	ck_assert(!rig_start(&rig));
	ck_assert_int_eq(rename(moved, rig.directory), 0);
	start();
	put(0, 100, NULL);
	rig_kill(&rig);
	ck_assert_int_eq(rename(rig.directory, moved), 0);
	ck_assert(rig_start(&rig)); /* the daemon goes on */
	rig_turn(&rig);
	ck_assert_uint_gt(counters().write_errors, 0);
	ck_assert_int_eq(rename(moved, rig.directory), 0);
	rig_wait(&rig, 1000);
	rig_wait(&rig, 100);
	ck_assert_uint_ge(counters().records, 1);
}
END_TEST

/* --- what cannot be written --- */

START_TEST(a_sync_that_fails_is_counted_and_tried_again)
{
	struct buf kept;

	buf_init(&kept, RIG_FILE_MAX);
	start();
	put(0, 100, &kept);
	rig_turn(&rig);
	for (unsigned i = 1; i <= 3; i++) {
		rig_sync_fails = i < 3;
		put(0, 100, &kept);
		rig_wait(&rig, 0);
		rig_wait(&rig, 100);
		rig_wait(&rig, 1000);
		ck_assert_uint_eq(counters().write_errors, i < 3 ? i : 2);
	}
	ck_assert_int_eq(rig_finish(&rig), 0);
	must_have(&kept);
	buf_free(&kept);
}
END_TEST

START_TEST(a_seal_that_fails_is_made_good)
{
	struct buf kept;

	buf_init(&kept, RIG_FILE_MAX);
	start();
	put(0, 100, &kept);
	rig_turn(&rig);
	rig_sync_fails = true;
	logger_rotate(rig.logger, rig.now_us);
	ck_assert_uint_eq(counters().segments_sealed, 0);
	rig_sync_fails = false;
	put(0, 100, &kept);
	rig_wait(&rig, 100);
	ck_assert_int_eq(rig_finish(&rig), 0);
	ck_assert_uint_eq(rig_count(&rig, ".part"), 0);
	must_have(&kept);
	buf_free(&kept);
}
END_TEST

START_TEST(records_wait_while_nothing_can_be_written)
{
	struct buf kept;
	uint64_t none = 0;

	buf_init(&kept, RIG_FILE_MAX);
	start();
	put(0, 100, &kept);
	rig_turn(&rig);
	rig_wait(&rig, 100);
	limit_files(50);
	for (unsigned i = 0; i < 10; i++) {
		put(0, 1000, &kept);
		rig_wait(&rig, 300);
		ck_assert_int_gt(rig.sleep_ms, 0);
		ck_assert_int_le(rig.sleep_ms, 1000);
	}
	ck_assert_uint_ge(counters().write_errors, 2);
	ck_assert_uint_eq(counters().lost, 0);
	limit_files(RLIM_INFINITY);
	rig_wait(&rig, 1000);
	ck_assert_int_eq(rig_finish(&rig), 0);
	must_have(&kept);
	ck_assert_uint_eq(count_told("log_resumed", "lost_records", &none), 1);
	buf_free(&kept);
}
END_TEST

/* Puts records until the ring is full. How many it took. */
static unsigned
fill_ring(void)
{
	unsigned put_in = 0;

	while (rig_put(&rig, 0, 5 * KIB, 1, NULL) != E_FULL)
		put_in++;
	return put_in;
}

static void
fail_and_fill(unsigned *records)
{
	start();
	put(0, 100, NULL);
	rig_turn(&rig);
	rig_wait(&rig, 100);
	limit_files(50);
	*records = 1 + fill_ring();
	rig_turn(&rig);
}

/* As many as were put are in the log or in the numbers of its gaps. */
static void
must_add_up(unsigned records)
{
	uint64_t lost = 0;
	struct buf lines;
	unsigned own = 0, all = 0;

	limit_files(RLIM_INFINITY);
	rig_wait(&rig, 1000);
	rig_wait(&rig, 100);
	ck_assert_uint_eq(counters().lost > 0, 1);
	ck_assert_int_eq(rig_finish(&rig), 0);
	ck_assert_uint_ge(count_told("gap", "lost_records", &lost), 1);
	ck_assert(rig_lines(&rig, &lines));
	ck_assert_int_eq(buf_append(&lines, "", 1), 0);
	for (const char *at = (const char *)buf_data(&lines);
	     (at = strchr(at, '\n')) != NULL; at++)
		all++;
	for (const char *at = (const char *)buf_data(&lines);
	     (at = strstr(at, "\"sightglass\":")) != NULL; at++)
		own++;
	ck_assert_uint_eq(all - own + lost, records);
	buf_free(&lines);
}

START_TEST(a_full_ring_waits_and_then_loses_its_oldest_half_counted)
{
	unsigned records;

	fail_and_fill(&records);
	rig_wait(&rig, 1999);
	ck_assert_uint_eq(counters().lost, 0);
	ck_assert_int_eq(rig_put(&rig, 0, 5 * KIB, 1, NULL), E_FULL);
	rig.wake_rings = 0;
	rig_wait(&rig, 1);
	ck_assert_uint_gt(counters().lost, 0);
	ck_assert_uint_eq(rig.wake_rings, 1);
	records += fill_ring();
	rig_turn(&rig);
	must_add_up(records);
}
END_TEST

START_TEST(what_was_lost_before_a_kill_is_told_by_the_next)
{
	unsigned records;

	rig.options.full_wait_ms = 0;
	fail_and_fill(&records);
	rig_turn(&rig);
	ck_assert_uint_gt(counters().lost, 0);
	rig_kill(&rig);
	limit_files(RLIM_INFINITY);
	start();
	must_add_up(records);
}
END_TEST

START_TEST(with_wait_nothing_is_ever_lost)
{
	struct buf kept;

	buf_init(&kept, RIG_FILE_MAX);
	rig.options.full_wait_ms = LOGGER_WAIT_FOREVER;
	start();
	limit_files(50);
	while (rig_put(&rig, 0, 5 * KIB, 1, &kept) != E_FULL)
		;
	for (unsigned i = 0; i < 100; i++)
		rig_wait(&rig, 60000);
	ck_assert_uint_eq(counters().lost, 0);
	ck_assert_int_eq(rig_put(&rig, 0, 5 * KIB, 1, NULL), E_FULL);
	limit_files(RLIM_INFINITY);
	rig_wait(&rig, 1000);
	ck_assert_int_eq(rig_finish(&rig), 0);
	must_have(&kept);
	buf_free(&kept);
}
END_TEST

START_TEST(in_a_hurry_nobody_waits)
{
	unsigned records;

	rig.options.full_wait_ms = LOGGER_WAIT_FOREVER;
	fail_and_fill(&records);
	rig_wait(&rig, 60000);
	ck_assert_uint_eq(counters().lost, 0);
	logger_hurry(rig.logger);
	rig_turn(&rig);
	ck_assert_uint_gt(counters().lost, 0);
	must_add_up(records);
}
END_TEST

START_TEST(an_end_that_cannot_be_written_says_so)
{
	unsigned records;

	fail_and_fill(&records);
	ck_assert_int_eq(rig_finish(&rig), E_SYS);
}
END_TEST

/* --- killed --- */

START_TEST(killed_between_turns_it_loses_and_doubles_nothing)
{
	struct buf kept;
	uint32_t random = 7;

	buf_init(&kept, RIG_FILE_MAX);
	for (unsigned i = 0; i < 60; i++) {
		start();
		for (unsigned n = rig_random(&random) % 12; n > 0; n--) {
			put(0, rig_random(&random) % 9000, &kept);
			rig_wait(&rig, rig_random(&random) % 60);
		}
		rig_kill(&rig);
	}
	start();
	ck_assert_int_eq(rig_finish(&rig), 0);
	must_have(&kept);
	buf_free(&kept);
}
END_TEST

/* A logger in a process of its own, which dies in that write. */
static void
run_until_write(unsigned writes, unsigned part)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		rig_writes_left = writes;
		rig_last_write = part;
		if (!rig_start(&rig))
			_exit(1);
		for (unsigned i = 0; i < 40; i++)
			rig_wait(&rig, 60);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(killed_within_any_write_it_loses_and_doubles_nothing)
{
	struct buf kept;
	uint32_t random = 99;

	buf_init(&kept, RIG_FILE_MAX);
	rig.options.rotate_bytes = 64 * KIB;
	for (unsigned i = 0; i < 150; i++) {
		for (unsigned n = rig_random(&random) % 8; n > 0; n--)
			(void)rig_put(&rig, 0, rig_random(&random) % 20000, 1, &kept);
		run_until_write(rig_random(&random) % 4,
		    i % (RIG_WRITE_WHOLE + 1));
	}
	start();
	ck_assert_int_eq(rig_finish(&rig), 0);
	must_have(&kept);
	ck_assert_uint_eq(rig_count(&rig, ".part"), 0);
	buf_free(&kept);
}
END_TEST

static void
add_when(TCase *t)
{
	tcase_add_test(t, no_file_is_made_before_the_first_record);
	tcase_add_test(t, a_record_is_in_the_file_when_its_time_has_come);
	tcase_add_test(t, so_much_text_is_in_the_file_at_once);
	tcase_add_test(t, what_is_in_the_file_is_synced_when_its_time_has_come);
	tcase_add_test(t, a_segment_is_sealed_at_its_size);
	tcase_add_test(t, a_segment_is_sealed_at_its_age);
	tcase_add_test(t, a_reload_seals_what_is_open);
	tcase_add_test(t, settings_change_while_it_runs);
	tcase_add_test(t, a_clock_that_is_set_back_delays_nothing);
	tcase_add_test(t, each_ring_comes_in_order_and_makes_room);
	tcase_add_test(t, a_producer_that_waits_is_woken_once_there_is_room);
	tcase_add_loop_test(t, what_is_no_line_is_dropped_and_counted, 0,
	    (int)ARRAY_LENGTH(no_lines));
	tcase_add_test(t, a_ring_of_nonsense_costs_itself_only);
	tcase_add_test(t, a_line_that_changes_while_it_is_read_costs_itself_only);
}

static void
add_files(TCase *t)
{
	tcase_add_loop_test(t, files_are_for_their_owner_or_a_group, 0, 2);
	tcase_add_test(t, an_open_segment_that_somebody_removes_is_a_gap);
	tcase_add_test(t, what_another_daemon_writes_is_let_alone);
	tcase_add_test(t, the_oldest_sealed_ones_make_room);
	tcase_add_test(t,
	    a_directory_that_is_not_there_stops_the_first_start_alone);
}

static void
add_trouble(TCase *t)
{
	tcase_add_test(t, a_sync_that_fails_is_counted_and_tried_again);
	tcase_add_test(t, a_seal_that_fails_is_made_good);
	tcase_add_test(t, records_wait_while_nothing_can_be_written);
	tcase_add_test(t,
	    a_full_ring_waits_and_then_loses_its_oldest_half_counted);
	tcase_add_test(t, what_was_lost_before_a_kill_is_told_by_the_next);
	tcase_add_test(t, with_wait_nothing_is_ever_lost);
	tcase_add_test(t, in_a_hurry_nobody_waits);
	tcase_add_test(t, an_end_that_cannot_be_written_says_so);
	tcase_add_test(t, killed_between_turns_it_loses_and_doubles_nothing);
	tcase_add_test(t, killed_within_any_write_it_loses_and_doubles_nothing);
}

Suite *
suite(void)
{
	Suite *s = suite_create("logger");
	TCase *t = tcase_create("logger");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, set_up, tear_down);
	add_when(t);
	add_files(t);
	add_trouble(t);
	suite_add_tcase(s, t);
	return s;
}
