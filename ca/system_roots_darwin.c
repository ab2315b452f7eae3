/* SPDX-License-Identifier: ISC */
/*
 * macOS: SecTrustSettings(3) of the system's and the administrator's domain, which have
 * what Apple ships and what device management installed. SecTrustCopyAnchorCertificates
 * would add the user's domain, and leave out whoever is trusted for servers alone. The
 * role that asks, CLI; not the parent, but for the notice.
 */
#include "ca/system_roots.h"

#include <CoreFoundation/CoreFoundation.h>
#include <Security/Security.h>
#include <fcntl.h>
#include <notify.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

/* The administrator's settings themselves lie where nobody may look (trustd's own), but
 * a certificate that is trusted comes into a keychain here. */
const char *const system_roots_places[] = {"/Library/Keychains", NULL};

/* What securityd posts when trust settings, or certificates of a keychain, have changed:
 * kSecServerCertificateTrustNotification in the published sources of Security. Should
 * a release not post it, the keychain's directory and the clock are left. */
#define TRUST_NOTICE "com.apple.security.certificatetrust"

/* What system_roots_choose judges, and the objects that keep its bytes. */
struct asked {
	struct system_root *roots; /* owned, with each one's settings */
	CFDataRef *bytes;          /* owned, each a reference */
	size_t count, capacity;
};

bool
system_roots_are_asked(void)
{
	return true;
}

/* --- one setting --- */

static bool
is_other_policy(CFDictionaryRef constraints)
{
	const void *policy = CFDictionaryGetValue(constraints, kSecTrustSettingsPolicy);

	if (policy == NULL)
		return false; /* any */
	CFDictionaryRef properties =
	    SecPolicyCopyProperties((SecPolicyRef)(uintptr_t)policy);
	if (properties == NULL)
		return true;
	const void *oid = CFDictionaryGetValue(properties, kSecPolicyOid);
	bool other = oid == NULL || CFEqual(oid, kSecPolicyAppleSSL) == 0;
	CFRelease(properties);
	return other;
}

/* False: it has none. */
static bool
get_number(CFDictionaryRef constraints, CFStringRef key, int32_t *out)
{
	const void *value = CFDictionaryGetValue(constraints, key);

	return value != NULL && CFGetTypeID(value) == CFNumberGetTypeID() &&
	    CFNumberGetValue(value, kCFNumberSInt32Type, out) != 0;
}

static bool
is_narrowed(CFDictionaryRef constraints)
{
	int32_t usage;

	if (CFDictionaryGetValue(constraints, kSecTrustSettingsApplication) != NULL ||
	    CFDictionaryGetValue(constraints, kSecTrustSettingsPolicyString) != NULL)
		return true;
	return get_number(constraints, kSecTrustSettingsKeyUsage, &usage) &&
	    ((uint32_t)usage & kSecTrustSettingsKeyUseSignCert) == 0;
}

static struct trust_setting
read_setting(const void *constraints)
{
	struct trust_setting setting = {.result = TRUST_RESULT_ROOT};

	if (CFGetTypeID(constraints) != CFDictionaryGetTypeID()) {
		setting.narrowed = true; /* nothing that is documented */
		return setting;
	}
	setting.other_policy = is_other_policy(constraints);
	setting.narrowed = is_narrowed(constraints);
	(void)get_number(constraints, kSecTrustSettingsResult, &setting.result);
	return setting;
}

/* --- one certificate --- */

static bool
is_self_issued(SecCertificateRef certificate)
{
	CFDataRef subject = SecCertificateCopyNormalizedSubjectSequence(certificate);
	CFDataRef issuer = SecCertificateCopyNormalizedIssuerSequence(certificate);
	bool same = subject != NULL && issuer != NULL && CFEqual(subject, issuer) != 0;

	if (subject != NULL)
		CFRelease(subject);
	if (issuer != NULL)
		CFRelease(issuer);
	return same;
}

static int
copy_settings(CFArrayRef array, struct system_root *out)
{
	CFIndex count = CFArrayGetCount(array);

	if (count <= 0)
		return 0;
	struct trust_setting *settings = calloc((size_t)count, sizeof(*settings));
	if (settings == NULL)
		return E_NOMEM;
	for (CFIndex i = 0; i < count; i++)
		settings[i] = read_setting(CFArrayGetValueAtIndex(array, i));
	out->settings = settings;
	out->setting_count = (size_t)count;
	return 0;
}

/* Those of the system's domain have none of their own where it means "always". */
static int
read_settings(SecCertificateRef certificate, SecTrustSettingsDomain domain,
    struct system_root *out)
{
	CFArrayRef array = NULL;
	OSStatus status = SecTrustSettingsCopyTrustSettings(certificate, domain, &array);

	if (status == errSecItemNotFound)
		return domain == kSecTrustSettingsDomainSystem ? 0 : E_NOTFOUND;
	if (status != errSecSuccess || array == NULL)
		return E_NOTFOUND;
	int error = copy_settings(array, out);
	CFRelease(array);
	return error;
}

static int
make_room(struct asked *a, size_t more)
{
	if (a->count + more <= a->capacity)
		return 0;
	size_t capacity = a->count + more;
	struct system_root *roots = realloc(a->roots, capacity * sizeof(*roots));
	if (roots == NULL)
		return E_NOMEM;
	a->roots = roots;
	CFDataRef *bytes = realloc(a->bytes, capacity * sizeof(a->bytes[0]));
	if (bytes == NULL)
		return E_NOMEM;
	a->bytes = bytes;
	a->capacity = capacity;
	return 0;
}

/* One whose settings cannot be had is left out: it is not known to be trusted. */
static int
take(struct asked *a, SecCertificateRef certificate, SecTrustSettingsDomain domain)
{
	struct system_root root = {.domain = domain == kSecTrustSettingsDomainAdmin
	    ? TRUST_DOMAIN_ADMIN : TRUST_DOMAIN_SYSTEM};
	int error = read_settings(certificate, domain, &root);

	if (error != 0)
		return error == E_NOTFOUND ? 0 : error;
	CFDataRef der = SecCertificateCopyData(certificate);
	if (der == NULL) {
		free((void *)(uintptr_t)root.settings);
		return 0;
	}
	root.der = CFDataGetBytePtr(der);
	root.length = (size_t)CFDataGetLength(der);
	root.self_issued = is_self_issued(certificate);
	a->bytes[a->count] = der;
	a->roots[a->count++] = root;
	return 0;
}

/* --- the domains --- */

static int
ask(struct asked *a, SecTrustSettingsDomain domain, char error[256])
{
	CFArrayRef certificates = NULL;
	OSStatus status = SecTrustSettingsCopyCertificates(domain, &certificates);

	if (status == errSecNoTrustSettings)
		return 0; /* an administrator has none where nothing was set */
	if (status != errSecSuccess || certificates == NULL) {
		(void)snprintf(error, 256, "SecTrustSettingsCopyCertificates of the %s "
		    "domain: %d", domain == kSecTrustSettingsDomainAdmin
		        ? "administrator's" : "system's", (int)status);
		return E_SYS;
	}
	CFIndex count = CFArrayGetCount(certificates);
	int outcome = make_room(a, (size_t)count);
	for (CFIndex i = 0; outcome == 0 && i < count; i++) {
		const void *one = CFArrayGetValueAtIndex(certificates, i);
		outcome = take(a, (SecCertificateRef)(uintptr_t)one, domain);
	}
	CFRelease(certificates);
	if (outcome != 0)
		(void)snprintf(error, 256, "%s", err_text(outcome));
	return outcome;
}

static void
release(struct asked *a)
{
	for (size_t i = 0; i < a->count; i++) {
		CFRelease(a->bytes[i]);
		free((void *)(uintptr_t)a->roots[i].settings);
	}
	free(a->bytes);
	free(a->roots);
}

int
system_roots_read(struct buf *out, char error[256])
{
	struct asked asked = {0};
	int outcome = ask(&asked, kSecTrustSettingsDomainSystem, error);

	if (outcome == 0)
		outcome = ask(&asked, kSecTrustSettingsDomainAdmin, error);
	if (outcome == 0) {
		outcome = system_roots_choose(asked.roots, asked.count, out);
		if (outcome <= 0)
			(void)snprintf(error, 256, "%s", outcome < 0 ? err_text(outcome)
			    : "the system trusts no root for servers");
		outcome = outcome > 0 ? 0 : outcome < 0 ? outcome : E_NOTFOUND;
	}
	release(&asked);
	return outcome;
}

/* notifyd writes to it: no thread of ours has to listen. */
int
system_roots_notice(void)
{
	int fd, token;

	if (notify_register_file_descriptor(TRUST_NOTICE, &fd, 0, &token) !=
	    NOTIFY_STATUS_OK)
		return -1;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		(void)notify_cancel(token);
		return -1;
	}
	return fd;
}
