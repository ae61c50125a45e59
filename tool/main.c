/* SPDX-License-Identifier: ISC */
/* The `jinn` command: finds the subcommand and runs it. */
#include "tool/commands.h"
#include "tool/root.h"
#include "tool/text.h"

#include <jinn/version.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct command *const commands[] = {&command_new,      &command_build,   &command_run,
                                          &command_describe, &command_clean,   &command_zone,
                                          &command_help,     &command_version, NULL};
const struct command *command_now;

void command_print_help(const struct command *c)
{
    struct colours k = say_colours();
    printf("%susage:%s jinn %s %s\n\n%s.\n%s%s", k.bold, k.reset, c->name, c->synopsis, c->summary,
           *c->details ? "\n" : "", c->details);
}

void command_usage(const char *format, ...)
{
    struct text t = {0};
    char what[600];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    text_add(&t, "%s", what);
    fail(STATUS_USAGE, "%s: %s; 'jinn help %s' shows how it is used", command_now->name, t.s, command_now->name);
}

static const char *option_hint(const char *word, const struct option *options)
{
    struct words names = {0};
    for (; options->name; options++)
        words_format(&names, "--%s", options->name);
    words_add(&names, "--help");
    return say_hint(word, (const char *const *)names.v);
}

static NO_RETURN void refuse_option(char **argv, int result, const struct option *options)
{
    const char *word = argv[optind - 1];
    if (strncmp(word, "--", 2) == 0 && result == ':')
        command_usage("%s needs a value", word);
    if (strncmp(word, "--", 2) == 0)
        command_usage("there is no option %s%s", word, option_hint(word, options));
    command_usage(result == ':' ? "-%c needs a value" : "there is no option -%c", optopt);
}

int command_option(int argc, char **argv, const char *letters, const struct option *options)
{
    struct option all[24] = {{"help", no_argument, NULL, 'h'}};
    for (size_t i = 0; options[i].name && i + 2 < ARRAY_LEN(all); i++)
        all[i + 1] = options[i];
    opterr = 0;
    int result = getopt_long(argc, argv, format_text(":h%s", letters), all, NULL);
    if (result == 'h') {
        command_print_help(command_now);
        exit(0);
    }
    if (result == '?' || result == ':')
        refuse_option(argv, result, options);
    return result;
}

const char *command_operand(int argc, char **argv, const char *fallback)
{
    if (argc - optind > 1)
        command_usage("'%s' is one argument too many", argv[optind + 1]);
    return optind < argc ? argv[optind] : fallback;
}

static void print_overview(void)
{
    struct colours k = say_colours();
    printf("%sjinn%s builds unikernels from C and runs them.\n\n%susage:%s jinn COMMAND [ARGUMENTS]\n\n", k.bold,
           k.reset, k.bold, k.reset);
    for (const struct command *const *c = commands; *c; c++)
        printf("  %s%-9s%s %s\n", k.accent, (*c)->name, k.reset, (*c)->summary);
    printf("\n'jinn help COMMAND' tells more about one; 'man jinn' about all.\n");
}

static int run_help(int argc, char **argv)
{
    while (command_option(argc, argv, "", (struct option[]){{0}}) != -1)
        continue;
    const char *name = command_operand(argc, argv, NULL);
    if (!name) {
        print_overview();
        return 0;
    }
    for (const struct command *const *c = commands; *c; c++) {
        if (strcmp((*c)->name, name) == 0) {
            command_print_help(*c);
            return 0;
        }
    }
    struct words names = {0};
    for (const struct command *const *c = commands; *c; c++)
        words_add(&names, (*c)->name);
    fail(STATUS_USAGE, "there is no command '%s'%s", name, say_hint(name, (const char *const *)names.v));
}

static int run_version(int argc, char **argv);

const struct command command_help = {
    .name = "help", .synopsis = "[COMMAND]", .summary = "Tells what the commands do", .details = "", .run = run_help};
const struct command command_version = {.name = "version",
                                        .synopsis = "",
                                        .summary = "Names this version, its interface and what it was built with",
                                        .details = "",
                                        .run = run_version};

/* "name", "version" and "sha256" lines of an .origin file, as one line. */
static void print_dependency(const char *name)
{
    struct bytes content;
    if (!file_read(format_text("%s/deps/src/%s.origin", root_find()->build, name), &content))
        return;
    const char *version = strstr((const char *)content.data, "\nversion ");
    if (version)
        printf("%-9s %.*s\n", name, (int)strcspn(version + 9, "\n"), version + 9);
}

static int run_version(int argc, char **argv)
{
    while (command_option(argc, argv, "", (struct option[]){{0}}) != -1)
        continue;
    if (command_operand(argc, argv, NULL))
        command_usage("it takes no arguments");
    printf("jinn      %s\ninterface %d\n", JINN_VERSION, JINN_INTERFACE);
    print_dependency("musl");
    print_dependency("mbedtls");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_overview();
        return STATUS_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    struct words names = {0};
    for (const struct command *const *c = commands; *c; c++) {
        words_add(&names, (*c)->name);
        if (strcmp((*c)->name, name) == 0) {
            command_now = *c;
            return command_now->run(argc - 1, argv + 1);
        }
    }
    fail(STATUS_USAGE, "there is no command '%s'%s; 'jinn help' lists them", name,
         say_hint(name, (const char *const *)names.v));
}
