/* SPDX-License-Identifier: ISC */
/*
 * Verbs.h. The orders matter: an extension that is taken away while its
 * configuration is in force leaves the machine without a network. So activation
 * installs the extension before it writes a configuration, and deactivation removes
 * the configurations first. Host app.
 */
#import "extension-bridge/macos/app/Verbs.h"

#import <stdio.h>
#import <stdlib.h>

#import "extension-bridge/macos/app/DNSConfiguration.h"
#import "extension-bridge/macos/app/ExtensionRequest.h"
#import "extension-bridge/macos/app/ProxyConfiguration.h"
#import "extension-bridge/macos/app/explain.h"

/* The defaults whose dictionary goes to the extension, when no profile brings it
 * one: `defaults write org.sightglass.Sightglass Provider -dict ...`. */
static NSString *const ProviderDefaults = @"Provider";

static void
say(NSString *words)
{
	(void)printf("%s\n", words.UTF8String);
	(void)fflush(stdout);
}

static void
complain(NSString *what, NSError *error)
{
	(void)fprintf(stderr, "Sightglass: %s: %s\n", what.UTF8String,
	    explain(error).UTF8String);
}

static void
finish(enum app_exit status)
{
	exit((int)status);
}

static NSString *
status_words(NEVPNStatus status)
{
	static NSString *const words[] = {@"not configured", @"stopped", @"starting",
	    @"running", @"restarting", @"stopping"};

	if (status < NEVPNStatusInvalid || status > NEVPNStatusDisconnecting)
		return @"in a state that this app does not know";
	return words[status];
}

@implementation Verbs {
	struct app_request _request;
	ExtensionRequest *_extension;
	ProxyConfiguration *_proxy;
	DNSConfiguration *_dns;
	BOOL _restart;
}

- (instancetype)initWithRequest:(const struct app_request *)request
{
	self = [super init];
	if (self != nil) {
		NSString *identifier = [NSBundle.mainBundle.bundleIdentifier
		    stringByAppendingString:@".extension"];
		NSDictionary<NSString *, id> *settings = [NSUserDefaults
		    .standardUserDefaults dictionaryForKey:ProviderDefaults];
		if (settings == nil)
			settings = @{};
		_request = *request;
		_extension = [[ExtensionRequest alloc] initWithIdentifier:identifier];
		_proxy = [[ProxyConfiguration alloc] initWithExtension:identifier
		                                              settings:settings];
		_dns = [[DNSConfiguration alloc] initWithExtension:identifier
		                                          settings:settings];
	}
	return self;
}

/* Goes on with `next`, or says what went wrong and ends. */
- (Done)then:(void (^)(void))next orFailAt:(NSString *)what
{
	return ^(NSError *error) {
		if (error == nil) {
			next();
			return;
		}
		complain(what, error);
		finish(APP_FAILED);
	};
}

/* The same for the extension itself, which a person may have to allow. */
- (void (^)(BOOL, NSError *))then:(void (^)(void))next orFailToAsk:(NSString *)what
{
	return ^(BOOL restart, NSError *error) {
		self->_restart = restart;
		[self then:next orFailAt:what](error);
	};
}

- (void)waitForPerson
{
	unsigned wait_s = _request.wait_s;

	_extension.needsApproval = ^{
		say(@"waiting: allow Sightglass in System Settings (General, Login Items "
		    @"& Extensions; before macOS 15 Privacy & Security)");
	};
	if (wait_s == 0)
		return;
	dispatch_after(dispatch_time(DISPATCH_TIME_NOW, wait_s * (int64_t)NSEC_PER_SEC),
	    dispatch_get_main_queue(), ^{
		    (void)fputs("Sightglass: nobody has allowed it yet\n", stderr);
		    finish(APP_WAITING);
	    });
}

- (void)finishChanged:(NSString *)words
{
	if (_restart)
		say([words stringByAppendingString:@", once the machine is restarted"]);
	else
		say(words);
	finish(_restart ? APP_RESTART : APP_DONE);
}

/* --- activate --- */

- (void)activate
{
	[self waitForPerson];
	[_extension activate:[self then:^{ [self writeProxy]; }
	                    orFailToAsk:@"activating the extension"]];
}

- (void)writeProxy
{
	if (_restart) { /* until then there is nothing to be configured */
		[self finishChanged:@"extension: active"];
		return;
	}
	[_proxy write:[self then:^{
		if (self->_proxy.managed)
			say(@"proxy: a profile has configured it; left as it is");
		[self writeDNS];
	} orFailAt:@"writing the proxy's configuration"]];
}

- (void)writeDNS
{
	if (!_request.dns) {
		[self startProxy];
		return;
	}
	[_dns write:[self then:^{
		if (self->_dns.managed)
			say(@"dns: a profile has configured it; left as it is");
		else if (self->_dns.foreign)
			say(@"dns: another app is the DNS proxy; left as it is: not all "
			    @"queries will be seen");
		[self startProxy];
	} orFailAt:@"writing the DNS proxy's configuration"]];
}

- (void)startProxy
{
	[_proxy start:[self then:^{ [self finishChanged:@"extension: active"]; }
	                orFailAt:@"starting the proxy"]];
}

/* --- deactivate --- */

- (void)deactivate
{
	[self waitForPerson];
	[_dns load:[self then:^{
		[self->_proxy load:[self then:^{ [self removeDNS]; }
		                     orFailAt:@"reading the proxy's configuration"]];
	} orFailAt:@"reading the DNS proxy's configuration"]];
}

/* What a profile has brought has to go with the profile, and before. */
- (void)removeDNS
{
	if (_proxy.managed || _dns.managed) {
		(void)fputs("Sightglass: a profile has configured the extension, and "
		            "would leave the machine without a network when it is gone: "
		            "remove the profile first\n", stderr);
		finish(APP_FAILED);
	}
	[_dns remove:[self then:^{ [self removeProxy]; }
	               orFailAt:@"removing the DNS proxy's configuration"]];
}

- (void)removeProxy
{
	[_proxy remove:[self then:^{ [self removeExtension]; }
	                 orFailAt:@"removing the proxy's configuration"]];
}

- (void)removeExtension
{
	[_extension deactivate:[self then:^{ [self finishChanged:@"extension: removed"]; }
	                      orFailToAsk:@"deactivating the extension"]];
}

/* --- start, stop --- */

- (void)start
{
	[_proxy start:[self then:^{ finish(APP_DONE); } orFailAt:@"starting the proxy"]];
}

- (void)stop
{
	[_proxy stop:[self then:^{ finish(APP_DONE); } orFailAt:@"stopping the proxy"]];
}

/* --- status --- */

- (void)status
{
	[_extension properties:^(NSArray<OSSystemExtensionProperties *> *found,
	    NSError *error) {
		if (error != nil)
			complain(@"asking for the extension", error);
		[self sayExtensions:found];
		[self->_proxy load:[self then:^{ [self sayProxy]; }
		                     orFailAt:@"reading the proxy's configuration"]];
	}];
}

- (void)sayExtensions:(NSArray<OSSystemExtensionProperties *> *)found
{
	if (found.count == 0)
		say(@"extension: not installed");
	for (OSSystemExtensionProperties *e in found)
		say([NSString stringWithFormat:@"extension: %@ (%@), %@",
		        e.bundleShortVersion, e.bundleVersion,
		        e.isUninstalling             ? @"goes with the next restart"
		            : e.isAwaitingUserApproval ? @"waits to be allowed"
		            : e.isEnabled              ? @"enabled"
		                                       : @"not enabled"]);
}

static NSString *
configuration_words(BOOL exists, BOOL managed, BOOL enabled)
{
	if (!exists)
		return @"no configuration";
	return [NSString stringWithFormat:@"%@, %@",
	    enabled ? @"enabled" : @"not enabled",
	    managed ? @"from a profile" : @"from this app"];
}

- (void)sayProxy
{
	say([NSString stringWithFormat:@"proxy: %@, %@",
	        configuration_words(_proxy.exists, _proxy.managed, _proxy.enabled),
	        status_words(_proxy.status)]);
	[_dns load:[self then:^{ [self sayDNS]; }
	             orFailAt:@"reading the DNS proxy's configuration"]];
}

- (void)sayDNS
{
	say([NSString stringWithFormat:@"dns: %@", _dns.foreign ? @"of another app"
	        : configuration_words(_dns.exists, _dns.managed, _dns.enabled)]);
	[_proxy ask:^(NSString *answer) {
		BOOL runs = self->_proxy.status == NEVPNStatusConnected;
		say([NSString stringWithFormat:@"bridge: %@",
		        answer != nil ? answer : @"the extension does not say"]);
		finish(runs ? APP_DONE : APP_FAILED);
	}];
}

- (void)run
{
	switch (_request.verb) {
	case APP_ACTIVATE:
		[self activate];
		break;
	case APP_DEACTIVATE:
		[self deactivate];
		break;
	case APP_START:
		[self start];
		break;
	case APP_STOP:
		[self stop];
		break;
	case APP_STATUS:
	case APP_VERB_COUNT:
		[self status];
		break;
	}
}

@end
