/* SPDX-License-Identifier: ISC */
/* self.h by dyld(3). Any process. */
#include "base/self.h"

#include <mach-o/dyld.h>
#include <stdint.h>

#include "base/err.h"

int
self_path(char *out, size_t capacity)
{
	uint32_t size = (uint32_t)capacity;

	return _NSGetExecutablePath(out, &size) == 0 ? 0 : E_LIMIT;
}
