/* SPDX-License-Identifier: ISC */
/* What a terminal takes for colours (ECMA-48, SGR). CLI. */
#ifndef SIGHTGLASS_CLI_COLOUR_H
#define SIGHTGLASS_CLI_COLOUR_H

#define COLOUR_BOLD "\033[1m"
#define COLOUR_DIM "\033[2m"
#define COLOUR_RED "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_YELLOW "\033[33m"
#define COLOUR_CYAN "\033[36m"
#define COLOUR_RESET "\033[0m"

#endif
