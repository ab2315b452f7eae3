/* SPDX-License-Identifier: ISC */
/* Trust settings into roots. Pure. */
#include "ca/system_roots.h"

#include <string.h>

/* What one domain says of a certificate. */
enum verdict { SILENT, TRUSTED, DENIED };

static enum verdict
judge_setting(const struct trust_setting *setting, bool self_issued)
{
	if (setting->other_policy || setting->narrowed)
		return SILENT;
	switch (setting->result) {
	case TRUST_RESULT_DENY:
		return DENIED;
	case TRUST_RESULT_ROOT:
		return self_issued ? TRUSTED : SILENT;
	case TRUST_RESULT_AS_ROOT:
		return self_issued ? SILENT : TRUSTED;
	default:
		return SILENT;
	}
}

static enum verdict
judge(const struct system_root *root)
{
	/* As an empty list of settings is meant. */
	const struct trust_setting always = {.result = TRUST_RESULT_ROOT};
	enum verdict verdict = SILENT;

	if (root->setting_count == 0)
		return judge_setting(&always, root->self_issued);
	for (size_t i = 0; i < root->setting_count; i++) {
		enum verdict one = judge_setting(&root->settings[i], root->self_issued);
		if (one > verdict)
			verdict = one;
	}
	return verdict;
}

static bool
same(const struct system_root *a, const struct system_root *b)
{
	return a->length == b->length && memcmp(a->der, b->der, a->length) == 0;
}

static bool
came_before(const struct system_root *all, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same(&all[j], &all[i]))
			return true;
	return false;
}

/* The strongest domain that is not silent of the certificate says what it is. */
static bool
is_trusted(const struct system_root *all, size_t count, size_t i)
{
	enum verdict verdict = SILENT;
	enum trust_domain by = TRUST_DOMAIN_SYSTEM;

	for (size_t j = i; j < count; j++) {
		if (!same(&all[i], &all[j]))
			continue;
		enum verdict one = judge(&all[j]);
		if (one != SILENT && (verdict == SILENT || all[j].domain > by)) {
			verdict = one;
			by = all[j].domain;
		}
	}
	return verdict == TRUSTED;
}

int
system_roots_choose(const struct system_root *all, size_t count, struct buf *out)
{
	int chosen = 0;

	for (size_t i = 0; i < count; i++) {
		if (came_before(all, i) || !is_trusted(all, count, i))
			continue;
		int error = buf_append(out, all[i].der, all[i].length);
		if (error != 0)
			return error;
		chosen++;
	}
	return chosen;
}
