/* SPDX-License-Identifier: ISC */
/* What the files of the provider's world share; see provider_world.h. */
#ifndef SIGHTGLASS_T_FUZZ_PROVIDER_WORLD_PARTS_H
#define SIGHTGLASS_T_FUZZ_PROVIDER_WORLD_PARTS_H

#include "base/buf.h"
#include "t/fuzz/provider_world.h"

#define FDS_MAX 128
#define STALE_MAX 64
#define CALLS_ASKED_MAX 64
#define CONTROLS_MAX 8

enum asked { ASKED_OPEN, ASKED_READ, ASKED_WRITE, ASKED_COUNT };

/* Whoever is at the other end of a flow: the scripted daemon in its server's name,
 * or a server. */
struct peer {
	int fd;        /* -1: nobody, or no more */
	bool was;      /* there was one */
	bool is_daemon; /* its connection is a bridge connection */
	bool fin_sent, fin_seen;
	unsigned chunks_left;
	uint64_t received, sent; /* bytes, or datagrams */
	struct buf in;           /* frames that are not whole */
};

/* Of three, one waits with its end for the other end, and one is waited for. */
struct app {
	unsigned index;
	bool claimed, released, datagrams;
	bool opened, ended; /* it has told its end */
	bool read_closed, write_closed;
	int read_error, write_error;
	bool lost;   /* its connection was closed whole before any end */
	bool harmed; /* something was made to fail: it need not end in order */
	uint64_t asked[ASKED_COUNT]; /* awaited tokens; 0: none */
	unsigned chunks_left;
	uint64_t given, received; /* bytes, or datagrams */
	int target_fd; /* where it goes if not to the daemon: listening, or UDP */
	uint16_t target_port;
	struct peer peer;
};

struct watched {
	int fd;
	unsigned wanted;
	uint64_t token;
};

struct control {
	int fd;
	struct buf in;
};

struct world {
	const struct world_plan *plan;
	struct world_plan left; /* the budgets */
	struct chooser chooser;
	const struct world_outside *outside;
	struct provider *provider;
	bool finishing; /* nothing more is chosen to go wrong */
	unsigned step, descriptors;

	uint64_t now_ms, wake_ms;
	struct watched watched[FDS_MAX];
	size_t watched_count;
	uint64_t applying;
	unsigned starts_asked, stops_asked;
	unsigned started[CALLS_ASKED_MAX], stopped[CALLS_ASKED_MAX];
	bool was_told_policy;

	struct app apps[WORLD_APPS_MAX];
	unsigned app_count;
	struct {
		enum asked asked;
		uint64_t token;
	} stale[STALE_MAX];
	unsigned stale_count;

	bool is_alive; /* the scripted daemon */
	bool told_policy;
	int flow_fd, control_fd;
	struct control controls[CONTROLS_MAX];
	size_t control_count;
};

/* Something that can happen now. */
struct action {
	void (*happen)(struct world *w, unsigned which);
	unsigned which;
};

struct actions {
	struct action all[512];
	unsigned count;
};

/* A run in parts: what world_run does between them is world_go_on. */
struct world *world_begin(const struct world_plan *plan, struct chooser chooser,
    const struct world_outside *outside);
void world_go_on(struct world *w);
void world_end(struct world *w);
/* Time goes by. */
void world_pass(struct world *w, uint64_t ms);

/* Says which promise is not kept, and aborts. */
void world_broken(const struct world *w, const char *promise) NORETURN;

static inline void
world_must(const struct world *w, bool held, const char *promise)
{
	if (!held)
		world_broken(w, promise);
}

unsigned world_choose(struct world *w, unsigned count);
void world_may(struct actions *list, void (*happen)(struct world *w, unsigned which),
    unsigned which);
/* As it was at the beginning of the step. */
bool world_is_ready(int fd, unsigned wanted);

/* Byte of a stream; the first of each is such that no protocol begins with it. */
uint8_t world_byte(const struct app *a, bool up, uint64_t position);
size_t world_chunk(struct world *w);

/* --- the other ends --- */

/* Where the scripted daemon listens, after the first peers_open. */
extern char peers_flow_path[96], peers_control_path[96];
void peers_open(struct world *w);
void peers_close(struct world *w);
void peers_actions(struct world *w, struct actions *list);
/* Where a new flow goes. */
void peers_target(struct world *w, struct app *a, struct flow_header *h);
void peers_leave(struct app *a);

/* --- applications --- */

extern const struct provider_flow_ops world_flow_ops;
void apps_actions(struct world *w, struct actions *list);
void apps_hand(struct world *w, unsigned which);

#endif
