/* SPDX-License-Identifier: ISC */
/* Runs one Check suite, as its environment variables say. */
#include "t/unit/suite.h"

#include <stdlib.h>

int
main(void)
{
	SRunner *runner = srunner_create(suite());

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
