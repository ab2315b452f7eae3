/* SPDX-License-Identifier: ISC */
/*
 * Most exchanges are one record, and are handed on as they are read. Others wait
 * until all that was announced of them is there, a WebSocket until its flow is over.
 * CLI; keeps nothing that the log does not have.
 */
#include "cli/exchanges.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "log/payload.h"

#define BUCKETS 4096u /* a power of two */
#define DECODED_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define HTTP_RECORDS_MAX 4u /* of one exchange: two that continue, and the last */
#define HEAD_BYTES 400u     /* the dataset stands within them */

static const char *const body_pointers[] = {"/http/request/body",
    "/http/response/body"};
static const char *const message_pointers[] = {"/http/request", "/http/response"};

/* Of one body, what was seen of its parts. */
struct side {
	struct spool_run content; /* of the parts alone */
	uint64_t parts;
	uint64_t end;             /* of the last part, in the whole content */
	bool is_binary, is_cut;
};

/* Lines stand in a run behind their lengths. */
struct waiting {
	TAILQ_ENTRY(waiting) in_order;
	LIST_ENTRY(waiting) in_bucket;
	char *flow, *id; /* owned */
	struct spool_run records, messages;
	struct side sides[2];
	unsigned record_count;
	bool has_last; /* the http record that does not continue is there */
	bool is_socket, is_wanted;
	uint64_t announced[2]; /* parts, by that record */
};
TAILQ_HEAD(waiting_list, waiting);
LIST_HEAD(waiting_bucket, waiting);

struct exchanges {
	exchanges_take *take;
	void *context;
	struct spool spool;
	struct waiting_list list; /* the oldest first */
	struct waiting_bucket buckets[BUCKETS]; /* by flow */
	size_t count;
	struct buf line; /* read back */
};

/* What an exchange is made of, while it is handed on. */
struct exchange_part {
	struct exchanges *x;
	yyjson_doc *docs[HTTP_RECORDS_MAX];
	size_t doc_count;
	struct waiting *w; /* NULL: the one record is all */
};

/* --- records --- */

static const char *
text_at(yyjson_val *record, const char *pointer)
{
	return yyjson_get_str(yyjson_ptr_get(record, pointer));
}

static bool
says(yyjson_val *record, const char *pointer, const char *text)
{
	const char *said = text_at(record, pointer);

	return said != NULL && strcmp(said, text) == 0;
}

static bool
continues(yyjson_val *record)
{
	return says(record, "/sightglass/incomplete", "continues");
}

static uint64_t
parts_of(yyjson_val *record, enum exchange_side side)
{
	yyjson_val *body = yyjson_ptr_get(record, body_pointers[side]);

	return yyjson_get_uint(yyjson_obj_get(body, "parts"));
}

/* RFC 6455 section 4.2.2 and RFC 8441 section 4. */
static bool
opens_socket(yyjson_val *record)
{
	const char *upgrade =
	    text_at(record, "/http/response/headers/upgrade/0");

	return yyjson_get_bool(yyjson_ptr_get(record, "/sightglass/upgraded")) &&
	    ((upgrade != NULL && strcasecmp(upgrade, "websocket") == 0) ||
	        says(record, "/sightglass/protocol", "websocket"));
}

/* Nothing else is to come, nor was there. */
static bool
is_alone(yyjson_val *record)
{
	return text_at(record, "/http/request/id") == NULL ||
	    (!continues(record) && !opens_socket(record) &&
	        yyjson_ptr_get(record, "/sightglass/partials") == NULL &&
	        parts_of(record, EXCHANGE_REQUEST) == 0 &&
	        parts_of(record, EXCHANGE_RESPONSE) == 0);
}

static bool
contains(const struct reader_line *line, size_t within, const char *text)
{
	size_t length = line->length < within ? line->length : within;

	return memmem(line->text, length, text, strlen(text)) != NULL;
}

/* Of lines of our own writer, whether they can be passed over unparsed. A false no
 * costs time only. */
static bool
is_of_no_concern(const struct exchanges *x, const struct reader_line *line,
    bool wanted)
{
	static const char *const signs[] = {"\"continues\"", "\"partials\":",
	    "\"parts\":", "\"upgraded\":"};

	if (!line->own)
		return false;
	if (contains(line, HEAD_BYTES, "\"sightglass.body\"") ||
	    contains(line, HEAD_BYTES, "\"sightglass.websocket\""))
		return false;
	if (contains(line, HEAD_BYTES, "\"sightglass.flow\""))
		return x->count == 0;
	if (!contains(line, HEAD_BYTES, "\"sightglass.http\""))
		return true;
	if (wanted)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
		if (contains(line, SIZE_MAX, signs[i]))
			return false;
	}
	return true;
}

/* --- life --- */

struct exchanges *
exchanges_new(exchanges_take *take, void *context)
{
	struct exchanges *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->take = take;
	x->context = context;
	TAILQ_INIT(&x->list);
	spool_init(&x->spool);
	buf_init(&x->line, DECODED_BYTES_MAX);
	return x;
}

static int
forget(struct exchanges *x, struct waiting *w)
{
	struct spool_run *runs[] = {&w->records, &w->messages,
	    &w->sides[0].content, &w->sides[1].content};
	int error = 0;

	TAILQ_REMOVE(&x->list, w, in_order);
	LIST_REMOVE(w, in_bucket);
	x->count--;
	for (size_t i = 0; i < ARRAY_LENGTH(runs); i++) {
		int failed = spool_drop(&x->spool, runs[i]);
		error = error != 0 ? error : failed;
	}
	free(w->flow);
	free(w->id);
	free(w);
	return error;
}

void
exchanges_free(struct exchanges *x)
{
	if (x == NULL)
		return;
	for (struct waiting *w; (w = TAILQ_FIRST(&x->list)) != NULL;)
		(void)forget(x, w);
	spool_close(&x->spool);
	buf_free(&x->line);
	free(x);
}

/* FNV-1a. */
static struct waiting_bucket *
bucket_of(struct exchanges *x, const char *flow)
{
	uint32_t hash = 2166136261u;

	for (; *flow != '\0'; flow++)
		hash = (hash ^ (uint8_t)*flow) * 16777619u;
	return &x->buckets[hash % BUCKETS];
}

static struct waiting *
find(struct exchanges *x, const char *flow, const char *id)
{
	struct waiting *w;

	LIST_FOREACH(w, bucket_of(x, flow), in_bucket) {
		if (strcmp(w->id, id) == 0)
			return w;
	}
	return NULL;
}

static struct waiting *
begin(struct exchanges *x, const char *flow, const char *id)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->flow = strdup(flow);
	w->id = strdup(id);
	if (w->flow == NULL || w->id == NULL) {
		free(w->flow);
		free(w->id);
		free(w);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&x->list, w, in_order);
	LIST_INSERT_HEAD(bucket_of(x, flow), w, in_bucket);
	x->count++;
	return w;
}

/* --- handing on --- */

/* The next of the lines in a run. 0; E_NOTFOUND: there is none. */
static int
read_line(struct spool_reader *reader, struct buf *line)
{
	uint64_t length;
	uint8_t *room;
	ssize_t n = spool_read(reader, &length, sizeof(length));

	if (n <= 0)
		return n < 0 ? (int)n : E_NOTFOUND;
	buf_clear(line);
	int error = buf_reserve(line, (size_t)length, &room);
	if (error != 0)
		return error;
	n = spool_read(reader, room, (size_t)length);
	if (n < 0)
		return (int)n;
	buf_commit(line, (size_t)n);
	return 0;
}

static int
append_line(struct exchanges *x, struct spool_run *run,
    const struct reader_line *line)
{
	uint64_t length = line->length;
	int error = spool_append(&x->spool, run, &length, sizeof(length));

	return error != 0 ? error
	                  : spool_append(&x->spool, run, line->text, line->length);
}

static yyjson_doc *
parse(const struct buf *line)
{
	return yyjson_read((const char *)buf_data(line), buf_length(line), 0);
}

/* The holder of what stands in front of the parts: the first record that has it. */
static yyjson_val *
find_beginning(const struct exchange_part *p, enum exchange_side side)
{
	for (size_t i = 0; i < p->doc_count; i++) {
		yyjson_val *body = yyjson_ptr_get(yyjson_doc_get_root(p->docs[i]),
		    body_pointers[side]);
		if (yyjson_obj_get(body, "content") != NULL)
			return body;
	}
	return NULL;
}

static bool
is_cut(const struct exchange_part *p, yyjson_val *facts, enum exchange_side side)
{
	const struct waiting *w = p->w;

	return yyjson_get_bool(yyjson_obj_get(facts, "truncated")) ||
	    (w != NULL && (w->sides[side].is_cut ||
	        w->sides[side].parts < yyjson_get_uint(
	            yyjson_obj_get(facts, "parts"))));
}

static void
describe_body(struct exchange *e, const struct exchange_part *p,
    enum exchange_side side)
{
	struct exchange_body *body = &e->bodies[side];
	yyjson_val *holder = find_beginning(p, side);
	const char *encoding = yyjson_get_str(yyjson_obj_get(holder, "encoding"));
	bool in_parts = p->w != NULL && p->w->sides[side].content.length > 0;

	body->facts = yyjson_ptr_get(e->record, body_pointers[side]);
	body->is_kept = holder != NULL || in_parts;
	body->is_text = (encoding == NULL || strcmp(encoding, "base64") != 0) &&
	    !(in_parts && p->w->sides[side].is_binary);
	body->is_cut = is_cut(p, body->facts, side);
}

static int
hand_on(struct exchanges *x, const struct exchange_part *p)
{
	struct exchange e = {.parts = p,
	    .record = yyjson_doc_get_root(p->docs[p->doc_count - 1]),
	    .is_socket = p->w != NULL && p->w->is_socket};

	describe_body(&e, p, EXCHANGE_REQUEST);
	describe_body(&e, p, EXCHANGE_RESPONSE);
	return x->take(x->context, &e);
}

static int
read_records(struct exchanges *x, struct exchange_part *p)
{
	struct spool_reader reader;
	int error = 0;

	spool_read_begin(&x->spool, &p->w->records, &reader);
	while (error == 0 && p->doc_count < HTTP_RECORDS_MAX) {
		error = read_line(&reader, &x->line);
		if (error != 0)
			break;
		p->docs[p->doc_count] = parse(&x->line);
		if (p->docs[p->doc_count] == NULL)
			error = E_NOMEM;
		else
			p->doc_count++;
	}
	return error == E_NOTFOUND ? 0 : error;
}

/* It is over: hands it on, if it is wanted and its http record is known. */
static int
finish(struct exchanges *x, struct waiting *w)
{
	struct exchange_part p = {.x = x, .w = w};
	int error = 0;

	if (w->is_wanted && w->record_count > 0)
		error = read_records(x, &p);
	if (error == 0 && p.doc_count > 0)
		error = hand_on(x, &p);
	for (size_t i = 0; i < p.doc_count; i++)
		yyjson_doc_free(p.docs[i]);
	int failed = forget(x, w);
	return error != 0 ? error : failed;
}

/* --- adding --- */

static int
add_http(struct exchanges *x, struct waiting *w, yyjson_val *record,
    const struct reader_line *line)
{
	w->is_socket |= opens_socket(record);
	if (!continues(record)) {
		w->has_last = true;
		for (size_t i = 0; i < 2; i++)
			w->announced[i] = parts_of(record, (enum exchange_side)i);
	}
	if (w->record_count == HTTP_RECORDS_MAX)
		return 0;
	w->record_count++;
	return append_line(x, &w->records, line);
}

static int
add_part(struct exchanges *x, struct waiting *w, yyjson_val *record)
{
	enum exchange_side which =
	    yyjson_ptr_get(record, body_pointers[EXCHANGE_REQUEST]) != NULL
	    ? EXCHANGE_REQUEST : EXCHANGE_RESPONSE;
	yyjson_val *holder = yyjson_ptr_get(record, body_pointers[which]);
	uint64_t offset = yyjson_get_uint(yyjson_obj_get(holder, "offset"));
	struct side *side = &w->sides[which];
	struct payload payload;

	int error = payload_read(holder, &x->line, &payload);
	side->is_cut |= (side->parts > 0 && offset != side->end) ||
	    yyjson_get_bool(yyjson_obj_get(holder, "truncated"));
	side->parts++;
	side->end = offset + yyjson_get_uint(yyjson_obj_get(holder, "bytes"));
	side->is_cut |= error == E_SYNTAX;
	if (error == E_NOTFOUND || error == E_SYNTAX) /* the last may say nothing */
		return 0;
	side->is_binary |= !payload.is_text;
	return error != 0 ? error : spool_append(&x->spool, &side->content,
	    payload.bytes, payload.length);
}

static bool
is_over(const struct waiting *w)
{
	return w->has_last && !w->is_socket &&
	    w->sides[0].parts >= w->announced[0] &&
	    w->sides[1].parts >= w->announced[1];
}

static int
make_room(struct exchanges *x)
{
	return x->count < EXCHANGES_WAITING_MAX
	    ? 0 : finish(x, TAILQ_FIRST(&x->list));
}

/* A record that has others beside it. */
static int
add_to_waiting(struct exchanges *x, yyjson_val *record,
    const struct reader_line *line, bool wanted)
{
	const char *id = text_at(record, "/http/request/id");
	const char *flow = text_at(record, "/sightglass/flow");
	int error = 0;

	if (id == NULL)
		return 0;
	flow = flow == NULL ? "" : flow;
	struct waiting *w = find(x, flow, id);
	if (w == NULL)
		error = make_room(x);
	if (w == NULL && error == 0)
		w = begin(x, flow, id);
	if (error != 0 || w == NULL)
		return error != 0 ? error : E_NOMEM;
	w->is_wanted |= wanted;
	if (says(record, "/event/dataset", "sightglass.http"))
		error = add_http(x, w, record, line);
	else if (says(record, "/event/dataset", "sightglass.body"))
		error = add_part(x, w, record);
	else
		error = append_line(x, &w->messages, line);
	return error == 0 && is_over(w) ? finish(x, w) : error;
}

/* The exchanges of a flow that is over are so, too. */
static int
end_flow(struct exchanges *x, const char *flow)
{
	struct waiting *w, *next;
	int error = 0;

	if (flow == NULL)
		return 0;
	for (w = LIST_FIRST(bucket_of(x, flow)); w != NULL && error == 0; w = next) {
		next = LIST_NEXT(w, in_bucket);
		if (strcmp(w->flow, flow) == 0)
			error = finish(x, w);
	}
	return error;
}

static int
add_record(struct exchanges *x, yyjson_doc *doc, const struct reader_line *line,
    bool wanted)
{
	yyjson_val *record = yyjson_doc_get_root(doc);

	if (says(record, "/event/dataset", "sightglass.http") && is_alone(record)) {
		const struct exchange_part p = {.x = x, .docs = {doc},
		    .doc_count = 1};
		return wanted ? hand_on(x, &p) : 0;
	}
	if (says(record, "/event/dataset", "sightglass.flow"))
		return end_flow(x, text_at(record, "/sightglass/flow"));
	if (says(record, "/event/dataset", "sightglass.http") ||
	    says(record, "/event/dataset", "sightglass.body") ||
	    says(record, "/event/dataset", "sightglass.websocket"))
		return add_to_waiting(x, record, line, wanted);
	return 0;
}

int
exchanges_add(struct exchanges *x, const struct reader_line *line, bool wanted)
{
	if (is_of_no_concern(x, line, wanted))
		return 0;
	yyjson_doc *doc = yyjson_read(line->text, line->length, 0);
	int error = doc == NULL ? 0 : add_record(x, doc, line, wanted);
	yyjson_doc_free(doc);
	return error;
}

int
exchanges_end(struct exchanges *x)
{
	struct waiting *w;
	int error = 0;

	while (error == 0 && (w = TAILQ_FIRST(&x->list)) != NULL)
		error = finish(x, w);
	return error;
}

/* --- reading one --- */

yyjson_val *
exchange_message(const struct exchange *e, enum exchange_side side)
{
	return yyjson_ptr_get(e->record, message_pointers[side]);
}

/* Bytes on their way to a visitor who wants them in pieces of his own. */
struct pieces {
	exchange_piece *piece;
	void *context;
	bool is_text;
	uint8_t *bytes; /* EXCHANGE_PIECE_BYTES */
	size_t held;
};

static int
hand_out(struct pieces *p)
{
	size_t n = p->is_text ? utf8_whole(p->bytes, p->held)
	                      : p->held - p->held % 3;
	int error = n > 0 ? p->piece(p->context, p->bytes, n) : 0;

	memmove(p->bytes, p->bytes + n, p->held - n);
	p->held -= n;
	return error;
}

static int
put_bytes(struct pieces *p, const uint8_t *bytes, size_t length)
{
	int error = 0;

	while (length > 0 && error == 0) {
		size_t n = EXCHANGE_PIECE_BYTES - p->held;
		n = n < length ? n : length;
		memcpy(p->bytes + p->held, bytes, n);
		p->held += n;
		bytes += n;
		length -= n;
		if (p->held == EXCHANGE_PIECE_BYTES)
			error = hand_out(p);
	}
	return error;
}

static int
put_beginning(struct pieces *p, const struct exchange_part *part,
    enum exchange_side side)
{
	struct payload payload;
	struct buf decoded;

	buf_init(&decoded, DECODED_BYTES_MAX);
	int error = payload_read(find_beginning(part, side), &decoded, &payload);
	error = error == E_NOTFOUND || error == E_SYNTAX ? 0
	    : error != 0 ? error : put_bytes(p, payload.bytes, payload.length);
	buf_free(&decoded);
	return error;
}

static int
put_parts(struct pieces *p, const struct exchange_part *part,
    enum exchange_side side)
{
	struct spool_reader reader;
	uint8_t bytes[4096];
	int error = 0;

	if (part->w == NULL)
		return 0;
	spool_read_begin(&part->x->spool, &part->w->sides[side].content, &reader);
	while (error == 0) {
		ssize_t n = spool_read(&reader, bytes, sizeof(bytes));
		if (n <= 0)
			return (int)n;
		error = put_bytes(p, bytes, (size_t)n);
	}
	return error;
}

int
exchange_read_body(const struct exchange *e, enum exchange_side side,
    exchange_piece *piece, void *context)
{
	struct pieces p = {piece, context, e->bodies[side].is_text,
	    malloc(EXCHANGE_PIECE_BYTES), 0};

	if (p.bytes == NULL)
		return E_NOMEM;
	int error = put_beginning(&p, e->parts, side);
	if (error == 0)
		error = put_parts(&p, e->parts, side);
	if (error == 0 && p.held > 0)
		error = hand_out(&p);
	if (error == 0 && p.held > 0) /* a character that is cut, or one or two bytes */
		error = piece(context, p.bytes, p.held);
	free(p.bytes);
	return error;
}

int
exchange_read_messages(const struct exchange *e, exchange_message_visit *visit,
    void *context)
{
	const struct exchange_part *p = e->parts;
	struct spool_reader reader;
	int error = 0;

	if (p->w == NULL)
		return 0;
	spool_read_begin(&p->x->spool, &p->w->messages, &reader);
	while (error == 0) {
		error = read_line(&reader, &p->x->line);
		if (error != 0)
			break;
		yyjson_doc *doc = parse(&p->x->line);
		error = doc == NULL ? E_NOMEM
		                    : visit(context, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
	}
	return error == E_NOTFOUND ? 0 : error;
}
