/* SPDX-License-Identifier: ISC */
/*
 * Fields of records of dataset flow: rows of log/fields.h, which includes this.
 */
#ifndef SIGHTGLASS_LOG_FIELDS_FLOW_H
#define SIGHTGLASS_LOG_FIELDS_FLOW_H

#define FIELDS_FLOW(X)                                                        \
	X(FLOW_CLOSE, "sightglass", "close", TEXT, NONE, IN_FLOW,             \
	    "Why the flow ended.")                                            \
	X(FLOW_STATE, "sightglass", "state", TEXT, NONE, IN_FLOW,             \
	    "How far it had come then.")                                      \
	X(FLOW_PROTOCOL, "sightglass", "protocol", TEXT, NONE, IN_FLOW,       \
	    "What it carried: `http`, `http2`, `websocket`, `dns`, `tls`, "   \
	    "or, where nothing was read, what the first bytes look like: "    \
	    "`ssh`, `smtp`, `imap`, `pop3`, `ftp`, `mysql`, `postgresql`, "   \
	    "`redis`, `mqtt`, `amqp`, `git` and others.")                     \
	X(FLOW_DETAIL, "sightglass", "detail", TEXT, NONE, IN_FLOW,           \
	    "More words on its end.")                                         \
	X(FLOW_BYTES, "sightglass", "bytes", OBJECT, NONE, IN_FLOW,           \
	    "What went through it, without TLS around it.")                   \
	X(FLOW_DATAGRAMS, "sightglass", "datagrams", OBJECT, NONE, IN_FLOW,   \
	    "")                                                               \
	X(FLOW_BYTES_CLIENT, "sightglass.bytes", "client", NUMBER, BYTES,     \
	    IN_FLOW, "How much the client sent.")                             \
	X(FLOW_BYTES_SERVER, "sightglass.bytes", "server", NUMBER, BYTES,     \
	    IN_FLOW, "How much the server sent.")                             \
	X(FLOW_DATAGRAMS_CLIENT, "sightglass.datagrams", "client", NUMBER,    \
	    NONE, IN_FLOW, "How many datagrams the client sent.")             \
	X(FLOW_DATAGRAMS_SERVER, "sightglass.datagrams", "server", NUMBER,    \
	    NONE, IN_FLOW, "How many came back.")                             \
	X(QUIC, "sightglass", "quic", OBJECT, NONE, IN_FLOW,                  \
	    "Of a flow of datagrams to port 443 or 853.")                     \
	X(QUIC_REFUSED, "sightglass.quic", "refused", BOOLEAN, NONE, IN_FLOW, \
	    "Whether `policy.quic` or a rule refused it.")                    \
	X(QUIC_ANNOUNCED, "sightglass.quic", "announced", TEXT, NONE, IN_FLOW,\
	    "How the server had told that it speaks HTTP/3, for one of the "  \
	    "names of its address: in an HTTPS record, or in the field "      \
	    "Alt-Svc of an answer.")                                          \
	X(QUIC_NAME, "sightglass.quic", "name", TEXT, NONE, IN_FLOW,          \
	    "That name.")                                                     \
	X(UNREAD, "sightglass", "unread", OBJECT, NONE, IN_FLOW,              \
	    "Of a flow whose reading ended before it did: what passed after " \
	    "that, as ever, and is in no record.")                            \
	X(UNREAD_WHY, "sightglass.unread", "why", TEXT, NONE, IN_FLOW,        \
	    "`upgraded`: to a protocol that is not read (CONNECT, or 101); "  \
	    "`dns_message`: what came was none; or as "                       \
	    "`sightglass.parse_error` has it.")                               \
	X(UNREAD_CLIENT, "sightglass.unread", "client", NUMBER, BYTES,        \
	    IN_FLOW, "How much the client sent after the piece with which "   \
	    "that happened.")                                                 \
	X(UNREAD_SERVER, "sightglass.unread", "server", NUMBER, BYTES,        \
	    IN_FLOW, "Likewise, the server.")                                 \
	X(FLOW_EXCHANGES, "sightglass", "exchanges", NUMBER, NONE, IN_FLOW,   \
	    "How many exchanges of HTTP it had.")                             \
	X(FLOW_COUNTED, "sightglass", "counted", OBJECT, NONE, IN_FLOW,       \
	    "What has no record of its own, because rules of "                \
	    "`capture.rules` asked for that.")                                \
	X(COUNTED_EXCHANGES, "sightglass.counted", "exchanges", NUMBER, NONE, \
	    IN_FLOW, "How many of its exchanges.")                            \
	X(COUNTED_MESSAGES, "sightglass.counted", "messages", NUMBER, NONE,   \
	    IN_FLOW, "How many messages of WebSockets.")                      \
	X(FLOW_FIRST, "sightglass", "first", OBJECT, NONE, IN_FLOW,           \
	    "The first bytes of a flow that was not read as HTTP, 64 at "     \
	    "most, in base64. After a plain dialogue they are its.")          \
	X(FLOW_FIRST_CLIENT, "sightglass.first", "client", TEXT, NONE,        \
	    IN_FLOW, "Those of the client.")                                  \
	X(FLOW_FIRST_SERVER, "sightglass.first", "server", TEXT, NONE,        \
	    IN_FLOW, "Those of the server.")

#endif
