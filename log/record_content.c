/* SPDX-License-Identifier: ISC */
/* What was said, as text where it is text. Pure; worker. */
#include "log/record_line.h"

#include "base/utf8.h"

void
record_content(struct json *j, struct bytes content, bool truncated)
{
	/* A character may have been cut at the limit. */
	size_t text = truncated ? utf8_whole(content.data, content.length)
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
