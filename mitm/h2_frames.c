/* SPDX-License-Identifier: ISC */
/*
 * The frames of HTTP/2 are headers of nine bytes with a length. A frame that is
 * shorter than its type asks for, or than its own padding, is an error that ends
 * a connection (RFC 9113 sections 4.2 and 6.1): no two ends agree on what follows.
 */
#include "mitm/h2_frames.h"

#include <string.h>

#include "base/be.h"

#define HEADER_BYTES 9u

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
_Static_assert(sizeof(preface) - 1 == H2_PREFACE_BYTES, "RFC 9113 section 3.4");

bool
h2_frames_pass_preface(size_t *seen, struct bytes *in)
{
	while (*seen < H2_PREFACE_BYTES && in->length > 0) {
		if (*in->data != (uint8_t)preface[*seen])
			return false;
		++*seen;
		in->data++;
		in->length--;
	}
	return true;
}

static uint32_t
read_uint31(const uint8_t *p)
{
	return be32_dec(p) & 0x7fffffff;
}

static bool
is_padded(const struct h2_frame *frame)
{
	return (frame->flags & H2_PADDED) != 0 && (frame->type == H2_DATA ||
	    frame->type == H2_HEADERS || frame->type == H2_PUSH_PROMISE);
}

/* How many bytes stand between the header and the content. */
static unsigned
fixed_bytes(const struct h2_frame *frame)
{
	unsigned padding = is_padded(frame) ? 1 : 0;

	switch (frame->type) {
	case H2_HEADERS:
		return padding + ((frame->flags & H2_HAS_PRIORITY) != 0 ? 5 : 0);
	case H2_PUSH_PROMISE:
		return padding + 4;
	case H2_RST_STREAM:
		return 4;
	case H2_GOAWAY:
		return 8;
	default:
		return padding;
	}
}

static void
read_header(struct h2_frames *f)
{
	const uint8_t *p = f->held;

	f->content_left = be24_dec(p);
	f->frame = (struct h2_frame){.type = p[3], .flags = p[4],
	    .stream = read_uint31(p + 5)};
	f->fixed = fixed_bytes(&f->frame);
	f->held_count = 0;
	f->stage = H2_IN_FIXED;
}

/* False: the frame is shorter than its padding. */
static bool
read_fixed(struct h2_frames *f)
{
	const uint8_t *p = f->held;

	f->padding_left = 0;
	if (is_padded(&f->frame))
		f->padding_left = *p++;
	if (f->frame.type == H2_PUSH_PROMISE) {
		f->frame.promised = read_uint31(p);
	} else if (f->frame.type == H2_RST_STREAM) {
		f->frame.error = be32_dec(p);
	} else if (f->frame.type == H2_GOAWAY) {
		f->frame.last = read_uint31(p);
		f->frame.error = be32_dec(p + 4);
	}
	if (f->padding_left > f->content_left)
		return false;
	f->content_left -= f->padding_left;
	f->held_count = 0;
	f->stage = H2_IN_CONTENT;
	return true;
}

/* At most `length` bytes from the front of `in`. */
static struct bytes
take(struct bytes *in, size_t length)
{
	struct bytes taken = {in->data, length < in->length ? length : in->length};

	if (taken.length > 0)
		in->data += taken.length;
	in->length -= taken.length;
	return taken;
}

/* Collects `count` bytes in `held`. False: they are not all here yet. */
static bool
hold(struct h2_frames *f, struct bytes *in, unsigned count)
{
	struct bytes more = take(in, count - f->held_count);

	if (more.length > 0)
		memcpy(f->held + f->held_count, more.data, more.length);
	f->held_count += (unsigned)more.length;
	return f->held_count == count;
}

void
h2_frames_init(struct h2_frames *f)
{
	*f = (struct h2_frames){.stage = H2_IN_HEADER};
}

static enum h2_step
begin_frame(struct h2_frames *f, struct bytes *in)
{
	if (f->stage == H2_IN_HEADER) {
		if (!hold(f, in, HEADER_BYTES))
			return H2_MORE;
		read_header(f);
		if (f->content_left < f->fixed)
			return H2_BROKEN;
		f->content_left -= f->fixed;
	}
	if (!hold(f, in, f->fixed))
		return H2_MORE;
	return read_fixed(f) ? H2_FRAME : H2_BROKEN;
}

static enum h2_step
end_frame(struct h2_frames *f, struct bytes *in)
{
	f->padding_left -= (uint32_t)take(in, f->padding_left).length;
	if (f->padding_left > 0)
		return H2_MORE;
	f->stage = H2_IN_HEADER;
	return H2_END;
}

enum h2_step
h2_frames_next(struct h2_frames *f, struct bytes *in, struct bytes *content)
{
	*content = (struct bytes){0};
	if (f->stage == H2_IN_HEADER || f->stage == H2_IN_FIXED)
		return begin_frame(f, in);
	if (f->content_left > 0) {
		*content = take(in, f->content_left);
		f->content_left -= (uint32_t)content->length;
		return content->length > 0 ? H2_CONTENT : H2_MORE;
	}
	f->stage = H2_IN_PADDING;
	return end_frame(f, in);
}
