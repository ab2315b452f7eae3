/* SPDX-License-Identifier: ISC */
/*
 * Bytes go through the stages in pieces: decoder, charset,
 * redactor, expressions. A coding that fails
 * before it has said anything is let go, and what it had read is shown. Worker only.
 */
#include "mitm/content.h"

#include <stdlib.h>

#include "mitm/charset.h"
#include "mitm/decode.h"
#include "mitm/http_fields.h"
#include "mitm/redact.h"

#define PIECE_BYTES ((size_t)4 * 1024)
/* More than the longest block of zstd, which says nothing until it is whole. */
#define UNDECODED_BYTES_MAX ((size_t)192 * 1024)

struct content {
	struct redact_rules *rules;  /* a counted reference */
	struct decoder *decoder;     /* owned; NULL: the bytes are what it says */
	struct buf undecoded;        /* read, as long as nothing was decoded */
	enum decode_outcome outcome; /* once the decoder is gone */
	uint64_t decoded_bytes;
	bool decoded;
	bool ended, cut;             /* nothing is read any more */
	bool fed_a_part;
	struct charset charset;
	struct redactor redactor;
	struct redact_matcher matcher; /* its patterns are NULL: there are none */
};

/* --- life --- */

/* A form is always said; what is not said to be JSON may be it all the same. */
static void
init_redactor(struct content *c, struct bytes type)
{
	if (http_has_word(type, "multipart/form-data"))
		redactor_init_multipart(&c->redactor, c->rules,
		    http_parameter(type, "boundary"));
	else
		redactor_init(&c->redactor, c->rules,
		    http_has_word(type, "x-www-form-urlencoded") ? REDACT_PAIRS
		    : http_has_word(type, "json") ? REDACT_JSON : REDACT_GUESS);
}

struct content *
content_new(const struct content_options *options)
{
	struct content *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->outcome = options->decoded_bytes == 0 ? DECODE_NOTHING
	    : decoder_new(options->codings, options->decoded_bytes, &c->decoder);
	c->rules = redact_rules_ref(options->rules);
	buf_init(&c->undecoded, UNDECODED_BYTES_MAX);
	charset_init(&c->charset, options->type);
	init_redactor(c, options->type);
	if (c->rules != NULL && c->rules->patterns != NULL)
		redact_matcher_init(&c->matcher, c->rules->patterns);
	return c;
}

void
content_free(struct content *c)
{
	if (c == NULL)
		return;
	decoder_free(c->decoder);
	charset_free(&c->charset);
	redact_matcher_free(&c->matcher);
	buf_free(&c->undecoded);
	redact_rules_unref(c->rules);
	free(c);
}

/* --- bytes --- */

static void
note_cut(struct content *c)
{
	if (c->charset.cut || c->redactor.cut || c->matcher.cut ||
	    c->matcher.gave_up)
		c->ended = c->cut = true;
}

/* What the redactor left, to the expressions if there are any. */
static void
match(struct content *c, struct buf *text, struct buf *out)
{
	redact_matcher_feed(&c->matcher,
	    (struct bytes){buf_data(text), buf_length(text)}, out);
	buf_free(text);
}

static void
redact(struct content *c, struct bytes text, struct buf *out)
{
	struct buf left;

	if (c->matcher.patterns == NULL) {
		redactor_feed(&c->redactor, text, out);
	} else {
		buf_init(&left, SIZE_MAX);
		redactor_feed(&c->redactor, text, &left);
		match(c, &left, out);
	}
	note_cut(c);
}

static void
end_redaction(struct content *c, struct buf *out)
{
	struct buf left;

	if (c->matcher.patterns == NULL) {
		redactor_end(&c->redactor, out);
	} else {
		buf_init(&left, SIZE_MAX);
		redactor_end(&c->redactor, &left);
		match(c, &left, out);
		redact_matcher_end(&c->matcher, out);
	}
	note_cut(c);
}

static void
say_text(struct content *c, struct buf *text, struct buf *out)
{
	redact(c, (struct bytes){buf_data(text), buf_length(text)}, out);
	buf_free(text);
}

static void
say(struct content *c, struct bytes bytes, struct buf *out)
{
	struct buf text;

	if (c->charset.state == CHARSET_PASSING) {
		redact(c, bytes, out);
		return;
	}
	buf_init(&text, SIZE_MAX);
	charset_feed(&c->charset, bytes, &text);
	say_text(c, &text, out);
}

/* The decoder reads no more. What it said stands; else what it had read is what is
 * said (`undecoded`), and so is what follows. */
static void
end_decoder(struct content *c)
{
	c->outcome = decoder_outcome(c->decoder);
	decoder_free(c->decoder);
	c->decoder = NULL;
	c->decoded = c->outcome == DECODE_WHOLE || c->decoded_bytes > 0;
	c->ended |= c->decoded;
	if (c->decoded)
		buf_free(&c->undecoded);
}

/* Keeps what the decoder took off `in`, since it may not be what it seems. */
static void
keep_undecoded(struct content *c, struct bytes before, struct bytes in)
{
	if (c->decoded_bytes > 0)
		buf_free(&c->undecoded);
	else if (!buf_append_some(&c->undecoded, before.data,
	             before.length - in.length))
		c->ended = c->cut = true;
}

/* Each does a piece. False: all of *in is read. */

static bool
decode_piece(struct content *c, struct bytes *in, struct buf *out)
{
	uint8_t piece[PIECE_BYTES];
	struct bytes before = *in;
	size_t length = decoder_read(c->decoder, in, piece, sizeof(piece));

	c->decoded_bytes += length;
	keep_undecoded(c, before, *in);
	if (length > 0) {
		say(c, (struct bytes){piece, length}, out);
		return true;
	}
	if (!decoder_is_over(c->decoder))
		return false;
	end_decoder(c);
	return true;
}

static struct bytes
first_piece(const uint8_t *data, size_t length)
{
	return (struct bytes){data, length < PIECE_BYTES ? length : PIECE_BYTES};
}

static bool
pass_undecoded(struct content *c, struct buf *out)
{
	struct bytes piece = first_piece(buf_data(&c->undecoded),
	    buf_length(&c->undecoded));

	say(c, piece, out);
	buf_consume(&c->undecoded, piece.length);
	if (buf_length(&c->undecoded) == 0)
		buf_free(&c->undecoded);
	return true;
}

static bool
pass_piece(struct content *c, struct bytes *in, struct buf *out)
{
	if (in->length == 0)
		return false;
	struct bytes piece = first_piece(in->data, in->length);
	say(c, piece, out);
	in->data += piece.length;
	in->length -= piece.length;
	return in->length > 0;
}

bool
content_feed(struct content *c, struct bytes *in, size_t enough, struct buf *out)
{
	bool more = true;

	while (!c->ended && more && buf_length(out) < enough)
		more = c->decoder != NULL ? decode_piece(c, in, out)
		    : buf_length(&c->undecoded) > 0 ? pass_undecoded(c, out)
		    : pass_piece(c, in, out);
	if (c->ended)
		in->length = 0;
	return !c->ended && more;
}

/* --- the end --- */

static const char *
error_name(const struct content *c)
{
	if (c->matcher.gave_up)
		return "redact_limit";
	switch (c->outcome) {
	case DECODE_LIMIT:
		return "limit";
	case DECODE_CORRUPT:
		return "corrupt";
	case DECODE_UNKNOWN:
		return "unknown_coding";
	case DECODE_NO_MEMORY:
		return "no_memory";
	case DECODE_NOTHING:
	case DECODE_WHOLE:
	case DECODE_CUT:
		break;
	}
	return NULL;
}

void
content_is_cut(struct content *c)
{
	c->fed_a_part = true;
}

/* False: the last character may be cut. */
static bool
is_whole(const struct content *c)
{
	return !c->fed_a_part && (!c->decoded || c->outcome == DECODE_WHOLE);
}

static void
end_text(struct content *c, struct buf *out)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	charset_end(&c->charset, !is_whole(c), &text);
	say_text(c, &text, out);
	if (!c->cut)
		end_redaction(c, out);
}

/* UTF-8 is not worth a word. */
static const char *
charset_of(const struct content *c)
{
	return c->charset.state == CHARSET_CONVERTING ? c->charset.name : NULL;
}

void
content_describe(const struct content *c, struct content_facts *facts)
{
	struct redacted met = c->redactor.met;

	for (size_t i = 0; i < REDACT_PATTERNS_MAX; i++) {
		if ((c->matcher.met >> i & 1) != 0)
			redact_rules_note(c->rules, c->rules->first_pattern + i, &met);
	}
	*facts = (struct content_facts){
	    .decoded = c->decoded || c->decoded_bytes > 0,
	    .decoded_bytes = c->decoded_bytes,
	    .cut = c->cut || (c->decoder == NULL && c->decoded &&
	        c->outcome != DECODE_WHOLE),
	    .error = error_name(c),
	    .charset = charset_of(c),
	    .replaced = c->charset.replaced,
	    .redacted = met,
	};
}

void
content_end(struct content *c, struct buf *out, struct content_facts *facts)
{
	if (c->decoder != NULL)
		end_decoder(c);
	while (!c->cut && buf_length(&c->undecoded) > 0)
		(void)pass_undecoded(c, out);
	if (!c->cut)
		end_text(c, out);
	content_describe(c, facts);
}
