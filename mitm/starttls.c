/* SPDX-License-Identifier: ISC */
/*
 * The dialogues in which TLS may begin, read line by line as far as it takes to
 * tell whose turn it is. A dialect is told by the server's first bytes, PostgreSQL
 * by the client's. It is over when the client has logged in or sends what is not
 * commands: from there on no body is mistaken for them. Worker only. It never
 * fails: what it does not understand passes.
 */
#include "mitm/starttls.h"

#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "mitm/hello.h"

struct starttls_dialect {
	bool literals;
	void (*command)(struct starttls *s, const struct starttls_line *line);
	void (*answer)(struct starttls *s, const struct starttls_line *line);
};

const char *
starttls_name(enum starttls_protocol protocol)
{
	static const char *const names[] = {
#define STARTTLS_NAME(symbol, name) [symbol] = (name),
	    STARTTLS_TABLE(STARTTLS_NAME)
#undef STARTTLS_NAME
	};

	return names[protocol];
}

static int
find(const char *name)
{
	for (int i = 0; i < STARTTLS_COUNT; i++)
		if (strcmp(name, starttls_name((enum starttls_protocol)i)) == 0)
			return i;
	return E_NOTFOUND;
}

int
starttls_set(char *const *names, size_t count, unsigned *protocols,
    size_t *wrong)
{
	*protocols = 0;
	for (size_t i = 0; i < count; i++) {
		int protocol = find(names[i]);
		*wrong = i;
		if (protocol < 0)
			return protocol;
		*protocols |= 1u << protocol;
	}
	return 0;
}

/* --- what every dialect says --- */

static void
over(struct starttls *s)
{
	s->stage = STARTTLS_OVER;
}

static void
ask(struct starttls *s, enum starttls_protocol protocol)
{
	s->protocol = protocol;
	s->asked = true;
	if ((s->allowed & 1u << protocol) == 0)
		over(s);
}

static void
agree(struct starttls *s)
{
	s->stage = STARTTLS_BEGINS;
}

/* --- lines --- */

static size_t
head_length(const struct starttls_line *line)
{
	size_t length = line->length < sizeof(line->head) ? (size_t)line->length
	                                                  : sizeof(line->head);

	if (length > 0 && length == line->length && line->head[length - 1] == '\r')
		length--;
	return length;
}

/* Whether the line has the words at `at`, without case, and they end there. */
static bool
says(const struct starttls_line *line, size_t at, const char *words)
{
	size_t length = head_length(line), end = at + strlen(words);

	return end <= length &&
	    strncasecmp((const char *)line->head + at, words, end - at) == 0 &&
	    (end == length || line->head[end] == ' ');
}

static bool
begins(const struct starttls_line *line, const char *text)
{
	size_t length = strlen(text);

	return head_length(line) >= length &&
	    memcmp(line->head, text, length) == 0;
}

/* Whether a number in braces ends the line, with or without a plus behind it: one
 * character at a time. */
static void
follow_brace(struct starttls_line *line, uint8_t byte)
{
	bool digit = byte >= '0' && byte <= '9';

	if (byte == '\r')
		return;
	if (byte == '{') {
		line->brace = BRACE_OPEN;
		line->number = 0;
		line->waits = true;
	} else if (line->brace == BRACE_OPEN && digit &&
	    line->number < STARTTLS_BYTES_MAX) {
		line->number = line->number * 10 + byte - '0';
	} else if (line->brace == BRACE_OPEN && byte == '+') {
		line->brace = BRACE_PLUS;
		line->waits = false;
	} else if ((line->brace == BRACE_OPEN || line->brace == BRACE_PLUS) &&
	    byte == '}') {
		line->brace = BRACE_CLOSED;
	} else {
		line->brace = BRACE_NONE;
	}
}

/* True: the byte ends a line, all of it. */
static bool
add(struct starttls_line *line, uint8_t byte, bool literals)
{
	if (line->literal > 0) {
		line->literal--;
		line->waits = false;
		return false;
	}
	if (byte == '\n') {
		if (!literals || line->brace != BRACE_CLOSED)
			return true;
		line->literal = line->number;
		line->brace = BRACE_NONE;
		return false;
	}
	if (line->length < sizeof(line->head))
		line->head[line->length] = byte;
	line->length++;
	follow_brace(line, byte);
	return false;
}

static bool
at_start(const struct starttls_line *line)
{
	return line->length == 0 && line->literal == 0;
}

/* Counts a byte that is to be read. False: none is any more. */
static bool
count(struct starttls *s)
{
	if (s->stage == STARTTLS_WATCHED && ++s->seen > STARTTLS_BYTES_MAX)
		over(s);
	return s->stage == STARTTLS_WATCHED;
}

static size_t
read_commands(struct starttls *s, const uint8_t *bytes, size_t length)
{
	struct starttls_line *line = &s->lines[FROM_CLIENT];

	for (size_t at = 0; at < length; at++) {
		if (s->asked && s->stage == STARTTLS_WATCHED && at_start(line) &&
		    hello_sniff(bytes + at, length - at) != 0)
			return at;
		if (!count(s))
			break;
		if (!add(line, bytes[at], s->dialect->literals))
			continue;
		s->dialect->command(s, line);
		*line = (struct starttls_line){0};
	}
	return length;
}

static void
read_answers(struct starttls *s, const uint8_t *bytes, size_t length)
{
	struct starttls_line *line = &s->lines[FROM_SERVER];

	for (size_t at = 0; at < length && count(s); at++) {
		if (!add(line, bytes[at], s->dialect->literals))
			continue;
		s->dialect->answer(s, line);
		*line = (struct starttls_line){0};
	}
}

/* --- SMTP and FTP: codes of three digits --- */

/* RFC 5321 section 4.2; RFC 959 section 4.2. -1: none is there. */
static int
code_of(const struct starttls_line *line, bool *goes_on)
{
	size_t length = head_length(line);
	int code = 0;

	if (length < 3 || (length > 3 && line->head[3] != ' ' &&
	        line->head[3] != '-'))
		return -1;
	for (int i = 0; i < 3; i++) {
		if (line->head[i] < '0' || line->head[i] > '9')
			return -1;
		code = code * 10 + line->head[i] - '0';
	}
	*goes_on = length > 3 && line->head[3] == '-';
	return code;
}

static void
command_of_codes(struct starttls *s, const struct starttls_line *line)
{
	/* RFC 4217 section 4: TLS, and older drafts' words for the same. */
	static const char *const auth[] = {"AUTH TLS", "AUTH TLS-C", "AUTH SSL",
	    "AUTH TLS-P"};
	bool asked = s->asked;

	if (says(line, 0, "STARTTLS"))
		ask(s, STARTTLS_SMTP);
	for (size_t i = 0; i < ARRAY_LENGTH(auth); i++)
		if (says(line, 0, auth[i]))
			ask(s, STARTTLS_FTP);
	if (s->asked && !asked)
		s->ahead = s->due;
	s->due++;
	if (says(line, 0, "DATA"))
		s->data = true;
	else if (says(line, 0, "BDAT")) /* RFC 3030: octets follow at once */
		over(s);
}

/* The code itself tells that TLS begins: nothing else is answered with it but the
 * connection. So one answer more or less than was counted does no harm. */
static void
take_code(struct starttls *s, int code)
{
	if (code / 100 == 1) /* a further one follows */
		return;
	if (!s->greeted) {
		s->greeted = true;
		if (code != 220)
			over(s);
		return;
	}
	if (s->asked && code == (s->protocol == STARTTLS_SMTP ? 220 : 234))
		agree(s);
	else if (s->data && code == 354)
		over(s);
	else if (s->asked && s->ahead > 0)
		s->ahead--;
	else
		s->asked = false;
	if (s->due > 0)
		s->due--;
}

static void
answer_of_codes(struct starttls *s, const struct starttls_line *line)
{
	bool goes_on = false;
	int code = code_of(line, &goes_on);

	if (s->several != 0 && (code != s->several || goes_on))
		return;
	if (code < 0)
		return;
	s->several = goes_on ? code : 0;
	if (!goes_on)
		take_code(s, code);
}

/* --- IMAP: tags --- */

/* The text in front of the first space, with a NUL behind it. 0: it is too long,
 * or there is none. */
static size_t
read_tag(const struct starttls_line *line, char tag[STARTTLS_TAG_BYTES])
{
	const uint8_t *space = memchr(line->head, ' ', head_length(line));
	size_t length = space == NULL ? 0 : (size_t)(space - line->head);

	if (length == 0 || length >= STARTTLS_TAG_BYTES)
		return 0;
	memcpy(tag, line->head, length);
	tag[length] = '\0';
	return length;
}

static void
imap_command(struct starttls *s, const struct starttls_line *line)
{
	char tag[STARTTLS_TAG_BYTES];
	size_t length = read_tag(line, tag);

	if (length == 0)
		return;
	if (says(line, length + 1, "STARTTLS")) {
		memcpy(s->tag, tag, sizeof(tag));
		ask(s, STARTTLS_IMAP);
	} else if (says(line, length + 1, "LOGIN") ||
	    says(line, length + 1, "AUTHENTICATE")) {
		memcpy(s->login_tag, tag, sizeof(tag));
	}
}

/* A literal that the server was asked about is not sent when it answers the
 * command instead. */
static void
drop_refused_literal(struct starttls *s, const char *answered)
{
	struct starttls_line *command = &s->lines[FROM_CLIENT];
	char tag[STARTTLS_TAG_BYTES];

	if (command->literal > 0 && command->waits &&
	    read_tag(command, tag) > 0 && strcmp(tag, answered) == 0)
		*command = (struct starttls_line){0};
}

static void
imap_answer(struct starttls *s, const struct starttls_line *line)
{
	char tag[STARTTLS_TAG_BYTES] = "";
	size_t length = read_tag(line, tag);

	if (!s->greeted) { /* PREAUTH: it is too late for TLS */
		s->greeted = true;
		if (!begins(line, "* OK"))
			over(s);
		return;
	}
	if (length == 0 || strcmp(tag, "*") == 0 || strcmp(tag, "+") == 0)
		return;
	bool ok = says(line, length + 1, "OK");
	drop_refused_literal(s, tag);
	if (s->asked && strcmp(tag, s->tag) == 0) {
		s->asked = false;
		if (ok)
			agree(s);
	} else if (ok && strcmp(tag, s->login_tag) == 0) {
		over(s);
	}
}

/* --- POP3: answers in the order of the commands --- */

enum pop3_command { POP3_ANY, POP3_STLS, POP3_LOGIN, POP3_LIST };

static enum pop3_command
pop3_kind(const struct starttls_line *line)
{
	if (says(line, 0, "STLS"))
		return POP3_STLS;
	if (says(line, 0, "CAPA"))
		return POP3_LIST;
	if (says(line, 0, "AUTH")) /* alone it asks which there are */
		return head_length(line) == 4 ? POP3_LIST : POP3_LOGIN;
	return says(line, 0, "PASS") || says(line, 0, "APOP") ? POP3_LOGIN
	                                                      : POP3_ANY;
}

static void
pop3_command(struct starttls *s, const struct starttls_line *line)
{
	enum pop3_command kind = pop3_kind(line);

	if (s->response) {
		s->response = false;
		return;
	}
	if (s->pipelined_count == STARTTLS_PIPELINED) {
		over(s);
		return;
	}
	s->pipelined[s->pipelined_count++] = (uint8_t)kind;
	if (kind == POP3_STLS)
		ask(s, STARTTLS_POP3);
}

static enum pop3_command
pop3_answered(struct starttls *s)
{
	if (s->pipelined_count == 0)
		return POP3_ANY;
	enum pop3_command kind = (enum pop3_command)s->pipelined[0];
	memmove(s->pipelined, s->pipelined + 1, --s->pipelined_count);
	return kind;
}

static bool
pop3_asked(const struct starttls *s)
{
	return memchr(s->pipelined, POP3_STLS, s->pipelined_count) != NULL;
}

static void
pop3_answer(struct starttls *s, const struct starttls_line *line)
{
	if (s->several != 0) { /* up to a dot (RFC 1939 section 3) */
		if (head_length(line) == 1 && line->head[0] == '.')
			s->several = 0;
		return;
	}
	if (!s->greeted) {
		s->greeted = true;
		return;
	}
	bool ok = begins(line, "+OK");
	if (!ok && begins(line, "+")) { /* a challenge (RFC 5034 section 4) */
		s->response = true;
		return;
	}
	enum pop3_command kind = pop3_answered(s);
	s->asked = pop3_asked(s);
	if (ok && kind == POP3_STLS)
		agree(s);
	else if (ok && kind == POP3_LOGIN)
		over(s);
	else if (ok && kind == POP3_LIST)
		s->several = 1;
}

/* --- PostgreSQL --- */

#define REQUEST_BYTES 8u

static const uint8_t ssl_request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
static const uint8_t gss_request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30};

static bool
is_request(const struct starttls *s)
{
	return memcmp(s->early, ssl_request, s->early_length) == 0 ||
	    memcmp(s->early, gss_request, s->early_length) == 0;
}

static bool
is_for_tls(const struct starttls *s)
{
	return memcmp(s->early, ssl_request, REQUEST_BYTES) == 0;
}

static void
take_request(struct starttls *s)
{
	s->greeted = true; /* no server speaks first */
	if (is_for_tls(s))
		ask(s, STARTTLS_POSTGRESQL);
}

/* Behind a request nothing is to come before its answer of one byte. */
static size_t
read_requests(struct starttls *s, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	while (at < length && s->early_length < REQUEST_BYTES && count(s)) {
		s->early[s->early_length++] = bytes[at++];
		if (!is_request(s))
			over(s);
		else if (s->early_length == REQUEST_BYTES)
			take_request(s);
	}
	if (at == length || s->stage != STARTTLS_WATCHED || !s->asked || s->spoilt)
		return length;
	s->spoilt = hello_sniff(bytes + at, length - at) == 0;
	return s->spoilt ? length : at;
}

static void
read_verdict(struct starttls *s, uint8_t verdict)
{
	if (s->asked && verdict == 'S')
		agree(s);
	else if (s->early_length < REQUEST_BYTES || verdict != 'N')
		over(s); /* G: GSSAPI it is; E: an error */
	s->asked = s->spoilt = false;
	s->early_length = 0;
}

/* --- which dialect it is --- */

static const struct starttls_dialect codes = {false, command_of_codes,
    answer_of_codes};
static const struct starttls_dialect imap = {true, imap_command, imap_answer};
static const struct starttls_dialect pop3 = {false, pop3_command, pop3_answer};
static const struct starttls_dialect postgresql = {false, NULL, NULL};

static const struct {
	const char *text;
	const struct starttls_dialect *dialect;
} greetings[] = {{"220", &codes}, {"120", &codes}, {"* ", &imap},
    {"+OK", &pop3}};

/* Before the server greets: PostgreSQL's client speaks first, others should not. */
static size_t
read_early(struct starttls *s, const uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at < length; at++) {
		if (s->early_length == sizeof(s->early)) {
			over(s);
			break;
		}
		s->early[s->early_length++] = bytes[at];
		if (s->early_length != REQUEST_BYTES || !is_request(s))
			continue;
		s->dialect = &postgresql;
		take_request(s);
		return at + 1 + read_requests(s, bytes + at + 1, length - at - 1);
	}
	return length;
}

/* By as many bytes as it takes; the line keeps them. NULL: more are needed, or it
 * is none. */
static const struct starttls_dialect *
tell(struct starttls *s)
{
	const struct starttls_line *line = &s->lines[FROM_SERVER];
	bool perhaps = false;

	for (size_t i = 0; i < ARRAY_LENGTH(greetings); i++) {
		size_t length = strlen(greetings[i].text);
		if (line->length <= length &&
		    memcmp(line->head, greetings[i].text, line->length) == 0) {
			if (line->length == length)
				return greetings[i].dialect;
			perhaps = true;
		}
	}
	if (!perhaps)
		over(s);
	return NULL;
}

static void
read_greeting(struct starttls *s, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	while (at < length && s->dialect == NULL && count(s)) {
		(void)add(&s->lines[FROM_SERVER], bytes[at++], false);
		s->dialect = tell(s);
	}
	if (s->dialect == NULL)
		return;
	/* It has passed already: nothing of it waits for an answer. */
	(void)read_commands(s, s->early, s->early_length);
	if (s->stage == STARTTLS_WATCHED)
		read_answers(s, bytes + at, length - at);
}

/* --- */

void
starttls_begin(struct starttls *s, unsigned allowed)
{
	*s = (struct starttls){.stage = STARTTLS_WATCHED, .allowed = allowed};
}

static void
read_server(struct starttls *s, const uint8_t *bytes, size_t length)
{
	if (s->dialect == NULL)
		read_greeting(s, bytes, length);
	else if (s->dialect != &postgresql)
		read_answers(s, bytes, length);
	else
		for (size_t at = 0; at < length && count(s); at++)
			read_verdict(s, bytes[at]);
}

size_t
starttls_read(struct starttls *s, enum direction direction,
    const uint8_t *bytes, size_t length)
{
	if (direction == FROM_SERVER) {
		if (s->stage == STARTTLS_WATCHED)
			read_server(s, bytes, length);
		return length;
	}
	if (s->stage != STARTTLS_WATCHED)
		return s->stage == STARTTLS_OVER ? length : 0;
	if (s->dialect == NULL)
		return read_early(s, bytes, length);
	return s->dialect == &postgresql ? read_requests(s, bytes, length)
	                                 : read_commands(s, bytes, length);
}
