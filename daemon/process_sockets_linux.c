/* SPDX-License-Identifier: ISC */
/*
 * Linux: the process's own view of its network's connections (proc(5), /proc/PID/net),
 * and of those the ones to which it has a descriptor. Parent. Without root it sees the
 * processes of its own user.
 */
#include "daemon/process_sockets.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

/* Of a table, in which a busy machine has many more that have ended (TIME_WAIT) than
 * there are connections: they take a part of the time. */
#define LINES_A_LOOK 8u

#define TCP_ESTABLISHED_STATE 0x01u /* as the kernel's include/net/tcp_states.h */
#define TCP_SYN_SENT_STATE 0x02u
#define TCP_CLOSE_WAIT_STATE 0x08u

/* Connections to where the flow goes, of whatever process. */
struct candidates {
	struct endpoint local[PROCESS_SOCKETS_MAX];
	uint64_t inode[PROCESS_SOCKETS_MAX];
	size_t count;
};

/* An address in hexadecimal: words of four bytes, each as this processor has it. */
static bool
read_end(const char *text, unsigned port, struct endpoint *out)
{
	uint32_t words[4];
	size_t digits = strlen(text);

	*out = (struct endpoint){.port = (uint16_t)port};
	if (digits == 8 && sscanf(text, "%8" SCNx32, words) == 1) {
		endpoint_set_ipv4(out, words, (uint16_t)port);
		return true;
	}
	if (digits != 32 ||
	    sscanf(text, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32, words,
	        words + 1, words + 2, words + 3) != 4)
		return false;
	memcpy(out->address, words, sizeof(out->address));
	return true;
}

static bool
is_connection(unsigned state)
{
	return state == TCP_ESTABLISHED_STATE || state == TCP_SYN_SENT_STATE ||
	    state == TCP_CLOSE_WAIT_STATE;
}

/* A line of /proc/PID/net/tcp or tcp6; the first, of titles, is none. */
static bool
read_line(const char *line, struct endpoint *local, struct endpoint *remote,
    uint64_t *inode)
{
	char near[33], far[33];
	unsigned near_port, far_port, state;

	return sscanf(line,
	           " %*u: %32[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x %x %*s %*s %*s "
	           "%*u %*u %" SCNu64,
	           near, &near_port, far, &far_port, &state, inode) == 6 &&
	    is_connection(state) && read_end(near, near_port, local) &&
	    read_end(far, far_port, remote);
}

static int
find_candidates(uint32_t pid, const char *table, const struct endpoint *remote,
    size_t most, struct candidates *found, struct process_sockets *out)
{
	char path[64], line[512];
	struct endpoint local, far;
	uint64_t inode;
	size_t lines = 0;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/net/%s", pid, table);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return err_of_errno();
	while (!out->cut && fgets(line, sizeof(line), file) != NULL) {
		bool live = read_line(line, &local, &far, &inode);
		out->looked += live;
		out->cut = out->looked > most || ++lines > most * LINES_A_LOOK;
		if (!live || !endpoint_is(&far, remote))
			continue;
		if (found->count == PROCESS_SOCKETS_MAX) {
			out->cut = true;
			break;
		}
		found->local[found->count] = local;
		found->inode[found->count++] = inode;
	}
	(void)fclose(file);
	return 0;
}

/* Moves the candidate that a descriptor leads to, if it is one, to what was found. */
static void
take(const char *link, struct candidates *candidates, struct process_sockets *out)
{
	uint64_t inode;

	if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
		return;
	for (size_t i = 0; i < candidates->count; i++) {
		if (candidates->inode[i] != inode)
			continue;
		out->local[out->count++] = candidates->local[i];
		candidates->count--;
		candidates->local[i] = candidates->local[candidates->count];
		candidates->inode[i] = candidates->inode[candidates->count];
		return;
	}
}

static int
walk_descriptors(uint32_t pid, size_t most, struct candidates *candidates,
    struct process_sockets *out)
{
	char path[64], link[64];

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", pid);
	DIR *directory = opendir(path);
	if (directory == NULL)
		return err_of_errno();
	for (struct dirent *e;
	     candidates->count > 0 && !out->cut && (e = readdir(directory)) != NULL;) {
		out->cut = out->looked++ >= most;
		ssize_t n = readlinkat(dirfd(directory), e->d_name, link,
		    sizeof(link) - 1);
		if (n <= 0)
			continue; /* "." and "..", or closed meanwhile */
		link[n] = '\0';
		take(link, candidates, out);
	}
	(void)closedir(directory);
	return 0;
}

int
process_sockets(uint32_t pid, const struct endpoint *remote, size_t most,
    struct process_sockets *out)
{
	struct candidates candidates = {.count = 0};

	*out = (struct process_sockets){.count = 0};
	int error = find_candidates(pid, "tcp", remote, most, &candidates, out);
	if (error == 0) /* a kernel without IPv6 has no such table */
		(void)find_candidates(pid, "tcp6", remote, most, &candidates, out);
	if (error != 0 || out->cut || candidates.count == 0)
		return error;
	return walk_descriptors(pid, most, &candidates, out);
}
