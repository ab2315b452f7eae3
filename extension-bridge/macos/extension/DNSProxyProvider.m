/* SPDX-License-Identifier: ISC */
/*
 * DNSProxyProvider.h. A query that is not claimed is lost, so all are: what the daemon
 * does not take the provider core sends to the resolver that it was meant for.
 * Extension (macOS).
 */
#import "extension-bridge/macos/extension/DNSProxyProvider.h"

#import "extension-bridge/macos/extension/HostKeeper.h"
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
	HostKeeper *_keeper;
}

- (instancetype)init
{
	self = [super init];
	if (self != nil)
		_keeper = [[HostKeeper alloc] init];
	return self;
}

- (void)startProxyWithOptions:(NSDictionary<NSString *, id> *)options
            completionHandler:(void (^)(NSError *))completionHandler
{
	NSError *unable =
	    [NSError errorWithDomain:NEDNSProxyErrorDomain
	                        code:NEDNSProxyManagerErrorConfigurationInvalid
	                    userInfo:nil];

	[_keeper start:^{
		return [[BridgeHost alloc] initWithSettings:settings_of(options)
		                                       kind:PROVIDER_DNS];
	}
	        unable:unable
	          done:completionHandler];
}

- (void)stopProxyWithReason:(NEProviderStopReason)reason
          completionHandler:(void (^)(void))completionHandler
{
	[_keeper stopFor:reason done:completionHandler];
}

- (void)sleepWithCompletionHandler:(void (^)(void))completionHandler
{
	completionHandler();
}

- (void)wake
{
	[_keeper.host woke];
}

/* --- flows --- */

- (BOOL)handleNewFlow:(NEAppProxyFlow *)flow
{
	/* Datagrams come by the methods below. */
	return [flow isKindOfClass:NEAppProxyTCPFlow.class] &&
	    [_keeper.host handleFlow:flow to:endpoint_of_stream(flow)];
}

/* Asked before macOS 15; from then on the one below is. */
- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteEndpoint:(NWEndpoint *)remoteEndpoint
{
	return [_keeper.host handleFlow:flow to:remoteEndpoint];
}

- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteFlowEndpoint:(nw_endpoint_t)remoteEndpoint API_AVAILABLE(macos(15.0))
{
	return [_keeper.host handleFlow:flow to:remoteEndpoint];
}

@end
