/* SPDX-License-Identifier: ISC */
/*
 * What writing records costs: a small exchange as its http record, a million times.
 * A program of its own, run by hand; it asserts nothing.
 */
#include "log/record.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORDS 1000000u
#define LINE_BYTES_MAX (64u * 1024)
#define TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}

static const struct http_field request_fields[] = {
    {TEXT("Host"), TEXT("www.example.com")},
    {TEXT("User-Agent"), TEXT("curl/7.88.1")},
    {TEXT("Accept"), TEXT("application/json")},
    {TEXT("Accept-Encoding"), TEXT("gzip")},
    {TEXT("Cookie"), TEXT("session=0123456789abcdef")}};
static const struct http_field response_fields[] = {
    {TEXT("Server"), TEXT("nginx")},
    {TEXT("Date"), TEXT("Mon, 23 Nov 2026 10:15:00 GMT")},
    {TEXT("Content-Type"), TEXT("application/json")},
    {TEXT("Content-Length"), TEXT("13")},
    {TEXT("Cache-Control"), TEXT("no-store")}};
static const char *const redacted[] = {"authorization", "cookie"};
static const struct record_writer writer = {.run_id = "abcdefgh", .writer = 1,
    .hostname = "box", .redact_headers = redacted, .redact_count = 2};

static struct http_exchange
an_exchange(void)
{
	const uint64_t began_us = 1795428900123456;

	return (struct http_exchange){.version = "1.1", .method = TEXT("GET"),
	    .target = TEXT("/api/v1/items?page=2"), .status = 200,
	    .reason = TEXT("OK"), .stream = 1, .serial = 1,
	    .request = {.fields = request_fields, .field_count = 5,
	        .first_us = began_us, .last_us = began_us + 80},
	    .response = {.fields = response_fields, .field_count = 5,
	        .first_us = began_us + 2000, .last_us = began_us + 2100,
	        .body = {.wire_bytes = 13, .content = TEXT("{\"items\": []}")}}};
}

static void
make_facts(struct record_facts *facts)
{
	static const uint32_t pid = 4711, uid = 1000;
	struct flow_facts flow = {.id = "abcdefgh-1-17",
	    .domain = "www.example.com", .pid = &pid, .uid = &uid,
	    .executable = "/usr/bin/curl", .forwarder = "exec"};
	struct sockaddr_in *to = (struct sockaddr_in *)&flow.destination;

	*to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(443)};
	(void)inet_pton(AF_INET, "192.0.2.1", &to->sin_addr);
	if (record_facts_make(&writer, &flow, true, facts) != 0)
		abort();
}

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(void)
{
	const struct http_exchange exchange = an_exchange();
	struct record_facts facts;
	struct buf out;
	size_t length = 0;

	make_facts(&facts);
	buf_init(&out, LINE_BYTES_MAX);
	double start = cpu_seconds();
	for (unsigned i = 0; i < RECORDS; i++) {
		buf_clear(&out);
		if (record_http(&writer, i, &facts, NULL, &exchange, &out) != 0)
			abort();
		length += buf_length(&out);
	}
	double took = cpu_seconds() - start;
	printf("%-24s %9.0f ns, %zu bytes\n", "http record",
	    took * 1e9 / RECORDS, length / RECORDS);
	buf_free(&out);
	record_facts_free(&facts);
	return 0;
}
