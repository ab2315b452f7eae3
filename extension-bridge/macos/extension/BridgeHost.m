/* SPDX-License-Identifier: ISC */
/* BridgeHost.h. Extension (macOS). */
#import "extension-bridge/macos/extension/BridgeHost.h"

#import "base/clock.h"
#import "base/err.h"
#import "extension-bridge/macos/extension/AppFlow.h"
#import "extension-bridge/macos/extension/DaemonIdentity.h"
#import "extension-bridge/macos/extension/SocketWatch.h"
#import "extension-bridge/macos/extension/endpoints.h"

static NSString *const BridgeErrorDomain = @"org.sightglass.bridge";

static NSError *
error_of(int error)
{
	if (error == 0)
		return nil;
	NSString *words = [NSString stringWithUTF8String:err_text(error)];
	return [NSError errorWithDomain:BridgeErrorDomain
	                           code:error
	                       userInfo:@{NSLocalizedDescriptionKey : words}];
}

@implementation BridgeHost {
	struct provider *_provider; /* NULL: stopped, for good */
	enum provider_kind _kind;
	dispatch_queue_t _queue;
	dispatch_source_t _timer;
	DaemonIdentity *_identity;
	NSMutableDictionary<NSNumber *, SocketWatch *> *_sockets;
	NSMutableDictionary<NSNumber *, void (^)(NSError *)> *_starts;
	NSMutableDictionary<NSNumber *, void (^)(void)> *_stops;
	NSMutableSet<AppFlow *> *_flows; /* those that the provider holds */
	uint64_t _calls; /* numbers starts and stops */
}

- (instancetype)initWithSettings:(ProviderSettings *)settings
                            kind:(enum provider_kind)kind
{
	self = [super init];
	if (self == nil)
		return nil;
	_queue = dispatch_queue_create("org.sightglass.bridge", DISPATCH_QUEUE_SERIAL);
	_sockets = [NSMutableDictionary dictionary];
	_starts = [NSMutableDictionary dictionary];
	_stops = [NSMutableDictionary dictionary];
	_flows = [NSMutableSet set];
	_kind = kind;
	_identity = [[DaemonIdentity alloc]
	    initWithRequirement:settings.daemonRequirement];
	[self makeTimer];
	return _identity != nil && [self makeProvider:settings kind:kind] ? self : nil;
}

- (void)makeTimer
{
	__weak BridgeHost *weak = self;

	_timer = dispatch_source_create(DISPATCH_SOURCE_TYPE_TIMER, 0, 0, _queue);
	[self wakeAt:PROVIDER_NEVER];
	dispatch_source_set_event_handler(_timer, ^{ [weak tick]; });
	dispatch_resume(_timer);
}

- (void)dealloc
{
	dispatch_source_cancel(_timer);
}

- (void)tick
{
	if (_provider != NULL)
		provider_tick(_provider);
}

- (void)enter:(void (^)(struct provider *))block
{
	dispatch_async(_queue, ^{
		if (self->_provider != NULL)
			block(self->_provider);
	});
}

/* --- what the provider asks of its host: on the queue --- */

static uint64_t
host_now_ms(void *host)
{
	(void)host;
	return clock_tick_ms();
}

- (void)wakeAt:(uint64_t)when_ms
{
	uint64_t now_ms = clock_tick_ms();
	uint64_t wait_ms = when_ms > now_ms ? when_ms - now_ms : 0;
	dispatch_time_t when = when_ms == PROVIDER_NEVER ? DISPATCH_TIME_FOREVER
	    : dispatch_time(DISPATCH_TIME_NOW, (int64_t)(wait_ms * NSEC_PER_MSEC));

	dispatch_source_set_timer(_timer, when, DISPATCH_TIME_FOREVER, NSEC_PER_MSEC);
}

static void
host_wake_at(void *host, uint64_t when_ms)
{
	[(__bridge BridgeHost *)host wakeAt:when_ms];
}

- (void)watch:(int)fd wanted:(unsigned)wanted token:(uint64_t)token
{
	SocketWatch *watch = _sockets[@(fd)];
	__weak BridgeHost *weak = self;

	if (watch == nil) {
		watch = [[SocketWatch alloc] initWithDescriptor:fd
		                                          queue:_queue
		                                          ready:^(uint64_t ready) {
			                                          [weak ready:ready];
		                                          }];
		_sockets[@(fd)] = watch;
	}
	[watch want:wanted token:token];
}

- (void)ready:(uint64_t)token
{
	if (_provider != NULL)
		provider_ready(_provider, token);
}

static void
host_watch(void *host, int fd, unsigned wanted, uint64_t token)
{
	[(__bridge BridgeHost *)host watch:fd wanted:wanted token:token];
}

- (void)hangUp:(int)fd
{
	SocketWatch *watch = _sockets[@(fd)];

	[_sockets removeObjectForKey:@(fd)];
	if (watch == nil) /* it was never looked at */
		watch = [[SocketWatch alloc] initWithDescriptor:fd
		                                          queue:_queue
		                                          ready:^(uint64_t token) {
			                                          (void)token;
		                                          }];
	[watch close];
}

static void
host_hang_up(void *host, int fd)
{
	[(__bridge BridgeHost *)host hangUp:fd];
}

static bool
host_is_daemon(void *host, int fd)
{
	BridgeHost *self = (__bridge BridgeHost *)host;

	return [self->_identity isPeer:fd];
}

- (void)applyFor:(uint64_t)token
{
	if (self.apply == nil) {
		provider_applied(_provider, token, 0);
		return;
	}
	self.apply(^(NSError *error) {
		if (error != nil)
			os_log_error(settings_log(), "the system refused the settings: "
			    "%{public}s", error.localizedDescription.UTF8String);
		[self enter:^(struct provider *p) {
			provider_applied(p, token, error != nil ? E_DENIED : 0);
		}];
	});
}

static void
host_apply(void *host, uint64_t token)
{
	[(__bridge BridgeHost *)host applyFor:token];
}

/* NetworkExtension may come back with a flow from within its completion, and waits for
 * the queue then: so it is called from another. */
static void
complete(void (^completion)(void))
{
	dispatch_async(dispatch_get_global_queue(QOS_CLASS_DEFAULT, 0), completion);
}

- (void)started:(uint64_t)call error:(int)error
{
	void (^done)(NSError *) = _starts[@(call)];

	[_starts removeObjectForKey:@(call)];
	if (done != nil)
		complete(^{ done(error_of(error)); });
}

static void
host_started(void *host, uint64_t call, int error)
{
	[(__bridge BridgeHost *)host started:call error:error];
}

/* The provider is freed when it has returned to the queue. */
- (void)stopped:(uint64_t)call
{
	void (^done)(void) = _stops[@(call)];

	[_stops removeObjectForKey:@(call)];
	if (done != nil)
		complete(done);
	[self enter:^(struct provider *p) {
		self->_provider = NULL;
		provider_free(p);
	}];
}

static void
host_stopped(void *host, uint64_t call)
{
	[(__bridge BridgeHost *)host stopped:call];
}

static void
host_tell(void *host, enum provider_news news, const char *words)
{
	(void)host;
	if (news == PROVIDER_NEWS_UP)
		os_log(settings_log(), "%{public}s", words);
	else
		os_log_error(settings_log(), "%{public}s", words);
}

- (BOOL)makeProvider:(ProviderSettings *)settings kind:(enum provider_kind)kind
{
	static const struct provider_host_ops table = {
	    .now_ms = host_now_ms,
	    .wake_at = host_wake_at,
	    .watch = host_watch,
	    .hang_up = host_hang_up,
	    .is_daemon = host_is_daemon,
	    .apply = host_apply,
	    .started = host_started,
	    .stopped = host_stopped,
	    .tell = host_tell,
	};
	const struct provider_options options = {
	    .kind = kind,
	    .flow_socket_path = settings.flowSocket.UTF8String,
	    .control_socket_path = settings.controlSocket.UTF8String,
	    .build = settings.build.UTF8String,
	    .fail_closed = settings.failClosed,
	    .claim_quic = settings.claimQUIC,
	    .flows_max = settings.flowsMax,
	};

	if (options.flow_socket_path == NULL || options.control_socket_path == NULL)
		return NO;
	_provider = provider_new(&options, AppFlow.operations, &table,
	    (__bridge void *)self);
	return _provider != NULL;
}

/* --- what NetworkExtension asks of it: on any thread --- */

- (void)start:(void (^)(NSError *))done
{
	dispatch_async(_queue, ^{
		if (self->_provider == NULL) {
			complete(^{ done(error_of(E_CLOSED)); });
			return;
		}
		uint64_t call = ++self->_calls;
		self->_starts[@(call)] = [done copy];
		provider_start(self->_provider, call);
	});
}

- (void)stop:(void (^)(void))done
{
	dispatch_async(_queue, ^{
		if (self->_provider == NULL) {
			complete(done);
			return;
		}
		uint64_t call = ++self->_calls;
		self->_stops[@(call)] = [done copy];
		provider_stop(self->_provider, call);
	});
}

- (void)woke
{
	[self enter:^(struct provider *p) { provider_woke(p); }];
}

- (void)forget:(AppFlow *)app
{
	[_flows removeObject:app];
}

- (BOOL)claim:(NEAppProxyFlow *)flow to:(id)remote
{
	struct flow_header header;

	if (_provider == NULL || !endpoint_header(flow, remote, _kind, &header))
		return NO;
	AppFlow *app = [[AppFlow alloc] initWithFlow:flow host:self];
	[_flows addObject:app]; /* the provider may release it before it returns */
	bool claimed = [_identity isSource:flow.metaData]
	    ? provider_handle_own_flow(_provider, (__bridge void *)app, &header)
	    : provider_handle_flow(_provider, (__bridge void *)app, &header);
	if (claimed)
		return YES;
	[_flows removeObject:app];
	return NO;
}

- (BOOL)handleFlow:(NEAppProxyFlow *)flow to:(id)remote
{
	__block BOOL claimed = NO;

	dispatch_sync(_queue, ^{ claimed = [self claim:flow to:remote]; });
	return claimed;
}

- (NSData *)status
{
	__block struct provider_status s = {.life = "stopped", .link = "off"};

	dispatch_sync(_queue, ^{
		if (self->_provider != NULL)
			provider_get_status(self->_provider, &s);
	});
	NSString *text = [NSString stringWithFormat:
	    @"{\"life\":\"%s\",\"link\":\"%s\",\"flows\":%zu,\"claimed\":%llu,"
	    @"\"declined\":%llu,\"refused\":%llu,\"direct\":%llu,\"failed\":%llu,"
	    @"\"answered_ms_ago\":%lld}", s.life, s.link, s.flows,
	    (unsigned long long)s.claimed, (unsigned long long)s.declined,
	    (unsigned long long)s.refused, (unsigned long long)s.direct,
	    (unsigned long long)s.failed, s.answered_ms == 0
	        ? -1LL : (long long)(clock_tick_ms() - s.answered_ms)];
	return [text dataUsingEncoding:NSUTF8StringEncoding];
}

@end
