/* SPDX-License-Identifier: ISC */
/* The tables of system_errors.h, a row a code. Pure; host app. */
#include "extension-bridge/macos/app/system_errors.h"

#include <stdio.h>
#include <string.h>

#define MANAGED                                                               \
	"where a profile of device management brings the configuration, leave " \
	"it to the profile (sightglass profile)"
#define SIGNING                                                               \
	"make -C extension-bridge/macos verify, and packaging/macos/preflight, " \
	"say what is wrong with the bundle"

/* OSSystemExtensionErrorDomain: SystemExtensions.h. */
static const struct system_error extension_errors[] = {
    {1, "Unknown", "the system does not say why",
        "look at `log show --last 5m --predicate 'process == \"sysextd\"'`"},
    {2, "MissingEntitlement",
        "the app lacks com.apple.developer.system-extension.install",
        "sign it with that entitlement and a provisioning profile that has it; "
        SIGNING},
    {3, "UnsupportedParentBundleLocation",
        "the app is not in /Applications", "move Sightglass.app there"},
    {4, "ExtensionNotFound", "the app holds no extension of that identifier",
        "install the whole package again"},
    {5, "ExtensionMissingIdentifier", "the extension has no bundle identifier",
        "install a package that was built whole"},
    {6, "DuplicateExtensionIdentifer",
        "the app holds two extensions of one identifier",
        "install a package that was built whole"},
    {7, "UnknownExtensionCategory",
        "the system does not know what kind of extension it is",
        "its Info.plist needs NetworkExtension with NEProviderClasses"},
    {8, "CodeSignatureInvalid", "the extension's code signature is not valid",
        SIGNING},
    {9, "ValidationFailed", "the extension did not pass the system's checks, of "
        "which notarization is one even where spctl passes it",
        SIGNING "; then install a package with a higher CFBundleVersion"},
    {10, "ForbiddenBySystemPolicy", "device management forbids the extension",
        "its profile has to name team and extension in AllowedSystemExtensions, "
        "and the team not in AllowedTeamIdentifiers too"},
    {11, "RequestCanceled", "the request was taken back",
        "ask again; nothing was changed"},
    {12, "RequestSuperseded", "a later request took the place of this one",
        "Sightglass.app status says how it ended"},
    {13, "AuthorizationRequired", "an administrator has to allow it",
        "run it as one, or let device management bring the profile"},
};

/* NEVPNErrorDomain: NEVPNManager.h. */
static const struct system_error vpn_errors[] = {
    {1, "ConfigurationInvalid", "the proxy's configuration is not valid",
        "Sightglass.app deactivate, then activate; " MANAGED},
    {2, "ConfigurationDisabled", "the proxy's configuration is switched off",
        "switch it on in System Settings, VPN & Filters, or activate again"},
    {3, "ConnectionFailed", "the extension did not start",
        "Sightglass.app status says whether it is enabled"},
    {4, "ConfigurationStale", "somebody else has changed the configuration",
        "try again"},
    {5, "ConfigurationReadWriteFailed",
        "the configuration cannot be read or written: permission was denied, or "
        "the disk is full", "an app may not change what a profile has brought, "
        "nor set Order; " MANAGED},
    {6, "ConfigurationUnknown", "the configuration could not be dealt with",
        "restart the machine if it stays so"},
};

/* NEVPNConnectionErrorDomain: NEVPNConnection.h of macOS 13. Those of servers and
 * their certificates are not met by a proxy on this machine, but have a row. */
static const struct system_error connection_errors[] = {
    {1, "Overslept", "the machine slept for too long",
        "nothing: it is started again on demand"},
    {2, "NoNetworkAvailable", "there is no network", "none: wait for one"},
    {3, "UnrecoverableNetworkChange", "the network has changed",
        "nothing: it is started again on demand"},
    {4, "ConfigurationFailed", "the extension did not take its configuration",
        "Sightglass.app deactivate, then activate; " MANAGED},
    {5, "ServerAddressResolutionFailed", "an address did not resolve",
        "RemoteAddress of the profile has to be localhost"},
    {6, "ServerNotResponding",
        "the extension does not answer, often since it ended or is not installed",
        "activate again; status and the crash reports say more"},
    {7, "ServerDead", "the extension works no longer", "activate again"},
    {8, "AuthenticationFailed", "credentials were not taken",
        "the profile has to name none"},
    {9, "ClientCertificateInvalid", "a client certificate is not valid",
        "the profile has to name none"},
    {10, "ClientCertificateNotYetValid",
        "a client certificate is not valid yet", "the profile has to name none"},
    {11, "ClientCertificateExpired", "a client certificate has expired",
        "the profile has to name none"},
    {12, "PluginFailed", "the extension ended unexpectedly",
        "its crash report in Console.app says where; it is started again"},
    {13, "ConfigurationNotFound", "there is no such configuration",
        "Sightglass.app activate, or install the profile again"},
    {14, "PluginDisabled",
        "the extension is not there, or an older version of it is",
        "Sightglass.app activate replaces it; restart the machine if it stays so"},
    {15, "NegotiationFailed", "the start was not agreed upon",
        "Sightglass.app stop, then start"},
    {16, "ServerDisconnected", "the extension ended the connection",
        "Sightglass.app start"},
    {17, "ServerCertificateInvalid", "a server certificate is not valid",
        "the profile has to name none"},
    {18, "ServerCertificateNotYetValid",
        "a server certificate is not valid yet", "the profile has to name none"},
    {19, "ServerCertificateExpired", "a server certificate has expired",
        "the profile has to name none"},
};

/* NEDNSProxyErrorDomain: NEDNSProxyManager.h. */
static const struct system_error dns_errors[] = {
    {1, "ConfigurationInvalid", "the DNS proxy's configuration is not valid",
        "Sightglass.app deactivate, then activate; " MANAGED},
    {2, "ConfigurationDisabled", "the DNS proxy is switched off",
        "Sightglass.app activate switches it on"},
    {3, "ConfigurationStale", "somebody else has changed the configuration",
        "try again"},
    {4, "ConfigurationCannotBeRemoved",
        "the DNS proxy's configuration cannot be removed",
        "whoever brought it has to: " MANAGED},
};

/* What NetworkExtension's own service says, which no header names. Seen in use:
 * its number 10 is a refusal. */
static const struct system_error service_errors[] = {
    {10, "PermissionDenied", "permission was denied",
        "a person has to say yes where the system asks; " MANAGED},
};

#define TABLE(domain, rows) {domain, rows, ARRAY_LENGTH(rows)}
static const struct {
	const char *domain;
	const struct system_error *rows;
	size_t count;
} tables[] = {
    TABLE("OSSystemExtensionErrorDomain", extension_errors),
    TABLE("NEVPNErrorDomain", vpn_errors),
    TABLE("NEVPNConnectionErrorDomain", connection_errors),
    /* The same, as the system spells it where an extension is concerned. */
    TABLE("NEVPNConnectionErrorDomainPlugin", connection_errors),
    TABLE("NEDNSProxyErrorDomain", dns_errors),
    TABLE("NEConfigurationErrorDomain", service_errors),
};

const struct system_error *
system_error_find(const char *domain, long code)
{
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
		if (strcmp(tables[i].domain, domain) != 0)
			continue;
		for (size_t j = 0; j < tables[i].count; j++) {
			if (tables[i].rows[j].code == code)
				return &tables[i].rows[j];
		}
	}
	return NULL;
}

void
system_error_text(const char *domain, long code, const char *said, char *out,
    size_t capacity)
{
	const struct system_error *e = system_error_find(domain, code);

	if (e != NULL)
		(void)snprintf(out, capacity, "%s: %s (%s %ld, %s)", e->words,
		    e->remedy, domain, code, e->name);
	else
		(void)snprintf(out, capacity, "%s (%s %ld)",
		    said != NULL ? said : "the system does not say why", domain, code);
}
