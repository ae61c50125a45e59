/* SPDX-License-Identifier: ISC */
/* Of the linker's map (tool/linkmap.c has its form) only the parts of the output section .text count. Such a part is named
 * by its section and its file, where "x/libnet.a(tcp.c.o)" is written "*libnet.a:tcp.c.o" in a script, so that the same
 * functions have the same order wherever the archives lie. */
#include "tool/shuffle.h"
#include "base/spread.h"
#include "tool/text.h"

#include <stdio.h>

#define ENTRY ".text._start" /* stays where it is */

static char *file_pattern(const char *path)
{
    const char *inside = strrchr(path, '(');
    if (!inside)
        return format_text("%s", path);
    const char *archive = path_base(format_text("%.*s", (int)(inside - path), path));
    return format_text("*%s:%.*s", archive, (int)strcspn(inside + 1, ")"), inside + 1);
}

/* " 0xADDRESS 0xBYTES FILE", wherever in the line; false for what takes no room or comes from no file. */
static bool parse_place(const char *line, const char **path)
{
    unsigned long long address, bytes;
    int at = 0;
    const char *numbers = strstr(line, " 0x");
    if (!numbers || sscanf(numbers, " 0x%llx 0x%llx %n", &address, &bytes, &at) != 2 || !at)
        return false;
    *path = numbers + at;
    return bytes > 0 && **path != 0 && **path != '(';
}

static void add_part(struct words *parts, const char *section, const char *path)
{
    if (strcmp(section, ENTRY) != 0)
        words_format(parts, "\"%s\"(\"%s\")", file_pattern(path), section);
}

/* A long name has the line for itself, and its place is in the next one. */
static void list_parts(char *map, struct words *parts)
{
    bool in_text = false;
    const char *section = NULL, *path;
    for (char *line; (line = strsep(&map, "\n")) != NULL;) {
        if (line[0] != ' ') {
            in_text = strncmp(line, ".text", 5) == 0 && strcspn(line, " ") == 5;
            section = NULL;
            continue;
        }
        if (!in_text)
            continue;
        if (line[1] == '.')
            section = format_text("%.*s", (int)strcspn(line + 1, " "), line + 1);
        else if (line[1] != ' ')
            section = NULL;
        if (section && parse_place(line, &path)) {
            add_part(parts, section, path);
            section = NULL;
        }
    }
}

static void shuffle(struct words *parts, uint64_t seed)
{
    uint64_t state = seed;
    for (size_t i = parts->n; i > 1; i--) {
        size_t k = (size_t)spread_below(&state, i);
        char *last = parts->v[i - 1];
        parts->v[i - 1] = parts->v[k];
        parts->v[k] = last;
    }
}

/* Behind the list follow all others, as without it: none, unless the second link needs what the first did not. */
char *shuffle_script(struct bytes script, struct bytes map, uint64_t seed)
{
    static const char begin[] = "Linker script and memory map", all[] = "*(.text .text.*)";
    struct words parts = {0};
    struct text t = {0};
    const char *at = memmem(map.data, map.len, begin, strlen(begin)),
               *place = memmem(script.data, script.len, all, strlen(all));
    if (!at || !place)
        return NULL;
    list_parts(format_text("%.*s", (int)(map.len - (size_t)(at - (const char *)map.data)), at), &parts);
    shuffle(&parts, seed);
    size_t before = (size_t)(place - (const char *)script.data);
    text_add_bytes(&t, script.data, before);
    for (size_t i = 0; i < parts.n; i++)
        text_add(&t, "%s\n        ", parts.v[i]);
    text_add_bytes(&t, script.data + before, script.len - before);
    return parts.n ? t.s : NULL;
}
