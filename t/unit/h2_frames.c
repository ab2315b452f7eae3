/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/h2_frames: each frame, whole and a byte at a time. */
#include "mitm/h2_frames.h"

#include <stdio.h>
#include <string.h>

#include "t/unit/suite.h"

/* What the walker says of the bytes, fed `step` at a time, as text: for each frame
 * its type, flags, stream, what stands before its content, and the content. */
static void
walk(const char *bytes, size_t length, size_t step, char *said, size_t room)
{
	struct h2_frames f;
	struct bytes content;
	size_t at = 0;

	h2_frames_init(&f);
	said[0] = '\0';
	for (size_t i = 0; i < length; i += step) {
		struct bytes in = {(const uint8_t *)bytes + i,
		    length - i < step ? length - i : step};
		enum h2_step now;
		while ((now = h2_frames_next(&f, &in, &content)) != H2_MORE) {
			const struct h2_frame *frame = &f.frame;
			ck_assert(now == H2_CONTENT || content.length == 0);
			if (now == H2_BROKEN) {
				(void)snprintf(said + at, room - at, "broken");
				return;
			}
			int put = now == H2_FRAME
			    ? snprintf(said + at, room - at, "%u,%x,%u,%u,%u,%u:",
			        frame->type, frame->flags, frame->stream, frame->error,
			        frame->promised, frame->last)
			    : now == H2_CONTENT
			    ? snprintf(said + at, room - at, "%.*s",
			        (int)content.length, (const char *)content.data)
			    : snprintf(said + at, room - at, ";");
			at += (size_t)put;
			ck_assert_uint_lt(at, room);
		}
		ck_assert_uint_eq(in.length, 0);
	}
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t length;
	const char *said;
} frames[] = {
	{BYTES("\0\0\3\0\0\0\0\0\1abc"), "0,0,1,0,0,0:abc;"},
	/* The reserved bit of a stream's number is not part of it. */
	{BYTES("\0\0\1\0\0\x80\0\0\1" "a"), "0,0,1,0,0,0:a;"},
	{BYTES("\0\0\0\0\1\x7f\xff\xff\xff"), "0,1,2147483647,0,0,0:;"},
	/* Padding: of three, of all, one too many, and without its length. */
	{BYTES("\0\0\6\0\x8\0\0\0\1\2abc\0\0"), "0,8,1,0,0,0:abc;"},
	{BYTES("\0\0\3\0\x8\0\0\0\1\2\0\0"), "0,8,1,0,0,0:;"},
	{BYTES("\0\0\3\0\x8\0\0\0\1\3\0\0\0"), "broken"},
	{BYTES("\0\0\0\0\x8\0\0\0\1"), "broken"},
	/* That flag means nothing to other types. */
	{BYTES("\0\0\2\6\x8\0\0\0\1\2a"), "6,8,1,0,0,0:\2a;"},
	{BYTES("\0\0\2\x9\x8\0\0\0\1\2a"), "9,8,1,0,0,0:\2a;"},
	/* Priority, alone and with padding. */
	{BYTES("\0\0\6\1\x20\0\0\0\1\0\0\0\0\x10" "a"), "1,20,1,0,0,0:a;"},
	{BYTES("\0\0\x8\1\x28\0\0\0\1\1\0\0\0\0\x10" "a\0"), "1,28,1,0,0,0:a;"},
	{BYTES("\0\0\6\1\x28\0\0\0\1\1\0\0\0\0\x10"), "broken"},
	{BYTES("\0\0\4\1\x20\0\0\0\1\0\0\0\0"), "broken"},
	{BYTES("\0\0\5\1\x28\0\0\0\1\0\0\0\0\0"), "broken"},
	{BYTES("\0\0\5\5\0\0\0\0\1\x80\0\0\2" "a"), "5,0,1,0,2,0:a;"},
	{BYTES("\0\0\7\5\x8\0\0\0\1\1\0\0\0\2" "a\0"), "5,8,1,0,2,0:a;"},
	{BYTES("\0\0\3\5\0\0\0\0\1\0\0\2"), "broken"},
	{BYTES("\0\0\4\3\0\0\0\0\1\xff\0\0\1"), "3,0,1,4278190081,0,0:;"},
	{BYTES("\0\0\3\3\0\0\0\0\1\0\0\1"), "broken"},
	{BYTES("\0\0\xa\7\0\0\0\0\0\x80\0\0\5\0\0\0\2no"), "7,0,0,2,0,5:no;"},
	{BYTES("\0\0\7\7\0\0\0\0\0\0\0\0\5\0\0\0"), "broken"},
	/* The longest that can be announced. */
	{BYTES("\xff\xff\xff\0\0\0\0\0\1" "a"), "0,0,1,0,0,0:a"},
	{BYTES("\0\0\0\4\1\0\0\0\0\0\0\0\4\0\0\0\0\0"), "4,1,0,0,0,0:;4,0,0,0,0,0:;"},
	/* A type that nobody has defined. */
	{BYTES("\0\0\1\xfe\xff\0\0\0\3?"), "254,ff,3,0,0,0:?;"},
	{BYTES("\0\0\1\0\0\0\0\0"), ""},
};

START_TEST(frames_are_walked_in_any_pieces)
{
	char said[200];

	for (size_t step = 1; step <= frames[_i].length; step++) {
		walk(frames[_i].bytes, frames[_i].length, step, said, sizeof(said));
		ck_assert_str_eq(said, frames[_i].said);
	}
}
END_TEST

START_TEST(a_frame_may_be_of_sixteen_megabytes)
{
	static const uint8_t header[9] = {0xff, 0xff, 0xff, 0, 0x08, 0, 0, 0, 1};
	static uint8_t block[65536] = {255}; /* the padding, and its length */
	size_t left = 0xffffff, content = 0;
	struct bytes in = {header, sizeof(header)}, part;
	struct h2_frames f;

	h2_frames_init(&f);
	ck_assert(h2_frames_next(&f, &in, &part) == H2_MORE);
	for (bool ended = false; !ended;) {
		in = (struct bytes){block, left < sizeof(block) ? left : sizeof(block)};
		left -= in.length;
		for (enum h2_step now = H2_FRAME; now != H2_MORE;) {
			now = h2_frames_next(&f, &in, &part);
			ck_assert(now != H2_BROKEN);
			content += part.length;
			ended |= now == H2_END;
		}
		block[0] = 0;
	}
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_eq(content, 0xffffff - 1 - 255);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("h2_frames");
	TCase *t = tcase_create("h2_frames");

	tcase_add_loop_test(t, frames_are_walked_in_any_pieces, 0,
	    ARRAY_LENGTH(frames));
	tcase_add_test(t, a_frame_may_be_of_sixteen_megabytes);
	suite_add_tcase(s, t);
	return s;
}
