/* SPDX-License-Identifier: ISC */
/*
 * What the system says of the programs whose flows these are, kept by their audit
 * tokens: a program that opens its thousandth flow costs no call. A token names one
 * program in one process for ever, so what is kept cannot be another's. Worker only;
 * reads no clock, and asks the system through the function that it is given.
 */
#ifndef SIGHTGLASS_MITM_PROCESSES_H
#define SIGHTGLASS_MITM_PROCESSES_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/recent.h"
#include "extension-bridge/flow_header.h"

/* Texts are empty where there is none; one too long for its place is left out. */
struct process_facts {
	char executable[1024];
	char signing_id[256]; /* of a signature that holds, as the process runs */
	char team_id[64];
	uint32_t responsible_pid; /* of the application for which it works, if that is
	                           * another process; 0: it is not, or not known */
	char responsible[1024];   /* the path of that one */
};

/* Counted references, and never changed once it is made. */
struct process {
	struct recent_entry entry;
	unsigned references;
	uint64_t until_ms;
	int error; /* of the look-up: then there are no facts */
	struct process_facts facts;
};

/* Asks the system. 0, or an error and *out is of no use; it may be that the system
 * has nothing of the kind. */
typedef int process_ask(uint32_t pid,
    const uint8_t token[FLOW_AUDIT_TOKEN_BYTES], struct process_facts *out);

struct processes;

struct processes_counts {
	uint64_t asked;   /* look-ups */
	uint64_t unknown; /* of those, without an answer */
};

/* Keeps `limit` programs at most. NULL: out of memory. */
struct processes *processes_new(size_t limit, process_ask *ask) WUNRES NONNULL(2);
void processes_free(struct processes *p);

/* A reference to what is known of the program; NULL: nothing. What the system told is
 * kept for PROCESS_LIFE_MS (a program can be moved), that it did not for
 * PROCESS_UNKNOWN_MS. */
#define PROCESS_LIFE_MS 600000u
#define PROCESS_UNKNOWN_MS 1000u
struct process *processes_find(struct processes *p, uint32_t pid,
    const uint8_t token[FLOW_AUDIT_TOKEN_BYTES], uint64_t now_ms)
    WUNRES NONNULL(1, 3);
void process_release(struct process *process);

struct processes_counts processes_counts(const struct processes *p) NONNULL(1);

#endif
