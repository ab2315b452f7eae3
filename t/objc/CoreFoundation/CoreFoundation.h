/* SPDX-License-Identifier: ISC */
/* What is used of CoreFoundation. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_COREFOUNDATION_H
#define SIGHTGLASS_T_OBJC_COREFOUNDATION_H

#include <MacTypes.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SIGHTGLASS_BRIDGED(class) __attribute__((objc_bridge(class)))

typedef const void *CFTypeRef;
typedef const struct SIGHTGLASS_BRIDGED(NSArray) __CFArray *CFArrayRef;
typedef const struct SIGHTGLASS_BRIDGED(NSData) __CFData *CFDataRef;
typedef const struct SIGHTGLASS_BRIDGED(NSDictionary) __CFDictionary *CFDictionaryRef;
typedef const struct SIGHTGLASS_BRIDGED(NSNumber) __CFNumber *CFNumberRef;
typedef const struct SIGHTGLASS_BRIDGED(NSString) __CFString *CFStringRef;
typedef signed long CFIndex;
typedef unsigned long CFTypeID;
typedef CFIndex CFNumberType;
enum { kCFNumberSInt32Type = 3 };

extern void CFRelease(CFTypeRef object);
extern Boolean CFEqual(CFTypeRef one, CFTypeRef other);
extern CFTypeID CFGetTypeID(CFTypeRef object);

extern CFIndex CFArrayGetCount(CFArrayRef array);
extern const void *CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index);

extern CFIndex CFDataGetLength(CFDataRef data);
extern const UInt8 *CFDataGetBytePtr(CFDataRef data);

extern CFTypeID CFDictionaryGetTypeID(void);
extern const void *CFDictionaryGetValue(CFDictionaryRef dictionary, const void *key);

extern CFTypeID CFNumberGetTypeID(void);
extern Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void *value);

#define CFSTR(text) ((CFStringRef)__builtin___CFStringMakeConstantString("" text ""))

#endif
