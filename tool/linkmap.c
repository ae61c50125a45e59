/* SPDX-License-Identifier: ISC */
/* GNU ld's map, after the line "Linker script and memory map":
 *
 *   .text           0x0000000000100000     0xdbb1                        an output section, at the line's begin
 *    .text.boot     0x0000000000100010       0x28 build/spt/libsys.a(boot.c.o)   a part of it, after one blank;
 *    .text.a_very_long_name                                              where the name is long, it has the line
 *                   0x0000000000100038       0x28 dist/.spt/obj/hello.c.o        and the numbers follow on the next
 *    *fill*         0x0000000000100060        0x8                         padding: nobody's
 */
#include "tool/linkmap.h"

#include <stdio.h>
#include <stdlib.h>

const char *const linkmap_kind_texts[LINKMAP_KINDS] = {"text", "rodata", "data", "bss"};

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* False for sections that the image does not load. */
static bool kind_of(const char *section, enum linkmap_kind *kind)
{
    static const struct {
        const char *prefix;
        enum linkmap_kind kind;
    } kinds[] = {
        {".text", LINKMAP_TEXT},         {".init_array", LINKMAP_DATA},  {".fini_array", LINKMAP_DATA},
        {".init", LINKMAP_TEXT},         {".fini", LINKMAP_TEXT},        {".plt", LINKMAP_TEXT},
        {".rodata", LINKMAP_RODATA},     {".eh_frame", LINKMAP_RODATA},  {".interp", LINKMAP_RODATA},
        {".note.solo5", LINKMAP_RODATA}, {".note.jinn", LINKMAP_RODATA}, {".note.ABI", LINKMAP_RODATA},
        {".gnu.hash", LINKMAP_RODATA},   {".dyns", LINKMAP_RODATA},      {".gnu.version", LINKMAP_RODATA},
        {".rel", LINKMAP_RODATA},        {".data", LINKMAP_DATA},        {".got", LINKMAP_DATA},
        {".dynamic", LINKMAP_DATA},      {".tdata", LINKMAP_DATA},       {".bss", LINKMAP_BSS},
        {".tbss", LINKMAP_BSS},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (starts(section, kinds[i].prefix)) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* "/x/build/spt/libnet.a(tcp.c.o)" is of library net, "dist/.spt/hello_content.S.o" is content, other objects in dist are the
 * appliance's; the rest comes with the compiler. */
static const char *library_of(const char *path)
{
    const char *archive = strstr(path, ".a(");
    if (!archive) {
        if (strstr(path, "_content.S.o"))
            return "content";
        return starts(path, "dist/") ? "appliance" : "compiler";
    }
    const char *file = path_base(format_text("%.*s", (int)(archive - path), path));
    if (strstr(path, "/deps/musl/"))
        return "musl";
    if (starts(file, "libmbed"))
        return "mbedtls";
    if (starts(file, "libgcc"))
        return "compiler";
    return format_text("%s", starts(file, "lib") ? file + 3 : file);
}

static char *object_of(const char *path)
{
    const char *inside = strrchr(path, '(');
    char *name = format_text("%s", inside ? inside + 1 : path_base(path));
    size_t len = strlen(name);
    if (len && name[len - 1] == ')')
        name[--len] = 0;
    if (len > 2 && strcmp(name + len - 2, ".o") == 0)
        name[len - 2] = 0;
    return name;
}

static struct linkmap_library *find_library(struct linkmap *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->libraries[i].name, name) == 0)
            return &m->libraries[i];
    if (m->n == LINKMAP_LIBRARIES_MAX)
        return &m->libraries[LINKMAP_LIBRARIES_MAX - 1];
    m->libraries[m->n].name = format_text("%s", name);
    return &m->libraries[m->n++];
}

static struct linkmap_object *find_object(struct linkmap_library *l, const char *name)
{
    for (size_t i = 0; i < l->n_objects; i++)
        if (strcmp(l->objects[i].name, name) == 0)
            return &l->objects[i];
    l->objects = reallocate(l->objects, (l->n_objects + 1) * sizeof *l->objects);
    l->objects[l->n_objects] = (struct linkmap_object){.name = format_text("%s", name)};
    return &l->objects[l->n_objects++];
}

static void add(struct linkmap *m, enum linkmap_kind kind, uint64_t bytes, const char *path)
{
    struct linkmap_library *l = find_library(m, library_of(path));
    struct linkmap_object *o = find_object(l, object_of(path));
    o->bytes[kind] += bytes;
    l->bytes[kind] += bytes;
    m->bytes[kind] += bytes;
}

static uint64_t total(const uint64_t bytes[static LINKMAP_KINDS])
{
    return linkmap_file_bytes(bytes) + bytes[LINKMAP_BSS];
}

uint64_t linkmap_file_bytes(const uint64_t bytes[static LINKMAP_KINDS])
{
    return bytes[LINKMAP_TEXT] + bytes[LINKMAP_RODATA] + bytes[LINKMAP_DATA];
}

static int larger_library(const void *a, const void *b)
{
    const struct linkmap_library *x = a, *y = b;
    uint64_t i = total(x->bytes), j = total(y->bytes);
    return i == j ? strcmp(x->name, y->name) : i < j ? 1 : -1;
}

static int larger_object(const void *a, const void *b)
{
    const struct linkmap_object *x = a, *y = b;
    uint64_t i = total(x->bytes), j = total(y->bytes);
    return i == j ? strcmp(x->name, y->name) : i < j ? 1 : -1;
}

static void drop_empty(struct linkmap *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->n; i++)
        if (total(m->libraries[i].bytes))
            m->libraries[kept++] = m->libraries[i];
    m->n = kept;
}

bool linkmap_parse(struct bytes text, struct linkmap *m)
{
    const char *map = (const char *)text.data;
    const char *begin = memmem(map, text.len, "Linker script and memory map", 28);
    bool loaded = false;
    enum linkmap_kind kind = LINKMAP_TEXT;
    *m = (struct linkmap){.n = 0};
    if (!begin)
        return false;
    char *rest = format_text("%.*s", (int)(text.len - (size_t)(begin - map)), begin);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        unsigned long long address, bytes;
        int at = 0;
        if (line[0] == '.' || line[0] == '/')
            loaded = kind_of(line, &kind);
        /* The name, if it is here, is passed over; it never holds "0x" after a blank. */
        const char *numbers = line[0] == ' ' ? strstr(line, " 0x") : NULL;
        if (!loaded || !numbers || sscanf(numbers, " 0x%llx 0x%llx %n", &address, &bytes, &at) != 2 || !at)
            continue;
        const char *path = numbers + at;
        if (bytes && *path && *path != '(' && !strstr(line, "*fill*"))
            add(m, kind, bytes, path);
    }
    drop_empty(m);
    qsort(m->libraries, m->n, sizeof *m->libraries, larger_library);
    for (size_t i = 0; i < m->n; i++)
        qsort(m->libraries[i].objects, m->libraries[i].n_objects, sizeof *m->libraries[i].objects, larger_object);
    return m->n > 0;
}
