/* SPDX-License-Identifier: ISC */
/*
 * `sightglass proxy`: the CONNECT, HTTP and SOCKS5 forwarder in the foreground,
 * for programs that can be told to use a proxy. It hands flows to the daemon
 * that is running and starts none; without one its clients are told so. Runs in
 * the CLI's own process.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "ca/key.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/proxy_clients.h"

#define DEFAULT_ADDRESS "127.0.0.1:8080"
#define FORWARDER "proxy"
#define ANSWER_BYTES_MAX (64u * 1024)

enum proxy_option { PROXY_ALLOW_REMOTE = 0x200 };

static const struct option_row rows[] = {
    {'l', "listen", "ADDRESS:PORT", "where to listen (" DEFAULT_ADDRESS "); port 0\n"
        "takes a free one", ARGUMENT_TEXT, NULL},
    {PROXY_ALLOW_REMOTE, "allow-remote", NULL,
        "let ADDRESS be one that other machines reach:\n"
        "whoever reaches it can use this machine's network",
        ARGUMENT_TEXT, NULL},
    OPTIONS_END};

struct settings {
	const char *listen;
	bool allow_remote;
};

/* 0; or -1: stop, with *status. */
static int
read_options(struct cli *cli, int argc, char **argv, struct settings *s,
    int *status)
{
	int option;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		switch (option) {
		case 'l':
			s->listen = optarg;
			break;
		case PROXY_ALLOW_REMOTE:
			s->allow_remote = true;
			break;
		default:
			if (!cli_option(cli, option, status))
				return -1;
		}
	}
	if (optind == argc)
		return 0;
	*status = cli_too_many("proxy", argv[optind]);
	return -1;
}

/* The proxy may be up before the daemon: that is worth a word, not an end. */
static void
look_for_daemon(const char *run_directory)
{
	struct buf answer;
	char error[256];

	buf_init(&answer, ANSWER_BYTES_MAX);
	if (control_hello(run_directory, FORWARDER, &answer, error) != 0)
		diag_warning("%s: until one answers, clients are refused", error);
	buf_free(&answer);
}

/* The address to standard output, for programs; what to do with it to standard
 * error, for people. */
static int
say_where(int listen_fd, const char *certificate)
{
	char address[PROXY_ADDRESS_BYTES];
	bool readable = access(certificate, R_OK) == 0;

	int error = proxy_listen_address(listen_fd, address);
	if (error != 0)
		return error;
	(void)printf("%s\n", address);
	if (fflush(stdout) != 0)
		return E_SYS;
	diag_info("try: https_proxy=http://%s curl %s%s%shttps://example.com",
	    address, readable ? "--cacert " : "", readable ? certificate : "",
	    readable ? " " : "");
	diag_info("or, as SOCKS5: ALL_PROXY=socks5h://%s", address);
	return 0;
}

static int
serve(int listen_fd, const char *flow_socket_path, const char *certificate)
{
	struct proxy_options options = {.listen_fd = listen_fd,
	    .flow_socket_path = flow_socket_path, .forwarder = FORWARDER};

	proxy_clients_tell(&options);
	struct proxy *p = proxy_new(&options);
	int error = p == NULL ? E_SYS : say_where(listen_fd, certificate);
	if (error == 0)
		error = proxy_run(p);
	if (error != 0)
		diag_error("the proxy cannot go on: %s", err_text(error));
	proxy_free(p);
	return error == 0 ? CLI_OK : CLI_CANNOT_READ;
}

static int
listen_and_serve(const struct conf *conf, const struct settings *s)
{
	char error[PROXY_ERROR_BYTES];
	int status = CLI_CANNOT_READ;
	int listen_fd;

	int result = proxy_listen(s->listen, s->allow_remote, &listen_fd, error);
	if (result != 0) {
		diag_error("%s", error);
		return result == E_SYS ? CLI_CANNOT_READ : CLI_USAGE;
	}
	look_for_daemon(conf->run_dir);
	char *flow_socket_path = cli_path(conf->run_dir, "flow.sock");
	char certificate[PATH_BYTES];
	ca_certificate_path(conf, certificate);
	if (flow_socket_path != NULL)
		status = serve(listen_fd, flow_socket_path, certificate);
	else
		(void)close(listen_fd);
	free(flow_socket_path);
	return status;
}

static int
proxy(struct cli *cli, int argc, char **argv)
{
	struct settings s = {.listen = DEFAULT_ADDRESS};
	int status;

	if (read_options(cli, argc, argv, &s, &status) != 0)
		return status;
	/* exec has no daemon that others hand flows to. */
	cli->machine = true;
	struct conf *conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_CANNOT_READ;
	status = listen_and_serve(conf, &s);
	conf_free(conf);
	return status;
}

const struct command command_proxy = {.name = "proxy",
    .summary = "forward to the daemon as a CONNECT and SOCKS5 proxy",
    .synopsis = "sightglass proxy [-l ADDRESS:PORT] [--allow-remote] [-d DIR] [-c FILE]",
    .about =
        "Listens for clients that speak HTTP CONNECT, HTTP with absolute addresses,\n"
        "or SOCKS5, all on one port, and hands their connections to the running\n"
        "daemon. Prints the address it listens on, and runs until interrupted.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_NONE, .run = proxy};
