/* SPDX-License-Identifier: ISC */
/*
 * The probes of `sightglass doctor`, one function each. They look and change
 * nothing, print what they find, and reach nothing over the network unless they are
 * asked to. CLI.
 */
#ifndef SIGHTGLASS_CLI_DOCTOR_H
#define SIGHTGLASS_CLI_DOCTOR_H

#include <stddef.h>
#include <sys/types.h>

#include <mbedtls/x509_crt.h>
#include <yyjson.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/finding.h"
#include "conf/conf.h"

struct doctor {
	struct cli *cli;
	const struct conf *conf;
	struct findings found;
	mbedtls_x509_crt certificates; /* the CA's; empty: there is none */
	bool has_ca;
	const char *connect; /* HOST[:PORT] of --connect, or NULL */
	bool strict;
	bool has_log_uid; /* a daemon runs, and said whose its log is */
	uid_t log_uid;
};

typedef void doctor_probe(struct doctor *d);

/* A daemon that runs, and what it says. */
doctor_probe doctor_daemon;

/* The log, and the room that there is for it. */
doctor_probe doctor_log, doctor_disk;

/* The CA; sets certificates and has_ca. */
doctor_probe doctor_ca;

/* The forwarder that this system is to have, or NULL: whichever it is. */
extern const char *const doctor_forwarder;

/* What the daemon, in its answer to "status", says of its forwarders. `expected` is
 * as doctor_forwarder; a forwarder of that name keeps its connection to the daemon and
 * is heard of every 20 s. `dns`: where one is expected, so is its DNS proxy. */
void doctor_bridge(struct findings *f, yyjson_val *status, const char *expected, bool dns,
    int64_t now_us) NONNULL(1);

/* Who trusts the CA. */
doctor_probe doctor_system_store, doctor_nss_stores, doctor_java, doctor_python,
    doctor_node;

/* The system's store, where it is files of roots. */
doctor_probe doctor_root_files;

/* Who turned our certificates down in the last day. */
doctor_probe doctor_alerts;

/* Whether a connection of the doctor's own is opened, and is in the log. */
doctor_probe doctor_connection;

#define DOCTOR_RECORD_BYTES 64

/* What the record of a TLS flow says; "" where it says nothing. */
struct doctor_record {
	char decision[DOCTOR_RECORD_BYTES], reason[DOCTOR_RECORD_BYTES];
};

/* The first record of dataset tls, since then, of that server name; waits for it, some
 * seconds at most. False: none came, or the log cannot be read. */
bool doctor_find_record(const struct doctor *d, const char *server_name,
    int64_t since_us, struct doctor_record *out) WUNRES NONNULL(1, 2, 4);

/* What is the system's own: its clock, and on macOS extension, configuration,
 * profile and signatures. */
void doctor_system(struct doctor *d) NONNULL(1);

/* What a tool says on either output, with NUL behind it, in a new buffer. False: it
 * is not there. Its status is not asked: many fail for what is worth reading. */
bool doctor_ask(const char *tool, char *const argv[], struct buf *said)
    WUNRES NONNULL(1, 2, 3);

#endif
