/* SPDX-License-Identifier: ISC */
/* How near names are. Pure; parent and CLI. */
#include "base/near.h"

#include <limits.h>

#define DISTANCE_MAX 3u

static unsigned
least_of(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

unsigned
near_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][NEAR_TEXT_MAX + 1];

	if (a_length > NEAR_TEXT_MAX || b_length > NEAR_TEXT_MAX)
		return UINT_MAX;
	for (size_t k = 0; k <= b_length; k++)
		rows[0][k] = (unsigned)k;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *twice = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t k = 1; k <= b_length; k++) {
			row[k] = least_of(above[k] + 1, row[k - 1] + 1,
			    above[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1] && twice[k - 2] + 1 < row[k])
				row[k] = twice[k - 2] + 1;
		}
	}
	return rows[a_length % 3][b_length];
}

bool
near_enough(unsigned distance, size_t length)
{
	return distance <= DISTANCE_MAX && distance * 2 < length;
}
