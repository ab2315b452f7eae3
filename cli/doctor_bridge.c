/* SPDX-License-Identifier: ISC */
/*
 * Both hops of the bridge: whether forwarders find the daemon, whether they are still
 * there, and whether anything comes of it. Pure; CLI.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/bridge.h"
#include "cli/doctor.h"

/* A forwarder that keeps its connection asks every 20 s (provider_link.c). */
#define HEARTBEAT_US (30 * INT64_C(1000000))
/* On a machine in use some program connects somewhere within that time. */
#define PATIENCE_US (60 * INT64_C(1000000))

#define BAD_HEADERS                                                           \
	"sightglass show --dataset flow --where "                             \
	"'sightglass.close in (\"bad_header\", \"header_timeout\")'"

static void
judge_headers(struct findings *f, const struct bridge_forwarder *b, const char *name)
{
	if (b->bad_headers == 0)
		return;
	finding_warning(f, FINDING_BRIDGE, "%s: %" PRIu64 " of its connections had a "
	    "header that was broken or came too late", name, b->bad_headers);
	finding_remedy(f, "what was wrong with them: " BAD_HEADERS);
}

/* The build begins with its version: "0.1.0 (42)". */
static bool
is_of_release(const char *build, const char *version)
{
	size_t length = strlen(version);

	return strncmp(build, version, length) == 0 &&
	    (build[length] == '\0' || build[length] == ' ');
}

/* False: that is the trouble, and the rest follows from it. */
static bool
judge_release(struct findings *f, const struct bridge_forwarder *b,
    yyjson_val *status)
{
	const char *version = yyjson_get_str(yyjson_obj_get(status, "version"));
	uint64_t protocol = yyjson_get_uint(yyjson_obj_get(status, "protocol"));

	if (b->protocol > protocol) {
		finding_failure(f, FINDING_BRIDGE, "%s (%s) speaks protocol %" PRIu64
		    ", the daemon %" PRIu64 ": it leaves flows alone", b->name, b->build,
		    b->protocol, protocol);
		finding_remedy(f, "install both from one release, and restart the "
		    "daemon");
		return false;
	}
	if (version == NULL || b->build[0] == '\0' || is_of_release(b->build, version))
		return true;
	finding_warning(f, FINDING_BRIDGE, "%s is of release %s, the daemon of %s",
	    b->name, b->build, version);
	finding_remedy(f, "install both from one release; a system extension may need "
	    "a restart of the Mac to be replaced");
	return true;
}

static bool
judge_heartbeat(struct findings *f, const struct bridge_forwarder *b, int64_t now_us)
{
	char age[BRIDGE_AGE_BYTES];

	if (now_us - b->heard_us <= HEARTBEAT_US)
		return true;
	bridge_age(now_us, b->heard_us, age);
	if (b->connections == 0) {
		finding_warning(f, FINDING_BRIDGE, "%s is gone: it was heard of %s, and "
		    "its connection is over", b->name, age);
		finding_remedy(f, "see what is said of it below; once it runs it comes "
		    "back within a second");
	} else {
		finding_warning(f, FINDING_BRIDGE, "%s is silent: it was heard of %s, "
		    "and asks every 20 s", b->name, age);
		finding_remedy(f, "it hangs, or the machine has just woken from sleep: "
		    "switch its configuration off and on again");
	}
	return false;
}

/* provider_name(): the extension's two providers, each with a link of its own. They are
 * judged wherever their core runs. */
static const char PROXY[] = "macos", DNS[] = "macos-dns";

static bool
is_dns(const struct bridge_forwarder *b)
{
	return strcmp(b->name, DNS) == 0;
}

static bool
is_extension(const struct bridge_forwarder *b)
{
	return b->hello_us != 0 && (is_dns(b) || strcmp(b->name, PROXY) == 0);
}

/* Queries come as datagrams as a rule. */
static int64_t
last_of(const struct bridge_forwarder *b)
{
	return is_dns(b) && b->datagrams.last_us > b->streams.last_us
	    ? b->datagrams.last_us : b->streams.last_us;
}

static void
judge_flows(struct findings *f, const struct bridge_forwarder *b, bool expected,
    int64_t now_us)
{
	char heard[BRIDGE_AGE_BYTES], last[BRIDGE_AGE_BYTES];
	bool idle = last_of(b) < b->hello_us && now_us - b->hello_us > PATIENCE_US;

	bridge_age(now_us, b->heard_us, heard);
	bridge_age(now_us, last_of(b), last);
	if (expected && idle) {
		finding_warning(f, FINDING_BRIDGE, "%s (%s) is there, and has handed "
		    "over no %s since it said hello; the last was %s", b->name, b->build,
		    is_dns(b) ? "query" : "connection", last);
		finding_remedy(f, "nothing was asked for; or its rules leave all out; "
		    "or another extension before it in the order takes all; or a "
		    "VPN carries everything past it");
	} else {
		finding_ok(f, FINDING_BRIDGE, "%s (%s): heard of %s; %" PRIu64
		    " connections, %" PRIu64 " flows of datagrams, the last %s",
		    b->name, b->build[0] != '\0' ? b->build : "of no build", heard,
		    b->streams.count, b->datagrams.count, last);
	}
}

static void
judge_one(struct findings *f, const struct bridge_forwarder *b, yyjson_val *status,
    bool expected, int64_t now_us)
{
	judge_headers(f, b, b->name);
	if (!judge_release(f, b, status))
		return;
	if (!expected || judge_heartbeat(f, b, now_us))
		judge_flows(f, b, expected, now_us);
}

/* Those who only hand flows over, as a load balancer does. */
static void
judge_unnamed(struct findings *f, const struct bridge_forwarder *b, int64_t now_us)
{
	char last[BRIDGE_AGE_BYTES];

	judge_headers(f, b, "a forwarder that gives no name");
	if (b->streams.count + b->datagrams.count == 0)
		return;
	bridge_age(now_us, b->streams.last_us > b->datagrams.last_us
	    ? b->streams.last_us : b->datagrams.last_us, last);
	finding_ok(f, FINDING_BRIDGE, "%" PRIu64 " flows of forwarders that give no "
	    "name, the last %s", b->streams.count + b->datagrams.count, last);
}

static void
judge_absence(struct findings *f, const char *expected)
{
	if (expected != NULL) {
		finding_failure(f, FINDING_BRIDGE, "no forwarder '%s' ever said hello to "
		    "this daemon", expected);
		finding_remedy(f, "the extension does not run, or looks for the sockets "
		    "elsewhere: what is said of it below tells which");
	} else {
		finding_warning(f, FINDING_BRIDGE, "no forwarder has been heard of");
		finding_remedy(f, "hand flows over: sightglass exec runs a program, "
		    "sightglass proxy is a proxy for any");
	}
}

static void
judge_dns_absence(struct findings *f)
{
	finding_warning(f, FINDING_BRIDGE, "the DNS proxy '%s' never said hello to this "
	    "daemon: queries of the system's own resolver are not seen", DNS);
	finding_remedy(f, "Sightglass activate sets it up, or the profile does; where it "
	    "is not wanted, profile.dns: false");
}

static void
judge_unwelcome(struct findings *f, yyjson_val *status)
{
	uint64_t unwelcome = 0;
	size_t index, count;
	yyjson_val *worker;

	yyjson_arr_foreach(yyjson_obj_get(status, "workers"), index, count, worker)
		unwelcome += yyjson_get_uint(yyjson_obj_get(worker, "unwelcome"));
	if (unwelcome == 0)
		return;
	finding_warning(f, FINDING_BRIDGE, "%" PRIu64 " connections were closed for who "
	    "made them: only root and the daemon's user may", unwelcome);
	finding_remedy(f, "run the forwarder as one of them, or set bridge.group; "
	    "where bridge.signed_by is set, it has to be signed so besides");
}

void
doctor_bridge(struct findings *f, yyjson_val *status, const char *expected, bool dns,
    int64_t now_us)
{
	bool missing = true, has_dns = false;
	size_t index, count;
	yyjson_val *item;

	yyjson_arr_foreach(yyjson_obj_get(status, "forwarders"), index, count, item) {
		struct bridge_forwarder b;
		bridge_read(item, &b);
		if (b.name == NULL) {
			judge_unnamed(f, &b, now_us);
			missing &= expected != NULL;
			continue;
		}
		judge_one(f, &b, status, is_extension(&b), now_us);
		has_dns |= is_dns(&b) && is_extension(&b);
		missing &= expected != NULL &&
		    (strcmp(b.name, expected) != 0 || b.hello_us == 0);
	}
	if (missing)
		judge_absence(f, expected);
	else if (expected != NULL && dns && !has_dns)
		judge_dns_absence(f);
	judge_unwelcome(f, status);
}
