/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/ech_hold: each byte is a step of what makes a stream: other bytes,
 * a piece of one of four answers, the end of one, or the end of what is fed at once. As
 * many bytes come out as went in, in their order, and each answer that was whole is as
 * dns_ech makes it. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/ech_hold.h"

#include <stdlib.h>
#include <string.h>

#include "mitm/dns_ech.h"
#include "t/fuzz/target.h"

#define SERIALS 4u
#define STEPS_MAX 500u
#define STREAM_BYTES_MAX (64u * STEPS_MAX)

/* Of www.test, HTTPS: 1 . alpn=h2 ech=... ipv6hint=::1 */
static const uint8_t answer[] =
    "\0\1\x81\x80\0\1\0\1\0\0\0\0" "\3www\4test\0\0\x41\0\1"
    "\xc0\x0c\0\x41\0\1\0\0\0\x3c\0\x30"
    "\0\1\0" "\0\1\0\3\2h2" "\0\5\0\x0a" "0123456789" "\0\6\0\x10" "\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\1";
#define ANSWER_BYTES (sizeof(answer) - 1)

/* An answer under way: where its bytes are in the stream, one by one. */
struct asked {
	uint64_t serial; /* 0: none */
	size_t length;
	size_t at[ANSWER_BYTES];
};

static uint8_t in[STREAM_BYTES_MAX], wanted[STREAM_BYTES_MAX], fed[STREAM_BYTES_MAX],
    out[STREAM_BYTES_MAX];
static size_t in_length, out_length;

static void
take(struct bytes given)
{
	must(given.length <= sizeof(out) - out_length);
	if (given.length > 0)
		memcpy(out + out_length, given.data, given.length);
	out_length += given.length;
}

/* What the stream would be if it were held as a whole. */
static void
change(const struct asked *a)
{
	uint8_t message[ANSWER_BYTES];

	for (size_t i = 0; i < a->length; i++)
		message[i] = wanted[a->at[i]];
	dns_ech_remove(message, a->length);
	for (size_t i = 0; i < a->length; i++)
		wanted[a->at[i]] = message[i];
}

static void
put(const uint8_t *bytes, size_t length)
{
	memcpy(in + in_length, bytes, length);
	memcpy(wanted + in_length, bytes, length);
	in_length += length;
}

enum kind { END, OTHER, PIECE };

static enum kind
kind_of(uint8_t step)
{
	return (step & 3) == 1 ? OTHER : (step & 3) == 2 ? PIECE : END;
}

static size_t
which(uint8_t step)
{
	return step >> 2 & 3;
}

/* How long the piece is, of an answer of which so much is there already. */
static size_t
piece_bytes(uint8_t step, size_t before)
{
	size_t bytes = 1 + (size_t)(step >> 4) * 4, left = ANSWER_BYTES - before;

	return bytes < left ? bytes : left;
}

/* The bytes of the steps up to a 0: they are fed before anything is said of them. */
static void
put_bytes(const struct asked *asked, const uint8_t *steps, size_t count)
{
	size_t sizes[SERIALS];

	for (size_t i = 0; i < SERIALS; i++)
		sizes[i] = asked[i].length;
	for (size_t i = 0; i < count && steps[i] != 0; i++) {
		size_t *size = &sizes[which(steps[i])];
		size_t some = piece_bytes(steps[i], *size);

		if (kind_of(steps[i]) == OTHER)
			put(&steps[i], 1);
		else if (kind_of(steps[i]) == PIECE)
			put(answer + *size, some);
		*size = kind_of(steps[i]) == END ? 0
		    : kind_of(steps[i]) == PIECE ? *size + some : *size;
	}
}

static void
end_answer(struct ech_hold *h, struct asked *a)
{
	if (a->serial != 0 && ech_hold_end(h, a->serial))
		change(a);
	*a = (struct asked){.serial = 0};
}

/* The piece lies in what was fed, from `at` on, and there in the stream. */
static size_t
say_piece(struct ech_hold *h, struct asked *a, uint8_t step, size_t at,
    size_t in_stream)
{
	static uint64_t last_serial;
	size_t some = piece_bytes(step, a->length);

	if (a->serial == 0)
		a->serial = ++last_serial;
	ech_hold_piece(h, a->serial, a->length, (struct bytes){fed + at, some});
	for (size_t i = 0; i < some; i++)
		a->at[a->length++] = in_stream + i;
	return some;
}

/* What is fed at once; how many steps it took. */
static size_t
play_turn(struct ech_hold *h, struct asked *asked, const uint8_t *steps,
    size_t count)
{
	size_t start = in_length, at = 0, i = 0;

	put_bytes(asked, steps, count);
	memcpy(fed, in + start, in_length - start);
	ech_hold_feed(h, fed, in_length - start);
	for (; i < count && steps[i] != 0; i++) {
		struct asked *a = &asked[which(steps[i])];

		if (kind_of(steps[i]) == OTHER)
			at++;
		else if (kind_of(steps[i]) == PIECE)
			at += say_piece(h, a, steps[i], at, start + at);
		else
			end_answer(h, a);
	}
	take(ech_hold_settle(h));
	return i < count ? i + 1 : i;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct ech_hold *h = ech_hold_new();
	struct asked asked[SERIALS] = {{.serial = 0}};

	must(h != NULL);
	in_length = out_length = 0;
	if (length > STEPS_MAX)
		length = STEPS_MAX;
	for (size_t at = 0; at < length;)
		at += play_turn(h, asked, bytes + at, length - at);
	must(out_length == in_length || ech_hold_waits(h));
	ech_hold_feed(h, NULL, 0);
	ech_hold_forget_all(h);
	take(ech_hold_settle(h));
	must(!ech_hold_waits(h));
	must(out_length == in_length && memcmp(out, wanted, in_length) == 0);
	ech_hold_free(h);
	return 0;
}
