/* SPDX-License-Identifier: ISC */
/* DNSConfiguration.h. Host app. */
#import "extension-bridge/macos/app/DNSConfiguration.h"

@implementation DNSConfiguration {
	NSString *_extension;
	NSDictionary<NSString *, id> *_settings;
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

- (NEDNSProxyManager *)manager
{
	return NEDNSProxyManager.sharedManager;
}

- (void)load:(Done)done
{
	[self.manager loadFromPreferencesWithCompletionHandler:^(NSError *error) {
		dispatch_async(dispatch_get_main_queue(), ^{
			done(error);
		});
	}];
}

- (BOOL)exists
{
	NSString *provider = self.manager.providerProtocol.providerBundleIdentifier;

	return [provider isEqualToString:_extension];
}

- (BOOL)foreign
{
	return self.manager.providerProtocol != nil && !self.exists;
}

- (BOOL)managed
{
	NEDNSProxyProviderProtocol *protocol = self.manager.providerProtocol;

	return self.exists && protocol.providerConfiguration[ConfigurationWriter] == nil;
}

- (BOOL)enabled
{
	return self.exists && self.manager.enabled;
}

- (void)fill
{
	NEDNSProxyProviderProtocol *protocol = [[NEDNSProxyProviderProtocol alloc] init];
	NSMutableDictionary<NSString *, id> *settings = [_settings mutableCopy];

	settings[ConfigurationWriter] = NSBundle.mainBundle.bundleIdentifier;
	protocol.providerBundleIdentifier = _extension;
	protocol.providerConfiguration = settings;
	self.manager.providerProtocol = protocol;
	self.manager.localizedDescription = @"Sightglass DNS";
	self.manager.enabled = YES;
}

- (void)write:(Done)done
{
	[self load:^(NSError *error) {
		if (error != nil || self.foreign || self.managed) {
			done(error);
			return;
		}
		[self fill];
		[self.manager saveToPreferencesWithCompletionHandler:^(NSError *saving) {
			dispatch_async(dispatch_get_main_queue(), ^{
				done(saving);
			});
		}];
	}];
}

- (void)remove:(Done)done
{
	[self load:^(NSError *error) {
		if (error != nil || !self.exists || self.managed) {
			done(error);
			return;
		}
		NEDNSProxyManager *manager = self.manager;
		[manager removeFromPreferencesWithCompletionHandler:^(NSError *removing) {
			dispatch_async(dispatch_get_main_queue(), ^{
				done(removing);
			});
		}];
	}];
}

@end
