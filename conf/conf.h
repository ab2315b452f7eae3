/* SPDX-License-Identifier: ISC */
/*
 * The settings as one value: defaults, then a YAML file, then single
 * overrides. Read by the parent and the CLI only; the roles get it serialised
 * in a message and never open the file.
 */
#ifndef SIGHTGLASS_CONF_CONF_H
#define SIGHTGLASS_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "conf/params.h"

enum conf_policy { CONF_INSPECT, CONF_SPLICE, CONF_REFUSE };
enum conf_quic { CONF_QUIC_PASS, CONF_QUIC_BLOCK };
enum conf_ca_key { CONF_CA_P256, CONF_CA_RSA3072 };
enum conf_log_full { CONF_LOG_DROP, CONF_LOG_WAIT };
enum conf_capture { CONF_CAPTURE_REDACTED, CONF_CAPTURE_FULL };
enum conf_invalid { CONF_INVALID_MIRROR, CONF_INVALID_REFUSE, CONF_INVALID_ALLOW };

#define CONF_ALL UINT64_MAX

/* Where a value begins in the file, both from 1. */
struct conf_place {
	size_t line, column;
};

struct conf_list {
	char **items; /* owned */
	size_t count;
	struct conf_place *places; /* owned, of each; NULL: not read from a file */
};

#define CONF_TYPE_BOOL bool
#define CONF_TYPE_COUNT uint64_t
#define CONF_TYPE_BYTES uint64_t
#define CONF_TYPE_BYTES_OR_ALL uint64_t
#define CONF_TYPE_TIME uint64_t
#define CONF_TYPE_TEXT char *
#define CONF_TYPE_CHOICE unsigned
#define CONF_TYPE_LIST struct conf_list

struct conf {
#define CONF_MEMBER(member, kind, key, def, least, most, text)                \
	CONF_TYPE_##kind member;
	PARAMS(CONF_MEMBER)
#undef CONF_MEMBER
};

/* What is wrong and where, in words for a person: "sightglass.yaml:12:3:
 * unknown key 'log.flsh': did you mean 'log.flush'?" */
struct conf_error {
	char text[512];
};

/* All defaults. NULL: out of memory. */
struct conf *conf_new(void) WUNRES;
void conf_free(struct conf *c);

/* Points ca_dir, log_dir and run_dir below `directory` (the -d option). */
int conf_set_directory(struct conf *c, const char *directory)
    WUNRES NONNULL(1, 2);

/* Sets one value from its text ("log.flush", "50 ms"; a list's items separated
 * by blanks, in double quotes where they have some, replacing the list). E_NOTFOUND
 * (the nearest key is named), E_SYNTAX, E_RANGE; *error says it, without a place. */
int conf_set(struct conf *c, const char *key, const char *value,
    struct conf_error *error) WUNRES NONNULL(1, 2, 3, 4);

/* Takes the value that `key` has in `old` in exchange for c's own. True: they
 * differ. False too for a key that does not exist. */
bool conf_keep(struct conf *c, const char *key, struct conf *old)
    NONNULL(1, 2, 3);

/* Applies a YAML file over c. E_SYS when it cannot be read, else as conf_set;
 * *error names file, line and column. c is half changed after an error. */
int conf_load(struct conf *c, const char *path, struct conf_error *error)
    WUNRES NONNULL(1, 2, 3);

/* Serialises every setting, for a message between our processes... */
int conf_write(const struct conf *c, struct buf *out) WUNRES NONNULL(1, 2);

/* ...and back, over the defaults in c. E_CORRUPT. */
int conf_read(struct conf *c, const uint8_t *bytes, size_t length)
    WUNRES NONNULL(1, 2);

/* Writes the annotated default configuration (YAML), generated from the table:
 * conf/sightglass.yaml is its output and a test keeps them equal. */
int conf_write_annotated(struct buf *out) WUNRES NONNULL(1);

/* The list of settings in sightglass.yaml(5), as mdoc; likewise kept equal. */
int conf_write_mdoc(struct buf *out) WUNRES NONNULL(1);

#endif
