/* SPDX-License-Identifier: ISC */
/* inih reads the lines; this file gives them meaning and refuses what has none. inih calls back for settings
 * only, so the reader below adds a line after each heading: that is how sections without settings are seen. */
#include "tool/manifest.h"
#include "base/values.h"
#include "tool/net_keys.h"
#include "tool/say.h"
#include "tool/values.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADING "@heading"

enum section { SECTION_NONE, SECTION_UNIKERNEL, SECTION_DEVICE, SECTION_KEY };

struct reading {
    struct manifest *m;
    FILE *file;
    int line;
    char *heading;    /* of this section; inih cuts long ones */
    bool heading_due; /* the next line for inih is the one that we add */
    enum section section;
    bool has_unikernel;
    struct words seen; /* settings of this section, for duplicates */
    struct words patterns;
    int sources_line, unikernel_line;
    bool failed;
};

static const char *const section_words[] = {"unikernel", "net", "block", "kv", "key", NULL};
static const char *const unikernel_words[] = {"name",  "sources", "prepare", "stacks",
                                              "stack", "memory",  "shuffle", NULL};
static const char *const key_words[] = {"type", "default", "help", "optional", "least", "most", NULL};
static const char *const kv_words[] = {"block", "from", NULL};
static const char *const net_words[] = {"connections", "ipv6", "tcp", NULL};
static const char *const block_words[] = {"optional", NULL};

const char *device_kind_text(enum device_kind kind)
{
    static const char *const texts[] = {"net", "block", "kv", "block"};
    return texts[kind];
}

size_t manifest_count(const struct manifest *m, enum device_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_devices; i++)
        n += m->devices[i].kind == kind;
    return n;
}

char *c_identifier(const char *name)
{
    static const char *const keywords[] = {
        "asm",    "auto",     "bool",   "break",    "case",   "char",     "const",    "continue", "default",
        "do",     "double",   "else",   "enum",     "extern", "false",    "float",    "for",      "goto",
        "if",     "inline",   "int",    "linux",    "long",   "register", "restrict", "return",   "short",
        "signed", "sizeof",   "static", "struct",   "switch", "true",     "typedef",  "typeof",   "union",
        "unix",   "unsigned", "void",   "volatile", "while",  NULL};
    char *c = format_text("%s%s", isdigit((unsigned char)name[0]) ? "n" : "", name);
    for (char *p = c; *p; p++)
        if (*p == '-')
            *p = '_';
    for (const char *const *k = keywords; *k; k++)
        if (strcmp(*k, c) == 0)
            return format_text("%s_", c);
    return c;
}

bool appliance_name_good(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return islower((unsigned char)name[0]) && name[len] == 0 && len <= 63;
}

static bool device_name_good(const char *name)
{
    size_t len = 0;
    while (isalnum((unsigned char)name[len]))
        len++;
    return len >= 1 && len <= PLAT_NAME_MAX && name[len] == 0;
}

static NO_RETURN void wrong(const struct reading *r, const char *what)
{
    fail_at(r->m->path, r->line, "%s", what);
}

/* ---- Sections ---- */

/* Devices and keys become members of one struct. */
static void check_new_name(const struct reading *r, const char *name)
{
    const struct manifest *m = r->m;
    int line = 0;
    for (size_t i = 0; i < m->n_devices; i++)
        if (strcmp(c_identifier(m->devices[i].name), c_identifier(name)) == 0)
            line = m->devices[i].line;
    for (size_t i = 0; i < m->n_keys; i++)
        if (strcmp(c_identifier(m->keys[i].name), c_identifier(name)) == 0)
            line = m->keys[i].line;
    if (line)
        wrong(r, format_text("'%s' is the name of a device or key in line %d already; choose another", name, line));
}

static void start_device(struct reading *r, enum device_kind kind, const char *name)
{
    struct manifest *m = r->m;
    if (!device_name_good(name))
        wrong(r, format_text("'%s' is no name for a device; use 1 to %d letters and digits, as in [%s service]", name,
                             PLAT_NAME_MAX, device_kind_text(kind)));
    check_new_name(r, name);
    if (m->n_devices == DEVICES_MAX)
        wrong(r, format_text("more than %d devices; an image can't have more, so remove some", DEVICES_MAX));
    m->devices[m->n_devices++] = (struct device){.kind = kind, .name = format_text("%s", name), .line = r->line};
    r->section = SECTION_DEVICE;
}

static void start_key(struct reading *r, const char *name)
{
    struct manifest *m = r->m;
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (!islower((unsigned char)name[0]) || name[len] != 0 || len > 63)
        wrong(r, format_text("'%s' is no name for a key; use small letters, digits and dashes, as in [key max-age]",
                             name));
    if (strcmp(name, "help") == 0 || strcmp(name, "logs") == 0 || strcmp(name, "l") == 0 || net_keys_have(name))
        wrong(r, format_text("--%s means something to images already; choose another name for the key", name));
    check_new_name(r, name);
    if (m->n_keys == KEYS_MAX)
        wrong(r, format_text("more than %d keys; remove some", KEYS_MAX));
    m->keys[m->n_keys++] = (struct setting){.name = format_text("%s", name), .line = r->line};
    r->section = SECTION_KEY;
}

static void start_section(struct reading *r, const char *heading)
{
    char word[80] = "", name[128] = "", extra[8] = "";
    int n = sscanf(heading, "%79s %127s %7s", word, name, extra);
    r->seen.n = 0;
    if (strcmp(word, "unikernel") == 0 && n == 1) {
        if (r->has_unikernel)
            wrong(r, "a second [unikernel]; put its settings into the first one");
        r->has_unikernel = true;
        r->unikernel_line = r->line;
        r->section = SECTION_UNIKERNEL;
        return;
    }
    if (strcmp(word, "unikernel") == 0)
        wrong(r, "[unikernel] takes no name there; write name = NAME below it");
    const char *const *known = section_words;
    while (*known && strcmp(*known, word) != 0)
        known++;
    if (!*known)
        wrong(r, format_text("no section is called [%s]; there are [unikernel], [net NAME], [block NAME], [kv NAME] "
                             "and [key NAME]%s",
                             word, say_hint(word, section_words)));
    if (n != 2)
        wrong(r, format_text("[%s] needs one name, as in [%s %s]", word, word,
                             strcmp(word, "key") == 0 ? "port" : "main"));
    if (strcmp(word, "key") == 0)
        start_key(r, name);
    else
        start_device(r,
                     strcmp(word, "net") == 0     ? DEVICE_NET
                     : strcmp(word, "block") == 0 ? DEVICE_BLOCK
                                                  : DEVICE_KV,
                     name);
}

/* ---- Settings ---- */

static uint32_t number(const struct reading *r, const char *name, const char *text, uint32_t min, uint32_t max)
{
    uint64_t v = 0;
    if (!bytes_decimal(bytes_str(text), max, &v) || v < min)
        wrong(r, format_text("%s = %s; give a number from %u to %u", name, text, min, max));
    return (uint32_t)v;
}

static void set_stack_bytes(struct reading *r, const char *text)
{
    uint64_t v = 0;
    if (!value_size(bytes_str(text), &v) || v < STACK_BYTES_MIN || v > STACK_BYTES_MAX || v % 4096 != 0)
        wrong(r, format_text("stack = %s; give a size from %dK to %dK in steps of 4K", text, STACK_BYTES_MIN / 1024,
                             STACK_BYTES_MAX / 1024));
    r->m->stack_bytes = (uint32_t)v;
}

static void set_shuffle(struct reading *r, const char *text)
{
    uint64_t seed;
    if (!bytes_decimal(bytes_str(text), UINT64_MAX, &seed))
        wrong(r, format_text("shuffle = %s; give a number from 0 to 18446744073709551615", text));
    r->m->shuffle = format_text("%llu", (unsigned long long)seed);
}

static void set_unikernel(struct reading *r, const char *name, const char *value)
{
    struct manifest *m = r->m;
    if (strcmp(name, "name") == 0) {
        if (!appliance_name_good(value))
            wrong(r,
                  format_text("'%s' is no name for an appliance; use small letters, digits and dashes, a letter first",
                              value));
        m->name = format_text("%s", value);
    } else if (strcmp(name, "sources") == 0) {
        char *rest = format_text("%s", value);
        for (char *word; (word = strsep(&rest, " \t,")) != NULL;)
            if (*word)
                words_add(&r->patterns, word);
        r->sources_line = r->line;
    } else if (strcmp(name, "prepare") == 0) {
        m->prepare = format_text("%s", value);
        m->prepare_line = r->line;
    } else if (strcmp(name, "stacks") == 0) {
        m->n_stacks = number(r, name, value, STACKS_MIN, STACKS_MAX);
    } else if (strcmp(name, "stack") == 0) {
        set_stack_bytes(r, value);
    } else if (strcmp(name, "memory") == 0) {
        m->memory_mb = number(r, "memory (in MB)", value, MEMORY_MB_MIN, MEMORY_MB_MAX);
    } else if (strcmp(name, "shuffle") == 0) {
        set_shuffle(r, value);
    } else {
        wrong(r, format_text("[unikernel] has no setting '%s'; there are name, sources, prepare, stacks, stack, memory "
                             "and shuffle%s",
                             name, say_hint(name, unikernel_words)));
    }
}

static void set_from(struct reading *r, struct device *d, const char *value)
{
    d->from = format_text("%s", value);
    size_t len = strlen(d->from);
    while (len > 1 && d->from[len - 1] == '/')
        d->from[--len] = 0;
    d->from_line = r->line;
}

static bool yes_or_no(const struct reading *r, const char *name, const char *value)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        wrong(r, format_text("%s = %s; give yes or no", name, value));
    return strcmp(value, "yes") == 0;
}

static bool true_or_false(const struct reading *r, const char *name, const char *value)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        wrong(r, format_text("%s = %s; give true or false", name, value));
    return strcmp(value, "true") == 0;
}

static void set_device(struct reading *r, const char *name, const char *value)
{
    static const char *const *const known[] = {
        [DEVICE_NET] = net_words, [DEVICE_BLOCK] = block_words, [DEVICE_KV] = kv_words};
    static const char *const advice[] = {[DEVICE_NET] = "; there are ipv6, tcp and connections",
                                         [DEVICE_BLOCK] =
                                             "; there is optional: what is attached is said when the image starts",
                                         [DEVICE_KV] = "; there are from and block"};
    struct device *d = &r->m->devices[r->m->n_devices - 1];
    if (d->kind == DEVICE_KV && strcmp(name, "from") == 0)
        set_from(r, d, value);
    else if (d->kind == DEVICE_KV && strcmp(name, "block") == 0)
        d->block_line = yes_or_no(r, name, value) ? r->line : 0;
    else if (d->kind == DEVICE_KV && strcmp(name, "optional") == 0)
        wrong(r, format_text("[kv %s] can't be optional: a store is always there; only [block NAME] and [key NAME] are",
                             d->name));
    else if (d->kind == DEVICE_BLOCK && strcmp(name, "optional") == 0)
        d->optional = true_or_false(r, name, value);
    else if (d->kind == DEVICE_NET && strcmp(name, "connections") == 0)
        d->connections = number(r, name, value, CONNECTIONS_MIN, CONNECTIONS_MAX);
    else if (d->kind == DEVICE_NET && strcmp(name, "ipv6") == 0)
        d->no_ipv6 = !yes_or_no(r, name, value);
    else if (d->kind == DEVICE_NET && strcmp(name, "tcp") == 0)
        d->no_tcp = !yes_or_no(r, name, value);
    else
        wrong(r, format_text("[%s %s] has no setting '%s'%s%s", device_kind_text(d->kind), d->name, name,
                             advice[d->kind], say_hint(name, known[d->kind])));
}

static uint64_t limit_of(struct reading *r, const char *name, const char *value, uint64_t most)
{
    uint64_t v;
    if (!bytes_decimal(bytes_str(value), most, &v))
        wrong(r, format_text("%s = %s: not a number from 0 to %" PRIu64, name, value, most));
    return v;
}

static void set_key(struct reading *r, const char *name, const char *value)
{
    struct setting *k = &r->m->keys[r->m->n_keys - 1];
    if (strcmp(name, "type") == 0) {
        if (!value_type(value, &k->type))
            wrong(r, format_text("no type is called '%s'; there are %s%s", value, value_type_list(),
                                 say_hint(value, value_type_words)));
        k->has_type = true;
    } else if (strcmp(name, "default") == 0) {
        k->fallback = format_text("%s", value);
    } else if (strcmp(name, "help") == 0) {
        k->help = format_text("%s", value);
    } else if (strcmp(name, "optional") == 0) {
        k->optional = true_or_false(r, name, value);
    } else if (strcmp(name, "least") == 0) {
        k->least = limit_of(r, name, value, UINT16_MAX);
    } else if (strcmp(name, "most") == 0) {
        k->most = limit_of(r, name, value, UINT32_MAX);
    } else {
        wrong(r, format_text("[key %s] has no setting '%s'; there are type, default, help, optional, least and most%s",
                             k->name, name, say_hint(name, key_words)));
    }
}

static void check_repeated(struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->seen.n; i++)
        if (strcmp(r->seen.v[i], name) == 0)
            wrong(r, format_text("'%s' is set a second time in this section; keep one of the two", name));
    words_add(&r->seen, format_text("%s", name));
}

static int on_setting(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    if (strcmp(name, HEADING) == 0) {
        start_section(r, r->heading);
        return 1;
    }
    if (r->section == SECTION_NONE)
        wrong(r, format_text("'%s' stands above the first section; write [unikernel] above it", name));
    check_repeated(r, name);
    if (!*value)
        wrong(r, format_text("'%s' has no value; give one or remove the line", name));
    if (r->section == SECTION_UNIKERNEL)
        set_unikernel(r, name, value);
    else if (r->section == SECTION_DEVICE)
        set_device(r, name, value);
    else
        set_key(r, name, value);
    return 1;
}

/* ---- Lines ---- */

/* fgets for inih, without what would surprise: indented lines continue nothing, long lines are refused, not cut. */
static char *next_line(char *out, int size, void *stream)
{
    struct reading *r = stream;
    if (r->heading_due) {
        r->heading_due = false;
        snprintf(out, (size_t)size, HEADING " = 1\n");
        return out;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t len = getline(&line, &room, r->file);
    if (len < 0) {
        free(line);
        return NULL;
    }
    r->line++;
    if ((size_t)len > LINE_BYTES_MAX || len >= size)
        wrong(r, format_text("this line has more than %d characters; shorten it", LINE_BYTES_MAX));
    if (strlen(line) != (size_t)len)
        wrong(r, "this line holds a zero byte; the manifest is plain text");
    char *start = line + strspn(line, " \t");
    if (*start == '[' && !strchr(start, ']'))
        wrong(r, "the heading has no ']' at its end; add it");
    r->heading_due = *start == '[';
    if (r->heading_due)
        r->heading = format_text("%.*s", (int)strcspn(start + 1, "]"), start + 1);
    if (*start && !strchr("[;#\r\n", *start) && !strpbrk(start, "=:"))
        wrong(r, "neither a [section] nor NAME = VALUE nor a comment (which starts with ;); correct the line");
    snprintf(out, (size_t)size, "%s", start);
    free(line);
    return out;
}

/* ---- What can be checked at the end only ---- */

static void find_sources(struct reading *r)
{
    struct manifest *m = r->m;
    for (size_t i = 0; i < r->patterns.n; i++) {
        const char *pattern = r->patterns.v[i];
        glob_t found;
        size_t skip = strlen(path_join(m->folder, "x")) - 1;
        if (pattern[0] == '/' || strstr(pattern, ".."))
            fail_at(m->path, r->sources_line, "source %s lies outside the appliance's folder; copy it there", pattern);
        if (glob(path_join(m->folder, pattern), 0, NULL, &found) != 0)
            fail_at(m->path, r->sources_line, "there is no file %s; write it or correct 'sources'",
                    path_join(m->folder, pattern));
        for (size_t j = 0; j < found.gl_pathc; j++) {
            const char *path = found.gl_pathv[j] + skip;
            size_t len = strlen(path);
            if (len < 3 || (strcmp(path + len - 2, ".c") != 0 && strcmp(path + len - 2, ".S") != 0))
                fail_at(m->path, r->sources_line, "source %s is neither .c nor .S; headers need not be listed", path);
            if (!file_exists(found.gl_pathv[j]))
                fail_at(m->path, r->sources_line, "source %s is no file; correct 'sources'", path);
            for (size_t k = 0; k < m->sources.n; k++)
                if (strcmp(m->sources.v[k], path) == 0)
                    fail_at(m->path, r->sources_line, "source %s is listed twice; keep one", path);
            words_add(&m->sources, format_text("%s", path));
        }
        globfree(&found);
    }
}

static void check_from(const struct manifest *m, const struct device *d)
{
    /* `prepare` may make the folder; embedding looks again. */
    if (d->from && !m->prepare && !folder_exists(path_join(m->folder, d->from)))
        fail_at(m->path, d->from_line, "from = %s: there is no folder %s; make it or correct the name", d->from,
                path_join(m->folder, d->from));
}

static void check_key(const struct manifest *m, const struct setting *k)
{
    if (!k->has_type)
        fail_at(m->path, k->line, "[key %s] has no type; add type = %s", k->name, value_type_list());
    if ((k->least || k->most) && (k->type != KEY_INT || k->most <= k->least))
        fail_at(m->path, k->line, "key %s: least and most are limits of an int, most the higher one of them", k->name);
    const char *problem = k->fallback ? value_problem(k->type, k->fallback) : NULL;
    if (problem)
        fail_at(m->path, k->line, "the default '%s' of key %s is wrong; %s", k->fallback, k->name, problem);
    int64_t v;
    if (k->fallback && k->most && value_int(bytes_str(k->fallback), &v) &&
        (v < (int64_t)k->least || v > (int64_t)k->most))
        fail_at(m->path, k->line, "the default '%s' of key %s is not from %" PRIu64 " to %" PRIu64, k->fallback,
                k->name, k->least, k->most);
    if (k->fallback && k->type == KEY_SECRET)
        fail_at(m->path, k->line, "key %s is a secret and can't have a default; it comes by --key-file %s=FILE",
                k->name, k->name);
    if (k->fallback && k->optional)
        fail_at(m->path, k->line, "key %s has a default and is optional; remove one of the two", k->name);
}

/* The others see a device of its own kind. */
static void check_block(const struct manifest *m, struct device *d)
{
    if (d->block_line && d->from)
        fail_at(m->path, d->block_line, "[kv %s] has a folder and a block device; remove from or block", d->name);
    if (d->block_line)
        d->kind = DEVICE_ARCHIVE;
}

/* Net devices have keys of their own, and on linux each kv has one. */
static void check_number_of_keys(const struct manifest *m)
{
    size_t n = m->n_keys + manifest_count(m, DEVICE_KV);
    for (size_t i = 0; i < m->n_devices; i++)
        if (m->devices[i].kind == DEVICE_NET)
            n += net_keys_count(&m->devices[i]);
    if (n > KEYS_MAX)
        fail_at(m->path, 0, "%zu keys, those of the devices included; an image has at most %d, so remove some", n,
                KEYS_MAX);
}

static void check_whole(struct reading *r)
{
    struct manifest *m = r->m;
    if (!r->has_unikernel)
        fail_at(m->path, 0, "there is no [unikernel] section; add one with name = and sources =");
    if (!m->name)
        fail_at(m->path, r->unikernel_line, "[unikernel] has no name; add name = NAME");
    if (r->patterns.n == 0)
        fail_at(m->path, r->unikernel_line, "[unikernel] has no sources; add sources = %s.c", m->name);
    find_sources(r);
    for (size_t i = 0; i < m->n_devices; i++)
        check_from(m, &m->devices[i]);
    for (size_t i = 0; i < m->n_devices; i++)
        check_block(m, &m->devices[i]);
    for (size_t i = 0; i < m->n_keys; i++)
        check_key(m, &m->keys[i]);
    check_number_of_keys(m);
    m->c_name = c_identifier(m->name);
}

struct manifest *manifest_read(const char *folder)
{
    struct manifest *m = allocate(sizeof *m);
    m->folder = format_text("%s", folder);
    m->path = path_join(folder, MANIFEST_FILE);
    m->n_stacks = STACKS_DEFAULT;
    m->stack_bytes = STACK_BYTES_DEFAULT;
    m->memory_mb = MEMORY_MB_DEFAULT;
    struct reading r = {.m = m, .file = fopen(m->path, "re")};
    if (!folder_exists(folder))
        fail(STATUS_NO_INPUT, "%s: there is no such folder; name an appliance's folder, or make one with 'jinn new'",
             folder);
    if (!r.file)
        fail(STATUS_NO_INPUT, "%s: %s; an appliance's folder has a " MANIFEST_FILE ", and 'jinn new NAME' makes one",
             m->path, strerror(errno));
    int status = ini_parse_stream(next_line, &r, on_setting, &r);
    if (ferror(r.file))
        fail(STATUS_NO_INPUT, "%s: can't be read: %s", m->path, strerror(errno));
    fclose(r.file);
    if (status != 0)
        fail_at(m->path, 0, "can't be understood; compare it with the manifest of 'jinn new'");
    check_whole(&r);
    return m;
}
