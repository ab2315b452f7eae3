/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of what the doctor reads out of the words of tools; the unit suite
 * calls it too. What must hold: every text comes to an answer, whose words end
 * within their room; and lines in front that speak of nothing change none of it.
 */
#include "cli/doctor_text.h"

#include <stdlib.h>
#include <string.h>

#include "t/fuzz/target.h"

#define IDENTIFIER "org.sightglass.Sightglass.extension"
#define IN_FRONT "nothing of interest\n\n"

static bool
ends_within(const char *word, size_t size)
{
	return memchr(word, '\0', size) != NULL;
}

static void
read_all(const char *text, struct extension_state *e, struct signature_state *s)
{
	char word[DOCTOR_WORD_BYTES] = "";
	enum connection_state proxy;
	struct profile_state p;
	struct job_state j;
	struct log_state l;

	doctor_read_extensions(text, IDENTIFIER, e);
	must(ends_within(e->state, sizeof(e->state)));
	must(ends_within(e->version, sizeof(e->version)));
	must(ends_within(e->others, sizeof(e->others)));
	doctor_read_signature(text, s);
	must(ends_within(s->team, sizeof(s->team)));
	must(doctor_read_connection(text, IDENTIFIER) <= CONNECTION_ON);
	must(doctor_read_app(text, &proxy) || proxy == CONNECTION_NONE);
	must(ends_within(e->waiting, sizeof(e->waiting)));
	must(ends_within(e->leaving, sizeof(e->leaving)));
	doctor_read_profiles(text, IDENTIFIER, IDENTIFIER, IDENTIFIER, &p);
	must(p.proxy || p.order == 0);
	if (doctor_read_plist(text, "ExpirationDate", word))
		must(ends_within(word, sizeof(word)));
	doctor_read_job(text, &j);
	must(ends_within(j.state, sizeof(j.state)));
	must(ends_within(j.exit_code, sizeof(j.exit_code)));
	doctor_read_log(text, &l);
	must(ends_within(l.refused, sizeof(l.refused)));
	if (doctor_find_foreign_group(text, "ABCDE12345", word))
		must(ends_within(word, sizeof(word)));
	if (doctor_has_process(text, IDENTIFIER))
		must(strstr(text, IDENTIFIER) != NULL);
	if (doctor_read_value(text, "source", word))
		must(ends_within(word, sizeof(word)));
	if (doctor_read_assessment(text, word))
		must(strstr(text, "accepted") != NULL);
	must(ends_within(word, sizeof(word)));
	must(doctor_known_trouble(text) == NULL || text[0] != '\0');
	must(doctor_cure(text) == NULL || text[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const size_t front = strlen(IN_FRONT);
	struct extension_state e, again;
	struct signature_state s, signature;
	char *text = malloc(front + length + 1);

	must(text != NULL);
	memcpy(text, IN_FRONT, front);
	if (length > 0)
		memcpy(text + front, bytes, length);
	text[front + length] = '\0';
	read_all(text + front, &e, &s);
	read_all(text, &again, &signature);
	must(e.listed == again.listed && e.active == again.active &&
	    strcmp(e.state, again.state) == 0);
	must(s.hardened == signature.hardened && strcmp(s.team, signature.team) == 0);
	free(text);
	return 0;
}
