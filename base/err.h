/* SPDX-License-Identifier: ISC */
/*
 * The errors that a function of ours can return: 0 is success, a negative
 * number is one of these, and a parser's positive number is the bytes it used.
 * The table gives each a stable identifier (for records and messages) and the
 * words that a person reads. Adding an error is a row.
 */
#ifndef SIGHTGLASS_BASE_ERR_H
#define SIGHTGLASS_BASE_ERR_H

/* X(symbol, number, identifier, words) */
#define ERR_TABLE(X)                                                          \
	X(E_MORE, -1, "more", "the input ends early: more bytes are needed")  \
	X(E_NOMEM, -2, "no_memory", "out of memory")                          \
	X(E_LIMIT, -3, "limit", "larger than the limit allows")               \
	X(E_SYNTAX, -4, "syntax", "not well formed")                          \
	X(E_RANGE, -5, "range", "a value is out of its range")                \
	X(E_VERSION, -6, "version", "a version that this build does not speak") \
	X(E_FULL, -7, "full", "no room left")                                 \
	X(E_AGAIN, -8, "again", "not ready: try again when it is")            \
	X(E_CLOSED, -9, "closed", "the other side has closed")                \
	X(E_SYS, -10, "system", "a system call failed (see errno)")           \
	X(E_NOTFOUND, -11, "not_found", "no such thing")                      \
	X(E_DENIED, -12, "denied", "not allowed")                             \
	X(E_CRYPTO, -13, "crypto", "a cryptographic operation failed")        \
	X(E_CORRUPT, -14, "corrupt", "damaged data")                          \
	X(E_TIMEOUT, -15, "timeout", "took too long")

enum err {
#define ERR_ENUM(symbol, number, identifier, words) symbol = (number),
	ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
};

/* The stable identifier of `error` ("limit"), "ok" for 0 or more. Static. */
const char *err_name(int error);

/* The words for `error`; for E_SYS the text of errno as it is now. Static, or
 * strerror's own buffer. */
const char *err_text(int error);

/* errno as one of these: E_NOTFOUND (no such file or process), E_DENIED (no right to
 * it), else E_SYS. */
int err_of_errno(void);

#endif
