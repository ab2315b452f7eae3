/* SPDX-License-Identifier: ISC */
/* self.h by /proc. Any process. */
#include "base/self.h"

#include <unistd.h>

#include "base/err.h"

int
self_path(char *out, size_t capacity)
{
	ssize_t n = readlink("/proc/self/exe", out, capacity - 1);

	if (n < 0)
		return E_SYS;
	if ((size_t)n == capacity - 1)
		return E_LIMIT;
	out[n] = '\0';
	return 0;
}
