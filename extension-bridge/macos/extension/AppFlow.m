/* SPDX-License-Identifier: ISC */
/* AppFlow.h. Extension (macOS). */
#import "extension-bridge/macos/extension/AppFlow.h"

#import <stdlib.h>

#import "base/err.h"
#import "extension-bridge/macos/extension/BridgeHost.h"
#import "extension-bridge/macos/extension/endpoints.h"
#import "extension-bridge/macos/extension/macos15.h"

/* --- errors --- */

/* What became of a call on a flow, for the provider. */
static int
error_from(NSError *error)
{
	if (error == nil)
		return 0;
	if (![error.domain isEqualToString:NEAppProxyErrorDomain])
		return E_CLOSED;
	switch (error.code) {
	case NEAppProxyFlowErrorTimedOut:
		return E_TIMEOUT;
	case NEAppProxyFlowErrorRefused:
		return E_DENIED;
	case NEAppProxyFlowErrorInvalidArgument:
	case NEAppProxyFlowErrorReadAlreadyPending:
		return E_RANGE;
	case NEAppProxyFlowErrorDatagramTooLarge:
		return E_LIMIT;
	default:
		return E_CLOSED;
	}
}

/* What the application is to be told; nil: an end in order. */
static NSError *
error_for(int error)
{
	NSInteger code = NEAppProxyFlowErrorInternal;

	if (error == 0)
		return nil;
	if (error == E_CLOSED)
		code = NEAppProxyFlowErrorPeerReset;
	else if (error == E_TIMEOUT)
		code = NEAppProxyFlowErrorTimedOut;
	else if (error == E_DENIED)
		code = NEAppProxyFlowErrorRefused;
	return [NSError errorWithDomain:NEAppProxyErrorDomain code:code userInfo:nil];
}

@implementation AppFlow {
	NEAppProxyFlow *_flow;
	BridgeHost *_host;
}

- (instancetype)initWithFlow:(NEAppProxyFlow *)flow host:(BridgeHost *)host
{
	self = [super init];
	if (self != nil) {
		_flow = flow;
		_host = host;
	}
	return self;
}

/* --- opening --- */

- (void)open:(uint64_t)token
{
	BridgeHost *host = _host;
	void (^opened)(NSError *) = ^(NSError *error) {
		[host enter:^(struct provider *p) {
			provider_open_done(p, token, error_from(error));
		}];
	};

	if (@available(macOS 15.0, *))
		[_flow openWithLocalFlowEndpoint:nil completionHandler:opened];
	else
		[_flow openWithLocalEndpoint:nil completionHandler:opened];
}

/* --- streams --- */

- (void)readStream:(uint64_t)token
{
	BridgeHost *host = _host;

	[(NEAppProxyTCPFlow *)_flow readDataWithCompletionHandler:^(NSData *data,
	    NSError *error) {
		[host enter:^(struct provider *p) {
			provider_read_done(p, token, data.bytes, data.length,
			    error_from(error));
		}];
	}];
}

- (void)write:(NSData *)data token:(uint64_t)token
{
	BridgeHost *host = _host;

	[(NEAppProxyTCPFlow *)_flow writeData:data
	                withCompletionHandler:^(NSError *error) {
		                [host enter:^(struct provider *p) {
			                provider_write_done(p, token, error_from(error));
		                }];
	                }];
}

/* --- datagrams --- */

/* The count is that of the arrays: both empty is the end. */
static void
read_done(struct provider *p, uint64_t token, NSArray<NSData *> *payloads,
    NSArray *endpoints, NSError *error)
{
	size_t count = payloads.count;
	if (count > endpoints.count)
		count = endpoints.count;
	struct flow_datagram *datagrams = calloc(count + 1, sizeof(*datagrams));

	if (datagrams == NULL) {
		provider_read_datagrams_done(p, token, NULL, 0, E_NOMEM);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		/* One to no IP address is left with none, and the provider drops it. */
		(void)endpoint_address(endpoints[i], &datagrams[i].address);
		datagrams[i].payload = payloads[i].bytes;
		datagrams[i].length = payloads[i].length;
	}
	provider_read_datagrams_done(p, token, datagrams, count, error_from(error));
	free(datagrams);
}

- (void)readDatagrams:(uint64_t)token
{
	BridgeHost *host = _host;
	NEAppProxyUDPFlow *flow = (NEAppProxyUDPFlow *)_flow;
	void (^done)(NSArray<NSData *> *, NSArray *, NSError *) =
	    ^(NSArray<NSData *> *payloads, NSArray *endpoints, NSError *error) {
		[host enter:^(struct provider *p) {
			read_done(p, token, payloads, endpoints, error);
		}];
	};

	if (@available(macOS 15.0, *))
		[flow readDatagramsAndFlowEndpointsWithCompletionHandler:done];
	else
		[flow readDatagramsWithCompletionHandler:done];
}

- (void)writePayloads:(NSArray<NSData *> *)payloads
            endpoints:(NSArray *)endpoints
                token:(uint64_t)token
{
	BridgeHost *host = _host;
	NEAppProxyUDPFlow *flow = (NEAppProxyUDPFlow *)_flow;
	void (^done)(NSError *) = ^(NSError *error) {
		[host enter:^(struct provider *p) {
			provider_write_done(p, token, error_from(error));
		}];
	};

	if (@available(macOS 15.0, *))
		[flow writeDatagrams:payloads sentByFlowEndpoints:endpoints
		    completionHandler:done];
	else
		[flow writeDatagrams:payloads sentByEndpoints:endpoints
		    completionHandler:done];
}

- (void)writeDatagrams:(const struct flow_datagram *)datagrams
                 count:(size_t)count
                 token:(uint64_t)token
{
	NSMutableArray<NSData *> *payloads = [NSMutableArray arrayWithCapacity:count];
	NSMutableArray *endpoints = [NSMutableArray arrayWithCapacity:count];

	for (size_t i = 0; i < count; i++) {
		id endpoint = endpoint_make(&datagrams[i].address);
		if (endpoint == nil)
			continue;
		[endpoints addObject:endpoint];
		[payloads addObject:[NSData dataWithBytes:datagrams[i].payload
		                                   length:datagrams[i].length]];
	}
	[self writePayloads:payloads endpoints:endpoints token:token];
}

/* --- ends --- */

- (void)closeRead:(int)error
{
	[_flow closeReadWithError:error_for(error)];
}

- (void)closeWrite:(int)error
{
	[_flow closeWriteWithError:error_for(error)];
}

- (void)released
{
	[_host forget:self];
}

- (BOOL)isStream
{
	return [_flow isKindOfClass:NEAppProxyTCPFlow.class];
}

/* --- the table --- */

static void
flow_open(void *app, uint64_t token)
{
	[(__bridge AppFlow *)app open:token];
}

static void
flow_read(void *app, uint64_t token)
{
	AppFlow *flow = (__bridge AppFlow *)app;

	if (flow.isStream)
		[flow readStream:token];
	else
		[flow readDatagrams:token];
}

static void
flow_write(void *app, uint8_t *bytes, size_t length, uint64_t token)
{
	NSData *data = [NSData dataWithBytesNoCopy:bytes length:length freeWhenDone:YES];

	[(__bridge AppFlow *)app write:data token:token];
}

static void
flow_write_datagrams(void *app, const struct flow_datagram *datagrams, size_t count,
    uint64_t token)
{
	[(__bridge AppFlow *)app writeDatagrams:datagrams count:count token:token];
}

static void
flow_close_read(void *app, int error)
{
	[(__bridge AppFlow *)app closeRead:error];
}

static void
flow_close_write(void *app, int error)
{
	[(__bridge AppFlow *)app closeWrite:error];
}

static void
flow_release(void *app)
{
	[(__bridge AppFlow *)app released];
}

+ (const struct provider_flow_ops *)operations
{
	static const struct provider_flow_ops table = {
	    .open = flow_open,
	    .read = flow_read,
	    .write = flow_write,
	    .write_datagrams = flow_write_datagrams,
	    .close_read = flow_close_read,
	    .close_write = flow_close_write,
	    .release = flow_release,
	};

	return &table;
}

@end
