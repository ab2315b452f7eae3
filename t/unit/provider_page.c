/* SPDX-License-Identifier: ISC */
/* The page of the macOS extension, held against the code. Unit suites only. */
#include "t/unit/provider_page.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "extension-bridge/provider_states.h"
#include "t/unit/corpus.h"

#define PAGE "extension-bridge/macos/README.md"
#define BEGIN "<!-- state machines: written by make check T=provider WRITE_TABLE=1 -->\n"
#define END "<!-- end of the state machines -->\n"
#define PAGE_BYTES_MAX (256u * 1024)

static void
put(struct buf *out, const char *text)
{
	ck_assert_int_eq(buf_puts(out, text), 0);
}

/* A state's name without its blanks, which Mermaid does not take. */
static void
put_state(struct buf *out, const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		ck_assert_int_eq(buf_append(out, *c == ' ' ? "_" : c, 1), 0);
}

static void
draw_machine(struct buf *out, const struct provider_machine *m)
{
	ck_assert_int_eq(buf_printf(out, "\n### %s\n\n```mermaid\nstateDiagram-v2\n"
	    "    [*] --> ", m->name), 0);
	put_state(out, m->states[0]);
	for (unsigned i = 0; i < m->row_count; i++) {
		put(out, "\n    ");
		put_state(out, m->states[m->rows[i].from]);
		put(out, " --> ");
		put_state(out, m->states[m->rows[i].to]);
		ck_assert_int_eq(buf_printf(out, ": %s", m->events[m->rows[i].event]),
		    0);
	}
	put(out, "\n```\n\n| in | on | then | what is done |\n|---|---|---|---|\n");
	for (unsigned i = 0; i < m->row_count; i++)
		ck_assert_int_eq(buf_printf(out, "| %s | %s | %s | %s |\n",
		    m->states[m->rows[i].from], m->events[m->rows[i].event],
		    m->states[m->rows[i].to], m->rows[i].done), 0);
}

static void
write_page(const char *page, const char *begin, const char *end,
    const struct buf *made)
{
	struct buf whole;

	buf_init(&whole, PAGE_BYTES_MAX);
	ck_assert_int_eq(buf_append(&whole, page, (size_t)(begin - page)), 0);
	ck_assert_int_eq(buf_append(&whole, buf_data(made), buf_length(made)), 0);
	put(&whole, end);
	corpus_write(PAGE, buf_data(&whole), buf_length(&whole));
	buf_free(&whole);
}

void
page_has_machines(void)
{
	size_t length;
	char *page = corpus_read(PAGE, &length);
	struct buf made;

	buf_init(&made, PAGE_BYTES_MAX);
	for (unsigned i = 0; i < MACHINE_COUNT; i++)
		draw_machine(&made, &provider_machines[i]);
	put(&made, "\n");
	char *begin = strstr(page, BEGIN);
	char *end = strstr(page, END);
	ck_assert_msg(begin != NULL && end != NULL, "%s has lost its marks", PAGE);
	begin += strlen(BEGIN);
	if (getenv("WRITE_TABLE") != NULL)
		write_page(page, begin, end, &made);
	else
		ck_assert_msg((size_t)(end - begin) == buf_length(&made) &&
		    memcmp(begin, buf_data(&made), buf_length(&made)) == 0,
		    "%s shows other state machines than the code has: "
		    "WRITE_TABLE=1 make check T=provider", PAGE);
	buf_free(&made);
	free(page);
}

void
page_has_count(const char *events, unsigned long orders)
{
	size_t length;
	char *page = corpus_read(PAGE, &length);
	char line[256];

	(void)snprintf(line, sizeof(line), "| %s | %lu |\n", events, orders);
	ck_assert_msg(strstr(page, line) != NULL, "%s lacks the line %s", PAGE, line);
	free(page);
}
