/* SPDX-License-Identifier: ISC */
/* Amounts for a person. Pure; CLI only. */
#include "cli/amount.h"

#include <inttypes.h>

int
amount_bytes(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double value = (double)bytes / 1000;
	unsigned unit = 0;

	if (bytes < 1000)
		return buf_printf(out, "%" PRIu64 " B", bytes);
	for (; value >= 1000 && unit < 3; unit++)
		value /= 1000;
	return buf_printf(out, "%.1f %s", value, units[unit]);
}

int
amount_duration(struct buf *out, uint64_t nanoseconds)
{
	double ms = (double)nanoseconds / 1e6;

	if (ms < 1000)
		return buf_printf(out, ms < 10 ? "%.1f ms" : "%.0f ms", ms);
	return buf_printf(out, "%.1f s", ms / 1000);
}
