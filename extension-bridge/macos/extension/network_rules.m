/* SPDX-License-Identifier: ISC */
/* network_rules.h. Extension (macOS). */
#import "extension-bridge/macos/extension/network_rules.h"

#import "extension-bridge/macos/extension/macos15.h"
#import "extension-bridge/networks.h"

/* host nil: everywhere. */
static NENetworkRule *
rule(NSString *host, NSString *port, NSUInteger prefix, NENetworkRuleProtocol protocol)
{
	if (@available(macOS 15.0, *)) {
		nw_endpoint_t remote = host == nil
		    ? nil : nw_endpoint_create_host(host.UTF8String, port.UTF8String);
		return [[NENetworkRule alloc]
		    initWithRemoteNetworkEndpoint:remote
		                     remotePrefix:prefix
		             localNetworkEndpoint:nil
		                      localPrefix:0
		                         protocol:protocol
		                        direction:NETrafficDirectionOutbound];
	}
	NWHostEndpoint *remote = host == nil
	    ? nil : [NWHostEndpoint endpointWithHostname:host port:port];
	return [[NENetworkRule alloc] initWithRemoteNetwork:remote
	                                       remotePrefix:prefix
	                                       localNetwork:nil
	                                        localPrefix:0
	                                           protocol:protocol
	                                          direction:NETrafficDirectionOutbound];
}

/* All of TCP. Of UDP as little as is wanted: what is offered and declined has cost a
 * turn through the extension. */
static NSArray<NENetworkRule *> *
included(ProviderSettings *settings)
{
	NSMutableArray<NENetworkRule *> *rules = [NSMutableArray array];

	[rules addObject:rule(nil, @"0", 0, NENetworkRuleProtocolTCP)];
	if (settings.claimDNS) {
		[rules addObject:rule(nil, @"0", 0, NENetworkRuleProtocolUDP)];
	} else if (settings.claimQUIC) {
		[rules addObject:rule(@"0.0.0.0", @"443", 0, NENetworkRuleProtocolUDP)];
		[rules addObject:rule(@"::", @"443", 0, NENetworkRuleProtocolUDP)];
	}
	return rules;
}

static void
exclude(NSMutableArray<NENetworkRule *> *rules, const char *text)
{
	struct network n;

	if (network_parse(text, &n) != 0) {
		os_log_error(settings_log(), "ExcludedNetworks: '%{public}s' is no "
		    "network, as 10.0.0.0/8 is; it is left out", text);
		return;
	}
	NSString *address = [NSString stringWithUTF8String:n.address];
	[rules addObject:rule(address, @"0", n.prefix, NENetworkRuleProtocolAny)];
}

static NSArray<NENetworkRule *> *
excluded(ProviderSettings *settings)
{
	NSMutableArray<NENetworkRule *> *rules = [NSMutableArray array];

	for (size_t i = 0; networks_always[i] != NULL; i++)
		exclude(rules, networks_always[i]);
	if (settings.excludedNetworks == nil) {
		for (size_t i = 0; networks_default[i] != NULL; i++)
			exclude(rules, networks_default[i]);
	}
	for (NSString *network in settings.excludedNetworks)
		exclude(rules, network.UTF8String);
	return rules;
}

NETransparentProxyNetworkSettings *
network_rules(ProviderSettings *settings)
{
	NETransparentProxyNetworkSettings *result =
	    [[NETransparentProxyNetworkSettings alloc]
	        initWithTunnelRemoteAddress:@"127.0.0.1"];

	result.includedNetworkRules = included(settings);
	result.excludedNetworkRules = excluded(settings);
	return result;
}
