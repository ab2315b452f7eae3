/* SPDX-License-Identifier: ISC */
/* explain.h, by the tables of system_errors.c. Host app. */
#import "extension-bridge/macos/app/explain.h"

#import "extension-bridge/macos/app/system_errors.h"

static NSString *
one_line(NSError *error)
{
	char text[1024];

	system_error_text(error.domain.UTF8String, (long)error.code,
	    error.localizedDescription.UTF8String, text, sizeof(text));
	NSString *line = [NSString stringWithUTF8String:text];
	return line != nil ? line : error.localizedDescription;
}

NSString *
explain(NSError *error)
{
	NSError *below = error.userInfo[NSUnderlyingErrorKey];

	if (below == nil)
		return one_line(error);
	return [NSString stringWithFormat:@"%@\n  below it: %@", one_line(error),
	    one_line(below)];
}
