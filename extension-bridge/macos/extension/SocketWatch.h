/* SPDX-License-Identifier: ISC */
/*
 * One socket of the bridge on a dispatch queue. Extension (macOS); on the queue only.
 * The socket is closed when the system has stopped looking at it, not before:
 * otherwise its number could be another's already.
 */
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

@interface SocketWatch : NSObject

- (instancetype)init NS_UNAVAILABLE;
/* Takes the descriptor; it is closed by -close, which has to be called. */
- (instancetype)initWithDescriptor:(int)fd
                             queue:(dispatch_queue_t)queue
                             ready:(void (^)(uint64_t token))ready
    NS_DESIGNATED_INITIALIZER;

/* `ready` is called as long as the socket is what is wanted (PROVIDER_READABLE,
 * PROVIDER_WRITABLE), with the token. 0: not for now. */
- (void)want:(unsigned)wanted token:(uint64_t)token;

- (void)close;

@end

NS_ASSUME_NONNULL_END
