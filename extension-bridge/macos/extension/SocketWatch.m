/* SPDX-License-Identifier: ISC */
/* SocketWatch.h. Extension (macOS). */
#import "extension-bridge/macos/extension/SocketWatch.h"

#import <unistd.h>

#import "extension-bridge/provider.h"

/* A dispatch source that is on or off. It may not be released while it is off. */
struct side {
	dispatch_source_t source;
	BOOL on;
};

@implementation SocketWatch {
	int _fd;
	dispatch_queue_t _queue;
	dispatch_group_t _open; /* has a member for each source that is not cancelled */
	void (^_ready)(uint64_t);
	uint64_t _token;
	struct side _readable, _writable;
}

- (instancetype)initWithDescriptor:(int)fd
                             queue:(dispatch_queue_t)queue
                             ready:(void (^)(uint64_t))ready
{
	self = [super init];
	if (self != nil) {
		_fd = fd;
		_queue = queue;
		_ready = [ready copy];
		_open = dispatch_group_create();
	}
	return self;
}

- (dispatch_source_t)makeSource:(dispatch_source_type_t)type
{
	dispatch_source_t source =
	    dispatch_source_create(type, (uintptr_t)_fd, 0, _queue);
	dispatch_group_t open = _open;
	__weak SocketWatch *weak = self;

	dispatch_group_enter(open);
	dispatch_source_set_event_handler(source, ^{ [weak isReady]; });
	dispatch_source_set_cancel_handler(source, ^{ dispatch_group_leave(open); });
	return source;
}

/* Whoever hears of it may close this: it is kept meanwhile. */
- (void)isReady
{
	void (^ready)(uint64_t) = _ready;

	if (ready != nil)
		ready(_token);
}

- (void)turn:(struct side *)side to:(BOOL)on ofType:(dispatch_source_type_t)type
{
	if (side->on == on)
		return;
	if (side->source == nil)
		side->source = [self makeSource:type];
	side->on = on;
	if (on)
		dispatch_resume(side->source);
	else
		dispatch_suspend(side->source);
}

- (void)want:(unsigned)wanted token:(uint64_t)token
{
	_token = token;
	[self turn:&_readable to:(wanted & PROVIDER_READABLE) != 0
	    ofType:DISPATCH_SOURCE_TYPE_READ];
	[self turn:&_writable to:(wanted & PROVIDER_WRITABLE) != 0
	    ofType:DISPATCH_SOURCE_TYPE_WRITE];
}

/* One that is off never hears that it is cancelled. */
- (void)cancel:(struct side *)side
{
	if (side->source == nil)
		return;
	dispatch_source_cancel(side->source);
	if (!side->on)
		dispatch_resume(side->source);
	side->source = nil;
	side->on = NO;
}

- (void)close
{
	int fd = _fd;

	_ready = nil;
	[self cancel:&_readable];
	[self cancel:&_writable];
	dispatch_group_notify(_open, _queue, ^{ (void)close(fd); });
}

@end
