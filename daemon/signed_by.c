/* SPDX-License-Identifier: ISC */
/*
 * The match of a signature against bridge.signed_by. Pure; parent and worker. Both are
 * compared as they are written: Apple gives teams, their owners identifiers.
 */
#include "daemon/signed_by.h"

#include <string.h>

#define TEAM_LENGTH 10u
#define TEAM_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

const char *
signed_by_trouble(const char *item)
{
	const struct process_signature *s = NULL;
	size_t team = strspn(item, TEAM_LETTERS);
	const char *identifier = item + team;

	if (team != TEAM_LENGTH || (identifier[0] != '\0' && identifier[0] != ':'))
		return "a team identifier is ten capital letters and digits";
	if (identifier[0] == '\0')
		return NULL;
	size_t length = strlen(++identifier);
	if (length == 0)
		return "behind the colon a signing identifier is missing";
	if (length >= sizeof(s->signing_id))
		return "no signing identifier is that long";
	return NULL;
}

static bool
admits(const char *item, const struct process_signature *s)
{
	if (strncmp(item, s->team_id, TEAM_LENGTH) != 0)
		return false;
	return item[TEAM_LENGTH] == '\0' ||
	    strcmp(item + TEAM_LENGTH + 1, s->signing_id) == 0;
}

bool
signed_by_admits(const struct conf_list *items,
    const struct process_signature *signature)
{
	if (!signature->valid || strlen(signature->team_id) != TEAM_LENGTH)
		return false;
	for (size_t i = 0; i < items->count; i++)
		if (admits(items->items[i], signature))
			return true;
	return false;
}
