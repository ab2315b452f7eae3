/* SPDX-License-Identifier: ISC */
/* What is used of the unified log. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_OS_LOG_H
#define SIGHTGLASS_T_OBJC_OS_LOG_H

#import <Foundation/Foundation.h>

@interface OS_os_log : NSObject
@end
typedef OS_os_log *os_log_t;

extern os_log_t _Nonnull os_log_create(const char *_Nonnull subsystem,
    const char *_Nonnull category);

/* printf's formats, with an annotation in braces: here they are checked alone. */
#define os_log(log, ...)                                                      \
	((void)(log), (void)__builtin_os_log_format_buffer_size(__VA_ARGS__))
#define os_log_error(log, ...) os_log(log, __VA_ARGS__)

#endif
