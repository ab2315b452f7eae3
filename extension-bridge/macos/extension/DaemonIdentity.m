/* SPDX-License-Identifier: ISC */
/* DaemonIdentity.h. Extension (macOS). */
#import "extension-bridge/macos/extension/DaemonIdentity.h"

#import <Security/Security.h>
#import <bsm/libbsm.h>
#import <string.h>
#import <sys/socket.h>
#import <sys/un.h>

#import "extension-bridge/macos/extension/ProviderSettings.h"

#define KNOWN_MAX 32

@implementation DaemonIdentity {
	SecRequirementRef _requirement;
	NSString *_identifier; /* that the daemon signs with */
	audit_token_t _known[KNOWN_MAX]; /* a ring of those that were found to be it */
	size_t _count;
}

- (instancetype)initWithRequirement:(NSString *)text
{
	self = [super init];
	if (self == nil)
		return nil;
	_identifier =
	    [NSBundle.mainBundle objectForInfoDictionaryKey:@"SightglassDaemon"];
	if (SecRequirementCreateWithString((__bridge CFStringRef)text, kSecCSDefaultFlags,
	        &_requirement) == errSecSuccess)
		return self;
	os_log_error(settings_log(), "DaemonRequirement is no code requirement: "
	    "'%{public}s'", text.UTF8String);
	return nil;
}

- (void)dealloc
{
	if (_requirement != NULL)
		CFRelease(_requirement);
}

- (BOOL)knows:(const audit_token_t *)token
{
	size_t count = _count < KNOWN_MAX ? _count : KNOWN_MAX;

	for (size_t i = 0; i < count; i++) {
		if (memcmp(&_known[i], token, sizeof(*token)) == 0)
			return YES;
	}
	return NO;
}

/* What the process runs, as it is in memory, against the requirement. */
- (BOOL)satisfies:(const audit_token_t *)token
{
	NSData *data = [NSData dataWithBytes:token length:sizeof(*token)];
	NSDictionary *attributes = @{(__bridge id)kSecGuestAttributeAudit : data};
	SecCodeRef code = NULL;

	if (SecCodeCopyGuestWithAttributes(NULL, (__bridge CFDictionaryRef)attributes,
	        kSecCSDefaultFlags, &code) != errSecSuccess)
		return NO;
	OSStatus valid = SecCodeCheckValidity(code, kSecCSDefaultFlags, _requirement);
	CFRelease(code);
	return valid == errSecSuccess;
}

- (BOOL)isToken:(const audit_token_t *)token
{
	if ([self knows:token])
		return YES;
	if (![self satisfies:token])
		return NO;
	_known[_count % KNOWN_MAX] = *token;
	_count++;
	return YES;
}

- (BOOL)isPeer:(int)fd
{
	audit_token_t token;
	socklen_t length = sizeof(token);

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERTOKEN, &token, &length) != 0 ||
	    length != sizeof(token))
		return NO;
	if (audit_token_to_pid(token) == 1)
		return YES;
	if ([self isToken:&token])
		return YES;
	os_log_error(settings_log(), "process %d serves the daemon's socket and is not "
	    "the daemon", audit_token_to_pid(token));
	return NO;
}

- (BOOL)isSource:(NEFlowMetaData *)about
{
	NSData *data = about.sourceAppAuditToken;
	audit_token_t token;

	if (data.length != sizeof(token))
		return NO;
	memcpy(&token, data.bytes, sizeof(token));
	if ([self knows:&token])
		return YES;
	return [about.sourceAppSigningIdentifier isEqualToString:_identifier] &&
	    [self isToken:&token];
}

@end
