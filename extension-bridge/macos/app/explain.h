/* SPDX-License-Identifier: ISC */
/* An NSError in words for a person, with what mends it. Host app. */
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

/* One line; a second for the error that lies below it, if there is one. */
NSString *explain(NSError *error);

NS_ASSUME_NONNULL_END
