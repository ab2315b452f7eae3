/* SPDX-License-Identifier: ISC */
/*
 * Fields of every record, of every record of a flow, and of those about the daemon
 * itself: rows of log/fields.h, which includes this.
 */
#ifndef SIGHTGLASS_LOG_FIELDS_EVERY_H
#define SIGHTGLASS_LOG_FIELDS_EVERY_H

#define FIELDS_EVERY(X)                                                       \
	X(TIMESTAMP, "", "@timestamp", TIME, NONE, IN_ALL,                    \
	    "When what is recorded began.")                                   \
	X(EVENT, "", "event", OBJECT, NONE, IN_ALL, "")                       \
	X(EVENT_ID, "event", "id", TEXT, NONE, IN_ALL,                        \
	    "The record's own: `run-writer-sequence`. The run is one life "   \
	    "of the daemon; writer 0 is the daemon itself, 64 the signer, "   \
	    "those between are the workers.")                                 \
	X(EVENT_SEQUENCE, "event", "sequence", NUMBER, NONE, IN_ALL,          \
	    "The record's number among those of its writer. It has no gap "   \
	    "unless a record of dataset daemon tells of one.")                \
	X(EVENT_KIND, "event", "kind", TEXT, NONE, IN_ALL,                    \
	    "What ECS calls a record that is neither alert nor metric.")      \
	X(EVENT_DATASET, "event", "dataset", TEXT, NONE, IN_ALL,              \
	    "What there is a record of.")                                     \
	X(EVENT_DURATION, "event", "duration", NUMBER, NANOSECONDS,           \
	    IN_ALL & ~(IN_TLS | IN_DAEMON),                                   \
	    "From the beginning to the end of what is recorded. Of DNS, "     \
	    "from the first asking to the answer.")                           \
	X(HOST, "", "host", OBJECT, NONE, IN_ALL, "")                         \
	X(HOST_HOSTNAME, "host", "hostname", TEXT, NONE, IN_ALL,              \
	    "The machine that the daemon runs on.")                           \
	X(PROCESS, "", "process", OBJECT, NONE, IN_FLOWS,                     \
	    "The program whose flow it is, as far as the forwarder knows. On "\
	    "macOS what the kernel says of it stands in place of that.")      \
	X(PROCESS_PID, "process", "pid", NUMBER, NONE, IN_FLOWS,              \
	    "Its process id.")                                                \
	X(PROCESS_EXECUTABLE, "process", "executable", TEXT, NONE, IN_FLOWS,  \
	    "The path of the program.")                                       \
	X(PROCESS_NAME, "process", "name", TEXT, NONE, IN_FLOWS,              \
	    "The last part of that path.")                                    \
	X(CODE_SIGNATURE, "process", "code_signature", OBJECT, NONE,          \
	    IN_FLOWS, "")                                                     \
	X(SIGNING_ID, "process.code_signature", "signing_id", TEXT, NONE,     \
	    IN_FLOWS, "On macOS, the identifier that the program is signed "  \
	    "with.")                                                          \
	X(TEAM_ID, "process.code_signature", "team_id", TEXT, NONE, IN_FLOWS, \
	    "On macOS, the team that signed it.")                             \
	X(RESPONSIBLE, "process", "responsible", OBJECT, NONE, IN_FLOWS, "")  \
	X(RESPONSIBLE_PID, "process.responsible", "pid", NUMBER, NONE,        \
	    IN_FLOWS, "On macOS, the process id of the application for which "\
	    "the process works, where that is another process.")              \
	X(RESPONSIBLE_EXECUTABLE, "process.responsible", "executable", TEXT,  \
	    NONE, IN_FLOWS, "The path of that application's program.")        \
	X(USER, "", "user", OBJECT, NONE, IN_FLOWS, "")                       \
	X(USER_ID, "user", "id", TEXT, NONE, IN_FLOWS,                        \
	    "The number of the user whose program it is.")                    \
	X(SOURCE, "", "source", OBJECT, NONE, IN_FLOWS, "")                   \
	X(DESTINATION, "", "destination", OBJECT, NONE, IN_FLOWS, "")         \
	X(ENDPOINT_IP, "{source,destination}", "ip", ADDRESS, NONE, IN_FLOWS, \
	    "Where the flow comes from, as far as it is known, and where it " \
	    "was going.")                                                     \
	X(ENDPOINT_PORT, "{source,destination}", "port", NUMBER, NONE,        \
	    IN_FLOWS, "The ports of both.")                                   \
	X(DESTINATION_DOMAIN, "destination", "domain", TEXT, NONE, IN_FLOWS,  \
	    "The name that the client's hello or else the forwarder gave the "\
	    "server; where neither did, the first of "                        \
	    "`sightglass.dns.names`.")                                        \
	X(NETWORK, "", "network", OBJECT, NONE, IN_FLOWS, "")                 \
	X(NETWORK_TRANSPORT, "network", "transport", TEXT, NONE, IN_FLOWS,    \
	    "What carries the flow.")                                         \
	X(NETWORK_TYPE, "network", "type", TEXT, NONE, IN_FLOWS,              \
	    "Which addresses it has.")                                        \
	X(OBSERVER, "", "observer", OBJECT, NONE, IN_FLOWS, "")               \
	X(OBSERVER_TYPE, "observer", "type", TEXT, NONE, IN_FLOWS,            \
	    "The forwarder that handed the flow over.")                       \
	X(SIGHTGLASS, "", "sightglass", OBJECT, NONE, IN_ALL, "")             \
	X(FLOW_ID, "sightglass", "flow", TEXT, NONE, IN_FLOWS,                \
	    "Joins the records of one flow.")                                 \
	X(DNS_OWN, "sightglass", "dns", OBJECT, NONE, IN_FLOWS, "")           \
	X(DNS_NAMES, "sightglass.dns", "names", OBJECTS, NONE, IN_FLOWS,      \
	    "The names that were resolved to the destination's address "      \
	    "before the flow began, as far as their queries went through "    \
	    "here: at most 8, those of the flow's own application first, "    \
	    "then others of this machine, the latest first. A name is kept "  \
	    "for its TTL and `dns.names_grace`, a day and that at most, as "  \
	    "long as there is room (`dns.names`). What is said here is what " \
	    "resolvers answered: many names share an address, and an answer " \
	    "may name an address that is somebody else's. No decision is "    \
	    "made by it.")                                                    \
	X(DNS_NAMES_NAME, "sightglass.dns.names", "name", TEXT, NONE,         \
	    IN_FLOWS, "The name that was asked for, whatever aliases the "    \
	    "answer led through.")                                            \
	X(DNS_NAMES_AGE, "sightglass.dns.names", "age", NUMBER, SECONDS,      \
	    IN_FLOWS, "How long before the flow it was resolved.")            \
	X(DNS_NAMES_BY, "sightglass.dns.names", "by", TEXT, NONE, IN_FLOWS,   \
	    "Who asked.")                                                     \
	X(MESSAGE, "", "message", TEXT, NONE, IN_DAEMON,                      \
	    "What happened, in words.")                                       \
	X(ACTION, "sightglass", "action", TEXT, NONE, IN_DAEMON,              \
	    "What happened.")                                                 \
	X(ROLE, "sightglass", "role", TEXT, NONE, IN_DAEMON,                  \
	    "Whom it happened to: `parent`, `signer`, `logger` or "           \
	    "`worker 1` and so on.")                                          \
	X(LOST_RECORDS, "sightglass", "lost_records", NUMBER, NONE,           \
	    IN_DAEMON, "Of a gap, how many records are missing. Each "        \
	    "writer's `event.sequence` shows which.")                         \
	X(SINCE, "sightglass", "since", TIME, NONE, IN_DAEMON,                \
	    "When what it tells of began: of a gap, since when the log could "\
	    "not be written.")                                                \
	X(SEGMENT, "sightglass", "segment", TEXT, NONE, IN_DAEMON,            \
	    "The segment that it is about.")                                  \
	X(REPAIR, "sightglass", "repair", OBJECT, NONE, IN_DAEMON,            \
	    "Of a segment that a logger left behind, what became of it.")     \
	X(REPAIR_RECORDS, "sightglass.repair", "records", NUMBER, NONE,       \
	    IN_DAEMON, "How many it has.")                                    \
	X(REPAIR_CUT_BYTES, "sightglass.repair", "cut_bytes", NUMBER, BYTES,  \
	    IN_DAEMON, "How much of its end was cut, which was no whole "     \
	    "record.")                                                        \
	X(REPAIR_DAMAGED_FRAMES, "sightglass.repair", "damaged_frames",       \
	    NUMBER, NONE, IN_DAEMON, "How many frames in it do not decode. "  \
	    "They are left as they are.")

#endif
