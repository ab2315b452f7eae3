/* SPDX-License-Identifier: ISC */
/*
 * Makes the proxy's listening socket. Called by `sightglass proxy` and
 * `sightglass exec --proxy`. It refuses addresses that other machines can reach,
 * unless told otherwise: whoever reaches the port can use this machine's network
 * and is logged under its name.
 */
#include "extension-bridge/proxy/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define BACKLOG 128

static bool
is_loopback(const struct sockaddr *a)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *in6 =
	    (const struct sockaddr_in6 *)(const void *)a;

	if (a->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* Splits "[v6]:port", "v4:port", ":port", "port". */
static bool
split_address(const char *text, char host[PROXY_ADDRESS_BYTES], const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon == NULL ? 0 : (size_t)(colon - text);

	*port = colon == NULL ? text : colon + 1;
	if (length == 0) {
		memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
		return **port != '\0';
	}
	if (text[0] == '[' && colon[-1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length) != NULL) {
		return false;
	}
	if (length >= PROXY_ADDRESS_BYTES)
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	return **port != '\0';
}

static int
bind_socket(const struct addrinfo *a, int *fd)
{
	int one = 1;

	int s = socket(a->ai_family, SOCK_STREAM, 0);
	if (s < 0)
		return E_SYS;
	if (fcntl(s, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(s, F_SETFL, O_NONBLOCK) != 0 ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(s, a->ai_addr, a->ai_addrlen) != 0 || listen(s, BACKLOG) != 0) {
		int saved = errno;
		(void)close(s);
		errno = saved;
		return E_SYS;
	}
	*fd = s;
	return 0;
}

int
proxy_listen(const char *address_and_port, bool allow_remote, int *fd,
    char error[PROXY_ERROR_BYTES])
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *list;
	char host[PROXY_ADDRESS_BYTES];
	const char *port;
	int result;

	if (!split_address(address_and_port, host, &port) ||
	    getaddrinfo(host, port, &hints, &list) != 0) {
		(void)snprintf(error, PROXY_ERROR_BYTES, "%s: not an address and "
		    "a port: write 127.0.0.1:8080 or [::1]:8080",
		    address_and_port);
		return E_SYNTAX;
	}
	if (!allow_remote && !is_loopback(list->ai_addr)) {
		(void)snprintf(error, PROXY_ERROR_BYTES, "%s: other machines "
		    "could use this proxy: give --allow-remote if they shall",
		    address_and_port);
		result = E_DENIED;
	} else {
		result = bind_socket(list, fd);
		if (result != 0)
			(void)snprintf(error, PROXY_ERROR_BYTES,
			    "%s: cannot listen: %s", address_and_port,
			    strerror(errno));
	}
	freeaddrinfo(list);
	return result;
}

int
proxy_listen_address(int fd, char text[PROXY_ADDRESS_BYTES])
{
	struct sockaddr_storage a = {.ss_family = AF_UNSPEC};
	socklen_t length = sizeof(a);
	char host[INET6_ADDRSTRLEN + 1];
	char port[6];

	if (getsockname(fd, (struct sockaddr *)&a, &length) != 0)
		return E_SYS;
	if (getnameinfo((struct sockaddr *)&a, length, host, sizeof(host), port,
	    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return E_SYS;
	(void)snprintf(text, PROXY_ADDRESS_BYTES,
	    a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return 0;
}
