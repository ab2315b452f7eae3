/* SPDX-License-Identifier: ISC */
/*
 * Fields of records of datasets http, body and websocket: rows of log/fields.h, which
 * includes this.
 */
#ifndef SIGHTGLASS_LOG_FIELDS_HTTP_H
#define SIGHTGLASS_LOG_FIELDS_HTTP_H

#define OF_MESSAGE "http.{request,response}"
#define OF_BODY OF_MESSAGE ".body"

#define FIELDS_HTTP(X)                                                        \
	X(HTTP, "", "http", OBJECT, NONE,                                     \
	    IN_HTTP | IN_BODY | IN_WEBSOCKET | IN_DNS, "")                    \
	X(REQUEST, "http", "request", OBJECT, NONE,                           \
	    IN_HTTP | IN_BODY | IN_WEBSOCKET | IN_DNS, "")                    \
	X(RESPONSE, "http", "response", OBJECT, NONE, IN_HTTP | IN_BODY, "")  \
	X(REQUEST_ID, "http.request", "id", TEXT, NONE,                       \
	    IN_HTTP | IN_BODY | IN_WEBSOCKET | IN_DNS,                        \
	    "Joins all that is recorded of one request: the http records of " \
	    "it, the parts of its bodies, of a WebSocket its messages, and "  \
	    "of DNS over HTTP what was asked.")                               \
	X(HTTP_VERSION, "http", "version", TEXT, NONE, IN_HTTP,               \
	    "The version of HTTP: `2`, `1.1`, `1.0`, or whatever a request "  \
	    "line claims.")                                                   \
	X(METHOD, "http.request", "method", TEXT, NONE, IN_HTTP,              \
	    "As sent. A request of HTTP/2 that lacks its method has none.")   \
	X(STATUS_CODE, "http.response", "status_code", NUMBER, NONE, IN_HTTP, \
	    "Of the final answer (RFC 9110 section 15).")                     \
	X(REASON_PHRASE, "http.response", "reason", TEXT, NONE, IN_HTTP,      \
	    "The words behind the status in HTTP/1 (RFC 9112 section 4).")    \
	X(HEADERS, OF_MESSAGE, "headers", MAP, NONE, IN_HTTP,                 \
	    "Names in lower case, each with an array of its values in the "   \
	    "order in which they came. Values of `capture.redact_headers` "   \
	    "are `[redacted]`, as are parts of others: cookies, and what is " \
	    "secret in a URL.")                                               \
	X(HEADER_NAMES, OF_MESSAGE, "header_names", TEXTS, NONE, IN_HTTP,     \
	    "The names of all its fields in the order and in the case in "    \
	    "which they came, where `headers` does not tell: with it the "    \
	    "head can be written as it was.")                                 \
	X(TRAILERS, OF_MESSAGE, "trailers", MAP, NONE, IN_HTTP,               \
	    "The fields behind the body (RFC 9110 section 6.5), as headers. " \
	    "Those that gRPC-Web has in the body stand here, too.")           \
	X(HEAD_TOO_LONG, OF_MESSAGE, "head_too_long", BOOLEAN, NONE,          \
	    IN_HTTP, "The head was longer than `capture.head`: the fields "   \
	    "that are shown are not all.")                                    \
	X(BODY, OF_MESSAGE, "body", OBJECT, NONE, IN_HTTP | IN_BODY, "")      \
	X(BODY_BYTES, OF_BODY, "bytes", NUMBER, BYTES, IN_HTTP,               \
	    "Its length on the wire: with its content codings, without the "  \
	    "framing of chunks.")                                             \
	X(PART_OFFSET, OF_BODY, "offset", NUMBER, BYTES, IN_BODY,             \
	    "Where the part begins in the content.")                          \
	X(PART_BYTES, OF_BODY, "bytes", NUMBER, BYTES, IN_BODY,               \
	    "How much of the content the part has, 64 KiB at most.")          \
	X(CONTENT, "{http.request.body,http.response.body,websocket}",        \
	    "content", TEXT, NONE, IN_HTTP | IN_BODY | IN_WEBSOCKET,          \
	    "What it says, without its content codings (gzip, deflate, br, "  \
	    "zstd), unmasked and decompressed. What could not be undone "     \
	    "stands as it came. Of a close of a WebSocket, its reason. A "    \
	    "part of a body ends between two characters.")                    \
	X(ENCODING, "{http.request.body,http.response.body,websocket}",       \
	    "encoding", TEXT, NONE, IN_HTTP | IN_BODY | IN_WEBSOCKET,         \
	    "How `content` is written.")                                      \
	X(CONTENT_ENCODING, OF_BODY, "content_encoding", TEXT, NONE,          \
	    IN_HTTP, "The content codings, as the message names them (RFC "   \
	    "9110 section 8.4).")                                             \
	X(DECODED_BYTES, OF_BODY, "decoded_bytes", NUMBER, BYTES, IN_HTTP,    \
	    "The length without its content codings, where it had some.")     \
	X(CHARSET, OF_BODY, "charset", TEXT, NONE, IN_HTTP,                   \
	    "The charset that the text was in, if it was another than "       \
	    "UTF-8: told by a byte order mark, the message, the document, or "\
	    "nothing; then `windows-1252` is what is text and cannot be "     \
	    "UTF-8. What cannot be text, whatever it is said to be, and JSON "\
	    "that is not UTF-8, is base64 as it came.")                       \
	X(REPLACED, OF_BODY, "replaced", NUMBER, NONE, IN_HTTP,               \
	    "How much of it did not belong to the charset and became U+FFFD.")\
	X(DECODE_ERROR, OF_BODY, "decode_error", TEXT, NONE, IN_HTTP,         \
	    "Why the content stands as it came, or ends early.")              \
	X(AS_SENT, OF_BODY, "as_sent", TEXT, NONE, IN_HTTP,                   \
	    "The body as it was sent, in base64, where `capture.as_sent` "    \
	    "asks for it and it is not what `content` says: with its content "\
	    "codings and in its charset.")                                    \
	X(BODY_PARTS, OF_BODY, "parts", NUMBER, NONE, IN_HTTP,                \
	    "How many body records there are of it so far, when it was told " \
	    "in parts.")                                                      \
	X(BODY_TRUNCATED, OF_BODY, "truncated", BOOLEAN, NONE,                \
	    IN_HTTP | IN_BODY,                                                \
	    "Not all of it is logged: it was cut at `capture.body` or "       \
	    "`capture.decoded`, or a rule of `capture.rules` asked for no "   \
	    "bodies. In a body record: what comes behind the part is not "    \
	    "logged, and the next part, if there is one, begins further on.") \
	X(URL, "", "url", OBJECT, NONE, IN_HTTP, "")                          \
	X(URL_FULL, "url", "full", TEXT, NONE, IN_HTTP,                       \
	    "The address that was asked for, put together as RFC 9110 "       \
	    "section 7.1 says.")                                              \
	X(URL_SCHEME, "url", "scheme", TEXT, NONE, IN_HTTP,                   \
	    "`https`, `http`, or as the request has it.")                     \
	X(URL_DOMAIN, "url", "domain", TEXT, NONE, IN_HTTP,                   \
	    "The host, be it a name or an address.")                          \
	X(URL_PORT, "url", "port", NUMBER, NONE, IN_HTTP,                     \
	    "The port, the scheme's own where the request has none.")         \
	X(URL_PATH, "url", "path", TEXT, NONE, IN_HTTP,                       \
	    "The path, as it was sent.")                                      \
	X(URL_QUERY, "url", "query", TEXT, NONE, IN_HTTP,                     \
	    "What follows the question mark.")                                \
	X(USER_AGENT, "", "user_agent", OBJECT, NONE, IN_HTTP, "")            \
	X(USER_AGENT_ORIGINAL, "user_agent", "original", TEXT, NONE, IN_HTTP, \
	    "The client's name for itself.")                                  \
	X(GRPC, "", "grpc", OBJECT, NONE, IN_HTTP,                            \
	    "There when the exchange is a call of gRPC or gRPC-Web.")         \
	X(GRPC_SERVICE, "grpc", "service", TEXT, NONE, IN_HTTP,               \
	    "The service that was called.")                                   \
	X(GRPC_METHOD, "grpc", "method", TEXT, NONE, IN_HTTP,                 \
	    "The method of it.")                                              \
	X(GRPC_STATUS_CODE, "grpc", "status_code", NUMBER, NONE, IN_HTTP,     \
	    "How it ended. A call that was given up has no status.")          \
	X(GRPC_STATUS, "grpc", "status", TEXT, NONE, IN_HTTP,                 \
	    "The name of that status: `OK`, `NOT_FOUND`.")                    \
	X(GRPC_MESSAGE, "grpc", "message", TEXT, NONE, IN_HTTP,               \
	    "The server's words on it, decoded.")                             \
	X(GRPC_REQUEST, "grpc", "request", OBJECT, NONE, IN_HTTP, "")         \
	X(GRPC_RESPONSE, "grpc", "response", OBJECT, NONE, IN_HTTP, "")       \
	X(GRPC_MESSAGES, "grpc.{request,response}", "messages", NUMBER, NONE, \
	    IN_HTTP, "How many messages came whole. All of a body is "        \
	    "counted, however little of it is captured.")                     \
	X(GRPC_BYTES, "grpc.{request,response}", "bytes", NUMBER, BYTES,      \
	    IN_HTTP, "Their length as sent, without their prefixes.")         \
	X(GRPC_LARGEST, "grpc.{request,response}", "largest", NUMBER, BYTES,  \
	    IN_HTTP, "The length of the longest.")                            \
	X(GRPC_COMPRESSED, "grpc.{request,response}", "compressed", NUMBER,   \
	    NONE, IN_HTTP, "How many of them were compressed.")               \
	X(GRPC_ENCODING, "grpc.{request,response}", "encoding", TEXT, NONE,   \
	    IN_HTTP, "How those that were are compressed.")                   \
	X(GRPC_ERROR, "grpc.{request,response}", "error", TEXT, NONE,         \
	    IN_HTTP, "Why the counting ended early.")                         \
	X(WEBSOCKET, "", "websocket", OBJECT, NONE, IN_WEBSOCKET, "")         \
	X(WS_FROM, "websocket", "from", TEXT, NONE, IN_WEBSOCKET,             \
	    "Who sent it.")                                                   \
	X(WS_TYPE, "websocket", "type", TEXT, NONE, IN_WEBSOCKET,             \
	    "What it is, by its opcode (RFC 6455 section 11.8).")             \
	X(WS_NUMBER, "websocket", "number", NUMBER, NONE, IN_WEBSOCKET,       \
	    "Its place among the messages of its WebSocket, in the order in " \
	    "which they ended, from 1.")                                      \
	X(WS_FRAMES, "websocket", "frames", NUMBER, NONE, IN_WEBSOCKET,       \
	    "How many frames it came in. Those of control messages in "       \
	    "between are counted with their own.")                            \
	X(WS_BYTES, "websocket", "bytes", NUMBER, BYTES, IN_WEBSOCKET,        \
	    "Its payload on the wire.")                                       \
	X(WS_CLOSE_CODE, "websocket", "close_code", NUMBER, NONE,             \
	    IN_WEBSOCKET, "Of a close (RFC 6455 section 7.4).")               \
	X(WS_COMPRESSED, "websocket", "compressed", BOOLEAN, NONE,            \
	    IN_WEBSOCKET, "It was compressed (RFC 7692).")                    \
	X(WS_DECODE_ERROR, "websocket", "decode_error", TEXT, NONE,           \
	    IN_WEBSOCKET, "Why it could not be decompressed. Messages behind "\
	    "it that share its context cannot be either.")                    \
	X(WS_TRUNCATED, "websocket", "truncated", BOOLEAN, NONE,              \
	    IN_WEBSOCKET, "It was cut at `capture.body`.")                    \
	X(STREAM, "sightglass", "stream", NUMBER, NONE,                       \
	    IN_HTTP | IN_BODY | IN_WEBSOCKET,                                 \
	    "The number of the exchange in its flow, from 1; of HTTP/2, that "\
	    "of its stream. A message of a WebSocket has that of the "        \
	    "exchange that upgraded.")                                        \
	X(PART, "sightglass", "part", NUMBER, NONE, IN_BODY,                  \
	    "Its number among the parts of its body, from 1.")                \
	X(LAST, "sightglass", "last", BOOLEAN, NONE, IN_BODY,                 \
	    "With the last part. A body that ends when all of it has been "   \
	    "told already ends with a part without content.")                 \
	X(HOST_MISMATCH, "sightglass", "host_mismatch", BOOLEAN, NONE,        \
	    IN_HTTP, "The request asks another host than TLS was begun with " \
	    "(RFC 9110 section 7.4): one of several that share a "            \
	    "connection, or one behind another's name.")                      \
	X(TIMING, "sightglass", "timing", OBJECT, NONE, IN_HTTP | IN_FLOW,    \
	    "")                                                               \
	X(TIMING_CONNECT, "sightglass.timing", "connect", NUMBER,             \
	    MILLISECONDS, IN_HTTP | IN_FLOW,                                  \
	    "How long the connection to the server took. In the first http "  \
	    "record of a flow, and in the flow's own.")                       \
	X(TIMING_TLS, "sightglass.timing", "tls", NUMBER, MILLISECONDS,       \
	    IN_HTTP, "How long the handshakes took. In the first http record "\
	    "of a flow.")                                                     \
	X(TIMING_SEND, "sightglass.timing", "send", NUMBER, MILLISECONDS,     \
	    IN_HTTP, "From the request's first byte to its last.")            \
	X(TIMING_WAIT, "sightglass.timing", "wait", NUMBER, MILLISECONDS,     \
	    IN_HTTP, "From there to the answer's first byte.")                \
	X(TIMING_RECEIVE, "sightglass.timing", "receive", NUMBER,             \
	    MILLISECONDS, IN_HTTP, "From there to the answer's last byte.")   \
	X(INFORMATIONAL, "sightglass", "informational", OBJECT, NONE,         \
	    IN_HTTP, "")                                                      \
	X(INFORMATIONAL_COUNT, "sightglass.informational", "count", NUMBER,   \
	    NONE, IN_HTTP, "How many answers like 100 or 103 came before the "\
	    "final one (RFC 9110 section 15.2).")                             \
	X(INFORMATIONAL_LAST, "sightglass.informational", "last", NUMBER,     \
	    NONE, IN_HTTP, "The status of the last of them.")                 \
	X(UPGRADED, "sightglass", "upgraded", BOOLEAN, NONE, IN_HTTP,         \
	    "What follows on the connection, or on the stream, is another "   \
	    "protocol's.")                                                    \
	X(EXTENDED_PROTOCOL, "sightglass", "protocol", TEXT, NONE, IN_HTTP,   \
	    "The protocol that an extended CONNECT of HTTP/2 asks for (RFC "  \
	    "8441).")                                                         \
	X(PUSHED, "sightglass", "pushed", BOOLEAN, NONE, IN_HTTP,             \
	    "The server asked in the client's place (RFC 9113 section 8.4).") \
	X(UNPROCESSED, "sightglass", "unprocessed", BOOLEAN, NONE, IN_HTTP,   \
	    "The server said that it did nothing about the request (RFC "     \
	    "9113 section 6.8).")                                             \
	X(RESET, "sightglass", "reset", OBJECT, NONE, IN_HTTP,                \
	    "The stream was ended early (RFC 9113 section 6.4).")             \
	X(RESET_BY, "sightglass.reset", "by", TEXT, NONE, IN_HTTP,            \
	    "Who ended it.")                                                  \
	X(RESET_ERROR, "sightglass.reset", "error", TEXT, NONE, IN_HTTP,      \
	    "The name of the error, of RFC 9113 section 7.")                  \
	X(INCOMPLETE, "sightglass", "incomplete", TEXT, NONE,                 \
	    IN_HTTP | IN_WEBSOCKET, "Why this is not the whole of it.")       \
	X(PARTIALS, "sightglass", "partials", NUMBER, NONE, IN_HTTP,          \
	    "How many records of the same exchange came before this one, "    \
	    "each with `incomplete` of `continues`.")                         \
	X(PARSE_ERROR, "sightglass", "parse_error", TEXT, NONE, IN_HTTP,      \
	    "What the parser stumbled over, when it gave up.")                \
	X(CAPTURE, "sightglass", "capture", TEXT, NONE,                       \
	    IN_HTTP | IN_WEBSOCKET,                                           \
	    "There when a rule of `capture.rules` asked for no bodies: they " \
	    "have their `bytes` and no content, nor have the messages of the "\
	    "WebSocket that follows.")                                        \
	X(REDACTED, "sightglass", "redacted", TEXTS, NONE,                    \
	    IN_HTTP | IN_BODY | IN_WEBSOCKET,                                 \
	    "What was replaced by `[redacted]`: names of "                    \
	    "`capture.redact_headers`, or, with their place in front, what "  \
	    "the other settings hide: `authorization`, `url.query.token`, "   \
	    "`http.request.body.user.cards[].number`, "                       \
	    "`http.request.headers.cookie.sid`, "                             \
	    "`http.response.body./\\d{16}/`, `url.userinfo`. In a body "      \
	    "record, in the body so far.")

#endif
