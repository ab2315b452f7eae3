/* SPDX-License-Identifier: ISC */
/* endpoints.h. Extension (macOS). */
#import "extension-bridge/macos/extension/endpoints.h"

#import <arpa/inet.h>
#import <bsm/libbsm.h>
#import <netdb.h>
#import <string.h>

#import "base/endpoint.h"
#import "extension-bridge/macos/extension/macos15.h"

/* --- addresses --- */

static BOOL
from_text(const char *host, const char *port, struct sockaddr_storage *out)
{
	struct addrinfo *found = NULL;
	/* A zone ("fe80::1%en0") is understood, and nobody is asked. */
	const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};

	if (host == NULL || getaddrinfo(host, port, &hints, &found) != 0)
		return NO;
	BOOL fits = found->ai_addrlen <= sizeof(*out);
	if (fits)
		memcpy(out, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return fits;
}

static BOOL
new_address(nw_endpoint_t endpoint, struct sockaddr_storage *out)
{
	if (nw_endpoint_get_type(endpoint) == nw_endpoint_type_address) {
		const struct sockaddr *address = nw_endpoint_get_address(endpoint);
		if (address->sa_len > sizeof(*out))
			return NO;
		memcpy(out, address, address->sa_len);
		return YES;
	}
	if (nw_endpoint_get_type(endpoint) != nw_endpoint_type_host)
		return NO;
	char *port = nw_endpoint_copy_port_string(endpoint);
	BOOL found = from_text(nw_endpoint_get_hostname(endpoint), port, out);
	free(port);
	return found;
}

BOOL
endpoint_address(id endpoint, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (endpoint == nil)
		return NO;
	if ([endpoint isKindOfClass:NWHostEndpoint.class]) {
		NWHostEndpoint *old = endpoint;
		return from_text(old.hostname.UTF8String, old.port.UTF8String, out);
	}
	if ([endpoint isKindOfClass:NWEndpoint.class])
		return NO;
	return new_address((nw_endpoint_t)endpoint, out) &&
	    (out->ss_family == AF_INET || out->ss_family == AF_INET6);
}

id
endpoint_make(const struct sockaddr_storage *address)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	const struct sockaddr *a = (const struct sockaddr *)address;

	if (a->sa_family != AF_INET && a->sa_family != AF_INET6)
		return nil;
	struct sockaddr_storage whole = *address;
	whole.ss_len = a->sa_family == AF_INET ? sizeof(struct sockaddr_in)
	                                       : sizeof(struct sockaddr_in6);
	if (@available(macOS 15.0, *))
		return nw_endpoint_create_address((const struct sockaddr *)&whole);
	if (getnameinfo((const struct sockaddr *)&whole, whole.ss_len, host, sizeof(host),
	        port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return nil;
	NSString *name = [NSString stringWithUTF8String:host];
	NSString *number = [NSString stringWithUTF8String:port];
	if (name == nil || number == nil)
		return nil;
	return [NWHostEndpoint endpointWithHostname:name port:number];
}

id
endpoint_of_stream(NEAppProxyFlow *flow)
{
	NEAppProxyTCPFlow *stream = (NEAppProxyTCPFlow *)flow;

	if (@available(macOS 15.0, *))
		return stream.remoteFlowEndpoint;
	return stream.remoteEndpoint;
}

/* --- the header --- */

static void
copy_text(char *out, size_t capacity, NSString *text)
{
	const char *bytes = text.UTF8String;

	/* One that is too long is left out rather than cut: it would be another. */
	if (bytes != NULL && strlen(bytes) < capacity)
		memcpy(out, bytes, strlen(bytes) + 1);
}

static void
copy_process(NEFlowMetaData *about, struct flow_header *h)
{
	NSData *data = about.sourceAppAuditToken;
	audit_token_t token;

	copy_text(h->signing_id, sizeof(h->signing_id), about.sourceAppSigningIdentifier);
	if (data.length != sizeof(token)) /* so it is where it is nil, too */
		return;
	memcpy(&token, data.bytes, sizeof(token));
	memcpy(h->audit_token, &token, sizeof(token));
	h->has_pid = h->has_uid = h->has_audit_token = true;
	h->pid = (uint32_t)audit_token_to_pid(token);
	h->uid = audit_token_to_euid(token);
}

static void
copy_identifier(NEFlowMetaData *about, struct flow_header *h)
{
	NSUUID *identifier = about.filterFlowIdentifier;

	if (identifier == nil)
		return;
	[identifier getUUIDBytes:h->unique_id];
	h->unique_id_length = 16;
}

/* A TCP flow has no local endpoint that we are told: then it is the unspecified
 * address, port 0, and the daemon looks among the process's sockets. */
static void
copy_source(NEAppProxyFlow *flow, struct flow_header *h)
{
	id local = nil;

	if ([flow isKindOfClass:NEAppProxyUDPFlow.class]) {
		if (@available(macOS 15.0, *))
			local = ((NEAppProxyUDPFlow *)flow).localFlowEndpoint;
		else
			local = ((NEAppProxyUDPFlow *)flow).localEndpoint;
	}
	if (endpoint_address(local, &h->source))
		return;
	memset(&h->source, 0, sizeof(h->source));
	h->source.ss_family = h->destination.ss_family;
	h->source.ss_len = h->destination.ss_len;
}

/* Macs may have several ways out, and a socket may be bound to one: a VPN's own is, and
 * would else come into its tunnel again. A link-local address says where it is of. */
static uint32_t
interface_of(NEAppProxyFlow *flow, const struct sockaddr_storage *destination)
{
	nw_interface_t bound = flow.isBound ? flow.networkInterface : nil;

	return bound != nil ? nw_interface_get_index(bound)
	                    : endpoint_scope_of(destination);
}

/* Of a query the system says the name that is asked about, which is not whom the flow
 * goes to. */
static BOOL
is_dns(enum provider_kind kind, const struct sockaddr_storage *destination)
{
	return kind == PROVIDER_DNS || endpoint_port_of(destination) == 53;
}

BOOL
endpoint_header(NEAppProxyFlow *flow, id remote, enum provider_kind kind,
    struct flow_header *out)
{
	memset(out, 0, sizeof(*out));
	if (!endpoint_address(remote, &out->destination))
		return NO;
	out->transport = [flow isKindOfClass:NEAppProxyUDPFlow.class] ? FLOW_DATAGRAM
	                                                              : FLOW_STREAM;
	copy_source(flow, out);
	out->interface = interface_of(flow, &out->destination);
	if (!is_dns(kind, &out->destination))
		copy_text(out->authority, sizeof(out->authority), flow.remoteHostname);
	copy_text(out->forwarder, sizeof(out->forwarder),
	    [NSString stringWithUTF8String:provider_name(kind)]);
	copy_process(flow.metaData, out);
	copy_identifier(flow.metaData, out);
	return YES;
}
