/* SPDX-License-Identifier: ISC */
/* ProviderSettings.h. Extension (macOS). */
#import "extension-bridge/macos/extension/ProviderSettings.h"

#import <string.h>
#import <sys/un.h>

/* Of Info.plist, where the build has put them. */
static NSString *const GroupKey = @"SightglassGroup";
static NSString *const TeamKey = @"SightglassTeam";
static NSString *const DaemonKey = @"SightglassDaemon";

os_log_t
settings_log(void)
{
	static os_log_t log;
	static dispatch_once_t once;

	dispatch_once(&once, ^{
		NSString *subsystem = NSBundle.mainBundle.bundleIdentifier;
		log = os_log_create(
		    subsystem != nil ? subsystem.UTF8String : "sightglass", "provider");
	});
	return log;
}

static NSString *
info(NSString *key)
{
	id value = [NSBundle.mainBundle objectForInfoDictionaryKey:key];

	return [value isKindOfClass:NSString.class] ? value : @"";
}

/* The value if it is of that class; nil, and a complaint, if it is of another. */
static id
value_of(NSDictionary<NSString *, id> *dictionary, NSString *key, Class class)
{
	id value = dictionary[key];

	if (value == nil || [value isKindOfClass:class])
		return value;
	os_log_error(settings_log(), "%{public}s of the configuration is of the wrong "
	    "type and not used", key.UTF8String);
	return nil;
}

static BOOL
flag_of(NSDictionary<NSString *, id> *dictionary, NSString *key, BOOL otherwise)
{
	NSNumber *value = value_of(dictionary, key, NSNumber.class);

	return value != nil ? value.boolValue : otherwise;
}

/* In the container of the app group, since a sandbox lets no other socket be reached;
 * the extension runs as root, so it is that of root's home. */
static NSString *
socket_of(NSDictionary<NSString *, id> *dictionary, NSString *key, NSString *file)
{
	struct sockaddr_un address;
	NSString *given = value_of(dictionary, key, NSString.class);
	NSString *container = [NSFileManager.defaultManager
	    containerURLForSecurityApplicationGroupIdentifier:info(GroupKey)].path;
	NSString *path = given != nil ? given
	    : [container != nil ? container : @"/var/run/sightglass"
	          stringByAppendingPathComponent:file];

	const char *bytes = path.UTF8String;
	if (bytes == NULL || strlen(bytes) >= sizeof(address.sun_path))
		os_log_error(settings_log(), "%{public}s: longer than the %zu bytes that "
		    "a socket's path may have", key.UTF8String, sizeof(address.sun_path));
	return path;
}

static NSString *
default_requirement(void)
{
	return [NSString stringWithFormat:
	    @"identifier \"%@\" and anchor apple generic and "
	    @"certificate leaf[subject.OU] = \"%@\"", info(DaemonKey), info(TeamKey)];
}

/* Texts only. */
static NSArray<NSString *> *
texts_of(NSDictionary<NSString *, id> *dictionary, NSString *key)
{
	NSArray *list = value_of(dictionary, key, NSArray.class);

	if (list == nil)
		return nil;
	NSMutableArray<NSString *> *texts = [NSMutableArray array];
	for (id item in list) {
		if ([item isKindOfClass:NSString.class])
			[texts addObject:item];
		else
			os_log_error(settings_log(), "%{public}s: an item is no text",
			    key.UTF8String);
	}
	return texts;
}

@implementation ProviderSettings

- (instancetype)initWithDictionary:(NSDictionary<NSString *, id> *)given
{
	NSDictionary<NSString *, id> *d = given != nil ? given : @{};

	self = [super init];
	if (self == nil)
		return nil;
	NSString *requirement = value_of(d, @"DaemonRequirement", NSString.class);
	NSNumber *most = value_of(d, @"FlowsMax", NSNumber.class);
	_flowSocket = socket_of(d, @"FlowSocket", @"flow.sock");
	_controlSocket = socket_of(d, @"ControlSocket", @"control.sock");
	_daemonRequirement = requirement != nil ? requirement : default_requirement();
	_excludedNetworks = texts_of(d, @"ExcludedNetworks");
	_failClosed = flag_of(d, @"FailClosed", NO);
	_claimDNS = flag_of(d, @"ClaimDNS", NO);
	_claimQUIC = flag_of(d, @"ClaimQUIC", YES);
	_flowsMax = most.unsignedIntegerValue;
	_build = [NSString stringWithFormat:@"%@ (%@)",
	    info(@"CFBundleShortVersionString"), info(@"CFBundleVersion")];
	return self;
}

@end
