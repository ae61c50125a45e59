/* SPDX-License-Identifier: ISC */
#include "tool/origin.h"
#include "tool/root.h"
#include "tool/say.h"

#include <glob.h>
#include <jinn/version.h>
#include <stdio.h>

static void add_file_hash(struct text *t, const char *folder, const char *name)
{
    struct bytes content;
    char hash[SHA_TEXT_BYTES];
    if (!file_read(path_join(folder, name), &content))
        return;
    sha256_text(content, hash);
    text_add(t, "%s %s\n", name, hash);
}

/* The headers beside the sources, since any of them may be included. */
static void add_headers(struct words *files, const char *folder)
{
    glob_t found;
    size_t skip = strlen(path_join(folder, "x")) - 1;
    if (glob(path_join(folder, "*.h"), 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        words_add(files, format_text("%s", found.gl_pathv[i] + skip));
    globfree(&found);
}

/* A hash over the names and hashes of all that the appliance consists of. */
static void source_hash(const struct manifest *m, const struct content *contents, char out[static SHA_TEXT_BYTES])
{
    struct text t = {0};
    struct words files = {0};
    words_add(&files, MANIFEST_FILE);
    words_append(&files, &m->sources);
    add_headers(&files, m->folder);
    words_sort(&files);
    for (size_t i = 0; i < files.n; i++)
        add_file_hash(&t, m->folder, files.v[i]);
    for (size_t i = 0; i < m->n_devices; i++)
        for (size_t j = 0; j < contents[i].n; j++)
            text_add(&t, "%s/%s %s\n", m->devices[i].name, contents[i].items[j].key,
                     contents[i].items[j].variant[KV_PLAIN].tag);
    sha256_text(bytes_of(t.s, t.len), out);
}

/* An .origin file has lines "name N", "version V" and "sha256 SUM FILE". */
static void add_dependency(struct text *t, const char *name)
{
    struct bytes content;
    const char *path = format_text("%s/deps/src/%s.origin", root_find()->build, name);
    if (!file_read(path, &content))
        fail(STATUS_UNAVAILABLE, "%s is missing; run 'make' in the source tree, or install again", path);
    text_add(t, "%s", (const char *)content.data);
}

char *origin_source(const struct build *b, const struct content *contents)
{
    struct text t = {0}, c = {0};
    char hash[SHA_TEXT_BYTES];
    source_hash(b->m, contents, hash);
    text_add(&t, ORIGIN_MARK "appliance %s\ntarget %s\nsource sha256 %s\n", b->m->name, b->target, hash);
    text_add(&t, "jinn %s interface %d\ncompiler gcc %d.%d\n", JINN_VERSION, JINN_INTERFACE, __GNUC__, __GNUC_MINOR__);
    text_add(&t, "memory %u\n", b->m->memory_mb);
    if (b->shuffle)
        text_add(&t, "shuffle %s\n", b->shuffle);
    for (size_t i = 0; i < b->m->n_devices; i++)
        text_add(&t, "%s %s%s\n", device_kind_text(b->m->devices[i].kind), b->m->devices[i].name,
                 b->m->devices[i].optional ? " optional" : "");
    add_dependency(&t, "mbedtls");
    if (build_sealed(b->target))
        add_dependency(&t, "musl");
    text_add(&c, "/* Written by `jinn build`: what this image was built from. */\n");
    text_add(&c, "__attribute__((used, retain)) static const char jinn_origin[] =");
    char *rest = t.s;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && rest;)
        text_add(&c, "\n    \"%s\\n\"", line);
    text_add(&c, ";\n");
    return c.s;
}

const char *origin_find(struct bytes image)
{
    const char *at = memmem(image.data, image.len, ORIGIN_MARK, strlen(ORIGIN_MARK));
    size_t left = at ? image.len - (size_t)((const uint8_t *)at - image.data) : 0;
    return at && memchr(at, 0, left) ? at : NULL;
}
