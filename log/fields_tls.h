/* SPDX-License-Identifier: ISC */
/*
 * Fields of records of datasets tls and mint: rows of log/fields.h, which includes
 * this.
 */
#ifndef SIGHTGLASS_LOG_FIELDS_TLS_H
#define SIGHTGLASS_LOG_FIELDS_TLS_H

#define OF_LEG "sightglass.{client,server}"
#define OF_CERTIFICATE "sightglass.{server_certificate,leaf,client_certificate}"

#define FIELDS_TLS(X)                                                         \
	X(TLS, "", "tls", OBJECT, NONE, IN_TLS,                               \
	    "The connection with the client, under the names of ECS.")        \
	X(TLS_VERSION, "tls", "version", TEXT, NONE, IN_TLS,                  \
	    "The version of TLS.")                                            \
	X(TLS_VERSION_PROTOCOL, "tls", "version_protocol", TEXT, NONE,        \
	    IN_TLS, "What that is a version of.")                             \
	X(TLS_CIPHER, "tls", "cipher", TEXT, NONE, IN_TLS,                    \
	    "The suite, by its name at IANA.")                                \
	X(TLS_CURVE, "tls", "curve", TEXT, NONE, IN_TLS,                      \
	    "The group of the key exchange, as `sightglass.client.group`.")   \
	X(TLS_RESUMED, "tls", "resumed", BOOLEAN, NONE, IN_TLS,               \
	    "Whether it goes on with an earlier session.")                    \
	X(TLS_NEXT_PROTOCOL, "tls", "next_protocol", TEXT, NONE, IN_TLS,      \
	    "The protocol that was agreed on by ALPN (RFC 7301).")            \
	X(TLS_ESTABLISHED, "tls", "established", BOOLEAN, NONE, IN_TLS,       \
	    "Whether the handshake came to its end. False for a flow that "   \
	    "was not opened.")                                                \
	X(TLS_CLIENT, "tls", "client", OBJECT, NONE, IN_TLS, "")              \
	X(TLS_SERVER_NAME, "tls.client", "server_name", TEXT, NONE, IN_TLS,   \
	    "The name in the client's hello (RFC 6066 section 3).")           \
	X(TLS_JA3, "tls.client", "ja3", TEXT, NONE, IN_TLS,                   \
	    "Fingerprint of the client's hello, of spliced flows too. A "     \
	    "hello of more than 512 numbers has none.")                       \
	X(TLS_JA4, "tls.client", "ja4", TEXT, NONE, IN_TLS,                   \
	    "The newer fingerprint of it. ECS has no name for it yet; it "    \
	    "stands beside the one that has.")                                \
	X(TLS_SERVER, "tls", "server", OBJECT, NONE, IN_TLS, "")              \
	X(TLS_JA3S, "tls.server", "ja3s", TEXT, NONE, IN_TLS,                 \
	    "Fingerprint of the real server's hello, the one after a hello "  \
	    "retry request if there was one. It is an answer to the hello "   \
	    "that sightglassd sent, so it may be another than the client "    \
	    "would have got by itself. A flow that was not opened has none.") \
	X(DECISION, "sightglass", "decision", TEXT, NONE, IN_TLS | IN_FLOW,   \
	    "What was done with the flow.")                                   \
	X(REASON, "sightglass", "reason", TEXT, NONE, IN_TLS | IN_FLOW,       \
	    "Why that was decided.")                                          \
	X(SAMPLED, "sightglass", "sampled", BOOLEAN, NONE, IN_TLS | IN_FLOW,  \
	    "False when the flow was left out of `capture.sample`: what it "  \
	    "carries was not read.")                                          \
	X(OFFERED, "sightglass", "offered", OBJECT, NONE, IN_TLS,             \
	    "What the client's hello offered.")                               \
	X(OFFERED_VERSION, "sightglass.offered", "version", TEXT, NONE,       \
	    IN_TLS, "The highest version of TLS in it.")                      \
	X(OFFERED_ALPN, "sightglass.offered", "alpn", TEXTS, NONE, IN_TLS,    \
	    "The protocols in it, in the client's order.")                    \
	X(OFFERED_ECH, "sightglass.offered", "ech", BOOLEAN, NONE, IN_TLS,    \
	    "It has the extension encrypted_client_hello, in earnest or as "  \
	    "grease.")                                                        \
	X(LEG_CLIENT, "sightglass", "client", OBJECT, NONE, IN_TLS,           \
	    "The connection between the client and us.")                      \
	X(LEG_SERVER, "sightglass", "server", OBJECT, NONE, IN_TLS,           \
	    "The one between us and the server. Where `sightglass.reason` is "\
	    "`client_certificate`, `upstream_handshake` or "                  \
	    "`upstream_certificate` it is the one that was given up, as are " \
	    "`server_certificate`, `verification` and `error`; the client's " \
	    "own is not opened.")                                             \
	X(LEG_VERSION, OF_LEG, "version", TEXT, NONE, IN_TLS,                 \
	    "The version of TLS.")                                            \
	X(LEG_CIPHER, OF_LEG, "cipher", TEXT, NONE, IN_TLS,                   \
	    "The suite, by its name at IANA.")                                \
	X(LEG_GROUP, OF_LEG, "group", TEXT, NONE, IN_TLS,                     \
	    "The group of the key exchange, by its name at IANA. None for "   \
	    "finite-field groups below TLS 1.3.")                             \
	X(LEG_ALPN, OF_LEG, "alpn", TEXT, NONE, IN_TLS,                       \
	    "The protocol that was agreed on.")                               \
	X(LEG_ESTABLISHED, OF_LEG, "established", BOOLEAN, NONE, IN_TLS,      \
	    "Whether the handshake came to its end.")                         \
	X(LEG_RESUMED, OF_LEG, "resumed", BOOLEAN, NONE, IN_TLS,              \
	    "Whether it goes on with an earlier session. A server that does " \
	    "shows no certificate: its facts and the verification are of the "\
	    "handshake in which it did.")                                     \
	X(LEG_HELLO_RETRY, OF_LEG, "hello_retry", BOOLEAN, NONE, IN_TLS,      \
	    "It took a hello retry request (RFC 8446 section 4.1.4).")        \
	X(LEG_ALERT_RECEIVED, OF_LEG, "alert_received", NUMBER, NONE,         \
	    IN_TLS, "The number of the fatal alert that came (RFC 8446 "      \
	    "section 6).")                                                    \
	X(LEG_ALERT_SENT, OF_LEG, "alert_sent", NUMBER, NONE, IN_TLS,         \
	    "The number of the fatal alert that we sent.")                    \
	X(SERVER_CERTIFICATE, "sightglass", "server_certificate", OBJECT,     \
	    NONE, IN_TLS, "The certificate that the server showed.")          \
	X(LEAF, "sightglass", "leaf", OBJECT, NONE, IN_TLS | IN_MINT,         \
	    "The certificate that the client was shown in its place. The "    \
	    "record of dataset mint that tells of its making has the same "   \
	    "`sha256`.")                                                      \
	X(CLIENT_CERTIFICATE, "sightglass", "client_certificate", OBJECT,     \
	    NONE, IN_TLS, "The one of `upstream.client_certificates` that "   \
	    "the server asked for and was shown; one that goes on with a "    \
	    "session asks no more.")                                          \
	X(CERT_SUBJECT, OF_CERTIFICATE, "subject", TEXT, NONE, IN_TLS | IN_MINT, \
	    "Whom it is for, as a distinguished name.")                       \
	X(CERT_ISSUER, OF_CERTIFICATE, "issuer", TEXT, NONE, IN_TLS | IN_MINT,\
	    "Who signed it.")                                                 \
	X(CERT_SERIAL, OF_CERTIFICATE, "serial", TEXT, NONE, IN_TLS | IN_MINT,\
	    "Its serial number, in hexadecimal.")                             \
	X(CERT_SHA256, OF_CERTIFICATE, "sha256", TEXT, NONE, IN_TLS | IN_MINT,\
	    "SHA-256 of its DER, in hexadecimal.")                            \
	X(CERT_NOT_BEFORE, OF_CERTIFICATE, "not_before", TIME, NONE,          \
	    IN_TLS | IN_MINT, "When its life begins.")                        \
	X(CERT_NOT_AFTER, OF_CERTIFICATE, "not_after", TIME, NONE,            \
	    IN_TLS | IN_MINT, "When it ends.")                                \
	X(VERIFICATION, "sightglass", "verification", TEXT, NONE, IN_TLS,     \
	    "The gravest of what is wrong with the server's chain.")          \
	X(INVALID, "sightglass", "invalid", TEXT, NONE, IN_TLS,               \
	    "What became of a server that did not verify, as in "             \
	    "`upstream.invalid`.")                                            \
	X(INVALID_REASON, "sightglass", "invalid_reason", TEXT, NONE, IN_TLS, \
	    "What said so.")                                                  \
	X(FAILURE, "sightglass", "failure", TEXT, NONE, IN_TLS,               \
	    "Why it came to nothing.")                                        \
	X(TLS_ERROR, "sightglass", "error", TEXT, NONE, IN_TLS,               \
	    "The TLS library's words.")                                       \
	X(BYPASS, "sightglass", "bypass", TEXT, NONE, IN_TLS,                 \
	    "There when the flow failed in a way that a bypass may be "       \
	    "learned from: whether it was counted, or is never to be because "\
	    "of `bypass.never`.")                                             \
	X(STARTTLS, "sightglass", "starttls", TEXT, NONE, IN_TLS | IN_FLOW,   \
	    "There when TLS was begun in a plain dialogue: its protocol.")    \
	X(NAME_MISMATCH, "sightglass", "name_mismatch", BOOLEAN, NONE,        \
	    IN_TLS, "The hello's server name is not the name that the "       \
	    "forwarder knew the destination by.")                             \
	X(MINT_WORKER, "sightglass", "worker", NUMBER, NONE, IN_MINT,         \
	    "The worker that asked, from 1.")                                 \
	X(MINT_KEY, "sightglass", "key", TEXT, NONE, IN_MINT,                 \
	    "The kind of the leaf's key.")                                    \
	X(MINT_REFUSED, "sightglass", "refused", TEXT, NONE, IN_MINT,         \
	    "Why the request was not granted.")                               \
	X(MINT_NAMES, "sightglass", "names", TEXTS, NONE, IN_MINT,            \
	    "The names and addresses that the leaf speaks for, or should "    \
	    "have.")

#endif
