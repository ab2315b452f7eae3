/* SPDX-License-Identifier: ISC */
/* The names and words of our errors. Pure; every process uses it. */
#include "base/err.h"

#include <errno.h>
#include <string.h>

const char *
err_name(int error)
{
	switch (error) {
#define ERR_NAME(symbol, number, identifier, words)                           \
	case symbol:                                                          \
		return identifier;
		ERR_TABLE(ERR_NAME)
#undef ERR_NAME
	}
	return error >= 0 ? "ok" : "unknown";
}

const char *
err_text(int error)
{
	if (error == E_SYS)
		return strerror(errno);
	switch (error) {
#define ERR_WORDS(symbol, number, identifier, words)                          \
	case symbol:                                                          \
		return words;
		ERR_TABLE(ERR_WORDS)
#undef ERR_WORDS
	}
	return error >= 0 ? "no error" : "unknown error";
}

int
err_of_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ESRCH:
		return E_NOTFOUND;
	case EACCES:
	case EPERM:
		return E_DENIED;
	default:
		return E_SYS;
	}
}
