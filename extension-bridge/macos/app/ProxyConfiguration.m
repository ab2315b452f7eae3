/* SPDX-License-Identifier: ISC */
/* ProxyConfiguration.h. Host app. */
#import "extension-bridge/macos/app/ProxyConfiguration.h"

NSString *const ConfigurationWriter = @"WrittenBy";

/* How long an extension may take to answer a question. */
#define ANSWER_S 3

static NSString *
text_of(NSData *data)
{
	return [[NSString alloc] initWithData:data encoding:NSUTF8StringEncoding];
}

@implementation ProxyConfiguration {
	NSString *_extension;
	NSDictionary<NSString *, id> *_settings;
	NETransparentProxyManager *_manager;
}

- (instancetype)initWithExtension:(NSString *)identifier
                         settings:(NSDictionary<NSString *, id> *)settings
{
	self = [super init];
	if (self != nil) {
		_extension = [identifier copy];
		_settings = [settings copy];
	}
	return self;
}

/* --- looking --- */

- (nullable NETunnelProviderProtocol *)protocolOf:(NETransparentProxyManager *)manager
{
	NEVPNProtocol *protocol = manager.protocolConfiguration;

	if (![protocol isKindOfClass:NETunnelProviderProtocol.class])
		return nil;
	NETunnelProviderProtocol *ours = (NETunnelProviderProtocol *)protocol;
	return [ours.providerBundleIdentifier isEqualToString:_extension] ? ours : nil;
}

- (BOOL)isManaged:(NETransparentProxyManager *)manager
{
	NETunnelProviderProtocol *protocol = [self protocolOf:manager];

	return protocol.providerConfiguration[ConfigurationWriter] == nil;
}

/* Where there are both, the profile's is the one that is in force. */
- (nullable NETransparentProxyManager *)choose:
    (NSArray<NETransparentProxyManager *> *)managers
{
	NETransparentProxyManager *chosen = nil;

	for (NETransparentProxyManager *manager in managers) {
		if ([self protocolOf:manager] == nil)
			continue;
		if (chosen == nil || [self isManaged:manager])
			chosen = manager;
	}
	return chosen;
}

- (void)load:(Done)done
{
	[NETransparentProxyManager loadAllFromPreferencesWithCompletionHandler:^(
	    NSArray<NETransparentProxyManager *> *managers, NSError *error) {
		dispatch_async(dispatch_get_main_queue(), ^{
			self->_manager = [self choose:managers != nil ? managers : @[]];
			done(error);
		});
	}];
}

- (BOOL)exists
{
	return _manager != nil;
}

- (BOOL)managed
{
	NETransparentProxyManager *manager = _manager;

	return manager != nil && [self isManaged:manager];
}

- (BOOL)enabled
{
	return _manager.enabled;
}

- (NEVPNStatus)status
{
	return _manager == nil ? NEVPNStatusInvalid : _manager.connection.status;
}

/* --- writing --- */

- (void)fill:(NETransparentProxyManager *)manager
{
	NETunnelProviderProtocol *protocol = [[NETunnelProviderProtocol alloc] init];
	NSMutableDictionary<NSString *, id> *settings = [_settings mutableCopy];

	settings[ConfigurationWriter] = NSBundle.mainBundle.bundleIdentifier;
	protocol.providerBundleIdentifier = _extension;
	/* There is none, but an empty one is refused. */
	protocol.serverAddress = @"localhost";
	protocol.providerConfiguration = settings;
	manager.protocolConfiguration = protocol;
	manager.localizedDescription = @"Sightglass";
	/* So that it comes back after a restart and after it was ended. */
	manager.onDemandRules = @[ [[NEOnDemandRuleConnect alloc] init] ];
	manager.onDemandEnabled = YES;
	manager.enabled = YES;
}

- (void)write:(Done)done
{
	[self load:^(NSError *error) {
		if (error != nil || self.managed) {
			done(error);
			return;
		}
		NETransparentProxyManager *manager = self->_manager;
		if (manager == nil)
			manager = [[NETransparentProxyManager alloc] init];
		[self fill:manager];
		[manager saveToPreferencesWithCompletionHandler:^(NSError *saving) {
			dispatch_async(dispatch_get_main_queue(), ^{
				done(saving);
			});
		}];
	}];
}

- (void)remove:(Done)done
{
	[self load:^(NSError *error) {
		NETransparentProxyManager *manager = self->_manager;
		if (error != nil || manager == nil || self.managed) {
			done(error);
			return;
		}
		[manager removeFromPreferencesWithCompletionHandler:^(NSError *removing) {
			dispatch_async(dispatch_get_main_queue(), ^{
				done(removing);
			});
		}];
	}];
}

/* --- the proxy --- */

- (NSError *)nothingThere
{
	return [NSError errorWithDomain:NEVPNErrorDomain
	                           code:NEVPNErrorConfigurationInvalid
	                       userInfo:nil];
}

- (void)startLoaded:(Done)done
{
	NSError *starting = nil;

	if ([_manager.connection startVPNTunnelAndReturnError:&starting])
		done(nil);
	else
		done(starting != nil ? starting : [self nothingThere]);
}

/* What was saved is to be loaded again before it is started. */
- (void)start:(Done)done
{
	Done loaded = ^(NSError *error) {
		if (error != nil || self->_manager == nil)
			done(error != nil ? error : [self nothingThere]);
		else
			[self startLoaded:done];
	};

	[self load:^(NSError *loading) {
		if (loading != nil) {
			done(loading);
			return;
		}
		[self turnOnDemand:YES then:^(NSError *saving) {
			if (saving != nil)
				done(saving);
			else
				[self load:loaded];
		}];
	}];
}

/* Starting it by hand or at an update makes it start on demand again. */
- (void)turnOnDemand:(BOOL)on then:(Done)done
{
	NETransparentProxyManager *manager = _manager;

	if (manager == nil || self.managed || manager.onDemandEnabled == on) {
		done(nil);
		return;
	}
	manager.onDemandEnabled = on;
	[manager saveToPreferencesWithCompletionHandler:^(NSError *saving) {
		dispatch_async(dispatch_get_main_queue(), ^{ done(saving); });
	}];
}

/* One that starts on demand would be back at the next flow. */
- (void)stop:(Done)done
{
	[self load:^(NSError *loading) {
		[self turnOnDemand:NO then:^(NSError *saving) {
			[self->_manager.connection stopVPNTunnel];
			done(loading != nil ? loading : saving);
		}];
	}];
}

- (void)ask:(void (^)(NSString *_Nullable))done
{
	NEVPNConnection *connection = _manager.connection;
	__block void (^once)(NSString *) = done;
	void (^answer)(NSData *) = ^(NSData *data) {
		dispatch_async(dispatch_get_main_queue(), ^{
			void (^tell)(NSString *) = once;
			once = nil;
			if (tell != nil)
				tell(data == nil ? nil : text_of(data));
		});
	};
	NSData *question = [@"status" dataUsingEncoding:NSUTF8StringEncoding];

	if (connection.status != NEVPNStatusConnected ||
	    ![connection isKindOfClass:NETunnelProviderSession.class] ||
	    ![(NETunnelProviderSession *)connection sendProviderMessage:question
	                                                    returnError:NULL
	                                                responseHandler:answer]) {
		answer(nil);
		return;
	}
	dispatch_after(dispatch_time(DISPATCH_TIME_NOW, ANSWER_S * (int64_t)NSEC_PER_SEC),
	    dispatch_get_main_queue(), ^{ answer(nil); });
}

@end
