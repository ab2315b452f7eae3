/* SPDX-License-Identifier: ISC */
/*
 * One file of records, or a stream of them, as lines: zstd or plain, sealed or
 * growing, from the front or from the end. log/reader.c holds several. CLI only.
 */
#ifndef SIGHTGLASS_LOG_SOURCE_H
#define SIGHTGLASS_LOG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zstd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "log/segment_index.h"

/* Where a line begins: in which frame (its offset in the file; 0 of a plain file),
 * and how many bytes of text behind that frame's begin. */
struct source_place {
	uint64_t frame;
	uint64_t at;
};

/* What need not be read. */
struct source_limits {
	bool ranged; /* only lines between these two, as far as frames tell */
	int64_t since_us, until_us;
	/* Of text of our own writer: how many bytes from the front no wanted line has
	 * its bytes in. NULL: each may have. */
	size_t (*skip)(void *argument, const uint8_t *text, size_t length);
	void *argument;
};

enum source_form { SOURCE_UNKNOWN, SOURCE_ZSTD, SOURCE_PLAIN };

struct source_back;

struct source {
	char *name;           /* owned: the file's name without ".part", or its path */
	unsigned long number; /* of a segment */
	bool is_segment;      /* our own writer made it */
	bool streamed;        /* it can be read once, from its front */
	bool done;            /* there is nothing more, or not for us */
	bool final;           /* nobody writes it any more, as was found once */
	bool forgotten;       /* the file is gone: its name may come again */
	int fd;               /* -1: not opened yet */
	enum source_form form;

	/* Reading forward. */
	ZSTD_DCtx *zstd;
	uint64_t offset;           /* of the next byte to be read from the file */
	uint64_t frame_start;      /* where the frame being decoded begins */
	bool in_frame;
	bool pending;              /* zstd may have more text without more input */
	bool ended;                /* a stream's end was met */
	struct buf input;          /* read, not yet decoded */
	struct buf text;           /* decoded, not yet handed out */
	struct source_place place; /* of the text's first byte */
	size_t boundary;           /* where in it the frame in hand begins; before it
	                            * is the rest of a line of an earlier one */
	size_t held;               /* of it, at its end: not handed out before its
	                            * frame has proved whole */
	bool loose;                /* the frame in hand is not waited for */
	struct source_place line;  /* of the line handed out last */
	size_t searched;           /* bytes of text known to hold no newline */
	size_t handed_out;         /* of text: the line of the last call */
	uint64_t skip;             /* bytes of text to pass over, and */
	bool in_line;              /* then the rest of a line */

	struct segment_index frames; /* of a sealed one, once somebody asked */
	bool indexed;
	bool table_damaged;          /* it has a seek table, which is of no use */
	size_t next_frame;           /* of those, the first not yet passed */

	struct source_back *back; /* reading backward; NULL: not begun */
};

/* Not opened yet. NULL: out of memory. */
struct source *source_new(const char *name, size_t length) WUNRES NONNULL(1);
void source_free(struct source *s);
/* Frees all but the name; it can be opened again. */
void source_close(struct source *s) NONNULL(1);

/* Takes over an open file, to be read from its front. E_NOMEM. */
int source_begin(struct source *s, int fd) WUNRES NONNULL(1);

/* The next line without its newline, valid until the next call. `final`: nobody
 * writes it any more. 0; E_AGAIN: its end as it is now; E_CORRUPT: a damaged frame
 * was passed over; E_SYS, E_NOMEM. Lines of a frame come out once its checksum was
 * found right, so that no altered one does; but of a frame that is still being
 * written, or larger than any of ours, they come as they are decoded. */
int source_next(struct source *s, const struct source_limits *limits, bool final,
    const char **line, size_t *length) WUNRES NONNULL(1, 2, 4, 5);

/* The line before; the first call has the last. Not after source_next, nor on a
 * stream. E_NOTFOUND: there is none; else as above. */
int source_previous(struct source *s, const struct source_limits *limits,
    const char **line, size_t *length) WUNRES NONNULL(1, 2, 3, 4);

/* The next line will be the one at that place, or the first behind it. */
int source_seek(struct source *s, const struct source_place *place)
    WUNRES NONNULL(1, 2);

/* As the next line: the first of the last frame. */
int source_seek_last_frame(struct source *s) WUNRES NONNULL(1);

/* What it says of its own frames, or where that is damaged or not there, what the
 * headers of frames and blocks say, into s->frames. E_NOMEM, E_SYS. */
int source_index(struct source *s) WUNRES NONNULL(1);

/* Whether a frame may have lines within the limits. */
bool source_frame_is_wanted(const struct segment_frame *frame,
    const struct source_limits *limits) NONNULL(1, 2);

/* The last `wanted` in the bytes, or NULL: memrchr(3), which macOS lacks. */
static inline const void *
source_last(const void *bytes, char wanted, size_t length)
{
	const char *p = bytes;

	while (length > 0 && p[length - 1] != wanted)
		length--;
	return length == 0 ? NULL : p + length - 1;
}

/* Frees what reading backward holds. */
void source_back_free(struct source_back *back);

#endif
