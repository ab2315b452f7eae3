/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/greeting: how protocols begin, and that others have no name. */
#include "mitm/greeting.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define BYTES(text) {(const uint8_t *)(text), sizeof(text) - 1}

static const struct {
	struct bytes first[2];
	const char *name;
} greetings[] = {
	{{BYTES(""), BYTES("SSH-2.0-OpenSSH_9.2\r\n")}, "ssh"},
	{{BYTES("SSH-2.0-libssh_0.10"), BYTES("")}, "ssh"},
	{{BYTES("EHLO me\r\n"), BYTES("220 mail.example\r\n")}, "smtp"},
	{{BYTES(""), BYTES("220 mail.example ESMTP ready\r\n")}, "smtp"},
	{{BYTES("USER me\r\n"), BYTES("220 welcome\r\n")}, "ftp"},
	{{BYTES(""), BYTES("220 (vsFTPd 3.0.3)\r\n")}, "ftp"},
	{{BYTES(""), BYTES("220 something\r\n")}, NULL},
	{{BYTES(""), BYTES("* OK [CAPABILITY IMAP4rev1] hello\r\n")}, "imap"},
	{{BYTES(""), BYTES("+OK ready\r\n")}, "pop3"},
	{{BYTES(""), BYTES("\x4a\0\0\0\x0a" "8.0.36\0")}, "mysql"},
	{{BYTES("\0\0\0\x08\x04\xd2\x16\x2f"), BYTES("S")}, "postgresql"},
	{{BYTES("\0\0\0\x29\0\x03\0\0user\0me\0"), BYTES("")}, "postgresql"},
	{{BYTES("\x10\x0c\0\x04MQTT\x05"), BYTES("")}, "mqtt"},
	{{BYTES("\x10\xac\x02\0\x04MQTT\x04"), BYTES("")}, "mqtt"},
	{{BYTES("AMQP\0\0\x09\x01"), BYTES("")}, "amqp"},
	{{BYTES("*1\r\n$4\r\nPING\r\n"), BYTES("+PONG\r\n")}, "redis"},
	{{BYTES("0032git-upload-pack /r\0host=h\0"), BYTES("")}, "git"},
	{{BYTES(""), BYTES("RFB 003.008\n")}, "rfb"},
	{{BYTES("\x13" "BitTorrent protocol"), BYTES("")}, "bittorrent"},
	{{BYTES("\x03\0\0\x13\x0e\xe0\0"), BYTES("")}, "rdp"},
	{{BYTES("\x16\x03\x01\x02\0\x01"), BYTES("\x16\x03\x03")}, NULL},
	{{BYTES("hello"), BYTES("hello")}, NULL},
	{{BYTES("SSH"), BYTES("SSH")}, NULL}, /* cut too early */
	{{BYTES(""), BYTES("")}, NULL},
};

START_TEST(a_protocol_is_known_by_how_it_begins)
{
	ck_assert_pstr_eq(greeting_protocol(greetings[_i].first),
	    greetings[_i].name);
}
END_TEST

START_TEST(servers_of_some_ports_speak_first)
{
	ck_assert(greeting_comes_first(25));
	ck_assert(greeting_comes_first(143));
	ck_assert(!greeting_comes_first(443));
	ck_assert(!greeting_comes_first(5432));
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("greeting"), 3);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("greeting");
	TCase *t = tcase_create("protocol");

	tcase_add_loop_test(t, a_protocol_is_known_by_how_it_begins, 0,
	    (int)ARRAY_LENGTH(greetings));
	tcase_add_test(t, servers_of_some_ports_speak_first);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
