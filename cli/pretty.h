/* SPDX-License-Identifier: ISC */
/*
 * A record as a line for a person. Pure: JSON in, text out; whatever comes from
 * the wire is made safe for a terminal. It remembers the last tls record, for the
 * line of the flow that follows it.
 */
#ifndef SIGHTGLASS_CLI_PRETTY_H
#define SIGHTGLASS_CLI_PRETTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

/* What the tls record of a flow says of a failure. */
struct pretty_tls {
	char flow[64]; /* sightglass.flow; "": none was seen */
	char verification[32];
	char error[160];
	int client_alert, server_alert; /* that we received; -1: none */
};

/* Of an exchange. */
enum pretty_part {
	PRETTY_REQUEST_HEAD = 1,
	PRETTY_REQUEST_BODY = 2,
	PRETTY_RESPONSE_HEAD = 4,
	PRETTY_RESPONSE_BODY = 8
};

struct pretty {
	bool colour;
	bool utc;
	bool dated;      /* the date, too, in front of the time of day */
	unsigned detail; /* 0 a line; 1 heads too; 2 bodies too */
	unsigned parts;  /* of enum pretty_part, besides what detail says */
	unsigned width;  /* columns of the terminal; 0: lines are as long as they are */
	bool requests_only; /* only http records, and flows that were not opened */
	struct pretty_tls tls; /* its own; zero at first */
};

/* Appends the text of one record, newlines included, or nothing when it is not
 * to be shown. E_SYNTAX: not a JSON object (the line is appended made safe). */
int pretty_record(struct pretty *p, const char *line, size_t length,
    struct buf *out) WUNRES NONNULL(1, 2, 4);

#endif
