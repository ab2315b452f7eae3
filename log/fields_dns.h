/* SPDX-License-Identifier: ISC */
/*
 * Fields of records of dataset dns: rows of log/fields.h, which includes this.
 */
#ifndef SIGHTGLASS_LOG_FIELDS_DNS_H
#define SIGHTGLASS_LOG_FIELDS_DNS_H

#define OF_SECTIONS                                                           \
	"{dns.answers,sightglass.dns.authorities,sightglass.dns.additionals}"
#define OF_DNS_MESSAGE "sightglass.dns.{query,response}"

#define FIELDS_DNS(X)                                                         \
	X(DNS_HOSTNAME, "", "dns_hostname", TEXT, NONE, IN_DNS,               \
	    "The name asked for, in lower case. Names have no final dot "     \
	    "unless they are the root; what is not printable is `\\DDD`.")    \
	X(DNS_QUERY_TYPE, "", "dns_query_type", TEXT, NONE, IN_DNS,           \
	    "`A`, `HTTPS`, or `TYPE4711` when the type has no name.")         \
	X(DNS_RESPONSE_CODE, "", "dns_response_code", TEXT, NONE, IN_DNS,     \
	    "`NOERROR`, `NXDOMAIN`, or `RCODE12` when the code has no name, " \
	    "the bits that EDNS adds counted in. Not there when nobody "      \
	    "answered.")                                                      \
	X(DNS_ANSWER_NUMBER, "", "dns_answer_number", NUMBER, NONE, IN_DNS,   \
	    "The records in the answer section, by its count; of a zone "     \
	    "transfer, in those of all its messages. 0 when nobody answered.")\
	X(DNS, "", "dns", OBJECT, NONE, IN_DNS, "")                           \
	X(DNS_TYPE, "dns", "type", TEXT, NONE, IN_DNS,                        \
	    "What it has of both: without an answer, the query.")             \
	X(DNS_ID, "dns", "id", TEXT, NONE, IN_DNS,                            \
	    "The message's number (RFC 1035 section 4.1.1).")                 \
	X(DNS_OP_CODE, "dns", "op_code", TEXT, NONE, IN_DNS,                  \
	    "What kind of question it is: `QUERY`, `NOTIFY`.")                \
	X(DNS_HEADER_FLAGS, "dns", "header_flags", TEXTS, NONE, IN_DNS,       \
	    "Those of AA, TC, RD, RA, AD, CD and DO that the answer has (the "\
	    "query, when nobody answered).")                                  \
	X(DNS_QUESTION, "dns", "question", OBJECT, NONE, IN_DNS, "")          \
	X(DNS_QUESTION_NAME, "dns.question", "name", TEXT, NONE, IN_DNS,      \
	    "The name as it was asked, upper case included.")                 \
	X(DNS_QUESTION_TYPE, "dns.question", "type", TEXT, NONE, IN_DNS,      \
	    "As `dns_query_type`.")                                           \
	X(DNS_QUESTION_CLASS, "dns.question", "class", TEXT, NONE, IN_DNS,    \
	    "`IN`, `CH`, or `CLASS4711` when it has no name.")                \
	X(DNS_ECS_RESPONSE_CODE, "dns", "response_code", TEXT, NONE, IN_DNS,  \
	    "As `dns_response_code`.")                                        \
	X(DNS_ANSWERS, "dns", "answers", OBJECTS, NONE, IN_DNS,               \
	    "The records of the answer section.")                             \
	X(DNS_RR_NAME, OF_SECTIONS, "name", TEXT, NONE, IN_DNS,               \
	    "Whose record it is.")                                            \
	X(DNS_RR_TYPE, OF_SECTIONS, "type", TEXT, NONE, IN_DNS,               \
	    "Its type, as in a zone file.")                                   \
	X(DNS_RR_CLASS, OF_SECTIONS, "class", TEXT, NONE, IN_DNS,             \
	    "Its class.")                                                     \
	X(DNS_RR_TTL, OF_SECTIONS, "ttl", NUMBER, SECONDS, IN_DNS,            \
	    "How long it may be kept.")                                       \
	X(DNS_RR_DATA, OF_SECTIONS, "data", TEXT, NONE, IN_DNS,               \
	    "Its data, as in a zone file. Those of a type that is not known, "\
	    "or not as their type has them, are in the general form of RFC "  \
	    "3597 (`\\# 2 0A0B`).")                                           \
	X(DNS_RESOLVED_IP, "dns", "resolved_ip", ADDRESSES, NONE, IN_DNS,     \
	    "The addresses among the answers.")                               \
	X(DNS_TRANSPORT, "sightglass.dns", "transport", TEXT, NONE, IN_DNS,   \
	    "What carried it. DNS over HTTP without TLS is `http`.")          \
	X(DNS_PROTOCOL, "sightglass.dns", "protocol", TEXT, NONE, IN_DNS,     \
	    "What it is if not DNS itself. In mDNS the first bit of a class, "\
	    "which is no part of it, is left out.")                           \
	X(DNS_SERVER, "sightglass.dns", "server", OBJECT, NONE, IN_DNS,       \
	    "Who was asked with a datagram: a socket may ask several.")       \
	X(DNS_SERVER_IP, "sightglass.dns.server", "ip", ADDRESS, NONE,        \
	    IN_DNS, "The address of it.")                                     \
	X(DNS_SERVER_PORT, "sightglass.dns.server", "port", NUMBER, NONE,     \
	    IN_DNS, "The port of it.")                                        \
	X(DNS_QUERY, "sightglass.dns", "query", OBJECT, NONE, IN_DNS, "")     \
	X(DNS_RESPONSE, "sightglass.dns", "response", OBJECT, NONE, IN_DNS,   \
	    "")                                                               \
	X(DNS_MESSAGE_BYTES, OF_DNS_MESSAGE, "bytes", NUMBER, BYTES, IN_DNS,  \
	    "The length of the message, or of all of a zone transfer.")       \
	X(DNS_EDNS, OF_DNS_MESSAGE, "edns", OBJECT, NONE, IN_DNS,             \
	    "What its OPT record says (RFC 6891).")                           \
	X(DNS_EDNS_VERSION, OF_DNS_MESSAGE ".edns", "version", NUMBER, NONE,  \
	    IN_DNS, "The version of EDNS.")                                   \
	X(DNS_EDNS_UDP_BYTES, OF_DNS_MESSAGE ".edns", "udp_bytes", NUMBER,    \
	    BYTES, IN_DNS, "How long a datagram its sender takes.")           \
	X(DNS_EDNS_OPTIONS, OF_DNS_MESSAGE ".edns", "options", OBJECTS, NONE, \
	    IN_DNS, "The options that it has.")                               \
	X(DNS_OPTION_NAME, OF_DNS_MESSAGE ".edns.options", "name", TEXT, NONE,\
	    IN_DNS, "The option's name, or `OPTION4711`.")                    \
	X(DNS_OPTION_DATA, OF_DNS_MESSAGE ".edns.options", "data", TEXT, NONE,\
	    IN_DNS, "What it says, readable where it is known, else in "      \
	    "hexadecimal.")                                                   \
	X(DNS_MALFORMED, OF_DNS_MESSAGE, "malformed", TEXT, NONE, IN_DNS,     \
	    "Why not all of the message could be read.")                      \
	X(DNS_MESSAGES, "sightglass.dns", "messages", NUMBER, NONE, IN_DNS,   \
	    "Of a zone transfer, how many it took; its first one's records "  \
	    "are shown.")                                                     \
	X(DNS_RETRANSMISSIONS, "sightglass.dns", "retransmissions", NUMBER,   \
	    NONE, IN_DNS, "How often the same was asked again, by the same "  \
	    "socket, before the answer.")                                     \
	X(DNS_INCOMPLETE, "sightglass.dns", "incomplete", TEXT, NONE, IN_DNS, \
	    "Why the question has no answer, or the answer no question.")     \
	X(DNS_ECH_STRIPPED, "sightglass.dns", "ech_stripped", BOOLEAN, NONE,  \
	    IN_DNS, "True where `dns.strip_ech` had the parameter taken out " \
	    "of what the client got; the answers here are as the server "     \
	    "sent them.")                                                     \
	X(DNS_AUTHORITIES, "sightglass.dns", "authorities", OBJECTS, NONE,    \
	    IN_DNS, "The records of the authority section.")                  \
	X(DNS_ADDITIONALS, "sightglass.dns", "additionals", OBJECTS, NONE,    \
	    IN_DNS, "The records of the additional section, without OPT.")    \
	X(DNS_TRUNCATED, "sightglass.dns", "truncated", BOOLEAN, NONE,        \
	    IN_DNS, "The record was too long: records of sections are left "  \
	    "out.")

#endif
