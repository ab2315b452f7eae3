/* SPDX-License-Identifier: ISC */
/*
 * Prints what is generated from the table of settings: "describe yaml" is
 * conf/sightglass.yaml, "describe mdoc" the list in sightglass.yaml(5). A tool
 * of the build; never installed.
 */
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"

int
main(int argc, char **argv)
{
	struct buf text;
	int error = -1;

	buf_init(&text, 1024 * 1024);
	if (argc == 2 && strcmp(argv[1], "yaml") == 0)
		error = conf_write_annotated(&text);
	else if (argc == 2 && strcmp(argv[1], "mdoc") == 0)
		error = conf_write_mdoc(&text);
	if (error == 0)
		(void)fwrite(buf_data(&text), 1, buf_length(&text), stdout);
	else
		(void)fprintf(stderr, "usage: describe yaml | mdoc\n");
	buf_free(&text);
	return error == 0 && fflush(stdout) == 0 ? 0 : 2;
}
