/* SPDX-License-Identifier: ISC */
/*
 * Sightglass.app: the app that brings the system extension, and the command line by
 * which it is activated, configured and removed. Run by an administrator, by the
 * package's scripts or by device management; it has no window and does not stay.
 */
#import <Foundation/Foundation.h>
#import <stdio.h>

#import "extension-bridge/macos/app/Verbs.h"
#import "extension-bridge/macos/app/arguments.h"

static void
print_usage(FILE *out)
{
	char text[2048];

	(void)app_usage(text, sizeof(text));
	(void)fputs(text, out);
}

int
main(int argc, char *argv[])
{
	struct app_request request;
	char error[128];

	if (app_parse(argc, argv, &request, error) != APP_DONE) {
		(void)fprintf(stderr, "Sightglass: %s\n\n", error);
		print_usage(stderr);
		return APP_USAGE;
	}
	if (request.help) {
		print_usage(stdout);
		return APP_DONE;
	}
	@autoreleasepool {
		Verbs *verbs = [[Verbs alloc] initWithRequest:&request];
		[verbs run];
		[NSRunLoop.mainRunLoop run];
	}
	return APP_FAILED; /* the loop has nothing left, and nobody has answered */
}
