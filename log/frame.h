/* SPDX-License-Identifier: ISC */
/*
 * The outline of zstd frames (RFC 8878 section 3.1): where headers and blocks
 * end, without decoding them. What is decoded goes through libzstd; this is for
 * finding one's way in a file that is cut or damaged. Pure; logger and CLI.
 */
#ifndef SIGHTGLASS_LOG_FRAME_H
#define SIGHTGLASS_LOG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define FRAME_MAGIC 0xFD2FB528u
#define FRAME_SKIPPABLE_MAGIC 0x184D2A50u /* to 0x184D2A5F */
#define FRAME_SKIPPABLE_HEADER_BYTES 8u
#define FRAME_HEADER_MAX 18u
#define FRAME_BLOCK_HEADER_BYTES 3u
#define FRAME_CHECKSUM_BYTES 4u

/* Little-endian, as every number in a frame. */
static inline uint32_t
frame_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline void
frame_put_u32(uint8_t *p, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

enum frame_kind { FRAME_DATA, FRAME_SKIPPABLE };

struct frame_header {
	enum frame_kind kind;
	size_t bytes;           /* of the header: the first block is behind it */
	uint32_t content_bytes; /* skippable: what follows the header */
	bool checksum;          /* data: ends in a content checksum */
	bool has_size;          /* data: the header tells the content's size */
	bool has_dictionary;    /* data: needs a dictionary */
};

/* Reads a frame's header (sections 3.1.1.1 and 3.1.2). Bytes used, E_MORE, or
 * E_SYNTAX: no frame begins here. */
int frame_header_parse(const uint8_t *p, size_t length,
    struct frame_header *out) WUNRES NONNULL(1, 3);

struct frame_block {
	size_t bytes; /* header and content as they stand in the file */
	bool last;
};

/* Reads a block's header (section 3.1.1.2); its content need not be there.
 * FRAME_BLOCK_HEADER_BYTES, E_MORE, or E_SYNTAX: a type that does not exist or
 * more than a block may hold. */
int frame_block_parse(const uint8_t *p, size_t length,
    struct frame_block *out) WUNRES NONNULL(1, 3);

/* Where, at or behind `from`, four bytes stand that may begin a frame of ours
 * (data, index or seek table); `length` if nowhere. */
size_t frame_search(const uint8_t *p, size_t length, size_t from)
    WUNRES NONNULL(1);

#endif
