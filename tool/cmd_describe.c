/* SPDX-License-Identifier: ISC */
#include "tool/build.h"
#include "tool/commands.h"
#include "tool/image.h"
#include "tool/linkmap.h"
#include "tool/picture.h"
#include "tool/values.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define BAR_WIDTH 28

struct listed {
    const char *kind, *name, *from;
    bool optional;
};

struct description {
    const char *name, *target, *image;
    const struct manifest *manifest; /* NULL for a bare image */
    struct image file;
    struct linkmap map;
    bool has_map;
    uint64_t content_bytes, image_bytes;
    size_t n_devices;
    struct listed devices[SOLO5_ENTRIES_MAX];
};

/* ---- Gathering ---- */

static void add_map(struct description *d, const char *path)
{
    struct bytes text;
    d->has_map = file_read(path, &text) && linkmap_parse(text, &d->map);
    for (size_t i = 0; d->has_map && i < d->map.n; i++)
        if (strcmp(d->map.libraries[i].name, "content") == 0)
            d->content_bytes = linkmap_file_bytes(d->map.libraries[i].bytes);
}

static void add_device(struct description *d, struct listed device)
{
    if (d->n_devices < ARRAY_LEN(d->devices))
        d->devices[d->n_devices++] = device;
}

static void list_plan(struct description *d, const struct solo5_manifest *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct solo5_entry *e = &m->entries[i];
        if (e->type == SOLO5_NET || e->type == SOLO5_BLOCK)
            add_device(d, (struct listed){.kind = e->type == SOLO5_NET ? "net" : "block",
                                          .name = e->name,
                                          .optional = image_optional(&d->file, i)});
    }
}

/* Lines KIND NAME, with " optional" behind some, which an image without a note for tenders has as well. */
static void list_origin(struct description *d)
{
    char *rest = format_text("%s", d->file.origin);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        const char *kind = strsep(&line, " "), *name = strsep(&line, " ");
        if (name && (strcmp(kind, "net") == 0 || strcmp(kind, "block") == 0 || strcmp(kind, "kv") == 0))
            add_device(d,
                       (struct listed){.kind = kind, .name = name, .optional = line && strcmp(line, "optional") == 0});
    }
}

static void list_manifest(struct description *d, const struct manifest *m)
{
    for (size_t i = 0; i < m->n_devices; i++) {
        const struct device *v = &m->devices[i];
        add_device(d, (struct listed){device_kind_text(v->kind), v->name, v->from, v->optional});
    }
}

static struct description describe_folder(const char *folder, const char *target)
{
    struct build b = build_appliance(folder, target, BUILD_RELEASE);
    struct description d = {.name = b.m->name, .target = target, .image = path_join(folder, b.image), .manifest = b.m};
    d.image_bytes = file_size(d.image);
    if (strcmp(target, "sim") != 0)
        d.file = image_read(d.image);
    list_manifest(&d, b.m);
    add_map(&d, path_join(folder, b.map));
    return d;
}

static struct description describe_image(const char *path)
{
    struct description d = {.image = path, .file = image_read(path)};
    const char *folder = format_text("%.*s", (int)(path_base(path) - path), path);
    d.name = d.file.name;
    d.target = d.file.target;
    d.image_bytes = d.file.file.len;
    if (d.file.plan)
        list_plan(&d, &d.file.plan->manifest);
    else
        list_origin(&d);
    const char *map = path_join(folder, format_text(".%s/%s.map", d.target, d.name));
    /* A map beside it tells of this image only if they were made together. */
    if (file_exists(map) && file_time(map) <= file_time(path))
        add_map(&d, map);
    return d;
}

/* ---- Text ---- */

static void print_devices(const struct description *d, const struct colours *k)
{
    for (size_t i = 0; i < d->n_devices; i++) {
        const struct listed *v = &d->devices[i];
        printf("  %s%-8s%s %s%s%s%s\n", k->accent, v->kind, k->reset, v->name, v->from ? "  from " : "",
               v->from ? v->from : "", v->optional ? " (optional)" : "");
    }
}

static void print_keys(const struct description *d, const struct colours *k)
{
    for (size_t i = 0; d->manifest && i < d->manifest->n_keys; i++) {
        const struct setting *s = &d->manifest->keys[i];
        printf("  %s%-8s%s %s (%s", k->accent, "key", k->reset, s->name, value_type_word(s->type));
        printf(s->fallback ? ", default %s)" : s->optional ? ", optional)" : ", required)", s->fallback);
        printf("%s%s\n", s->help ? ": " : "", s->help ? s->help : "");
    }
}

static void print_memory(const struct description *d)
{
    const char *memory = image_origin_word(&d->file, "memory");
    if (memory)
        printf("  %-10s %s MB\n", "memory", memory);
    if (d->manifest)
        printf("  %-10s %u of %u KB, a guard below each\n", "stacks", d->manifest->n_stacks,
               d->manifest->stack_bytes / 1024);
}

static void print_relocations(const struct description *d)
{
    if (d->file.plan && d->file.plan->movable)
        printf("  %-10s %zu words are moved with the image, by a table of %zu bytes\n", "addresses",
               d->file.plan->n_relocations, d->file.plan->relocations.len);
    else if (d->file.plan)
        printf("  %-10s the image always lies where it was linked\n", "addresses");
}

static void print_library(const struct linkmap_library *l, uint64_t most, const struct colours *k)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    uint64_t file = linkmap_file_bytes(l->bytes);
    uint64_t units = most ? file * BAR_WIDTH * 8 / most : 0;
    printf("  %-10s", l->name);
    for (int i = 0; i < LINKMAP_KINDS; i++)
        printf(" %8llu", (unsigned long long)l->bytes[i]);
    printf(" %9llu  %s", (unsigned long long)file, k->accent);
    for (uint64_t i = 0; i < units / 8; i++)
        printf("█");
    printf("%s%s\n", eighths[units % 8], k->reset);
}

static void print_libraries(const struct description *d, const struct colours *k)
{
    struct linkmap_library all = {.name = format_text("%s", "together")};
    uint64_t most = 0;
    memcpy(all.bytes, d->map.bytes, sizeof all.bytes);
    for (size_t i = 0; i < d->map.n; i++) {
        uint64_t bytes = linkmap_file_bytes(d->map.libraries[i].bytes);
        most = bytes > most ? bytes : most;
    }
    printf("\n  %s%-10s %8s %8s %8s %8s %9s%s\n", k->bold, "bytes", "text", "rodata", "data", "bss", "in file",
           k->reset);
    for (size_t i = 0; i < d->map.n; i++)
        print_library(&d->map.libraries[i], most, k);
    print_library(&all, 0, k);
}

static void print_segments(const struct description *d)
{
    size_t guards = 0;
    printf("\n  %-14s %10s %10s\n", "segment", "in file", "in memory");
    for (size_t i = 0; i < d->file.plan->n; i++) {
        const struct elf_segment *s = &d->file.plan->segments[i];
        if (s->flags == 0) {
            guards++;
            continue;
        }
        printf("  %c%c%c 0x%08llx %10llu %10llu\n", s->flags & ELF_READ ? 'r' : '-', s->flags & ELF_WRITE ? 'w' : '-',
               s->flags & ELF_EXECUTE ? 'x' : '-', (unsigned long long)s->start, (unsigned long long)s->file_len,
               (unsigned long long)(s->end - s->start));
    }
    if (guards)
        printf("  and %zu guard pages\n", guards);
}

static void print_origin(const struct description *d, const struct colours *k)
{
    if (!d->file.origin) {
        printf("\nbuilt by others: the image does not say from what\n");
        return;
    }
    printf("\n%sbuilt from%s\n", k->bold, k->reset);
    char *rest = format_text("%s", strchr(d->file.origin, '\n') + 1);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (strncmp(line, "source ", 7) == 0 || strncmp(line, "jinn ", 5) == 0 || strncmp(line, "shuffle ", 8) == 0 ||
            strncmp(line, "compiler ", 9) == 0)
            printf("  %s\n", line);
        else if (strncmp(line, "name ", 5) == 0)
            printf("  %s", line + 5);
        else if (strncmp(line, "version ", 8) == 0)
            printf(" %s\n", line + 8);
}

static void print_text(const struct description *d)
{
    struct colours k = say_colours();
    printf("%s%s%s for %s: %llu bytes", k.bold, d->name, k.reset, d->target, (unsigned long long)d->image_bytes);
    if (d->content_bytes)
        printf(", %llu of them content", (unsigned long long)d->content_bytes);
    printf(" (%s)\n", d->image);
    print_devices(d, &k);
    print_keys(d, &k);
    print_memory(d);
    print_relocations(d);
    if (d->has_map)
        print_libraries(d, &k);
    else if (d->file.plan)
        print_segments(d);
    print_origin(d, &k);
}

/* ---- JSON ---- */

static json_t *json_sizes(const uint64_t bytes[static LINKMAP_KINDS])
{
    json_t *o = json_object();
    for (int i = 0; i < LINKMAP_KINDS; i++)
        json_object_set_new(o, linkmap_kind_texts[i], json_integer((json_int_t)bytes[i]));
    json_object_set_new(o, "in_file", json_integer((json_int_t)linkmap_file_bytes(bytes)));
    return o;
}

static json_t *json_devices(const struct description *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->n_devices; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "type", d->devices[i].kind, "name", d->devices[i].name,
                                              "optional", (int)d->devices[i].optional));
    return list;
}

static json_t *json_keys(const struct description *d)
{
    json_t *list = json_array();
    for (size_t i = 0; d->manifest && i < d->manifest->n_keys; i++) {
        const struct setting *s = &d->manifest->keys[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s?, s:b}", "name", s->name, "type",
                                              value_type_word(s->type), "default", s->fallback, "help", s->help,
                                              "optional", (int)s->optional));
    }
    return list;
}

static void print_json(const struct description *d)
{
    const char *memory = image_origin_word(&d->file, "memory");
    json_t *root = json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "name", d->name, "target", d->target, "image",
                             d->image, "image_bytes", (json_int_t)d->image_bytes, "content_bytes",
                             (json_int_t)d->content_bytes, "devices", json_devices(d), "keys", json_keys(d));
    if (memory)
        json_object_set_new(root, "memory_mb", json_integer(atoi(memory)));
    if (d->manifest)
        json_object_set_new(
            root, "stacks",
            json_pack("{s:i, s:i}", "n", (int)d->manifest->n_stacks, "bytes", (int)d->manifest->stack_bytes));
    if (d->file.plan && d->file.plan->movable)
        json_object_set_new(root, "relocations", json_integer((json_int_t)d->file.plan->n_relocations));
    json_t *libraries = json_object();
    for (size_t i = 0; d->has_map && i < d->map.n; i++)
        json_object_set_new(libraries, d->map.libraries[i].name, json_sizes(d->map.libraries[i].bytes));
    json_object_set_new(root, "libraries", libraries);
    json_object_set_new(root, "together", json_sizes(d->map.bytes));
    if (d->file.origin)
        json_object_set_new(root, "origin", json_string(d->file.origin));
    json_dumpf(root, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(root);
}

static void draw(const struct description *d, const char *path)
{
    if (!d->has_map)
        fail(STATUS_NO_INPUT, "%s has no link map beside it to draw; build the appliance here and describe its folder",
             d->image);
    const char *title = format_text("%s.%s: %.1f KB", d->name, d->target, (double)d->image_bytes / 1024);
    const char *subtitle = format_text(
        "%.1f KB text, %.1f KB read-only data, %.1f KB data; %.1f KB more in memory. Areas are bytes in the file.",
        (double)d->map.bytes[LINKMAP_TEXT] / 1024, (double)d->map.bytes[LINKMAP_RODATA] / 1024,
        (double)d->map.bytes[LINKMAP_DATA] / 1024, (double)d->map.bytes[LINKMAP_BSS] / 1024);
    const char *svg = picture_svg(&d->map, title, subtitle);
    file_write(path, svg, strlen(svg));
    say_progress("  drew %s", path);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"target", required_argument, NULL, 't'},
                                            {"picture", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    const char *target = "spt", *picture = NULL;
    bool json = false;
    for (int c; (c = command_option(argc, argv, "t:", options)) != -1;) {
        if (c == 't')
            target = optarg;
        else if (c == 'p')
            picture = optarg;
        else
            json = true;
    }
    build_check_target(target);
    const char *operand = command_operand(argc, argv, ".");
    struct description d = folder_exists(operand) ? describe_folder(operand, target) : describe_image(operand);
    if (json)
        print_json(&d);
    else
        print_text(&d);
    if (picture)
        draw(&d, picture);
    return 0;
}

const struct command command_describe = {
    .name = "describe",
    .synopsis = "[-t TARGET] [--json] [--picture FILE.svg] [DIR|IMAGE]",
    .summary = "Shows what is in an image: devices, keys, and bytes by library",
    .details = "  -t, --target TARGET     of a folder: which of its images, spt (default), hvt or linux\n"
               "      --json              for programs\n"
               "      --picture FILE.svg  draws the libraries and their files, areas as bytes\n",
    .run = run,
};
