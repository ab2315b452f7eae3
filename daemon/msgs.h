/* SPDX-License-Identifier: ISC */
/*
 * Every message between our processes: who may send it, how long it may be, and
 * whether a descriptor comes with it. channel_next refuses what is not in this
 * table; a refusal is fatal to the connection, since only our own processes are
 * on it. Adding a message is a row.
 */
#ifndef SIGHTGLASS_DAEMON_MSGS_H
#define SIGHTGLASS_DAEMON_MSGS_H

#include <stdint.h>

#include "base/endpoint.h"

#define FROM_PARENT 1u
#define FROM_SIGNER 2u
#define FROM_LOGGER 4u
#define FROM_WORKER 8u
#define FROM_ROLES (FROM_SIGNER | FROM_LOGGER | FROM_WORKER)

#define MSG_BYTES_MAX (256u * 1024)

/* X(symbol, senders, least bytes, most bytes, with a descriptor) */
#define MSG_TABLE(X)                                                          \
	/* struct msg_identity: who the receiver is */                        \
	X(MSG_IDENTITY, FROM_PARENT, sizeof(struct msg_identity),             \
	    sizeof(struct msg_identity), 0)                                   \
	/* conf_write's bytes; also on reload */                              \
	X(MSG_CONF, FROM_PARENT, 0, MSG_BYTES_MAX, 0)                         \
	/* the shared counters */                                             \
	X(MSG_BOARD, FROM_PARENT, 0, 0, 1)                                    \
	/* struct msg_ring: a ring's memory, to its writer and the logger */  \
	X(MSG_RING, FROM_PARENT, sizeof(struct msg_ring),                     \
	    sizeof(struct msg_ring), 1)                                       \
	/* struct msg_index: the socket by which both ends of ring i wake */  \
	X(MSG_WAKE, FROM_PARENT, sizeof(struct msg_index),                    \
	    sizeof(struct msg_index), 1)                                      \
	/* the logger's ledger */                                             \
	X(MSG_LEDGER, FROM_PARENT, 0, 0, 1)                                   \
	/* struct msg_names: the table of resolved names, which workers share */ \
	X(MSG_NAMES, FROM_PARENT, sizeof(struct msg_names),                   \
	    sizeof(struct msg_names), 1)                                      \
	/* the listening sockets, to a worker */                              \
	X(MSG_FLOW_SOCKET, FROM_PARENT, 0, 0, 1)                              \
	X(MSG_CONTROL_SOCKET, FROM_PARENT, 0, 0, 1)                           \
	/* struct msg_index: the channel between signer and worker i, to each */ \
	X(MSG_SIGNER_CHANNEL, FROM_PARENT, sizeof(struct msg_index),          \
	    sizeof(struct msg_index), 1)                                      \
	/* struct msg_memory: the rules of all lists, as policy_list.h writes \
	 * them, in memory of the worker's own; before each MSG_CONF */       \
	X(MSG_RULES, FROM_PARENT, sizeof(struct msg_memory),                   \
	    sizeof(struct msg_memory), 1)                                      \
	/* struct msg_memory: client_certificates_write's bytes, in memory of the \
	 * worker's own, which wipes it */                                    \
	X(MSG_CLIENT_CERTIFICATES, FROM_PARENT, sizeof(struct msg_memory),     \
	    sizeof(struct msg_memory), 1)                                      \
	/* the key log, open for appending; also on reload */                 \
	X(MSG_KEYLOG, FROM_PARENT, 0, 0, 1)                                   \
	/* ... there is none */                                               \
	X(MSG_KEYLOG_OFF, FROM_PARENT, 0, 0, 0)                               \
	/* struct msg_memory: the roots as their file has them, in memory of the \
	 * worker's own; also on reload, and when they have changed */         \
	X(MSG_TRUST, FROM_PARENT, sizeof(struct msg_memory),                   \
	    sizeof(struct msg_memory), 1)                                      \
	/* a file of revocation lists, open; also on reload */                \
	X(MSG_CRL, FROM_PARENT, 0, 0, 1)                                      \
	/* those that came since the last of this count from now on */        \
	X(MSG_CRLS_DONE, FROM_PARENT, 0, 0, 0)                                \
	/* all of the above was sent: begin, and answer MSG_READY */          \
	X(MSG_GO, FROM_PARENT, 0, 0, 0)                                       \
	X(MSG_READY, FROM_ROLES, 0, 0, 0)                                     \
	/* start me again: at its start it may what it may no more */         \
	X(MSG_AGAIN, FROM_SIGNER, 0, 0, 0)                                    \
	/* finish what you have and exit */                                   \
	X(MSG_DRAIN, FROM_PARENT, 0, 0, 0)                                    \
	/* struct msg_note: the logger writes a record of dataset daemon */   \
	X(MSG_NOTE, FROM_PARENT, sizeof(struct msg_note),                     \
	    sizeof(struct msg_note), 0)                                       \
	/* the daemon ends: the logger lets no worker wait for room */       \
	X(MSG_HURRY, FROM_PARENT, 0, 0, 0)                                    \
	/* seal the open segment now */                                       \
	X(MSG_ROTATE, FROM_PARENT, 0, 0, 0)                                   \
	/* somebody asked for it on control.sock; the answer: u8 ok, words */ \
	X(MSG_RELOAD, FROM_WORKER, 0, 0, 0)                                   \
	X(MSG_RELOADED, FROM_PARENT, 1, 1024, 0)                              \
	/* struct msg_learn, bypass_key_write's bytes: a failure, or a use */ \
	X(MSG_LEARN, FROM_WORKER, sizeof(struct msg_learn) + 4,               \
	    sizeof(struct msg_learn) + 1280, 0)                               \
	/* struct msg_bypass, bypass_key_write's bytes: to put or remove */   \
	X(MSG_BYPASS, FROM_PARENT, sizeof(struct msg_bypass) + 4,             \
	    sizeof(struct msg_bypass) + 1280, 0)                              \
	/* struct msg_bypass_ask, and a key where the verb wants one: asked on \
	 * control.sock; the answer: its u64 ticket, then the line of JSON */ \
	X(MSG_BYPASS_ASK, FROM_WORKER, sizeof(struct msg_bypass_ask),         \
	    sizeof(struct msg_bypass_ask) + 1280, 0)                          \
	X(MSG_BYPASS_ANSWER, FROM_PARENT, sizeof(uint64_t) + 1, 64 * 1024, 0) \
	/* struct msg_source_ask: which connection of a process a flow is; the \
	 * answer: struct msg_source, one a question and in their order */    \
	X(MSG_SOURCE_ASK, FROM_WORKER, sizeof(struct msg_source_ask),         \
	    sizeof(struct msg_source_ask), 0)                                 \
	X(MSG_SOURCE, FROM_PARENT, sizeof(struct msg_source),                 \
	    sizeof(struct msg_source), 0)                                     \
	/* struct msg_ca; the DER of the CA's certificate and of those above   \
	 * it, one after another; that of the CA that is to follow */         \
	X(MSG_CA, FROM_SIGNER, sizeof(struct msg_ca) + 1, 64 * 1024, 0)       \
	/* struct msg_mint, the public key, names_write's bytes */            \
	X(MSG_MINT, FROM_WORKER, sizeof(struct msg_mint) + 1,                 \
	    64 * 1024, 0)                                                     \
	/* struct msg_leaf, the DER */                                        \
	X(MSG_LEAF, FROM_SIGNER, sizeof(struct msg_leaf), 64 * 1024, 0)

struct msg_identity {
	uint32_t index;     /* a worker's number from 1; else 0 */
	char run_id[12];    /* NUL-terminated, as hostname */
	char hostname[256];
};

struct msg_index {
	uint32_t index; /* from 0 */
};

struct msg_ring {
	uint32_t index; /* from 0 */
	uint32_t zero;
	uint64_t bytes;
};

/* As in mitm/dns_names.h. */
struct msg_names {
	uint64_t seed;
	uint32_t writers;
	uint32_t sets; /* of each; not 0 */
};

struct msg_memory {
	uint64_t bytes; /* of the memory */
};

struct msg_learn {
	uint32_t why; /* enum bypass_why; BYPASS_WHY_COUNT: an entry was used */
};

struct msg_bypass {
	uint32_t why; /* enum bypass_why; BYPASS_WHY_COUNT: remove it */
	uint32_t zero;
	uint64_t learned_us;
	uint64_t expires_us;
};

enum bypass_verb {
	BYPASS_LIST,
	BYPASS_ADD,
	BYPASS_REMOVE,
	BYPASS_CLEAR,
	BYPASS_VERB_COUNT
};

struct msg_bypass_ask {
	uint64_t ticket; /* comes back with the answer */
	uint32_t verb;   /* enum bypass_verb */
	uint32_t after;  /* list: entries to leave out at the beginning */
	uint64_t ttl_ms; /* add: its life; 0: as the settings say */
};

struct msg_source_ask {
	uint64_t ticket; /* comes back with the answer */
	uint32_t pid;
	struct endpoint remote;
};

struct msg_source {
	uint64_t ticket;
	struct endpoint local; /* port 0: not found */
	uint32_t zero;
};

struct msg_note {
	char action[32];
	char role[32];
	char message[1536]; /* a bypass at its longest fits */
};

struct msg_ca {
	uint32_t chain_bytes;
	uint32_t next_bytes; /* 0: none follows */
};

struct msg_mint {
	uint64_t ticket; /* comes back with the answer */
	uint32_t key_length;
	uint32_t zero;
};

struct msg_leaf {
	uint64_t ticket;
	int32_t error; /* 0, or one of err.h and no DER */
	uint32_t zero;
};

/* They are sent as they lie in memory: no byte of them may be padding. */
_Static_assert(sizeof(struct msg_identity) == 4 + 12 + 256, "no padding");
_Static_assert(sizeof(struct msg_ring) == 4 + 4 + 8, "no padding");
_Static_assert(sizeof(struct msg_names) == 8 + 4 + 4, "no padding");
_Static_assert(sizeof(struct msg_bypass) == 4 + 4 + 8 + 8, "no padding");
_Static_assert(sizeof(struct msg_bypass_ask) == 8 + 4 + 4 + 8, "no padding");
_Static_assert(sizeof(struct msg_source_ask) == 8 + 4 + 20, "no padding");
_Static_assert(sizeof(struct msg_source) == 8 + 20 + 4, "no padding");
_Static_assert(sizeof(struct msg_note) == 32 + 32 + 1536, "no padding");
_Static_assert(sizeof(struct msg_ca) == 4 + 4, "no padding");
_Static_assert(sizeof(struct msg_mint) == 8 + 4 + 4, "no padding");
_Static_assert(sizeof(struct msg_leaf) == 8 + 4 + 4, "no padding");

enum msg_type {
	MSG_NONE,
#define MSG_ENUM(symbol, senders, least, most, fd) symbol,
	MSG_TABLE(MSG_ENUM)
#undef MSG_ENUM
	MSG_COUNT
};

#endif
