/* SPDX-License-Identifier: ISC */
/* What was said, as text where it is text. Pure; worker. */
#include "base/utf8.h"
#include "log/member.h"
#include "log/record_line.h"

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
		member_bytes(j, F_CONTENT, (struct bytes){content.data, text});
	else
		member_base64(j, F_CONTENT, content);
	member_text(j, F_ENCODING, is_text ? "utf-8" : "base64");
}
