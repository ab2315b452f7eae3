/* SPDX-License-Identifier: ISC */
/* The forwarders in the daemon's answer, and ages in words. Pure; CLI. */
#include "cli/bridge.h"

#include <stdio.h>
#include <string.h>

#include "log/when.h"

static uint64_t
number(yyjson_val *object, const char *key)
{
	return yyjson_get_uint(yyjson_obj_get(object, key));
}

static int64_t
time_of(yyjson_val *object, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, key));
	int64_t us;

	return text != NULL && when_stamp(text, strlen(text), &us) ? us : 0;
}

static struct bridge_flows
flows_of(yyjson_val *item, const char *key)
{
	yyjson_val *flows = yyjson_obj_get(item, key);

	return (struct bridge_flows){number(flows, "count"), time_of(flows, "last")};
}

void
bridge_read(yyjson_val *item, struct bridge_forwarder *out)
{
	const char *build = yyjson_get_str(yyjson_obj_get(item, "build"));

	*out = (struct bridge_forwarder){
	    .name = yyjson_get_str(yyjson_obj_get(item, "name")),
	    .build = build == NULL ? "" : build,
	    .protocol = number(item, "protocol"),
	    .hello_us = time_of(item, "hello"),
	    .heard_us = time_of(item, "heard"),
	    .connections = number(item, "connections"),
	    .streams = flows_of(item, "streams"),
	    .datagrams = flows_of(item, "datagrams"),
	    .bad_headers = number(item, "bad_headers"),
	};
}

void
bridge_age(int64_t now_us, int64_t then_us, char out[BRIDGE_AGE_BYTES])
{
	static const struct {
		int64_t most_s, unit_s;
		const char *unit;
	} units[] = {
	    {120, 1, "s"},
	    {2 * 3600, 60, "min"},
	    {48 * 3600, 3600, "h"},
	    {INT64_MAX, 86400, "days"},
	};
	int64_t age_s = now_us > then_us ? (now_us - then_us) / 1000000 : 0;
	size_t i = 0;

	if (then_us == 0) {
		(void)snprintf(out, BRIDGE_AGE_BYTES, "never");
		return;
	}
	while (age_s >= units[i].most_s)
		i++;
	(void)snprintf(out, BRIDGE_AGE_BYTES, "%lld %s ago",
	    (long long)(age_s / units[i].unit_s), units[i].unit);
}
