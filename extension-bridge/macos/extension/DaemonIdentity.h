/* SPDX-License-Identifier: ISC */
/*
 * Who is the daemon: by the kernel's audit token of a process and by its code
 * signature, never by a number in a file. Extension (macOS); on the host's queue
 * only.
 *
 * A token names one program of one process, so a verdict on it holds; few are
 * kept, since the daemon is few processes, and few others are looked at. A socket
 * that launchd listens on until the daemon takes it over has launchd at its other
 * end, and so it may: launchd lets nobody else have it, and the answer to hello,
 * which only the daemon gives, is awaited before any flow is claimed.
 */
#import <Foundation/Foundation.h>
#import <NetworkExtension/NetworkExtension.h>

NS_ASSUME_NONNULL_BEGIN

@interface DaemonIdentity : NSObject

- (instancetype)init NS_UNAVAILABLE;
/* nil: the text is no code requirement; the log says so. */
- (nullable instancetype)initWithRequirement:(NSString *)text NS_DESIGNATED_INITIALIZER;

/* Whether the peer of a connected UNIX socket is the daemon. */
- (BOOL)isPeer:(int)fd;

/* Whether a flow is the daemon's own. Its signature is looked at only if it claims
 * the daemon's identifier or none, so this is quick for all others. */
- (BOOL)isSource:(NEFlowMetaData *)about;

@end

NS_ASSUME_NONNULL_END
