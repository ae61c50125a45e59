/* SPDX-License-Identifier: ISC */
/* The subcommands of `jinn`. Each takes its arguments from argv[0], its own name, on and gives the exit status. */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H

#include "tool/say.h"

#include <getopt.h>

struct command {
    const char *name;
    const char *synopsis; /* after "jinn NAME" */
    const char *summary;  /* one line */
    const char *details;  /* for `jinn help NAME`: options, a line each, and what is worth knowing */
    int (*run)(int argc, char **argv);
    bool has_options_of_image; /* what follows -- belongs to the image */
};

extern const struct command *const commands[]; /* NULL-terminated */
extern const struct command command_build, command_clean, command_describe, command_help, command_new, command_run,
    command_version, command_zone;

/* The command that is running: for usage errors. */
extern const struct command *command_now;

void command_print_help(const struct command *c);
/* getopt_long for the current command: knows --help, which prints and exits. -1 at the end; what is wrong ends the command with
 * one line and STATUS_USAGE. `options` ends with a zero entry and does not contain help. */
int command_option(int argc, char **argv, const char *letters, const struct option *options);
/* Ends the command with one line that says how it is used. */
NO_RETURN void command_usage(const char *format, ...) PRINTF_LIKE(1, 2);
/* The one argument that is left, or `fallback` when there is none. */
const char *command_operand(int argc, char **argv, const char *fallback);

#endif
