/* SPDX-License-Identifier: ISC */
/* What was said, as text where it is text. Pure; worker. */
#include "log/record_line.h"

#include "base/err.h"
#include "base/utf8.h"

/* Of the bytes, those before a character of which not all is there. */
static size_t
before_cut_character(const uint8_t *bytes, size_t length)
{
	for (size_t back = 1; back < UTF8_BYTES_MAX && back <= length; back++) {
		if ((bytes[length - back] & 0xc0) == 0x80)
			continue;
		return utf8_length(bytes + length - back, back) == E_MORE
		    ? length - back : length;
	}
	return length;
}

void
record_content(struct json *j, struct bytes content, bool truncated)
{
	/* A character may have been cut at the limit. */
	size_t text = truncated ? before_cut_character(content.data, content.length)
	                        : content.length;
	bool is_text = json_is_utf8(content.data, text);

	if (content.length == 0)
		return;
	if (is_text)
		json_string(j, "content", content.data, text);
	else
		json_base64(j, "content", content.data, content.length);
	json_text(j, "encoding", is_text ? "utf-8" : "base64");
}
