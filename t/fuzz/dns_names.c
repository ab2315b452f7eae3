/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/dns_names, held against a list that forgets nothing: steps of
 * five bytes. What is found was put and its time is not over; all of it is found
 * as long as no set can have been full; the order is as promised. A step may scribble
 * over the memory, as a worker in hostile hands would: then what is found need be no
 * more than text. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/dns_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/be.h"
#include "t/fuzz/target.h"

#define WRITERS 3u
#define SETS 2u
#define MOST 4u
#define STEP_BYTES 5u
#define PUT_MAX 4096u

struct put {
	uint32_t writer;
	uint8_t address;
	uint64_t application, learned_us, ends_us;
	char name[8];
};

static struct put model[PUT_MAX];
static size_t model_count;

static void
make_address(uint8_t number, uint8_t out[DNS_ADDRESS_BYTES])
{
	memset(out, 0, DNS_ADDRESS_BYTES);
	out[0] = number;
}

/* The same of the same writer is known anew. */
static void
note(const struct put *p)
{
	size_t at = 0;

	while (at < model_count && (model[at].writer != p->writer ||
	        model[at].address != p->address ||
	        model[at].application != p->application ||
	        strcmp(model[at].name, p->name) != 0))
		at++;
	must(at < PUT_MAX);
	model_count += at == model_count;
	model[at] = *p;
}

/* Whether a set of some writer can have been full. */
static bool
may_have_dropped(void)
{
	size_t of[WRITERS] = {0};

	for (size_t i = 0; i < model_count; i++)
		of[model[i].writer]++;
	return of[0] > DNS_NAMES_SET || of[1] > DNS_NAMES_SET || of[2] > DNS_NAMES_SET;
}

/* How the list knows a name; false: it does not, or no more. */
static bool
recall(uint8_t address, const char *name, uint64_t application, uint64_t now_us,
    struct dns_name *out)
{
	bool known = false;

	for (size_t i = 0; i < model_count; i++) {
		const struct put *p = &model[i];
		struct dns_name one = {.age_us = now_us - p->learned_us,
		    .by_application = application != 0 &&
		        p->application == application};

		if (p->address != address || p->ends_us <= now_us ||
		    strcmp(p->name, name) != 0)
			continue;
		if (!known || one.by_application > out->by_application ||
		    (one.by_application == out->by_application &&
		        one.age_us < out->age_us))
			*out = one;
		known = true;
	}
	return known;
}

static size_t
count_live(uint8_t address, uint64_t now_us)
{
	size_t count = 0;

	for (size_t i = 0; i < model_count; i++) {
		bool again = model[i].address != address || model[i].ends_us <= now_us;

		for (size_t k = 0; k < i && !again; k++)
			again = model[k].address == address &&
			    model[k].ends_us > now_us &&
			    strcmp(model[k].name, model[i].name) == 0;
		count += !again;
	}
	return count;
}

static void
check_found(const struct dns_name *found, size_t count, uint8_t address,
    uint64_t application, uint64_t now_us)
{
	bool exact = !may_have_dropped();
	size_t live = count_live(address, now_us);

	for (size_t i = 0; i < count; i++) {
		struct dns_name known;

		must(recall(address, found[i].text, application, now_us, &known));
		must(!exact || (known.by_application == found[i].by_application &&
		    known.age_us == found[i].age_us));
		must(i == 0 || found[i - 1].by_application > found[i].by_application ||
		    (found[i - 1].by_application == found[i].by_application &&
		        found[i - 1].age_us <= found[i].age_us));
	}
	must(!exact || count == (live < MOST ? live : MOST));
}

static void
find(const struct dns_names *n, uint8_t number, uint64_t application,
    uint64_t now_us, bool scribbled)
{
	struct dns_name found[MOST];
	uint8_t address[DNS_ADDRESS_BYTES];

	make_address(number, address);
	size_t count = dns_names_find(n, address, application, now_us, found, MOST);
	must(count <= MOST);
	for (size_t i = 0; i < count; i++)
		must(memchr(found[i].text, '\0', sizeof(found[i].text)) != NULL);
	if (!scribbled)
		check_found(found, count, number, application, now_us);
}

static void
put(struct dns_names *n, const uint8_t *step, uint64_t now_us)
{
	struct put p = {.writer = step[0] >> 2 & 3, .address = step[1] % 8,
	    .application = step[2] % 3, .learned_us = now_us,
	    .ends_us = now_us + step[3], .name = "a"};
	uint8_t address[DNS_ADDRESS_BYTES];
	const struct bytes name = {(const uint8_t *)p.name, 2};

	p.writer %= WRITERS;
	p.name[1] = (char)('a' + (step[1] >> 3) % 26);
	n->writer = p.writer;
	make_address(p.address, address);
	dns_names_put(n, address, p.application, name, now_us, step[3]);
	note(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const size_t size = dns_names_bytes(WRITERS, SETS);
	struct dns_names n = {.seed = 4711, .writers = WRITERS, .sets = SETS};
	uint64_t now_us = 1000;
	bool scribbled = false;

	n.slots = calloc(1, size);
	must(n.slots != NULL);
	model_count = 0;
	for (size_t i = 0; i < PUT_MAX && (i + 1) * STEP_BYTES <= length; i++) {
		const uint8_t *step = bytes + i * STEP_BYTES;
		size_t place = be24_dec(step + 1) % size;

		now_us += step[4] % 16;
		if (step[0] % 4 == 3 && step[0] >= 0xf0) {
			memset((uint8_t *)n.slots + place, step[4],
			    size - place < 8 ? size - place : 8);
			scribbled = true;
		} else if (step[0] % 4 == 0) {
			find(&n, step[1] % 8, step[2] % 3, now_us, scribbled);
		} else {
			put(&n, step, now_us);
		}
	}
	free(n.slots);
	return 0;
}
