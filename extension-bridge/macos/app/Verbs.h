/* SPDX-License-Identifier: ISC */
/*
 * What each verb of the command line does, in which order. Host app; main queue
 * only.
 */
#import <Foundation/Foundation.h>

#import "extension-bridge/macos/app/arguments.h"

NS_ASSUME_NONNULL_BEGIN

@interface Verbs : NSObject

- (instancetype)init NS_UNAVAILABLE;
/* `request` is copied. */
- (instancetype)initWithRequest:(const struct app_request *)request
    NS_DESIGNATED_INITIALIZER;

/* Does it, says what came of it on standard output or error, and ends the process
 * with its status. The run loop has to run. */
- (void)run;

@end

NS_ASSUME_NONNULL_END
