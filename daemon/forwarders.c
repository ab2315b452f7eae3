/* SPDX-License-Identifier: ISC */
/*
 * A worker's rows, and the sum of all workers'. A flow costs the comparison of its
 * forwarder's name with the one before it, and two stores. Worker only. What it
 * reads of other workers' rows is only shown.
 */
#include "daemon/forwarders.h"

#include <string.h>

/* --- texts --- */

#define TEXT_WORDS (BOARD_TEXT_BYTES / sizeof(uint64_t))

/* Each word is stored so that who sees it sees the odd version, too. */
static void
write_text(struct board_text *text, const char *from)
{
	uint64_t words[TEXT_WORDS] = {0};
	uint64_t odd = counter_get(&text->version) | 1;

	memcpy(words, from, strnlen(from, BOARD_TEXT_BYTES - 1));
	counter_set(&text->version, odd);
	for (size_t i = 0; i < TEXT_WORDS; i++)
		atomic_store_explicit(&text->words[i], words[i], memory_order_release);
	atomic_store_explicit(&text->version, odd + 1, memory_order_release);
}

/* False: there is none, or it is being written. */
static bool
read_text(struct board_text *text, char out[BOARD_TEXT_BYTES])
{
	uint64_t words[TEXT_WORDS];
	uint64_t version =
	    atomic_load_explicit(&text->version, memory_order_acquire);

	out[0] = '\0';
	if (version == 0 || (version & 1) != 0)
		return false;
	for (size_t i = 0; i < TEXT_WORDS; i++)
		words[i] = atomic_load_explicit(&text->words[i], memory_order_acquire);
	if (counter_get(&text->version) != version)
		return false;
	memcpy(out, words, sizeof(words));
	out[BOARD_TEXT_BYTES - 1] = '\0'; /* whatever another worker wrote */
	return true;
}

/* --- a worker's rows --- */

void
forwarders_open(struct forwarders *f, struct board_forwarder *rows)
{
	*f = (struct forwarders){.rows = rows, .count = 1};
	for (size_t i = 0; i < BOARD_FORWARDERS; i++)
		counter_set(&rows[i].connections, 0);
	while (f->count < BOARD_FORWARDERS &&
	    read_text(&rows[f->count].name, f->names[f->count]))
		f->count++;
}

static struct board_forwarder *
add(struct forwarders *f, const char *name)
{
	if (f->count == BOARD_FORWARDERS)
		return f->rows;
	struct board_forwarder *row = &f->rows[f->count];
	memcpy(f->names[f->count], name, strnlen(name, BOARD_TEXT_BYTES - 1));
	write_text(&row->name, name);
	f->last = f->count++;
	return row;
}

static bool
is_named(const struct forwarders *f, size_t i, const char *name)
{
	return strncmp(f->names[i], name, BOARD_TEXT_BYTES - 1) == 0;
}

struct board_forwarder *
forwarders_find(struct forwarders *f, const char *name)
{
	if (is_named(f, f->last, name))
		return &f->rows[f->last];
	for (size_t i = 0; i < f->count; i++) {
		if (!is_named(f, i, name))
			continue;
		f->last = i;
		return &f->rows[i];
	}
	return add(f, name);
}

void
forwarder_hello(struct board_forwarder *row, uint64_t protocol, const char *build,
    uint64_t now_us)
{
	write_text(&row->build, build == NULL ? "" : build);
	counter_set(&row->protocol, protocol);
	counter_set(&row->hello_us, now_us);
	counter_set(&row->heard_us, now_us);
}

/* Nobody else writes here, so that it need not be one step. */
void
forwarder_flow(struct board_flows *flows, uint64_t now_us)
{
	counter_set(&flows->count, counter_get(&flows->count) + 1);
	counter_set(&flows->last_us, now_us);
}

/* --- the sum --- */

static struct forwarder_account *
account_of(struct forwarder_account *accounts, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(accounts[i].name, name) == 0)
			return &accounts[i];
	}
	if (*count == FORWARDER_ACCOUNTS_MAX)
		return NULL;
	struct forwarder_account *new = &accounts[(*count)++];
	*new = (struct forwarder_account){.name = ""};
	memcpy(new->name, name, strlen(name) + 1);
	return new;
}

static void
raise_to(uint64_t *latest, uint64_t us)
{
	if (us > *latest)
		*latest = us;
}

/* Who it is it says to one worker, and flows come to all: the last hello counts. */
static void
add_row(struct forwarder_account *a, struct board_forwarder *row)
{
	uint64_t hello_us = counter_get(&row->hello_us);

	if (hello_us > a->hello_us) {
		a->hello_us = hello_us;
		a->protocol = counter_get(&row->protocol);
		(void)read_text(&row->build, a->build);
	}
	raise_to(&a->heard_us, counter_get(&row->heard_us));
	raise_to(&a->streams.last_us, counter_get(&row->streams.last_us));
	raise_to(&a->datagrams.last_us, counter_get(&row->datagrams.last_us));
	a->streams.count += counter_get(&row->streams.count);
	a->datagrams.count += counter_get(&row->datagrams.count);
	a->connections += counter_get(&row->connections);
	a->bad_headers += counter_get(&row->bad_headers);
}

static bool
is_empty(struct board_forwarder *row)
{
	return counter_get(&row->heard_us) == 0 &&
	    counter_get(&row->bad_headers) == 0 &&
	    counter_get(&row->streams.count) + counter_get(&row->datagrams.count) == 0;
}

static void
collect_worker(struct board_forwarder *rows, struct forwarder_account *accounts,
    size_t *count)
{
	char name[BOARD_TEXT_BYTES];

	for (size_t i = 0; i < BOARD_FORWARDERS; i++) {
		if ((i > 0 && !read_text(&rows[i].name, name)) || is_empty(&rows[i]))
			continue;
		struct forwarder_account *a =
		    account_of(accounts, count, i == 0 ? "" : name);
		if (a != NULL)
			add_row(a, &rows[i]);
	}
}

size_t
forwarders_collect(struct board *board,
    struct forwarder_account accounts[FORWARDER_ACCOUNTS_MAX])
{
	uint64_t workers = counter_get(&board->worker_count);
	size_t count = 0;

	for (uint64_t i = 0; i < workers && i < WORKERS_MAX; i++)
		collect_worker(board->workers[i].forwarders, accounts, &count);
	return count;
}
