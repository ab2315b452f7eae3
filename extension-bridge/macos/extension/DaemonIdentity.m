/* SPDX-License-Identifier: ISC */
/* DaemonIdentity.h. Extension (macOS). */
#import "extension-bridge/macos/extension/DaemonIdentity.h"

#import <Security/Security.h>
#import <bsm/libbsm.h>
#import <string.h>
#import <sys/socket.h>
#import <sys/un.h>

#import "extension-bridge/macos/extension/ProviderSettings.h"

#define TOKENS_MAX 32

/* A ring of the last ones. */
struct tokens {
	audit_token_t tokens[TOKENS_MAX];
	size_t count;
};

static BOOL
has_token(const struct tokens *ring, const audit_token_t *token)
{
	size_t count = ring->count < TOKENS_MAX ? ring->count : TOKENS_MAX;

	for (size_t i = 0; i < count; i++) {
		if (memcmp(&ring->tokens[i], token, sizeof(*token)) == 0)
			return YES;
	}
	return NO;
}

static void
add_token(struct tokens *ring, const audit_token_t *token)
{
	ring->tokens[ring->count++ % TOKENS_MAX] = *token;
}

@implementation DaemonIdentity {
	SecRequirementRef _requirement;
	NSString *_identifier; /* that the daemon signs with */
	struct tokens _daemon, _strangers; /* those that were found to be it, and not */
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
	if (has_token(&_daemon, token))
		return YES;
	if (has_token(&_strangers, token))
		return NO;
	BOOL is = [self satisfies:token];
	add_token(is ? &_daemon : &_strangers, token);
	return is;
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

/* The system may say nothing of a program that runs as root, or put the team before its
 * identifier. Who claims it in vain is found out by his signature. */
- (BOOL)isClaimedBy:(NSString *)identifier
{
	return identifier.length == 0 || [identifier isEqualToString:_identifier] ||
	    [identifier hasSuffix:[@"." stringByAppendingString:_identifier]];
}

- (BOOL)isSource:(NEFlowMetaData *)about
{
	NSData *data = about.sourceAppAuditToken;
	audit_token_t token;

	if (data.length != sizeof(token))
		return NO;
	memcpy(&token, data.bytes, sizeof(token));
	if (has_token(&_daemon, &token))
		return YES;
	return [self isClaimedBy:about.sourceAppSigningIdentifier] &&
	    [self isToken:&token];
}

@end
