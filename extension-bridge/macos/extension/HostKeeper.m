/* SPDX-License-Identifier: ISC */
/* HostKeeper.h. The lock is held while a host is made, never while it works. */
#import "extension-bridge/macos/extension/HostKeeper.h"

@implementation HostKeeper {
	BridgeHost *_host; /* of this object's lock */
}

- (BridgeHost *)host
{
	@synchronized(self) {
		return _host;
	}
}

- (void)start:(BridgeHost * (^)(void))make
       unable:(NSError *)unable
         done:(void (^)(NSError *))done
{
	BridgeHost *host;

	@synchronized(self) {
		if (_host == nil)
			_host = make();
		host = _host;
	}
	if (host != nil)
		[host start:done];
	else
		done(unable);
}

- (void)stopFor:(NEProviderStopReason)reason done:(void (^)(void))done
{
	BridgeHost *host;

	os_log(settings_log(), "stopped by the system, reason %ld", (long)reason);
	@synchronized(self) {
		host = _host;
		_host = nil;
	}
	if (host != nil)
		[host stop:done];
	else
		done();
}

@end
