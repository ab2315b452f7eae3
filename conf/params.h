/* SPDX-License-Identifier: ISC */
/*
 * Every setting, one row each: the member of struct conf, its kind, the key in
 * sightglass.yaml (dots are nesting), the default as it would stand in the
 * file, the range in the kind's own unit, and the text that the manual page and
 * the annotated configuration show. Adding a setting is a row here.
 *
 * Kinds (and the C type of the member):
 *   BOOL    bool           true | false
 *   COUNT   uint64_t       a plain number
 *   BYTES   uint64_t       a number with B, KiB, MiB, GiB
 *   BYTES_OR_ALL uint64_t  the same, or "all": CONF_ALL
 *   TIME    uint64_t       milliseconds; written with ms, s, min, h, d
 *   TEXT    char *         any text, "" for none
 *   CHOICE  unsigned       one of the words in the text column before the colon,
 *                          numbered from 0 in that order
 *   LIST    struct conf_list  a YAML sequence of texts
 */
#ifndef SIGHTGLASS_CONF_PARAMS_H
#define SIGHTGLASS_CONF_PARAMS_H

#define KIB 1024ull
#define MIB (1024ull * 1024)
#define GIB (1024ull * 1024 * 1024)
#define SECOND 1000ull
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* What the repair of a segment can hold in memory twice. */
#define LOG_ROTATE_BYTES_MAX (512 * MIB)

/* X(member, KIND, "key", "default", least, most, "text") */
#define PARAMS(X)                                                             \
	X(user, TEXT, "user", "_sightglass", 0, 0,                            \
	    "The user that the workers become when the daemon is started by " \
	    "root, and signer and logger too, where ca.user and log.user "    \
	    "name no other. Ignored for other users.")                        \
	X(workers, COUNT, "workers", "0", 0, 63,                              \
	    "How many worker processes hold flows. 0: one a processor.")      \
	X(ca_dir, TEXT, "paths.ca", "@statedir@/ca", 0, 0,                    \
	    "Directory of the CA certificate and its key (0700).")            \
	X(bypass_path, TEXT, "paths.bypass", "@statedir@/bypass.ndjson", 0, 0, \
	    "File of the learned bypasses (0600). Empty: they end with the "  \
	    "daemon.")                                                        \
	X(log_dir, TEXT, "paths.log", "@logdir@", 0, 0,                       \
	    "Directory of the log segments (0700).")                          \
	X(run_dir, TEXT, "paths.run", "@rundir@", 0, 0,                       \
	    "Directory of flow.sock and control.sock.")                       \
	X(bridge_group, TEXT, "bridge.group", "", 0, 0,                       \
	    "Group whose members may hand flows to the daemon, besides root " \
	    "and the daemon's own user.")                                     \
	X(bridge_signed_by, LIST, "bridge.signed_by", "", 0, 0,               \
	    "Teams, as ABCDE12345, or single programs of theirs, as "         \
	    "ABCDE12345:com.example.tool, by whom a process must be signed "  \
	    "that hands over flows or commands, root's too. Other "           \
	    "connections are closed, with a warning. macOS only.")            \
	X(forward_udp_ports, LIST, "forward.udp_ports", "53", 0, 0,           \
	    "UDP ports whose datagrams a forwarder hands over; those to other " \
	    "ports are refused, so that QUIC falls back to TCP. 5353 (mDNS) "  \
	    "and 5355 (LLMNR) are read as DNS is. What goes to any other "    \
	    "port, like 853 (DNS over QUIC), passes unread, and has its flow " \
	    "record. 64 at most.")                                            \
	X(flow_header_timeout_ms, TIME, "flow.header_timeout", "5 s",         \
	    100, MINUTE,                                                      \
	    "A forwarder must have sent the whole PROXY header by then.")     \
	X(flow_sniff_timeout_ms, TIME, "flow.sniff_timeout", "300 ms",        \
	    10, MINUTE,                                                       \
	    "A client that is silent this long is taken for one whose server " \
	    "speaks first. At ports where servers do (21, 22, 25, 110, 119, " \
	    "143, 587, 3306, 4190, 5900) nothing is waited for.")             \
	X(flow_connect_timeout_ms, TIME, "flow.connect_timeout", "10 s",      \
	    100, 10 * MINUTE,                                                 \
	    "An upstream address that has not answered by then has failed.")  \
	X(flow_handshake_timeout_ms, TIME, "flow.handshake_timeout", "10 s",  \
	    100, 10 * MINUTE,                                                 \
	    "A TLS handshake, on either side, must be done by then.")         \
	X(flow_idle_timeout_ms, TIME, "flow.idle_timeout", "1 h",             \
	    SECOND, 7 * DAY,                                                  \
	    "A flow without a byte in either direction for this long ends.")  \
	X(flow_datagram_idle_ms, TIME, "flow.datagram_idle", "90 s",          \
	    SECOND, HOUR,                                                     \
	    "The same for a flow of datagrams.")                              \
	X(flow_total_timeout_ms, TIME, "flow.total_timeout", "0",             \
	    0, 365 * DAY,                                                     \
	    "A flow of either kind ends when it is this old, whatever passes " \
	    "in it. 0: never.")                                               \
	X(flow_max, COUNT, "flow.max", "10000", 1, 1000000,                   \
	    "Flows that one worker holds at once; more wait in the socket's " \
	    "queue.")                                                         \
	X(drain_timeout_ms, TIME, "drain_timeout", "5 s", 0, 10 * MINUTE,     \
	    "On SIGTERM, how long flows may go on before they are closed.")   \
	X(policy_default, CHOICE, "policy.default", "inspect", 0, 2,          \
	    "inspect|splice|refuse: what happens to a flow that no rule "     \
	    "names.")                                                         \
	X(policy_inspect, LIST, "policy.inspect", "", 0, 0,                   \
	    "Rules for flows to be opened (weakest).")                        \
	X(policy_splice, LIST, "policy.splice", "", 0, 0,                     \
	    "Rules for flows to be relayed unopened.")                        \
	X(policy_refuse, LIST, "policy.refuse", "", 0, 0,                     \
	    "Rules for flows to be closed (strongest).")                      \
	X(policy_inspect_files, LIST, "policy.inspect_files", "", 0, 0,       \
	    "Files with more rules for policy.inspect, one a line; # begins " \
	    "a comment. Absolute paths. SIGHUP reads them again.")            \
	X(policy_splice_files, LIST, "policy.splice_files", "", 0, 0,         \
	    "The same for policy.splice.")                                    \
	X(policy_refuse_files, LIST, "policy.refuse_files", "", 0, 0,         \
	    "The same for policy.refuse.")                                    \
	X(policy_known, TEXT, "policy.known", "@confdir@/splice.list", 0, 0,  \
	    "File with rules for what is known to break when it is opened. "  \
	    "Such flows are relayed unopened, unless another rule names "     \
	    "them. Empty: none.")                                             \
	X(policy_quic, CHOICE, "policy.quic", "pass", 0, 1,                   \
	    "pass|block: flows of datagrams to ports 443 and 853, which are " \
	    "of QUIC (HTTP/3, DNS over QUIC) and are not opened. block "      \
	    "refuses those that would be opened if they could be, so that "   \
	    "clients fall back to TLS; what a rule has relayed passes.")      \
	X(policy_starttls, LIST, "policy.starttls",                           \
	    "smtp imap pop3 ftp postgresql", 0, 0,                            \
	    "Protocols in whose plain dialogue TLS is seen to begin "         \
	    "(STARTTLS); from there on the flow is decided about and opened " \
	    "like any other. Those that are left out are relayed.")           \
	X(bypass_count, COUNT, "bypass.count", "2", 1, 1000,                  \
	    "So many times must an application turn down our certificate "    \
	    "for a server before its flows there are relayed unopened.")      \
	X(bypass_window_ms, TIME, "bypass.window", "10 min", SECOND, 7 * DAY, \
	    "The time, from the first, within which these are counted.")      \
	X(bypass_ttl_ms, TIME, "bypass.ttl", "12 h", SECOND, 365 * DAY,       \
	    "Life of a learned bypass; then opening is tried again.")         \
	X(bypass_never, LIST, "bypass.never", "", 0, 0,                       \
	    "Names, addresses and blocks for which no bypass is learned or "  \
	    "added, and whose flows do not turn to being relayed when "       \
	    "opening them fails.")                                            \
	X(client_ticket_life_ms, TIME, "client.ticket_life", "2 h", 0, 7 * DAY, \
	    "So long may a client go on with a TLS session that it had with " \
	    "a worker, by its ticket. The server is asked first in any case. " \
	    "The keys change as often. 0: no tickets.")                       \
	X(upstream_trust, TEXT, "upstream.trust", "system", 0, 0,             \
	    "PEM file of the roots that servers are verified against, or "    \
	    "\"system\": the distribution's, on macOS what the system's and "  \
	    "the administrators' trust settings come to for servers of TLS, " \
	    "those of device management among them and those of users not "   \
	    "(what is denied there is no root; an intermediate that is "      \
	    "denied is to be named in upstream.distrust, too). "              \
	    "When they change they are read again by themselves, and "        \
	    "verdicts and sessions that rested on them end; a file that "     \
	    "cannot be read then, or has no certificate, changes nothing.")   \
	X(upstream_crl, LIST, "upstream.crl", "", 0, 0,                       \
	    "Files of certificate revocation lists, PEM or DER; a server "    \
	    "whose chain has a certificate that one of them names does not "  \
	    "verify. Lists whose time is over count still. Partial lists "    \
	    "(with a critical extension) are not taken.")                     \
	X(upstream_distrust, LIST, "upstream.distrust", "", 0, 0,             \
	    "SHA-256 digests, in hexadecimal, of certificates or of their "   \
	    "SubjectPublicKeyInfo, through which no server verifies, besides " \
	    "the roots known to be compromised.")                             \
	X(upstream_invalid, CHOICE, "upstream.invalid", "mirror", 0, 2,       \
	    "mirror|refuse|allow: a server whose certificate does not "       \
	    "verify. mirror shows the client a leaf that nobody trusts, so "  \
	    "that it gives its own warning; refuse closes; allow opens it "   \
	    "all the same and records that it did.")                          \
	X(upstream_invalid_hosts, LIST, "upstream.invalid_hosts", "", 0, 0,   \
	    "The same for some hosts: PATTERN=mirror, PATTERN=refuse or "     \
	    "PATTERN=allow, with a name, an address or a block as in policy " \
	    "rules. The first that covers a server counts.")                  \
	X(upstream_client_certificates, LIST, "upstream.client_certificates", \
	    "", 0, 0,                                                         \
	    "Certificates for servers that ask for the client's: "            \
	    "PATTERN=CERTIFICATE,KEY, with a name, an address or a block as " \
	    "in policy rules and two PEM files (absolute paths; the key "     \
	    "0600 and not encrypted). The first that covers a server counts. " \
	    "SIGHUP reads them again.")                                       \
	X(upstream_cbc, BOOL, "upstream.cbc", "true", 0, 1,                   \
	    "Whether CBC suites may be offered to servers, when the client "  \
	    "offers them; false: nor is a flow relayed whose server would "   \
	    "choose one. No others of the older suites ever are.")            \
	X(upstream_session_life_ms, TIME, "upstream.session_life", "1 h", 0,  \
	    7 * DAY,                                                          \
	    "So long after a server was verified may a connection go on with " \
	    "the TLS session, if its client would. It ends before when "      \
	    "what servers are verified against is loaded anew. 0: never.")    \
	X(upstream_sessions, COUNT, "upstream.sessions", "1024", 0, 100000,   \
	    "Sessions with servers that a worker keeps in its memory.")       \
	X(upstream_verdicts, COUNT, "upstream.verdicts", "1024", 0, 100000,   \
	    "Good verdicts on servers' chains that a worker keeps, so that "  \
	    "the next connection need not verify the same signatures. All "   \
	    "are forgotten on reload. 0: none are kept.")                     \
	X(ca_user, TEXT, "ca.user", "", 0, 0,                                 \
	    "The user that the signer becomes, once it has read the CA's "    \
	    "key. One of its own keeps a worker in hostile hands from it. "   \
	    "Empty: user.")                                                   \
	X(ca_name, TEXT, "ca.name", "", 0, 0,                                 \
	    "Common name of a new CA. Empty: \"sightglass CA\" and the host's " \
	    "name.")                                                          \
	X(ca_validity_ms, TIME, "ca.validity", "3650 d", DAY, 7300 * DAY,     \
	    "Life of a new CA.")                                              \
	X(ca_key, CHOICE, "ca.key", "p256", 0, 1,                             \
	    "p256|rsa3072: the key of a new CA. rsa3072 is for clients that " \
	    "verify no ECDSA signature; it makes each leaf dearer.")          \
	X(ca_permitted, LIST, "ca.permitted", "", 0, 0,                       \
	    "Domains (with all below them) and blocks of addresses that a "   \
	    "new CA may certify, as its name constraints; nothing else then. " \
	    "Flows to other names are relayed unopened. Empty: every name.")  \
	X(ca_renew_before_ms, TIME, "ca.renew_before", "90 d", 0, 7300 * DAY, \
	    "A CA that was made here is followed by a new one, which is made " \
	    "this long before its end (in the second half of its life). "     \
	    "That one which is provided ends soon is said at the start. "     \
	    "0 s: neither.")                                                  \
	X(ca_overlap_ms, TIME, "ca.overlap", "30 d", 0, 7300 * DAY,           \
	    "So long is the new CA given out beside the old one before "      \
	    "leaves come from it (at most half of what is left of the old "   \
	    "one's life). Have it trusted within that time.")                 \
	X(ca_certificate, TEXT, "ca.certificate", "", 0, 0,                   \
	    "PEM file of a CA certificate that is provided instead of being " \
	    "made here. Certificates that follow it count as ca.chain.")      \
	X(ca_private_key, TEXT, "ca.private_key", "", 0, 0,                   \
	    "PEM file of its key: not encrypted, mode 0600, owned by root or " \
	    "by who starts the daemon.")                                      \
	X(ca_chain, TEXT, "ca.chain", "", 0, 0,                               \
	    "PEM file of the CAs above it, in any order. All but the root "   \
	    "are sent to clients behind the leaf.")                           \
	X(leaf_validity_ms, TIME, "leaf.validity", "30 d", DAY, 196 * DAY,    \
	    "Life of a leaf certificate, besides the day that it starts "     \
	    "early.")                                                         \
	X(leaf_key_life_ms, TIME, "leaf.key_life", "24 h", SECOND, 7 * DAY,   \
	    "A worker makes new keys for its leaf certificates when they are " \
	    "this old. Handshakes that have begun go on with the old ones.")  \
	X(leaf_rate, COUNT, "leaf.rate", "200", 1, 1000000,                   \
	    "Leaf certificates that the signer makes a second for one "       \
	    "worker; ten seconds' worth may be asked at once. Flows that "    \
	    "meet it wait, for flow.handshake_timeout at most.")              \
	X(leaf_signer_cache, COUNT, "leaf.signer_cache", "16384", 0, 1000000, \
	    "Leaf certificates that the signer keeps, to give them again to " \
	    "a worker that has had no room to keep them.")                    \
	X(leaf_cache, COUNT, "leaf.cache", "4096", 16, 1000000,               \
	    "Leaf certificates that a worker keeps.")                         \
	X(capture_body_bytes, BYTES_OR_ALL, "capture.body", "64 KiB",         \
	    0, 1024 * GIB,                                                    \
	    "Bytes of each body that are logged, in each direction; or all. " \
	    "Of server-sent events and their like, so many of what comes in " \
	    "each capture.interval.")                                         \
	X(capture_inline_bytes, BYTES, "capture.inline", "64 KiB", 0, MIB,    \
	    "So many of these stand in the http record at most; the others "  \
	    "are told in body records.")                                      \
	X(capture_interval_ms, TIME, "capture.interval", "5 s", 0, HOUR,      \
	    "A body that is not over this long after its head is told as far " \
	    "as it has come: in an http record that says \"continues\", and " \
	    "then, as often, in body records. 0: when its exchange is over.") \
	X(capture_held_bytes, BYTES, "capture.held", "16 MiB", 0, 16 * GIB,   \
	    "So many bytes of bodies may a worker hold until their exchanges " \
	    "are over. Beyond that, whose body grows is told so at once.")    \
	X(capture_decoded_bytes, BYTES, "capture.decoded", "256 KiB", 0, MIB,  \
	    "A compressed body is logged as what it says, up to so many "     \
	    "bytes. What passes stays compressed.")                           \
	X(capture_as_sent_bytes, BYTES, "capture.as_sent", "0 B", 0, MIB,     \
	    "A body of so many bytes that was compressed, or not UTF-8, is "  \
	    "logged as it was sent, too, for sightglass body --raw. Not one "  \
	    "that is longer than capture.inline, nor one in which something " \
	    "was redacted or may hide.")                                      \
	X(capture_head_bytes, BYTES, "capture.head", "256 KiB",               \
	    KIB, 256 * KIB,                                                   \
	    "A request or response head longer than this is not read "        \
	    "further; it is still passed on.")                                \
	X(capture_rules, LIST, "capture.rules", "", 0, 0,                     \
	    "How much of an exchange is logged: rules like "                  \
	    "\"head type=image/*,font/*\", of which the first that fits "     \
	    "counts. body logs all that the limits allow, head no bodies, "   \
	    "count nothing but their number. What no rule fits is logged "    \
	    "with its bodies. 64 at most.")                                   \
	X(capture_sample, COUNT, "capture.sample", "1", 0, 1000000,           \
	    "Of each so many flows one is read. The others are opened and "   \
	    "passed on all the same, and have their tls and flow records "    \
	    "alone. 1: all are read; 0: none.")                               \
	X(capture_sample_hosts, LIST, "capture.sample_hosts", "", 0, 0,       \
	    "The same for some hosts: PATTERN=NUMBER, with a name, an "       \
	    "address or a block as in policy rules. The first that covers a " \
	    "server counts.")                                                 \
	X(capture_mode, CHOICE, "capture.mode", "redacted", 0, 1,             \
	    "redacted|full: whether what the settings below name is kept out " \
	    "of the log. \"capture: full\", in place of the whole section, is " \
	    "short for it: then nothing is.")                                 \
	X(capture_redact_headers, LIST, "capture.redact_headers",             \
	    "authorization proxy-authorization cookie set-cookie", 0, 0,      \
	    "Header fields whose values are replaced by [redacted] before "   \
	    "they reach the disk.")                                           \
	X(capture_redact_fields, LIST, "capture.redact_fields",               \
	    "access_token refresh_token id_token token api_key apikey "       \
	    "password passwd secret client_secret", 0, 0,                     \
	    "Names, without case, of query parameters, fields of forms and "  \
	    "members of JSON whose values are replaced likewise. One with a " \
	    "dot or brackets is also the path of one from the top: "          \
	    "user.cards[].number, where [] is each element of an array and * " \
	    "any member. 255 at most, with the cookies and patterns.")        \
	X(capture_redact_cookies, LIST, "capture.redact_cookies", "", 0, 0,   \
	    "Cookies, by name without case, whose values are replaced in "    \
	    "Cookie and Set-Cookie, where capture.redact_headers does not "   \
	    "hide these whole.")                                              \
	X(capture_redact_patterns, LIST, "capture.redact_patterns", "", 0, 0, \
	    "Regular expressions (PCRE2) over bodies and the messages of "    \
	    "WebSockets: what one matches is replaced, after codings and "    \
	    "charsets are undone. Of a match of more than 4 KiB a part may "  \
	    "stay. A text that takes too many steps is hidden from there on. " \
	    "64 at most.")                                                    \
	X(capture_redact_userinfo, BOOL, "capture.redact_userinfo", "true",   \
	    0, 1,                                                             \
	    "Whether user and password in a URL are replaced: in the target " \
	    "of a request and, with what capture.redact_fields says of the "  \
	    "query, in Referer, Origin, Location and Content-Location.")      \
	X(dns_timeout_ms, TIME, "dns.timeout", "10 s", 100, HOUR,             \
	    "A question of DNS that has no answer this long after it was "    \
	    "last asked is recorded as unanswered.")                          \
	X(dns_strip_ech, BOOL, "dns.strip_ech", "false", 0, 1,                \
	    "Whether the parameter ech is taken out of the HTTPS and SVCB "   \
	    "records in answers to clients, of flows whose DNS is read: a "   \
	    "client then has no key to hide its server's name with. Nothing " \
	    "else is changed. A client that verifies DNSSEC itself rejects "  \
	    "such answers.")                                                  \
	X(dns_names, COUNT, "dns.names", "16384", 0, 4000000,                 \
	    "Names that are kept with the addresses they were resolved to, "  \
	    "so that later flows there carry them; some 330 bytes each. All " \
	    "workers share them. 0: none.")                                   \
	X(dns_names_grace_ms, TIME, "dns.names_grace", "2 min", 0, DAY,       \
	    "So long beyond its TTL is one kept, since applications go on "   \
	    "using an address for a while.")                                  \
	X(ring_bytes, BYTES, "ring.size", "8 MiB", 4 * MIB, GIB,              \
	    "Shared memory between each worker and the logger. A record may " \
	    "take a quarter of it. A full ring makes the worker wait.")       \
	X(log_level, COUNT, "log.level", "3", 1, 19,                          \
	    "zstd compression level.")                                        \
	X(log_flush_ms, TIME, "log.flush", "100 ms", 1, MINUTE,               \
	    "A record reaches the segment's file this long after it was "     \
	    "made, at most.")                                                 \
	X(log_sync_ms, TIME, "log.sync", "1 s", 10, HOUR,                     \
	    "How often the segment is forced to the disk.")                   \
	X(log_rotate_bytes, BYTES, "log.rotate_size", "64 MiB", 64 * KIB,     \
	    LOG_ROTATE_BYTES_MAX,                                             \
	    "A segment is sealed when it holds this much text. A larger one " \
	    "could not be repaired after a crash.")                           \
	X(log_rotate_ms, TIME, "log.rotate_time", "15 min", SECOND, 30 * DAY, \
	    "A segment is sealed when it is this old.")                       \
	X(log_keep_age_ms, TIME, "log.keep_age", "0 s", 0, 36500 * DAY,       \
	    "A sealed segment is removed when it was last written this long " \
	    "ago. 0 s: none is for its age. Each removal is a record.")       \
	X(log_keep_bytes, BYTES, "log.keep_size", "10 GiB", 0, 1048576 * GIB, \
	    "When all segments are larger than this, the oldest sealed ones " \
	    "are removed. 0 B: the log may grow.")                            \
	X(log_keep_free_bytes, BYTES, "log.keep_free", "256 MiB", 0,          \
	    1048576 * GIB,                                                    \
	    "When the file system has less left than this (or than a tenth "  \
	    "of its size, if that is less), the oldest sealed segments are "  \
	    "removed. 0 B: none is for that.")                                \
	X(log_full, CHOICE, "log.full", "drop", 0, 1,                         \
	    "drop|wait: when the log cannot be written, as on a full disk, "  \
	    "records wait in the rings. With drop the flows of a full ring "  \
	    "wait for log.full_wait and then go on: the oldest records are "  \
	    "dropped, and a record of the gap says how many. With wait they " \
	    "wait until the log can be written: nothing passes unrecorded, "  \
	    "and the machine's traffic stands still.")                        \
	X(log_full_wait_ms, TIME, "log.full_wait", "2 s", 0, 10 * MINUTE,     \
	    "How long flows wait for a full ring with log.full: drop.")       \
	X(log_user, TEXT, "log.user", "", 0, 0,                               \
	    "The user that the logger becomes, and whose the segments and "   \
	    "their directory are. With one of its own no other role can "     \
	    "reach what was logged. Empty: user.")                            \
	X(log_group, TEXT, "log.group", "", 0, 0,                             \
	    "Group that may read the segments (0640) and their directory "    \
	    "(0750). Empty: nobody else.")   \
	X(macos_team, TEXT, "macos.team", "", 0, 0,                           \
	    "Apple's identifier of the team that signed app and extension, "  \
	    "ten capital letters and digits. A profile cannot do without.")   \
	X(macos_app, TEXT, "macos.app", "org.sightglass.Sightglass", 0, 0,    \
	    "Bundle identifier of the host app.")                             \
	X(macos_extension, TEXT, "macos.extension", "", 0, 0,                 \
	    "That of the system extension. Empty: the app's and .extension.") \
	X(macos_exclude, LIST, "macos.exclude",                               \
	    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 17.0.0.0/8 "    \
	    "2403:300:a42::/48 2403:300:a51::/48 2620:149:a44::/48 "          \
	    "2a01:b740:a42::/48",                                             \
	    0, 0,                                                             \
	    "Networks whose flows the extension leaves alone, besides the "   \
	    "machine itself, its link and groups: private ones, and Apple's, " \
	    "whose services fail under any inspection. For the profile.")     \
	X(macos_fail_closed, BOOL, "macos.fail_closed", "false", 0, 1,        \
	    "Whether the extension closes flows while there is no daemon. "   \
	    "false: they go to the network directly. For the profile.")       \
	X(macos_quic, BOOL, "macos.quic", "true", 0, 1,                       \
	    "Whether the extension takes QUIC (UDP, port 443) to the daemon, " \
	    "too. For the profile.")                                          \
	X(profile_identifier, TEXT, "profile.identifier", "", 0, 0,           \
	    "Identifier of the configuration profile, by which a later one "  \
	    "replaces it. Empty: the app's and .profile.")                    \
	X(profile_organization, TEXT, "profile.organization", "", 0, 0,       \
	    "The organization that people see beside the profile.")           \
	X(profile_order, COUNT, "profile.order", "1", 1, 10000,               \
	    "Place of the proxy among several transparent proxies of a Mac: " \
	    "the lowest is asked first.")                                     \
	X(profile_dns, BOOL, "profile.dns", "true", 0, 1,                     \
	    "Whether the profile makes the extension the machine's DNS proxy " \
	    "too, without which not all queries are seen.")                   \
	X(profile_removable, BOOL, "profile.removable", "false", 0, 1,        \
	    "Whether people may switch the extension off in System Settings, " \
	    "and remove the profile.")                                        \
	X(profile_requirement, TEXT, "profile.requirement", "", 0, 0,         \
	    "The code requirement that the extension has to meet. Empty: its " \
	    "identifier, signed by the team with a Developer ID.")            \
	X(keylog, TEXT, "keylog", "", 0, 0,                                   \
	    "File (absolute path, 0600) to which the secrets of all opened "  \
	    "connections are appended, as Wireshark reads them: whoever has " \
	    "it opens what was captured. Empty: none. SIGHUP opens it anew.") \
	X(verbose, COUNT, "verbose", "0", 0, 1,                               \
	    "1: the daemon says more on standard error.")

#endif
