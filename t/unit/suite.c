/* SPDX-License-Identifier: ISC */
/* Runs one Check suite, as its environment variables say. */
#include "t/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

void
suite_make_directory(char path[SUITE_DIRECTORY_BYTES], const char *name)
{
	const char *top = getenv("TMPDIR");

	if (top == NULL || snprintf(path, SUITE_DIRECTORY_BYTES, "%s/%s-XXXXXX", top,
	    name) >= SUITE_DIRECTORY_BYTES)
		(void)snprintf(path, SUITE_DIRECTORY_BYTES, "/tmp/%s-XXXXXX", name);
	ck_assert_ptr_nonnull(mkdtemp(path));
}

int
main(void)
{
	SRunner *runner = srunner_create(suite());

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
