/* SPDX-License-Identifier: ISC */
/*
 * What the files of the provider share: provider.c (its life, claims, time),
 * provider_link.c (the connection to control.sock), provider_flow.c (a flow, and
 * streams) and provider_datagrams.c. Nobody else includes it.
 */
#ifndef SIGHTGLASS_BRIDGE_PROVIDER_PARTS_H
#define SIGHTGLASS_BRIDGE_PROVIDER_PARTS_H

#include "base/buf.h"
#include "extension-bridge/provider.h"
#include "extension-bridge/provider_states.h"

#define READ_BYTES ((size_t)64 * 1024)
#define CALLS_MAX 16 /* starts, and stops, that wait for their completion */
#define SLOTS_MAX 0xfffffeu

/* Everything that a flow has is freed with it, when it is closed and no function
 * of its own is still running below on the stack. */
struct provider_flow {
	struct provider *provider;
	void *app;
	uint32_t slot;
	enum provider_flow_state state;
	enum flow_transport transport;
	sa_family_t family; /* of its destination */
	uint32_t interface; /* that it has to use; 0: any */
	bool direct;        /* its socket leads to the network, not to the daemon */
	int fd;
	uint64_t watching; /* the token of its socket */
	unsigned wanted;   /* as the host was told last */
	uint64_t opening, reading, writing; /* awaited tokens; 0: none */
	struct buf unsent; /* from the application: the socket did not take it */
	struct buf frames; /* datagrams from the daemon */
	uint64_t deadline_ms;

	bool readable;    /* the socket was not found empty since it was ready */
	bool blocked;     /* the socket was found full since it was ready */
	bool app_ended;   /* the application's end was read, not yet passed on */
	bool input_ended; /* likewise the daemon's */
	bool abandoned;   /* the daemon takes no more: what it sent goes on, then
			   * the flow fails */
	bool over;        /* to be closed in order */
	int failure;      /* to be closed with this error */
	bool read_closed, write_closed;
	bool running, again, hurried; /* see flow_run */
};

/* Numbers of calls that wait for their completion. */
struct provider_calls {
	uint64_t numbers[CALLS_MAX];
	size_t count;
};

struct provider_link {
	enum link_state state;
	int fd;            /* -1: none */
	uint64_t watching; /* its token */
	struct buf in;
	uint64_t deadline_ms; /* try again, ping, or give up; by the state */
	uint64_t delay_ms;    /* before the next try */
	uint64_t answered_ms;
	char version[48];   /* of the daemon */
	char mismatch[48];  /* the one that was told of */
};

struct provider {
	struct provider_options options;
	char *flow_path, *control_path, *build; /* owned; options has them too */
	const struct provider_flow_ops *flow_ops;
	const struct provider_host_ops *host_ops;
	void *host;

	enum life_state life;
	uint64_t applying; /* awaited token; 0: none */
	uint64_t apply_deadline_ms;
	struct provider_calls starts, stops;
	struct provider_link link;

	struct provider_flow **flows; /* by slot; flows_max of them */
	uint32_t *free_slots;         /* those without a flow: a stack */
	size_t free_count, flow_count;
	bool told_full;

	uint64_t serial;   /* of the last token */
	uint64_t wake_ms;  /* as the host was told last */
	uint8_t *spare;    /* READ_BYTES; NULL: to be allocated */
	struct provider_status status;
};

/* A token never given before, of this slot (from 0), or of the provider itself. */
#define SLOT_OF_PROVIDER UINT32_MAX
uint64_t provider_token(struct provider *p, uint32_t slot);

uint64_t provider_now(struct provider *p);

/* provider_tick is wanted by then, if not before. */
void provider_wake_by(struct provider *p, uint64_t when_ms);

void provider_tell(struct provider *p, enum provider_news news,
    const char *format, ...) PRINTF_LIKE(3, 4);

/* Takes leave of a flow, which has released its application: gives its slot
 * back, and completes the stops that waited for the last one. */
void provider_forget(struct provider *p, uint32_t slot);

/* A buffer of READ_BYTES, lent; NULL: out of memory. Who keeps it sets p->spare to
 * NULL. */
uint8_t *provider_spare(struct provider *p);

/* Whether the error of a call on a socket means: later. */
bool provider_would_block(int error);

/* Whether nobody is at the other end of a connection any more, as opposed to one
 * who will send nothing more. */
bool provider_peer_is_gone(int fd);

/* --- the link --- */

void link_init(struct provider_link *l);
void link_begin(struct provider *p);
void link_end(struct provider *p);
/* Whether flows may be claimed: the daemon has answered, and is there still. */
bool link_stands(struct provider *p);
/* Connects to one of the daemon's sockets and checks who is there. As handoff_open,
 * and E_DENIED when it is not the daemon. */
int link_open(struct provider *p, const char *path, int *fd);
void link_ready(struct provider *p, uint64_t token);
/* Looks at its deadline. */
void link_tick(struct provider *p);
/* Asks whether the daemon is there, or looks for it, now. */
void link_hurry(struct provider *p);

/* --- flows --- */

/* Begins with a flow whose socket is open, and asks it to open. The slot is taken,
 * the socket too. False: out of memory, and the socket is closed. */
bool flow_begin(struct provider *p, void *app, const struct flow_header *h, int fd,
    bool direct);
/* Does what can be done now. From within itself (a completion that comes at once)
 * it only notes that there is more to do. The flow may be gone afterwards. */
void flow_run(struct provider_flow *f);
void flow_fail(struct provider_flow *f, int error);
/* Its deadline is over. */
void flow_time_out(struct provider_flow *f);
/* Its own connection may be dead though no byte will tell. */
void flow_check(struct provider_flow *f);
/* The daemon takes nothing more, or is gone. */
void flow_lose(struct provider_flow *f);
/* Sets a new deadline, from now. */
void flow_give(struct provider_flow *f, uint64_t ms);

/* --- datagrams --- */

#define DATAGRAM_IDLE_MS 90000u

/* A socket for a flow that goes where it was bound for. E_SYS. */
int direct_open(const struct flow_header *h, int *fd) WUNRES;
/* The same in a flow of datagrams that has lost its daemon. */
int direct_replace(struct provider_flow *f) WUNRES;
void datagrams_take(struct provider_flow *f, const struct flow_datagram *datagrams,
    size_t count);
/* Hands on what is there, if the application takes it now. */
void datagrams_receive(struct provider_flow *f);

#endif
