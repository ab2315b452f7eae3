/* SPDX-License-Identifier: ISC */
/*
 * Headers of zstd frames and blocks, read for their extent only. Decodes no
 * content and trusts no size: callers compare with what they hold. Pure; logger
 * and CLI.
 */
#include "log/frame.h"

#include <string.h>

#include "base/err.h"

#define BLOCK_BYTES_MAX (128u * 1024) /* RFC 8878 section 3.1.1.2.4 */

enum block_type { BLOCK_RAW, BLOCK_RLE, BLOCK_COMPRESSED, BLOCK_RESERVED };

static int
parse_skippable(const uint8_t *p, size_t length, struct frame_header *out)
{
	if (length < FRAME_SKIPPABLE_HEADER_BYTES)
		return E_MORE;
	out->kind = FRAME_SKIPPABLE;
	out->bytes = FRAME_SKIPPABLE_HEADER_BYTES;
	out->content_bytes = frame_u32(p + 4);
	return (int)out->bytes;
}

/* The descriptor byte decides how long the header is (section 3.1.1.1.1). */
static size_t
header_bytes(uint8_t descriptor)
{
	static const uint8_t dictionary_bytes[] = {0, 1, 2, 4};
	static const uint8_t size_bytes[] = {0, 2, 4, 8};
	bool single_segment = (descriptor & 0x20) != 0;
	size_t bytes = (size_t)5 + dictionary_bytes[descriptor & 3] +
	    size_bytes[descriptor >> 6];

	/* The window descriptor, or in its stead the size in one byte. */
	if (!single_segment || descriptor >> 6 == 0)
		bytes++;
	return bytes;
}

int
frame_header_parse(const uint8_t *p, size_t length, struct frame_header *out)
{
	*out = (struct frame_header){0};
	if (length < 4)
		return E_MORE;
	if ((frame_u32(p) & 0xFFFFFFF0u) == FRAME_SKIPPABLE_MAGIC)
		return parse_skippable(p, length, out);
	if (frame_u32(p) != FRAME_MAGIC)
		return E_SYNTAX;
	if (length < 5)
		return E_MORE;

	uint8_t descriptor = p[4];
	if ((descriptor & 0x08) != 0)
		return E_SYNTAX; /* reserved bit */
	out->kind = FRAME_DATA;
	out->bytes = header_bytes(descriptor);
	out->checksum = (descriptor & 0x04) != 0;
	out->has_size = descriptor >> 6 != 0 || (descriptor & 0x20) != 0;
	out->has_dictionary = (descriptor & 0x03) != 0;
	return length < out->bytes ? E_MORE : (int)out->bytes;
}

int
frame_block_parse(const uint8_t *p, size_t length, struct frame_block *out)
{
	if (length < FRAME_BLOCK_HEADER_BYTES)
		return E_MORE;
	uint32_t header = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
	    (uint32_t)p[2] << 16;
	enum block_type type = (enum block_type)(header >> 1 & 3);
	uint32_t size = header >> 3;

	if (type == BLOCK_RESERVED || size > BLOCK_BYTES_MAX)
		return E_SYNTAX;
	out->bytes = FRAME_BLOCK_HEADER_BYTES + (type == BLOCK_RLE ? 1 : size);
	out->last = (header & 1) != 0;
	return FRAME_BLOCK_HEADER_BYTES;
}

size_t
frame_search(const uint8_t *p, size_t length, size_t from)
{
	for (size_t i = from; i + 4 <= length; i++) {
		uint32_t magic = frame_u32(p + i);
		if (magic == FRAME_MAGIC ||
		    (magic & 0xFFFFFFF0u) == FRAME_SKIPPABLE_MAGIC)
			return i;
	}
	return length;
}
