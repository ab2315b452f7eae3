/* SPDX-License-Identifier: ISC */
/* What is used of the unified log. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_OS_LOG_H
#define SIGHTGLASS_T_OBJC_OS_LOG_H

#import <Foundation/Foundation.h>

@interface OS_os_log : NSObject
@end
typedef OS_os_log *os_log_t;

/* Macros there, which take printf's formats with an annotation in braces. */
extern os_log_t _Nonnull os_log_create(const char *_Nonnull subsystem,
    const char *_Nonnull category);
extern void os_log(os_log_t _Nonnull log, const char *_Nonnull format, ...)
    __attribute__((format(os_log, 2, 3)));
extern void os_log_error(os_log_t _Nonnull log, const char *_Nonnull format, ...)
    __attribute__((format(os_log, 2, 3)));

#endif
