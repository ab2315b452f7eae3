/* SPDX-License-Identifier: ISC */
/*
 * Whose a connection is: sock_diag(7) tells the socket's inode and user, /proc
 * which process holds it. Forwarder process. A client that ended meanwhile stays
 * unknown; nothing waits for an answer that is not there.
 */
#include "extension-bridge/linux/client.h"

#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extension-bridge/linux/sockets.h"

#define KNOWN_MAX 64u
#define LINK_BYTES 64u

struct clients {
	int ask_fd;
	char namespace[LINK_BYTES]; /* what /proc/self/ns/net points at */
	pid_t known[KNOWN_MAX];     /* the latest first */
	size_t known_count;
	pid_t *all; /* owned: of the last look through /proc */
	size_t all_count, all_capacity;
};

struct clients *
clients_new(void)
{
	struct clients *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->ask_fd = sockets_open();
	ssize_t n = readlink("/proc/self/ns/net", c->namespace,
	    sizeof(c->namespace) - 1);
	if (c->ask_fd < 0 || n < 0) {
		clients_free(c);
		return NULL;
	}
	return c;
}

void
clients_free(struct clients *c)
{
	if (c == NULL)
		return;
	if (c->ask_fd >= 0)
		(void)close(c->ask_fd);
	free(c->all);
	free(c);
}

/* --- the process --- */

/* Whether one of the process's descriptors is that socket. */
static bool
holds(pid_t pid, const char *link)
{
	char path[64], target[LINK_BYTES];
	bool found = false;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *directory = opendir(path);
	if (directory == NULL)
		return false;
	for (struct dirent *e; !found && (e = readdir(directory)) != NULL;) {
		ssize_t n = readlinkat(dirfd(directory), e->d_name, target,
		    sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		found = strcmp(target, link) == 0;
	}
	(void)closedir(directory);
	return found;
}

static bool
is_ours(const struct clients *c, pid_t pid)
{
	char path[64], target[LINK_BYTES];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return pid != getpid() && strcmp(target, c->namespace) == 0;
}

/* To the front: the next connection is likely from the same process. */
static void
remember(struct clients *c, pid_t pid)
{
	size_t at = 0;

	while (at < c->known_count && c->known[at] != pid)
		at++;
	if (at == c->known_count && c->known_count < KNOWN_MAX)
		c->known_count++;
	if (at == KNOWN_MAX)
		at--;
	memmove(c->known + 1, c->known, at * sizeof(c->known[0]));
	c->known[0] = pid;
}

static pid_t
find_in_known(const struct clients *c, const char *link)
{
	for (size_t i = 0; i < c->known_count; i++) {
		if (holds(c->known[i], link))
			return c->known[i];
	}
	return 0;
}

static bool
add(struct clients *c, pid_t pid)
{
	if (c->all_count == c->all_capacity) {
		size_t capacity = c->all_capacity == 0 ? 1024 : 2 * c->all_capacity;
		pid_t *grown = realloc(c->all, capacity * sizeof(*grown));
		if (grown == NULL)
			return false;
		c->all = grown;
		c->all_capacity = capacity;
	}
	c->all[c->all_count++] = pid;
	return true;
}

/* In the order of their numbers (proc(5)). */
static void
list_all(struct clients *c)
{
	DIR *proc = opendir("/proc");

	c->all_count = 0;
	if (proc == NULL)
		return;
	for (struct dirent *e; (e = readdir(proc)) != NULL;) {
		if (isdigit((unsigned char)e->d_name[0]) &&
		    !add(c, (pid_t)strtol(e->d_name, NULL, 10)))
			break;
	}
	(void)closedir(proc);
}

/* The number that was given last, by the last word of /proc/loadavg (proc(5)); 0. */
static pid_t
newest(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	int pid = 0;

	if (file != NULL && fscanf(file, "%*s %*s %*s %*s %d", &pid) != 1)
		pid = 0;
	if (file != NULL)
		(void)fclose(file);
	return (pid_t)pid;
}

/* The newest first, since one that was not known is likely among them; numbers begin
 * anew when they are used up. */
static pid_t
find_in_all(struct clients *c, const char *link)
{
	pid_t last = newest();
	size_t first = 0;

	list_all(c);
	while (first < c->all_count && c->all[first] <= last)
		first++;
	for (size_t i = 0; i < c->all_count; i++) {
		size_t at = (first + c->all_count - 1 - i) % c->all_count;
		if (is_ours(c, c->all[at]) && holds(c->all[at], link))
			return c->all[at];
	}
	return 0;
}

static void
name_executable(pid_t pid, struct flow_header *h)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	ssize_t n = readlink(path, h->executable, sizeof(h->executable) - 1);
	h->executable[n < 0 ? 0 : n] = '\0';
}

void
clients_identify(struct clients *c, const struct sockaddr_storage *own,
    const struct sockaddr_storage *peer, struct flow_header *h)
{
	uint8_t protocol =
	    h->transport == FLOW_DATAGRAM ? IPPROTO_UDP : IPPROTO_TCP;
	struct inet_diag_msg socket_facts;
	char link[LINK_BYTES];

	if (!sockets_find(c->ask_fd, protocol, own, peer, &socket_facts))
		return;
	h->has_uid = true;
	h->uid = socket_facts.idiag_uid;
	(void)snprintf(link, sizeof(link), "socket:[%u]",
	    socket_facts.idiag_inode);
	pid_t pid = find_in_known(c, link);
	if (pid == 0)
		pid = find_in_all(c, link);
	if (pid == 0)
		return;
	remember(c, pid);
	h->has_pid = true;
	h->pid = (uint32_t)pid;
	name_executable(pid, h);
}
