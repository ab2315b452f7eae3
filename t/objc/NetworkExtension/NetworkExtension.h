/* SPDX-License-Identifier: ISC */
/* What is used of NetworkExtension. See t/objc/README.md. */
#import <NetworkExtension/managers.h>
#import <NetworkExtension/providers.h>
