/* SPDX-License-Identifier: ISC */
/* What is used of Security: code signatures, trust settings. See t/objc/README.md. */
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

typedef struct SIGHTGLASS_BRIDGED(id) __SecCertificate *SecCertificateRef;
typedef struct SIGHTGLASS_BRIDGED(id) __SecPolicy *SecPolicyRef;
enum { errSecNoTrustSettings = -25263, errSecItemNotFound = -25300 };

extern CFDataRef _Nonnull SecCertificateCopyData(SecCertificateRef _Nonnull certificate)
    __attribute__((cf_returns_retained));
extern CFDataRef _Nullable SecCertificateCopyNormalizedIssuerSequence(
    SecCertificateRef _Nonnull certificate) __attribute__((cf_returns_retained));
extern CFDataRef _Nullable SecCertificateCopyNormalizedSubjectSequence(
    SecCertificateRef _Nonnull certificate) __attribute__((cf_returns_retained));

extern const CFStringRef _Nonnull kSecPolicyOid;
extern const CFStringRef _Nonnull kSecPolicyAppleSSL;
extern CFDictionaryRef _Nullable SecPolicyCopyProperties(SecPolicyRef _Nonnull policy)
    __attribute__((cf_returns_retained));

#define kSecTrustSettingsPolicy CFSTR("kSecTrustSettingsPolicy")
#define kSecTrustSettingsApplication CFSTR("kSecTrustSettingsApplication")
#define kSecTrustSettingsPolicyString CFSTR("kSecTrustSettingsPolicyString")
#define kSecTrustSettingsKeyUsage CFSTR("kSecTrustSettingsKeyUsage")
#define kSecTrustSettingsResult CFSTR("kSecTrustSettingsResult")
enum { kSecTrustSettingsKeyUseSignCert = 0x00000008 };
typedef uint32_t SecTrustSettingsDomain;
enum { kSecTrustSettingsDomainAdmin = 1, kSecTrustSettingsDomainSystem = 2 };
extern OSStatus SecTrustSettingsCopyCertificates(SecTrustSettingsDomain domain,
    CFArrayRef _Nullable *_Nullable __attribute__((cf_returns_retained)) out);
extern OSStatus SecTrustSettingsCopyTrustSettings(SecCertificateRef _Nonnull certificate,
    SecTrustSettingsDomain domain,
    CFArrayRef _Nullable *_Nonnull __attribute__((cf_returns_retained)) out);

#endif
