/* SPDX-License-Identifier: ISC */
/* After a mismatch only the last `*` is tried again: it may always take over what an
 * earlier one could, so the time is pattern × text at most. Pure; any process. */
#include "base/glob.h"

#include <stddef.h>

bool
glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text != '\0') {
		const char *literal = *pattern == '\\' && pattern[1] != '\0' ?
		    pattern + 1 : pattern;
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == '?' || (*pattern != '\0' && *literal == *text)) {
			pattern = literal + 1;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
