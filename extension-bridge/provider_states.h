/* SPDX-License-Identifier: ISC */
/*
 * The provider's three state machines, one row a transition: the provider's own
 * life, its link to the daemon, and a flow. What stands in no row cannot happen:
 * the setters assert it. The diagrams of macos/README.md are drawn from here, and
 * the unit suite holds the page against these rows. Extension (macOS).
 */
#ifndef SIGHTGLASS_BRIDGE_PROVIDER_STATES_H
#define SIGHTGLASS_BRIDGE_PROVIDER_STATES_H

/* X(state, "name") */
#define LIFE_STATES(X)                                                        \
	X(LIFE_IDLE, "idle")                                                  \
	X(LIFE_STARTING, "starting")                                          \
	X(LIFE_RUNNING, "running")                                            \
	X(LIFE_STOPPING, "stopping")

/* X(event, "name") */
#define LIFE_EVENTS(X)                                                        \
	X(LIFE_START, "start")                                                \
	X(LIFE_APPLIED, "settings applied")                                   \
	X(LIFE_OVERDUE, "settings overdue")                                   \
	X(LIFE_REFUSED, "settings refused")                                   \
	X(LIFE_STOP, "stop")                                                  \
	X(LIFE_EMPTY, "last flow closed")

/* X(from, event, to, "what is done") */
#define LIFE_TABLE(X)                                                         \
	X(LIFE_IDLE, LIFE_START, LIFE_STARTING, "apply settings, find the daemon") \
	X(LIFE_IDLE, LIFE_STOP, LIFE_IDLE, "complete")                        \
	X(LIFE_STARTING, LIFE_START, LIFE_STARTING, "complete with the first") \
	X(LIFE_STARTING, LIFE_APPLIED, LIFE_RUNNING, "complete all starts")   \
	X(LIFE_STARTING, LIFE_OVERDUE, LIFE_RUNNING, "complete all starts")   \
	X(LIFE_STARTING, LIFE_REFUSED, LIFE_IDLE, "complete with the error")  \
	X(LIFE_STARTING, LIFE_STOP, LIFE_STOPPING, "complete starts with an error") \
	X(LIFE_RUNNING, LIFE_START, LIFE_RUNNING, "complete, nothing else")   \
	X(LIFE_RUNNING, LIFE_STOP, LIFE_STOPPING, "close link and flows")     \
	X(LIFE_STOPPING, LIFE_START, LIFE_STOPPING, "complete with an error") \
	X(LIFE_STOPPING, LIFE_STOP, LIFE_STOPPING, "complete with the first") \
	X(LIFE_STOPPING, LIFE_EMPTY, LIFE_IDLE, "complete all stops")

#define LINK_STATES(X)                                                        \
	X(LINK_OFF, "off")                                                    \
	X(LINK_WAITING, "waiting")                                            \
	X(LINK_HELLO, "hello")                                                \
	X(LINK_POLICY, "policy")                                              \
	X(LINK_UP, "up")                                                      \
	X(LINK_PINGING, "pinging")

#define LINK_EVENTS(X)                                                        \
	X(LINK_BEGIN, "begin")                                                \
	X(LINK_CONNECTED, "connected")                                        \
	X(LINK_ABSENT, "no daemon")                                           \
	X(LINK_ANSWERED, "answered")                                          \
	X(LINK_MISMATCH, "other protocol")                                    \
	X(LINK_LOST, "lost")                                                  \
	X(LINK_PING, "quiet, or wake")                                        \
	X(LINK_END, "end")

#define LINK_TABLE(X)                                                         \
	X(LINK_OFF, LINK_BEGIN, LINK_WAITING, "connect at once")              \
	X(LINK_WAITING, LINK_CONNECTED, LINK_HELLO, "say hello")              \
	X(LINK_WAITING, LINK_ABSENT, LINK_WAITING, "again in 50 ms to 1 s")   \
	X(LINK_WAITING, LINK_END, LINK_OFF, "")                               \
	X(LINK_HELLO, LINK_ANSWERED, LINK_POLICY, "ask for the policy")       \
	X(LINK_HELLO, LINK_MISMATCH, LINK_WAITING, "say so once, again in 1 s") \
	X(LINK_HELLO, LINK_LOST, LINK_WAITING, "again in 50 ms to 1 s")       \
	X(LINK_HELLO, LINK_END, LINK_OFF, "hang up")                          \
	X(LINK_POLICY, LINK_ANSWERED, LINK_UP, "claim flows from now on")     \
	X(LINK_POLICY, LINK_LOST, LINK_WAITING, "again in 50 ms to 1 s")      \
	X(LINK_POLICY, LINK_END, LINK_OFF, "hang up")                         \
	X(LINK_UP, LINK_PING, LINK_PINGING, "ask, 5 s for the answer")        \
	X(LINK_UP, LINK_LOST, LINK_WAITING, "claim no flow, again in 50 ms")  \
	X(LINK_UP, LINK_END, LINK_OFF, "hang up")                             \
	X(LINK_PINGING, LINK_ANSWERED, LINK_UP, "")                           \
	X(LINK_PINGING, LINK_LOST, LINK_WAITING, "claim no flow, again in 50 ms") \
	X(LINK_PINGING, LINK_END, LINK_OFF, "hang up")

#define FLOW_STATES(X)                                                        \
	X(FLOW_OPENING, "opening")                                            \
	X(FLOW_BOTH, "both ways")                                             \
	X(FLOW_UP, "only up")                                                 \
	X(FLOW_DOWN, "only down")                                             \
	X(FLOW_CLOSED, "closed")

#define FLOW_EVENTS(X)                                                        \
	X(FLOW_OPENED, "opened")                                              \
	X(FLOW_APP_END, "application ended")                                  \
	X(FLOW_DAEMON_END, "daemon ended")                                    \
	X(FLOW_OVER, "datagrams over, or idle for 90 s")                      \
	X(FLOW_FAILED, "failed")

#define FLOW_TABLE(X)                                                         \
	X(FLOW_OPENING, FLOW_OPENED, FLOW_BOTH, "read, and pass on")          \
	X(FLOW_OPENING, FLOW_FAILED, FLOW_CLOSED, "close all with an error")  \
	X(FLOW_BOTH, FLOW_APP_END, FLOW_DOWN, "FIN to the daemon")            \
	X(FLOW_BOTH, FLOW_DAEMON_END, FLOW_UP, "close writing, no error")     \
	X(FLOW_BOTH, FLOW_OVER, FLOW_CLOSED, "close all, no error")           \
	X(FLOW_BOTH, FLOW_FAILED, FLOW_CLOSED, "close all with an error")     \
	X(FLOW_UP, FLOW_APP_END, FLOW_CLOSED, "close the rest")               \
	X(FLOW_UP, FLOW_FAILED, FLOW_CLOSED, "close the rest with an error")  \
	X(FLOW_DOWN, FLOW_DAEMON_END, FLOW_CLOSED, "close the rest")          \
	X(FLOW_DOWN, FLOW_FAILED, FLOW_CLOSED, "close all with an error")

#define PROVIDER_ENUM(symbol, name) symbol,
enum life_state { LIFE_STATES(PROVIDER_ENUM) LIFE_STATE_COUNT };
enum life_event { LIFE_EVENTS(PROVIDER_ENUM) LIFE_EVENT_COUNT };
enum link_state { LINK_STATES(PROVIDER_ENUM) LINK_STATE_COUNT };
enum link_event { LINK_EVENTS(PROVIDER_ENUM) LINK_EVENT_COUNT };
enum provider_flow_state { FLOW_STATES(PROVIDER_ENUM) FLOW_STATE_COUNT };
enum provider_flow_event { FLOW_EVENTS(PROVIDER_ENUM) FLOW_EVENT_COUNT };

/* A transition, with numbers of the enums above. */
struct provider_row {
	unsigned from, event, to;
	const char *done;
};

/* One of the machines, for those who draw it. */
struct provider_machine {
	const char *name;
	const char *const *states, *const *events;
	const struct provider_row *rows;
	unsigned state_count, event_count, row_count;
};

enum provider_machine_id { MACHINE_LIFE, MACHINE_LINK, MACHINE_FLOW, MACHINE_COUNT };

extern const struct provider_machine provider_machines[MACHINE_COUNT];

/* Where the event leads. A pair that has no row is a fault of ours: abort. */
unsigned provider_next(enum provider_machine_id id, unsigned state,
    unsigned event);

#endif
