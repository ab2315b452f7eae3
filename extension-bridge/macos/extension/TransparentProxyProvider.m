/* SPDX-License-Identifier: ISC */
/*
 * TransparentProxyProvider.h. The system may start it twice in one process, or stop it
 * while it starts: the host sees to that every completion is called once and the
 * settings are applied once. `reasserting` is never set. Extension (macOS).
 */
#import "extension-bridge/macos/extension/TransparentProxyProvider.h"

#import "extension-bridge/macos/extension/HostKeeper.h"
#import "extension-bridge/macos/extension/endpoints.h"
#import "extension-bridge/macos/extension/network_rules.h"

@implementation TransparentProxyProvider {
	HostKeeper *_keeper;
}

- (instancetype)init
{
	self = [super init];
	if (self != nil)
		_keeper = [[HostKeeper alloc] init];
	return self;
}

/* What the profile's VendorConfig or the host app has said. */
- (ProviderSettings *)settings
{
	NSDictionary<NSString *, id> *given = nil;

	if ([self.protocolConfiguration isKindOfClass:NETunnelProviderProtocol.class])
		given = ((NETunnelProviderProtocol *)self.protocolConfiguration)
		            .providerConfiguration;
	return [[ProviderSettings alloc] initWithDictionary:given];
}

- (BridgeHost *)makeHost
{
	ProviderSettings *settings = [self settings];
	BridgeHost *host = [[BridgeHost alloc] initWithSettings:settings
	                                                   kind:PROVIDER_TRANSPARENT];
	NETransparentProxyNetworkSettings *rules = network_rules(settings);
	__weak TransparentProxyProvider *weak = self;

	host.apply = ^(void (^applied)(NSError *)) {
		TransparentProxyProvider *provider = weak;
		if (provider == nil) {
			applied(nil);
			return;
		}
		[provider setTunnelNetworkSettings:rules completionHandler:applied];
	};
	return host;
}

- (void)startProxyWithOptions:(NSDictionary<NSString *, id> *)options
            completionHandler:(void (^)(NSError *))completionHandler
{
	NSError *unable = [NSError errorWithDomain:NEVPNErrorDomain
	                                      code:NEVPNErrorConfigurationInvalid
	                                  userInfo:nil];

	(void)options;
	[_keeper start:^{
		return [self makeHost];
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

/* --- the host app --- */

- (void)handleAppMessage:(NSData *)messageData
       completionHandler:(void (^)(NSData *))completionHandler
{
	BridgeHost *host = _keeper.host;

	(void)messageData; /* there is one question */
	if (completionHandler != nil)
		completionHandler(host != nil ? [host status] : nil);
}

@end
