/* SPDX-License-Identifier: ISC */
/* interface.h by ip(4) and ip6(4). */
#include "base/interface.h"

#include <netinet/in.h>

int
interface_bind(int fd, sa_family_t family, uint32_t index)
{
	if (family == AF_INET6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_BOUND_IF, &index,
		    sizeof(index));
	return setsockopt(fd, IPPROTO_IP, IP_BOUND_IF, &index, sizeof(index));
}
