/* SPDX-License-Identifier: ISC */
/*
 * The parts of `sightglass exec`: its daemon, the command's trust, the lines
 * that appear while it runs, and what differs between systems. CLI.
 */
#ifndef SIGHTGLASS_CLI_EXEC_H
#define SIGHTGLASS_CLI_EXEC_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "extension-bridge/udp_ports.h"

#define EXEC_ERROR_BYTES 512u
#define EXEC_FORWARDER "exec" /* the name of those of exec: PROTOCOL.md, 0xE6 */

/* The places of one run. */
struct exec_places {
	char state[PATH_MAX]; /* -d DIR: ca/, log/, run/ */
	char run[PATH_MAX];   /* of this run alone; removed at its end */
	char link[PATH_MAX];  /* below DIR, to a run that had to go elsewhere: its
	                       * path would be too long for sockets; else "" */
	int lock;             /* on run, for as long as this process lives */
};

/* Makes what is missing, and removes what runs that were killed left behind.
 * E_SYS with words. */
int exec_places_make(struct exec_places *places, const char *directory,
    char error[EXEC_ERROR_BYTES]) WUNRES NONNULL(1, 2, 3);
void exec_places_remove(struct exec_places *places) NONNULL(1);

/* --- private_daemon.c --- */

struct private_daemon {
	pid_t pid; /* 0: none */
	char run_id[16];
	struct udp_ports udp_ports; /* that its forwarder hands over */
};

/* Starts sightglassd and returns when it serves. `trust`: a PEM file or
 * "system", unless DIR/sightglass.yaml sets upstream.trust. Any error is E_SYS
 * with words, what the daemon said included. */
int private_daemon_start(struct private_daemon *d,
    const struct exec_places *places, const char *trust, bool verbose,
    char error[EXEC_ERROR_BYTES]) WUNRES NONNULL(1, 2, 3, 5);

/* Has it drain, seal and end, and waits for that; when it takes more than a
 * second, `words` are said (NULL: nothing). */
void private_daemon_stop(struct private_daemon *d, const char *words) NONNULL(1);

/* What it said on standard error so far, to ours. */
void private_daemon_tell(const struct exec_places *places) NONNULL(1);

/* --- trust.c --- */

/* Writes what the caller trusts into places->run, when it is not the system's
 * store, and tells what to preset upstream.trust to: that file or "system".
 * E_SYS with words. */
int trust_of_caller(const struct exec_places *places, char trust[PATH_MAX],
    char error[EXEC_ERROR_BYTES]) WUNRES NONNULL(1, 2, 3);

/* Writes the bundle (the caller's trust and our CA) and sets the variables of
 * this process's environment that the command shall have. E_SYS with words. */
int trust_set_environment(const struct exec_places *places,
    char error[EXEC_ERROR_BYTES]) WUNRES NONNULL(1, 2);

/* --- live.c --- */

/* A child that prints a line for each request of that run. 0: none was started
 * (after a message). */
pid_t live_start(const struct exec_places *places, const char *run_id)
    NONNULL(1, 2);
/* Has it print what is left, and waits for it. */
void live_stop(pid_t pid);

/* --- exec_fork.c --- */

/* fork(2). The child has no handler of ours and gets no signal before it calls
 * exec_child_ready: whoever asks it to end is heard, however early. */
pid_t exec_fork(void) WUNRES;
void exec_child_ready(void);

/* --- exec_linux.c, exec_darwin.c --- */

struct exec_children {
	pid_t command;
	pid_t forwarder;
};

/* Runs the command with all its traffic forwarded. Errors of namespace_run. */
int exec_isolated(const char *flow_socket, const struct udp_ports *udp_ports,
    char *const *argv, struct exec_children *children,
    char error[EXEC_ERROR_BYTES]) WUNRES NONNULL(1, 2, 3, 4, 5);

/* In a child: a signal when its parent dies, where the system can. */
void exec_die_with_parent(pid_t parent, int number);

#endif
