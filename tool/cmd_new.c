/* SPDX-License-Identifier: ISC */
#include "tool/commands.h"
#include "tool/manifest.h"
#include "tool/root.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* nftw has no argument for its callback; there is one walk in a run. */
static struct {
    const char *from, *to, *name, *c_name;
} copy;

/* File names and texts have @NAME@ and @C_NAME@ for the new names. */
static const char *fill_in(const char *text)
{
    return replace_all(replace_all(text, "@NAME@", copy.name), "@C_NAME@", copy.c_name);
}

static int copy_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    struct bytes content;
    if (kind == FTW_D)
        return 0;
    if (!file_read(path, &content))
        fail(STATUS_UNAVAILABLE, "%s can't be read: %s", path, strerror(errno));
    const char *to = path_join(copy.to, fill_in(path + strlen(copy.from) + 1));
    const char *text = fill_in((const char *)content.data);
    file_write(to, text, strlen(text));
    return 0;
}

static void check_template(const char *template)
{
    struct words names = {0};
    DIR *d = opendir(root_find()->templates);
    if (!d)
        fail(STATUS_UNAVAILABLE, "%s is missing; install again", root_find()->templates);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.' && strcmp(e->d_name, "README.md") != 0)
            words_add(&names, format_text("%s", e->d_name));
    closedir(d);
    words_sort(&names);
    struct text list = {0};
    for (size_t i = 0; i < names.n; i++) {
        if (strcmp(names.v[i], template) == 0)
            return;
        text_add(&list, "%s%s", i ? ", " : "", names.v[i]);
    }
    command_usage("no template is called '%s'; there are: %s", template, list.s ? list.s : "none");
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"template", required_argument, NULL, 't'}, {0}};
    const char *template = "hello";
    while (command_option(argc, argv, "t:", options) != -1)
        template = optarg;
    const char *folder = command_operand(argc, argv, NULL);
    struct stat st;
    if (!folder)
        command_usage("name the new appliance");
    copy.name = path_base(folder);
    if (!appliance_name_good(copy.name))
        command_usage("'%s' is no name for an appliance; use small letters, digits and dashes, a letter first",
                      copy.name);
    check_template(template);
    if (lstat(folder, &st) == 0)
        fail(STATUS_NO_OUTPUT, "%s exists already; choose another name or remove it", folder);
    copy.from = path_join(root_find()->templates, template);
    copy.to = folder;
    copy.c_name = c_identifier(copy.name);
    nftw(copy.from, copy_one, 16, FTW_PHYS);
    printf("made %s; now: jinn run %s\n", folder, folder);
    return 0;
}

const struct command command_new = {
    .name = "new",
    .synopsis = "NAME [--template hello|website]",
    .summary = "Makes a folder with a new appliance that builds at once",
    .details = "  -t, --template NAME  hello (default): prints a line and ends\n"
               "                       website: serves the files of a folder by HTTP\n",
    .run = run,
};
