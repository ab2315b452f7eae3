/* SPDX-License-Identifier: ISC */
/* interface.h by socket(7). Any user may, as long as the socket is bound to none. */
#include "base/interface.h"

#include <limits.h>

int
interface_bind(int fd, sa_family_t family UNUSED, uint32_t index)
{
	int number = index <= INT_MAX ? (int)index : -1;

	return setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &number, sizeof(number));
}
