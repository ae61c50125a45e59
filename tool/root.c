/* SPDX-License-Identifier: ISC */
#include "tool/root.h"
#include "tool/say.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

const struct root *root_find(void)
{
    static struct root found;
    char exe[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (len < 0)
        fail(STATUS_HOST, "can't find out where this command lies; is /proc mounted?");
    exe[len] = 0;
    *strrchr(exe, '/') = 0;
    if (found.root)
        return &found;
    if (file_exists(path_join(exe, "include/jinn/version.h"))) {
        found = (struct root){format_text("%s", exe), path_join(exe, "build"), path_join(exe, "tool/templates")};
        return &found;
    }
    if (strrchr(exe, '/'))
        *strrchr(exe, '/') = 0; /* PREFIX/bin -> PREFIX */
    const char *lib = path_join(exe, "lib/jinn");
    if (!file_exists(path_join(lib, "include/jinn/version.h")))
        fail(STATUS_UNAVAILABLE,
             "there is no library beside this command (looked for %s); install it with 'make install'", lib);
    found = (struct root){lib, lib, path_join(lib, "templates")};
    return &found;
}

const char *root_helper(const char *name)
{
    const char *path = format_text("%s/host/%s", root_find()->build, name);
    if (access(path, X_OK) != 0)
        fail(STATUS_UNAVAILABLE, "%s is missing; run 'make' in the source tree, or install again", path);
    return path;
}

char *replace_all(const char *text, const char *from, const char *to)
{
    struct text t = {0};
    text_add(&t, "%s", "");
    for (const char *at; (at = strstr(text, from)) != NULL; text = at + strlen(from)) {
        text_add_bytes(&t, text, (size_t)(at - text));
        text_add(&t, "%s", to);
    }
    text_add(&t, "%s", text);
    return t.s;
}

void root_recipe(const char *target, const char *file, struct words *lines)
{
    const struct root *r = root_find();
    const char *path = format_text("%s/%s/%s", r->build, target, file);
    struct bytes content;
    if (!file_read(path, &content))
        fail(STATUS_UNAVAILABLE,
             "the libraries for target %s are not built; run 'make libs-%s' in the source tree (no %s)", target, target,
             path);
    char *rest = format_text("%.*s", (int)content.len, (const char *)content.data);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line)
            words_add(lines, replace_all(replace_all(line, "@ROOT@", r->root), "@BUILD@", r->build));
}
