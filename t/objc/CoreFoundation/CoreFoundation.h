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
typedef const struct __CFAllocator *CFAllocatorRef;
typedef const struct SIGHTGLASS_BRIDGED(NSArray) __CFArray *CFArrayRef;
typedef const struct SIGHTGLASS_BRIDGED(NSData) __CFData *CFDataRef;
typedef const struct SIGHTGLASS_BRIDGED(NSDictionary) __CFDictionary *CFDictionaryRef;
typedef const struct SIGHTGLASS_BRIDGED(NSNumber) __CFNumber *CFNumberRef;
typedef const struct SIGHTGLASS_BRIDGED(NSString) __CFString *CFStringRef;
typedef const struct SIGHTGLASS_BRIDGED(NSURL) __CFURL *CFURLRef;
typedef struct SIGHTGLASS_BRIDGED(NSError) __CFError *CFErrorRef;
typedef signed long CFIndex;
typedef unsigned long CFTypeID;
typedef UInt32 CFStringEncoding;
typedef CFIndex CFNumberType;
enum { kCFStringEncodingUTF8 = 0x08000100 };
enum { kCFNumberSInt32Type = 3, kCFNumberSInt64Type = 4 };

typedef struct CFDictionaryKeyCallBacks CFDictionaryKeyCallBacks;
typedef struct CFDictionaryValueCallBacks CFDictionaryValueCallBacks;
extern const CFDictionaryKeyCallBacks kCFTypeDictionaryKeyCallBacks;
extern const CFDictionaryValueCallBacks kCFTypeDictionaryValueCallBacks;
extern const CFAllocatorRef kCFAllocatorDefault;

extern CFTypeRef CFRetain(CFTypeRef object);
extern void CFRelease(CFTypeRef object);
extern Boolean CFEqual(CFTypeRef one, CFTypeRef other);
extern CFTypeID CFGetTypeID(CFTypeRef object);

extern CFTypeID CFArrayGetTypeID(void);
extern CFIndex CFArrayGetCount(CFArrayRef array);
extern const void *CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index);

extern CFTypeID CFDataGetTypeID(void);
extern CFDataRef CFDataCreate(CFAllocatorRef allocator, const UInt8 *bytes,
    CFIndex length);
extern CFIndex CFDataGetLength(CFDataRef data);
extern const UInt8 *CFDataGetBytePtr(CFDataRef data);

extern CFTypeID CFDictionaryGetTypeID(void);
extern CFDictionaryRef CFDictionaryCreate(CFAllocatorRef allocator, const void **keys,
    const void **values, CFIndex count, const CFDictionaryKeyCallBacks *key_callbacks,
    const CFDictionaryValueCallBacks *value_callbacks);
extern const void *CFDictionaryGetValue(CFDictionaryRef dictionary, const void *key);

extern CFTypeID CFNumberGetTypeID(void);
extern CFNumberRef CFNumberCreate(CFAllocatorRef allocator, CFNumberType type,
    const void *value);
extern Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void *value);

#define CFSTR(text) ((CFStringRef)__builtin___CFStringMakeConstantString("" text ""))
extern CFTypeID CFStringGetTypeID(void);
extern CFStringRef CFStringCreateWithCString(CFAllocatorRef allocator, const char *text,
    CFStringEncoding encoding);
extern Boolean CFStringGetCString(CFStringRef string, char *buffer, CFIndex size,
    CFStringEncoding encoding);
extern CFIndex CFStringGetLength(CFStringRef string);

#endif
