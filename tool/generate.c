/* SPDX-License-Identifier: ISC */
#include "tool/generate.h"
#include "tool/net_keys.h"
#include "tool/say.h"
#include "tool/values.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define HOST_STACK_BYTES 65536

/* A C string literal of text that people write in a manifest. */
static char *literal(const char *s)
{
    struct text t = {0};
    if (!s)
        return format_text("NULL");
    text_add(&t, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_add(&t, "\\");
        text_add(&t, "%c", *s);
    }
    text_add(&t, "\"");
    return t.s;
}

static const char *device_type(const struct device *d)
{
    return d->kind == DEVICE_NET ? "struct stack *" : d->kind == DEVICE_BLOCK ? "struct block *" : "struct kv *";
}

static void add_members(struct text *t, const struct manifest *m)
{
    if (m->n_devices + m->n_keys == 0)
        text_add(t, "    int nothing; /* the manifest names no device and no key */\n");
    for (size_t i = 0; i < m->n_devices; i++)
        text_add(t, "    %s%s;%s\n", device_type(&m->devices[i]), c_identifier(m->devices[i].name),
                 m->devices[i].optional ? " /* NULL: not attached */" : "");
    for (size_t i = 0; i < m->n_keys; i++) {
        const struct setting *k = &m->keys[i];
        text_add(t, "    %s%s;", value_type_declaration(k->type), c_identifier(k->name));
        /* The text stays inside the comment, whatever it holds. */
        text_add(t, k->help && !strstr(k->help, "*/") ? " /* %s */\n" : "\n", k->help);
    }
}

char *generate_header(const struct manifest *m)
{
    struct text t = {0};
    char *guard = format_text("%s_H", m->c_name);
    for (char *p = guard; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    text_add(&t, "/* Written by `jinn build` from " MANIFEST_FILE "; changes made here are lost. */\n");
    text_add(&t, "#ifndef %s\n#define %s\n\n", guard, guard);
    text_add(&t, "#include <jinn/addr.h>\n#include <jinn/block.h>\n#include <jinn/kv.h>\n#include <jinn/stack.h>\n");
    text_add(&t, "\n#include <stdbool.h>\n#include <stdint.h>\n\n");
    text_add(&t, "/* What the manifest asks for, up and checked. */\nstruct %s {\n", m->c_name);
    add_members(&t, m);
    text_add(&t, "};\n\n/* Yours to write. Runs in the first fiber; its value, 0 to 63, is the exit status. */\n");
    text_add(&t, "int %s_start(const struct %s *self);\n\n#endif\n", m->c_name, m->c_name);
    return t.s;
}

static bool on_linux(const char *target)
{
    return strcmp(target, "linux") == 0;
}

static void add_image(struct text *t, const struct manifest *m, const char *target)
{
    /* The host's C library was written for stacks of megabytes. */
    uint32_t stack_bytes = m->stack_bytes + (on_linux(target) ? HOST_STACK_BYTES : 0);
    size_t n = 0;
    text_add(t, "const char plat_image_name[] = \"%s\";\n", m->name);
    text_add(t, "const struct plat_device plat_devices[] = {\n");
    for (size_t i = 0; i < m->n_devices; i++) {
        if (m->devices[i].kind == DEVICE_KV)
            continue;
        text_add(t, "    {\"%s\", %s, %s},\n", m->devices[i].name,
                 m->devices[i].kind == DEVICE_NET ? "PLAT_NET" : "PLAT_BLOCK",
                 m->devices[i].optional ? "true" : "false");
        n++;
    }
    if (n == 0)
        text_add(t, "    {\"\", PLAT_BLOCK, true}, /* C has no empty arrays */\n");
    text_add(t, "};\nconst size_t plat_n_devices = %zu;\n", n);
    text_add(t, "const size_t plat_stacks_n = %u;\nconst size_t plat_stack_bytes = %u;\n\n", m->n_stacks, stack_bytes);
}

static void add_variables(struct text *t, const struct manifest *m, const char *target, const struct content *contents)
{
    for (size_t i = 0; i < m->n_devices; i++) {
        const struct device *d = &m->devices[i];
        const char *c = c_identifier(d->name);
        if (d->kind == DEVICE_NET)
            text_add(t, "static struct stack_options %s_options;\n", c);
        if (d->kind != DEVICE_KV)
            continue;
        if (d->from)
            embed_table(t, d, &contents[i]);
        text_add(t, "static struct kv_embedded %s_embedded;\n", c);
        if (on_linux(target))
            text_add(t, "static const char *%s_directory;\n", c);
    }
    text_add(t, "static struct %s self;\n\n", m->c_name);
}

/* Set by code, since what is mostly zeros would be in the image's file otherwise. */
static void add_stacks(struct text *t, const struct manifest *m)
{
    for (size_t i = 0; i < m->n_devices; i++) {
        const struct device *d = &m->devices[i];
        const char *c = c_identifier(d->name);
        if (d->kind != DEVICE_NET)
            continue;
        text_add(t, "    %s_options.hostname = plat_image_name;\n", c);
        if (!d->no_tcp)
            text_add(t, "    %s_options.tcp = &stack_tcp_part;\n", c);
        if (!d->no_ipv6)
            text_add(t, "    %s_options.ip6 = &stack_ip6;\n", c);
        if (d->connections)
            text_add(t, "    %s_options.tcp_connections = %u;\n", c, d->connections);
    }
}

/* The first net device's keys are --ipv4 and so on, those of another one have its name in front. */
static size_t add_net_keys(struct text *t, const struct device *d, bool first)
{
    net_keys_add(t, d, first ? "" : format_text("%s-", d->name));
    return net_keys_count(d);
}

static void add_ranges(struct text *t, const struct manifest *m)
{
    for (size_t i = 0; i < m->n_keys; i++) {
        const struct setting *k = &m->keys[i];
        if (k->most)
            text_add(t, "static struct key_range range_of_%s = {&self.%s, %" PRIu64 ", %" PRIu64 "};\n",
                     c_identifier(k->name), c_identifier(k->name), k->least, k->most);
    }
}

static size_t add_keys(struct text *t, const struct manifest *m, const char *target)
{
    size_t n_nets = 0, n = 0;
    for (size_t i = 0; i < m->n_devices; i++) {
        const struct device *d = &m->devices[i];
        if (d->kind == DEVICE_NET)
            n += add_net_keys(t, d, n_nets++ == 0);
        if (d->kind == DEVICE_KV && on_linux(target)) {
            text_add(t, "    {\"kv:%s\", KEY_STRING, true, &%s_directory, NULL, \"a folder to use as %s\"},\n", d->name,
                     c_identifier(d->name), d->name);
            n++;
        }
    }
    for (size_t i = 0; i < m->n_keys; i++, n++) {
        const struct setting *k = &m->keys[i];
        text_add(t, "    {\"%s\", %s, %s, &%s%s, %s, %s},\n", k->name,
                 k->most ? "KEY_RANGE" : value_type_constant(k->type), k->optional ? "true" : "false",
                 k->most ? "range_of_" : "self.", c_identifier(k->name), literal(k->fallback), literal(k->help));
    }
    if (n == 0)
        text_add(t, "    {\"\", KEY_STRING, true, NULL, NULL, NULL}, /* C has no empty arrays */\n");
    return n;
}

static void add_starts(struct text *t, const struct manifest *m, const char *target)
{
    for (size_t i = 0; i < m->n_devices; i++) {
        const struct device *d = &m->devices[i];
        const char *c = c_identifier(d->name);
        if (d->kind == DEVICE_NET)
            text_add(t, "    self.%s = boot_stack(\"%s\", &%s_options);\n", c, d->name, c);
        else if (d->kind == DEVICE_BLOCK || d->kind == DEVICE_ARCHIVE)
            text_add(t, "    self.%s = %s(\"%s\");\n", c,
                     d->kind == DEVICE_ARCHIVE ? "boot_kv_block"
                     : d->optional             ? "boot_block_optional"
                                               : "boot_block",
                     d->name);
        else {
            if (d->from)
                text_add(t, "    kv_embedded_init(&%s_embedded, %s_items, N_%s);\n", c, c, c);
            else
                text_add(t, "    kv_embedded_init(&%s_embedded, NULL, 0);\n", c);
            text_add(t, "    self.%s = boot_kv(\"%s\", &%s_embedded, %s);\n", c, d->name, c,
                     on_linux(target) ? format_text("%s_directory", c) : "NULL");
        }
    }
}

char *generate_main(const struct manifest *m, const char *target, const struct content *contents)
{
    struct text t = {0}, keys = {0};
    text_add(&t, "/* Written by `jinn build` from " MANIFEST_FILE "; changes made here are lost. */\n");
    text_add(&t, "#include \"%s.h\"\n\n#include <jinn/boot.h>\n#include <jinn/plat.h>\n\n", m->name);
    add_image(&t, m, target);
    for (size_t i = 0; i < m->n_devices; i++)
        if (m->devices[i].kind == DEVICE_KV && m->devices[i].from)
            text_add(&t, "#define N_%s %zu\n", c_identifier(m->devices[i].name), contents[i].n);
    add_variables(&t, m, target, contents);
    add_ranges(&t, m);
    size_t n = add_keys(&keys, m, target);
    text_add(&t, "static const struct key keys[] = {\n%s};\n\n", keys.s);
    text_add(&t, "int unikernel_main(int argc, char **argv)\n{\n    int status;\n");
    add_stacks(&t, m);
    text_add(&t, "    if (!boot_arguments(argc, argv, keys, %zu, &status))\n        return status;\n", n);
    add_starts(&t, m, target);
    text_add(&t, "    status = %s_start(&self);\n", m->c_name);
    for (size_t i = 0; i < m->n_devices; i++)
        if (m->devices[i].kind == DEVICE_NET)
            text_add(&t, "    boot_stack_down(self.%s);\n", c_identifier(m->devices[i].name));
    text_add(&t, "    return status;\n}\n");
    return t.s;
}
