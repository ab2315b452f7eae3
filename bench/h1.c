/* SPDX-License-Identifier: ISC */
/*
 * What the HTTP/1 tap costs: bodies through it, small exchanges on one
 * connection, and what an idle connection holds. A program of its own, run by
 * hand; it asserts nothing.
 */
#include "mitm/h1.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define BODY_BYTES ((size_t)100 * 1000 * 1000)
#define FEED_BYTES ((size_t)64 * 1024)
#define EXCHANGES 1000000u
#define IDLE_TAPS 1000u

static uint64_t exchanges, body_bytes;

static void
count(void *context, const struct http_exchange *exchange)
{
	(void)context;
	exchanges++;
	body_bytes += exchange->response.body.wire_bytes;
}

static struct h1 *
tap(void)
{
	const struct h1_limits limits = {.head_bytes = 256 * 1024,
	    .bodies = {.inline_bytes = 64 * 1024, .body_bytes = 64 * 1024},
	    .pipelined = 100, .pending_bytes = 8 * 1024 * 1024};
	const struct tap_sink sink = {.http = count};
	struct h1 *h = h1_new(&limits, &sink);

	if (h == NULL)
		abort();
	return h;
}

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
feed(struct h1 *h, enum direction direction, const char *text)
{
	h1_feed(h, direction, (const uint8_t *)text, strlen(text), 1);
}

/* Feeds one response of BODY_BYTES, in chunks of `chunk` bytes or, if that is
 * 0, with its length in front. */
static void
body(const char *name, size_t chunk)
{
	size_t unit = chunk == 0 ? FEED_BYTES : chunk, used = 0;
	char *bytes = malloc(BODY_BYTES + BODY_BYTES / unit * 32 + 64);
	struct h1 *h = tap();

	if (bytes == NULL)
		abort();
	for (size_t at = 0; at < BODY_BYTES; at += unit) {
		size_t size = BODY_BYTES - at < unit ? BODY_BYTES - at : unit;
		if (chunk != 0)
			used += (size_t)sprintf(bytes + used, "%zx\r\n", size);
		memset(bytes + used, 'x', size);
		used += size;
		if (chunk != 0)
			used += (size_t)sprintf(bytes + used, "\r\n");
	}
	if (chunk != 0)
		used += (size_t)sprintf(bytes + used, "0\r\n\r\n");
	feed(h, FROM_CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	feed(h, FROM_SERVER, chunk != 0 ?
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" :
	    "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");

	double start = seconds();
	for (size_t at = 0; at < used; at += FEED_BYTES)
		h1_feed(h, FROM_SERVER, (uint8_t *)bytes + at,
		    used - at < FEED_BYTES ? used - at : FEED_BYTES, 2);
	double took = seconds() - start;
	printf("%-24s %9.0f MB/s\n", name, (double)used / 1e6 / took);
	h1_free(h);
	free(bytes);
}

static void
small_exchanges(void)
{
	static const char request[] = "GET /api/v1/items?page=2 HTTP/1.1\r\n"
	    "Host: www.example.com\r\nUser-Agent: curl/7.88.1\r\n"
	    "Accept: application/json\r\nAccept-Encoding: gzip\r\n"
	    "Cookie: session=0123456789abcdef\r\n\r\n";
	static const char response[] = "HTTP/1.1 200 OK\r\nServer: nginx\r\n"
	    "Date: Mon, 23 Nov 2026 10:15:00 GMT\r\n"
	    "Content-Type: application/json\r\nContent-Length: 13\r\n"
	    "Cache-Control: no-store\r\n\r\n{\"items\": []}";
	struct h1 *h = tap();
	double start = seconds();

	for (unsigned i = 0; i < EXCHANGES; i++) {
		feed(h, FROM_CLIENT, request);
		feed(h, FROM_SERVER, response);
	}
	printf("%-24s %9.0f ns\n", "small exchange",
	    (seconds() - start) * 1e9 / EXCHANGES);
	h1_free(h);
}

static void
idle(void)
{
#ifdef __GLIBC__
	struct h1 *taps[IDLE_TAPS];
	size_t before = mallinfo2().uordblks;

	for (unsigned i = 0; i < IDLE_TAPS; i++) {
		taps[i] = tap();
		feed(taps[i], FROM_CLIENT, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		feed(taps[i], FROM_SERVER,
		    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	}
	printf("%-24s %9zu bytes\n", "idle keep-alive",
	    (mallinfo2().uordblks - before) / IDLE_TAPS);
	for (unsigned i = 0; i < IDLE_TAPS; i++)
		h1_free(taps[i]);
#endif
}

int
main(void)
{
	body("length", 0);
	body("chunks of 16 KiB", 16384);
	body("chunks of 100 bytes", 100);
	small_exchanges();
	idle();
	fprintf(stderr, "%" PRIu64 " exchanges, %" PRIu64 " body bytes\n",
	    exchanges, body_bytes);
	return 0;
}
