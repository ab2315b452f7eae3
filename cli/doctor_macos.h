/* SPDX-License-Identifier: ISC */
/*
 * What the doctor concludes from what macOS's tools print: one function a tool, of
 * its text alone, so that the suites can show them samples on any system. Each tells
 * at least one finding, or nothing where the text says nothing. CLI.
 */
#ifndef SIGHTGLASS_CLI_DOCTOR_MACOS_H
#define SIGHTGLASS_CLI_DOCTOR_MACOS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "cli/finding.h"

/* By which names app, extension and profile go here. */
struct macos_names {
	const char *app, *extension, *profile; /* identifiers */
};

/* sw_vers. */
void macos_judge_release(struct findings *f, const char *text) NONNULL(1, 2);
/* systemsetup -getusingnetworktime. */
void macos_judge_clock(struct findings *f, const char *text) NONNULL(1, 2);
/* security verify-cert of the CA. */
void macos_judge_trust(struct findings *f, const char *text) NONNULL(1, 2);
/* launchctl print system/LABEL. */
void macos_judge_job(struct findings *f, const char *text, const char *label)
    NONNULL(1, 2, 3);
/* systemextensionsctl list. True: ours is enabled and active. */
bool macos_judge_extensions(struct findings *f, const char *text,
    const struct macos_names *names) NONNULL(1, 2, 3);
/* ps -axo command=, where ours is enabled and active. */
void macos_judge_processes(struct findings *f, const char *text,
    const struct macos_names *names) NONNULL(1, 2, 3);
/* The app's own status, and through it the extension's. False: it says nothing of its
 * configuration. */
bool macos_judge_app(struct findings *f, const char *text) NONNULL(1, 2);
/* scutil --nc list, which may leave transparent proxies out. */
void macos_judge_connections(struct findings *f, const char *text,
    const struct macos_names *names) NONNULL(1, 2, 3);
/* profiles show -output stdout-xml. */
void macos_judge_profiles(struct findings *f, const char *text,
    const struct macos_names *names) NONNULL(1, 2, 3);
/* codesign --display --verbose=2 --entitlements -, of the app or the extension. */
void macos_judge_signature(struct findings *f, const char *text, const char *path,
    bool is_app) NONNULL(1, 2, 3);
/* security cms -D of a bundle's provisioning profile. */
void macos_judge_provisioning(struct findings *f, const char *text, const char *path,
    int64_t now_us) NONNULL(1, 2, 3);
/* spctl --assess --verbose=2 --type install. */
void macos_judge_assessment(struct findings *f, const char *text, const char *path)
    NONNULL(1, 2, 3);
/* log show, of the extension and of sysextd. */
void macos_judge_log(struct findings *f, const char *text) NONNULL(1, 2);
/* paths.run: the extension reaches sockets in its app group's container alone. */
void macos_judge_sockets(struct findings *f, const char *run_dir) NONNULL(1, 2);

#endif
