/* SPDX-License-Identifier: ISC */
/* What is used of Security: code signatures. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_SECURITY_H
#define SIGHTGLASS_T_OBJC_SECURITY_H

#include <CoreFoundation/CoreFoundation.h>

typedef struct SIGHTGLASS_BRIDGED(id) __SecCode *SecCodeRef;
typedef struct SIGHTGLASS_BRIDGED(id) __SecRequirement *SecRequirementRef;
typedef uint32_t SecCSFlags;
enum { errSecSuccess = 0, kSecCSDefaultFlags = 0 };
extern const CFStringRef _Nonnull kSecGuestAttributeAudit;

extern OSStatus SecRequirementCreateWithString(CFStringRef _Nonnull text,
    SecCSFlags flags,
    SecRequirementRef _Nullable *_Nonnull __attribute__((cf_returns_retained)) out);
extern OSStatus SecCodeCopyGuestWithAttributes(SecCodeRef _Nullable host,
    CFDictionaryRef _Nullable attributes, SecCSFlags flags,
    SecCodeRef _Nullable *_Nonnull __attribute__((cf_returns_retained)) out);
extern OSStatus SecCodeCheckValidity(SecCodeRef _Nonnull code, SecCSFlags flags,
    SecRequirementRef _Nullable requirement);

#endif
