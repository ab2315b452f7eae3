/* SPDX-License-Identifier: ISC */
/*
 * DNSProxyProvider.h. A query that is not claimed is lost, so all are: what the daemon
 * does not take the provider core sends to the resolver that it was meant for.
 * Extension (macOS).
 */
#import "extension-bridge/macos/extension/DNSProxyProvider.h"

#import "extension-bridge/macos/extension/BridgeHost.h"
#import "extension-bridge/macos/extension/endpoints.h"

/* Where the system puts a configuration's dictionary; some systems hand it over as
 * the options themselves. */
static NSString *const VendorData = @"VendorData";

static ProviderSettings *
settings_of(NSDictionary<NSString *, id> *options)
{
	id vendor = options[VendorData];

	if ([vendor isKindOfClass:NSDictionary.class])
		return [[ProviderSettings alloc] initWithDictionary:vendor];
	return [[ProviderSettings alloc] initWithDictionary:options];
}

@implementation DNSProxyProvider {
	BridgeHost *_host; /* nil: stopped; of this object's lock */
}

- (BridgeHost *)host
{
	@synchronized(self) {
		return _host;
	}
}

- (void)startProxyWithOptions:(NSDictionary<NSString *, id> *)options
            completionHandler:(void (^)(NSError *))completionHandler
{
	BridgeHost *host;

	@synchronized(self) {
		if (_host == nil)
			_host = [[BridgeHost alloc] initWithSettings:settings_of(options)
			                                        kind:PROVIDER_DNS];
		host = _host;
	}
	if (host != nil)
		[host start:completionHandler];
	else
		completionHandler(
		    [NSError errorWithDomain:NEDNSProxyErrorDomain
		                        code:NEDNSProxyManagerErrorConfigurationInvalid
		                    userInfo:nil]);
}

- (void)stopProxyWithReason:(NEProviderStopReason)reason
          completionHandler:(void (^)(void))completionHandler
{
	BridgeHost *host;

	os_log(settings_log(), "DNS: stopped by the system, reason %ld", (long)reason);
	@synchronized(self) {
		host = _host;
		_host = nil;
	}
	if (host != nil)
		[host stop:completionHandler];
	else
		completionHandler();
}

- (void)sleepWithCompletionHandler:(void (^)(void))completionHandler
{
	completionHandler();
}

- (void)wake
{
	[self.host woke];
}

/* --- flows --- */

- (BOOL)handleNewFlow:(NEAppProxyFlow *)flow
{
	/* Datagrams come by the methods below. */
	return [flow isKindOfClass:NEAppProxyTCPFlow.class] &&
	    [self.host handleFlow:flow to:endpoint_of_stream(flow)];
}

/* Asked before macOS 15; from then on the one below is. */
- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteEndpoint:(NWEndpoint *)remoteEndpoint
{
	return [self.host handleFlow:flow to:remoteEndpoint];
}

- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteFlowEndpoint:(nw_endpoint_t)remoteEndpoint API_AVAILABLE(macos(15.0))
{
	return [self.host handleFlow:flow to:remoteEndpoint];
}

@end
