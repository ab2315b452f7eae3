/* SPDX-License-Identifier: ISC */
/*
 * What fields with a fixed set of values may say: rows of log/fields.h's table of
 * values, X(FIELD, "value", "text"), those of a field together, in the order in which
 * the manual has them. Of values that say all by themselves the text is "". The value
 * "*" stands for others besides; its text says which.
 */
#ifndef SIGHTGLASS_LOG_FIELD_VALUES_H
#define SIGHTGLASS_LOG_FIELD_VALUES_H

#define FIELD_VALUES(X)                                                       \
	X(EVENT_KIND, "event", "")                                            \
	X(EVENT_DATASET, "sightglass.http", "")                               \
	X(EVENT_DATASET, "sightglass.body", "")                               \
	X(EVENT_DATASET, "sightglass.websocket", "")                          \
	X(EVENT_DATASET, "sightglass.dns", "")                                \
	X(EVENT_DATASET, "sightglass.tls", "")                                \
	X(EVENT_DATASET, "sightglass.flow", "")                               \
	X(EVENT_DATASET, "sightglass.mint", "")                               \
	X(EVENT_DATASET, "sightglass.daemon", "")                             \
	X(NETWORK_TRANSPORT, "tcp", "")                                       \
	X(NETWORK_TRANSPORT, "udp", "")                                       \
	X(NETWORK_TYPE, "ipv4", "")                                           \
	X(NETWORK_TYPE, "ipv6", "")                                           \
	X(DNS_NAMES_BY, "application", "The flow's own did.")                 \
	X(DNS_NAMES_BY, "machine", "Another on the machine did.")             \
	X(ACTION, "started", "The daemon serves.")                            \
	X(ACTION, "stopping", "It was told to end.")                          \
	X(ACTION, "reloaded", "The settings were read again.")                \
	X(ACTION, "roots_changed",                                            \
	    "What servers are verified against has changed on the machine, "  \
	    "and is used as it is now.")                                      \
	X(ACTION, "role_died", "One of its processes ended by itself.")       \
	X(ACTION, "repaired", "What a crash left of a segment was made whole.") \
	X(ACTION, "gap", "Records are missing.")                              \
	X(ACTION, "log_resumed", "The log can be written again.")             \
	X(ACTION, "retired",                                                  \
	    "A sealed segment was removed; `message` says by which setting.") \
	X(ACTION, "keylog_on", "Keys of TLS sessions are written from now on.") \
	X(ACTION, "keylog_off", "They are no longer.")                        \
	X(ACTION, "ca_next", "The CA that is to follow is there, to be "      \
	    "trusted.")                                                       \
	X(ACTION, "ca_renewed", "Leaves come from it now.")                   \
	X(ACTION, "ca_ends", "A CA that was provided nears its end.")         \
	X(ACTION, "bypass_learned",                                           \
	    "Flows of an application to a server are relayed from now on.")   \
	X(ACTION, "bypass_removed", "They are opened again.")                 \
	X(ACTION, "ca_distrusted",                                            \
	    "An application turned our certificate down for eight names: it " \
	    "seems not to trust the CA at all.")                              \
	X(ENCODING, "utf-8", "")                                              \
	X(ENCODING, "base64", "")                                             \
	X(DECODE_ERROR, "corrupt", "The coding is damaged.")                  \
	X(DECODE_ERROR, "unknown_coding", "It is none that is known here.")   \
	X(DECODE_ERROR, "limit", "It became more than `capture.decoded`.")    \
	X(DECODE_ERROR, "no_memory", "There was no memory for it.")           \
	X(DECODE_ERROR, "redact_limit",                                       \
	    "An expression of `capture.redact_patterns` took too many steps, "\
	    "and the rest was hidden for that.")                              \
	X(GRPC_ERROR, "wrong_flag", "That is no framing of gRPC.")            \
	X(GRPC_ERROR, "wrong_base64", "Nor is that, of gRPC-Web as text.")    \
	X(GRPC_ERROR, "cut_message", "The body ended inside a message.")      \
	X(GRPC_ERROR, "content_encoding", "A content coding lies around them.") \
	X(GRPC_ERROR, "compressed_trailers", "The trailers are compressed.")  \
	X(GRPC_ERROR, "behind_trailers", "More followed on the trailers.")    \
	X(WS_FROM, "client", "")                                              \
	X(WS_FROM, "server", "")                                              \
	X(WS_TYPE, "text", "")                                                \
	X(WS_TYPE, "binary", "")                                              \
	X(WS_TYPE, "close", "")                                               \
	X(WS_TYPE, "ping", "")                                                \
	X(WS_TYPE, "pong", "")                                                \
	X(WS_DECODE_ERROR, "corrupt", "")                                     \
	X(WS_DECODE_ERROR, "limit", "")                                       \
	X(WS_DECODE_ERROR, "no_memory", "")                                   \
	X(RESET_BY, "client", "")                                             \
	X(RESET_BY, "server", "")                                             \
	X(INCOMPLETE, "no_response", "The connection ended before the answer.") \
	X(INCOMPLETE, "cut_request", "It ended inside the request.")          \
	X(INCOMPLETE, "cut_response", "It ended inside the answer.")          \
	X(INCOMPLETE, "parser_gave_up",                                       \
	    "What was said is not HTTP after all: `parse_error` says why.")   \
	X(INCOMPLETE, "continues",                                            \
	    "The exchange is not over. It is recorded again, as a whole.")    \
	X(INCOMPLETE, "cut_message", "The WebSocket ended inside the message.") \
	X(CAPTURE, "head", "")                                                \
	X(DNS_TYPE, "answer", "")                                             \
	X(DNS_TYPE, "query", "")                                              \
	X(DNS_TRANSPORT, "udp", "")                                           \
	X(DNS_TRANSPORT, "tcp", "")                                           \
	X(DNS_TRANSPORT, "tls", "")                                           \
	X(DNS_TRANSPORT, "https", "")                                         \
	X(DNS_TRANSPORT, "http", "")                                          \
	X(DNS_PROTOCOL, "mdns", "To UDP port 5353 (RFC 6762).")               \
	X(DNS_PROTOCOL, "llmnr", "To UDP port 5355 (RFC 4795).")              \
	X(DNS_MALFORMED, "question", "The question could not be read.")       \
	X(DNS_MALFORMED, "record", "The reading ended at a record.")          \
	X(DNS_MALFORMED, "data",                                              \
	    "The data of a record were not as its type has them.")            \
	X(DNS_MALFORMED, "trailing", "Bytes stand behind the end.")           \
	X(DNS_MALFORMED, "limit", "It holds more than is read of one.")       \
	X(DNS_INCOMPLETE, "timeout", "Nobody answered within `dns.timeout`.") \
	X(DNS_INCOMPLETE, "flow_end", "Nobody had when the flow ended.")      \
	X(DNS_INCOMPLETE, "limit", "Too many questions were waiting.")        \
	X(DNS_INCOMPLETE, "no_query",                                         \
	    "An answer to what was not asked, or too late.")                  \
	X(DNS_INCOMPLETE, "second_answer", "Another one than the question had.") \
	X(DNS_INCOMPLETE, "not_dns",                                          \
	    "HTTP gave another answer; see its record.")                      \
	X(DNS_INCOMPLETE, "cut_transfer", "A zone transfer did not end.")     \
	X(TLS_VERSION, "1.2", "")                                             \
	X(TLS_VERSION, "1.3", "")                                             \
	X(TLS_VERSION_PROTOCOL, "tls", "")                                    \
	X(LEG_VERSION, "1.2", "")                                             \
	X(LEG_VERSION, "1.3", "")                                             \
	X(DECISION, "inspect", "It was opened and read.")                     \
	X(DECISION, "splice", "Its bytes were relayed as they came.")         \
	X(DECISION, "refuse", "It was closed.")                               \
	X(REASON, "default", "No rule names it: `policy.default`.")           \
	X(REASON, "policy_name", "A rule for a name.")                        \
	X(REASON, "policy_address", "A rule for an address.")                 \
	X(REASON, "policy_port", "A rule for a port.")                        \
	X(REASON, "policy_application", "A rule for an application.")         \
	X(REASON, "policy_user", "A rule for a user.")                        \
	X(REASON, "quic", "`policy.quic`: QUIC is not opened.")                \
	X(REASON, "known_to_break", "A rule of `policy.known`.")              \
	X(REASON, "client_version", "The client speaks TLS 1.1 at most.")     \
	X(REASON, "client_no_key",                                            \
	    "The client takes no kind of key that a leaf may have.")          \
	X(REASON, "client_no_group",                                          \
	    "The client offers no group that the TLS library has.")           \
	X(REASON, "ca_scope", "Our CA may not certify the name.")             \
	X(REASON, "pinned",                                                   \
	    "A bypass (see `sightglass.yaml`): the application turned our "   \
	    "certificate down before.")                                       \
	X(REASON, "client_certificate",                                       \
	    "The server asks for a certificate that is not here; or a "       \
	    "bypass, because it did.")                                        \
	X(REASON, "added", "A bypass that a person added.")                   \
	X(REASON, "upstream_handshake",                                       \
	    "The server turned our handshake away; behind a plain dialogue, " \
	    "it did so in earlier flows.")                                    \
	X(REASON, "upstream_certificate",                                     \
	    "The server's certificates are more than the TLS library can "    \
	    "take (over 16 KiB, or with keys of a kind that it lacks), and "  \
	    "nothing is known to be wrong with them.")                        \
	X(REASON, "datagrams", "Datagrams are relayed.")                      \
	X(REASON, "none", "The flow ended before anything was decided.")      \
	X(VERIFICATION, "ok", "Nothing is wrong.")                            \
	X(VERIFICATION, "own_ca", "The chain ends in our own CA.")            \
	X(VERIFICATION, "known_bad",                                          \
	    "A key or certificate in it is known to be compromised, or "      \
	    "stands in `upstream.distrust`.")                                 \
	X(VERIFICATION, "revoked",                                            \
	    "A list of `upstream.crl` names a certificate.")                  \
	X(VERIFICATION, "self_signed",                                        \
	    "The certificate is signed by itself and is not trusted.")        \
	X(VERIFICATION, "unknown_root", "No trusted root vouches for it.")    \
	X(VERIFICATION, "bad_signature", "A signature is not its issuer's.")  \
	X(VERIFICATION, "chain_too_long",                                     \
	    "It is longer, or has more branches or names, than is tried.")    \
	X(VERIFICATION, "malformed",                                          \
	    "An extension is malformed, or stands twice.")                    \
	X(VERIFICATION, "unknown_critical",                                   \
	    "An extension is critical and not understood.")                   \
	X(VERIFICATION, "not_a_ca", "An issuer may not sign certificates.")   \
	X(VERIFICATION, "path_length",                                        \
	    "More CAs follow than an issuer allows.")                         \
	X(VERIFICATION, "name_constraints",                                   \
	    "A CA above may not issue for this name.")                        \
	X(VERIFICATION, "wrong_usage",                                        \
	    "A certificate is not meant for servers.")                        \
	X(VERIFICATION, "weak_signature",                                     \
	    "A certificate is signed with MD5 or SHA-1.")                     \
	X(VERIFICATION, "weak_key",                                           \
	    "RSA under 2048 bits, or a curve under 256.")                     \
	X(VERIFICATION, "expired", "A certificate's time is over.")           \
	X(VERIFICATION, "not_yet_valid",                                      \
	    "A certificate's time has not come.")                             \
	X(VERIFICATION, "name_mismatch",                                      \
	    "The certificate does not speak for the host.")                   \
	X(VERIFICATION, "no_certificate", "The server showed none.")          \
	X(INVALID, "mirror", "")                                              \
	X(INVALID, "refuse", "")                                              \
	X(INVALID, "allow", "")                                               \
	X(INVALID_REASON, "default", "`upstream.invalid`.")                   \
	X(INVALID_REASON, "policy_name",                                      \
	    "A rule of `upstream.invalid_hosts` for a name.")                 \
	X(INVALID_REASON, "policy_address", "One for an address.")            \
	X(FAILURE, "old_version",                                             \
	    "The server chose SSL 3 or TLS 1.0 or 1.1. Like the three that "  \
	    "follow it was refused, be it that we asked or, in a flow that "  \
	    "was to be relayed for `upstream_handshake` or "                  \
	    "`upstream_certificate`, the client.")                            \
	X(FAILURE, "weak_suite", "It chose a suite that is too weak.")        \
	X(FAILURE, "cbc_suite",                                               \
	    "It chose one in CBC where `upstream.cbc` is false.")             \
	X(FAILURE, "weak_group", "It chose a group of less than 2048 bits.")  \
	X(FAILURE, "downgrade",                                               \
	    "It could have spoken TLS 1.3 with the client, and says so, but " \
	    "chose less: someone on the way had it do so.")                   \
	X(FAILURE, "*", "How the flow was closed, as in `sightglass.close`.") \
	X(BYPASS, "counted", "")                                              \
	X(BYPASS, "never", "")                                                \
	X(STARTTLS, "smtp", "")                                               \
	X(STARTTLS, "imap", "")                                               \
	X(STARTTLS, "pop3", "")                                               \
	X(STARTTLS, "ftp", "")                                                \
	X(STARTTLS, "postgresql", "")                                         \
	X(MINT_KEY, "p256", "")                                               \
	X(MINT_KEY, "rsa", "")                                                \
	X(MINT_REFUSED, "denied", "The CA may not certify a name.")           \
	X(MINT_REFUSED, "range", "The key is none that leaves have.")         \
	X(MINT_REFUSED, "*", "Another error of the signer's.")                \
	X(QUIC_ANNOUNCED, "https_record", "In an answer of DNS.")              \
	X(QUIC_ANNOUNCED, "alt_svc", "In an answer of HTTP.")                  \
	X(FLOW_CLOSE, "finished", "Both sides ended in order.")               \
	X(FLOW_CLOSE, "client_reset", "The client reset the connection.")     \
	X(FLOW_CLOSE, "server_reset", "The server did.")                      \
	X(FLOW_CLOSE, "idle", "Nothing was sent for `flow.idle_timeout`.")    \
	X(FLOW_CLOSE, "total_timeout",                                        \
	    "It was as old as `flow.total_timeout` lets a flow become.")      \
	X(FLOW_CLOSE, "daemon_shutdown", "The daemon ended.")                 \
	X(FLOW_CLOSE, "bad_header",                                           \
	    "The forwarder did not say whose flow it was.")                   \
	X(FLOW_CLOSE, "header_timeout", "It did not say so in time.")         \
	X(FLOW_CLOSE, "client_gone",                                          \
	    "The client ended before it said anything.")                      \
	X(FLOW_CLOSE, "refused_by_policy", "A rule of `policy.refuse`.")      \
	X(FLOW_CLOSE, "connect_failed", "The server was not reached.")        \
	X(FLOW_CLOSE, "connect_timeout",                                      \
	    "It was not within `flow.connect_timeout`.")                      \
	X(FLOW_CLOSE, "upstream_handshake_failed",                            \
	    "TLS with the server failed.")                                    \
	X(FLOW_CLOSE, "upstream_handshake_timeout",                           \
	    "TLS with the server took longer than `flow.handshake_timeout`.") \
	X(FLOW_CLOSE, "upstream_invalid",                                     \
	    "The server's certificate does not verify.")                      \
	X(FLOW_CLOSE, "no_leaf",                                              \
	    "The signer gave none; `detail` says when `leaf.rate` is why.")   \
	X(FLOW_CLOSE, "client_handshake_failed",                              \
	    "TLS with the client failed: it may not trust the CA.")           \
	X(FLOW_CLOSE, "client_handshake_timeout",                             \
	    "TLS with the client took longer than `flow.handshake_timeout`.") \
	X(FLOW_CLOSE, "tls_error", "TLS broke later.")                        \
	X(FLOW_CLOSE, "system_error", "A system call failed.")                \
	X(FLOW_STATE, "header", "Its forwarder had not said whose it is.")    \
	X(FLOW_STATE, "sniff", "It was not known what is spoken.")            \
	X(FLOW_STATE, "decide", "It was not decided what to do.")             \
	X(FLOW_STATE, "connect", "The server was not reached.")               \
	X(FLOW_STATE, "upstream_tls", "TLS with the server was begun.")       \
	X(FLOW_STATE, "leaf", "A certificate was asked for.")                 \
	X(FLOW_STATE, "client_tls", "TLS with the client was begun.")         \
	X(FLOW_STATE, "dialogue", "A dialogue in which TLS may begin.")       \
	X(FLOW_STATE, "relay", "Both sides spoke.")                           \
	X(FLOW_STATE, "drain", "One side had ended.")                         \
	X(FLOW_STATE, "datagrams", "Datagrams went both ways.")

#endif
