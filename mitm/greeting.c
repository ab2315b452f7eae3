/* SPDX-License-Identifier: ISC */
/*
 * A table of beginnings: what one end, or both, must have said. The first row that
 * fits gives the name, so what is told by more stands in front. Worker only.
 */
#include "mitm/greeting.h"

#include <string.h>

#include "base/err.h"

#define ANY 0x100 /* a byte that may be any */

/* Bytes at the front of what one end says; `length` 0: it may say anything. */
struct beginning {
	uint16_t bytes[12];
	size_t length;
};

#define NOTHING {{0}, 0}
#define BEGINS(count, ...) {{__VA_ARGS__}, (count)}

static const struct {
	const char *name;
	struct beginning client, server;
	const char *word; /* that stands somewhere in what the server says, or NULL */
} known[] = {
	/* Both name themselves (RFC 4253 section 4.2). */
	{"ssh", NOTHING, BEGINS(4, 'S', 'S', 'H', '-'), NULL},
	{"ssh", BEGINS(4, 'S', 'S', 'H', '-'), NOTHING, NULL},
	{"rfb", NOTHING, BEGINS(4, 'R', 'F', 'B', ' '), NULL}, /* RFC 6143 */
	{"rsync", NOTHING, BEGINS(8, '@', 'R', 'S', 'Y', 'N', 'C', 'D', ':'), NULL},
	{"imap", NOTHING, BEGINS(5, '*', ' ', 'O', 'K', ' '), NULL}, /* RFC 9051 */
	{"imap", NOTHING, BEGINS(5, '*', ' ', 'P', 'R', 'E'), NULL},
	{"pop3", NOTHING, BEGINS(4, '+', 'O', 'K', ' '), NULL}, /* RFC 1939 */
	/* RFC 5321 and RFC 959 begin alike; the client tells, else the words. */
	{"smtp", BEGINS(4, 'E', 'H', 'L', 'O'), BEGINS(3, '2', '2', '0'), NULL},
	{"smtp", BEGINS(4, 'H', 'E', 'L', 'O'), BEGINS(3, '2', '2', '0'), NULL},
	{"ftp", BEGINS(5, 'U', 'S', 'E', 'R', ' '), BEGINS(3, '2', '2', '0'), NULL},
	{"smtp", NOTHING, BEGINS(3, '2', '2', '0'), "SMTP"},
	{"ftp", NOTHING, BEGINS(3, '2', '2', '0'), "FTP"},
	{"nats", NOTHING, BEGINS(6, 'I', 'N', 'F', 'O', ' ', '{'), NULL},
	/* A packet's length, number 0, and version 10 of its handshake. */
	{"mysql", NOTHING, BEGINS(5, ANY, ANY, 0, 0, 0x0a), NULL},
	/* A length, then version 3.0 or one of the requests in front of it. */
	{"postgresql", BEGINS(8, 0, 0, ANY, ANY, 0, 3, 0, 0), NOTHING, NULL},
	{"postgresql", BEGINS(8, 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f), NOTHING, NULL},
	{"postgresql", BEGINS(8, 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30), NOTHING, NULL},
	/* CONNECT, its length, and the protocol's name (MQTT 3.1.1 and 5). */
	{"mqtt", BEGINS(8, 0x10, ANY, 0, 4, 'M', 'Q', 'T', 'T'), NOTHING, NULL},
	{"mqtt", BEGINS(9, 0x10, ANY, ANY, 0, 4, 'M', 'Q', 'T', 'T'), NOTHING, NULL},
	{"amqp", BEGINS(4, 'A', 'M', 'Q', 'P'), NOTHING, NULL},
	{"redis", BEGINS(4, '*', ANY, '\r', '\n'), NOTHING, NULL},
	{"redis", BEGINS(5, '*', ANY, ANY, '\r', '\n'), NOTHING, NULL},
	{"xmpp", BEGINS(7, '<', 's', 't', 'r', 'e', 'a', 'm'), NOTHING, NULL},
	{"git", BEGINS(8, ANY, ANY, ANY, ANY, 'g', 'i', 't', '-'), NOTHING, NULL},
	{"rtsp", NOTHING, BEGINS(5, 'R', 'T', 'S', 'P', '/'), NULL},
	{"sip", NOTHING, BEGINS(4, 'S', 'I', 'P', '/'), NULL},
	{"bittorrent", BEGINS(8, 19, 'B', 'i', 't', 'T', 'o', 'r', 'r'), NOTHING,
	    NULL},
	/* A session message's length, then the protocol (SMB 1; 2 and 3). */
	{"smb", BEGINS(8, 0, ANY, ANY, ANY, 0xff, 'S', 'M', 'B'), NOTHING, NULL},
	{"smb", BEGINS(8, 0, ANY, ANY, ANY, 0xfe, 'S', 'M', 'B'), NOTHING, NULL},
	/* A TPKT with a connection request (RFC 1006). */
	{"rdp", BEGINS(6, 3, 0, 0, ANY, ANY, 0xe0), NOTHING, NULL},
	{"irc", BEGINS(5, 'N', 'I', 'C', 'K', ' '), NOTHING, NULL},
	{"memcache", BEGINS(4, 'g', 'e', 't', ' '), NOTHING, NULL},
};

static bool
begins(struct bytes text, const struct beginning *b)
{
	if (text.length < b->length)
		return false;
	for (size_t i = 0; i < b->length; i++) {
		if (b->bytes[i] != ANY && b->bytes[i] != text.data[i])
			return false;
	}
	return true;
}

static bool
has(struct bytes text, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= text.length; i++) {
		if (memcmp(text.data + i, word, length) == 0)
			return true;
	}
	return false;
}

const char *
greeting_protocol(const struct bytes first[2])
{
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		if (begins(first[FROM_CLIENT], &known[i].client) &&
		    begins(first[FROM_SERVER], &known[i].server) &&
		    (known[i].word == NULL ||
		        has(first[FROM_SERVER], known[i].word)))
			return known[i].name;
	}
	return NULL;
}

bool
greeting_comes_first(uint16_t port)
{
	/* ftp, ssh, smtp, pop3, nntp, imap, submission, mysql, sieve, rfb */
	static const uint16_t ports[] = {21, 22, 25, 110, 119, 143, 587, 3306, 4190,
	    5900};

	for (size_t i = 0; i < ARRAY_LENGTH(ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}
