/* SPDX-License-Identifier: ISC */
#include "tool/image.h"
#include "tool/origin.h"
#include "tool/say.h"
#include "wire/extension.h"

#include <errno.h>

/* Checking an image needs to know no memory size: any that an image of 32 bits could want. */
#define MEMORY_BYTES_ANY (UINT64_C(1) << 32)

/* The target in Solo5's note, wherever that lies; NULL: there is none, so this is no image for a tender. */
static const char *target_of(struct bytes file)
{
    static const uint8_t note[] = {6, 0, 0, 0, 16, 0, 0, 0, 'A', 'B', 'I', '1', 'S', 'o', 'l', 'o', '5', 0, 0, 0};
    const uint8_t *at = memmem(file.data, file.len, note, sizeof note);
    if (!at)
        return NULL;
    return at + sizeof note < file.data + file.len && at[sizeof note] == SOLO5_TARGET_HVT ? "hvt" : "spt";
}

struct image image_read(const char *path)
{
    struct image i = {.path = path};
    char *name = format_text("%s", path_base(path));
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = 0;
    i.name = name;
    if (!file_read(path, &i.file))
        fail(STATUS_NO_INPUT, "%s: %s; name an appliance's folder or an image", path, strerror(errno));
    if (i.file.len < 64 || memcmp(i.file.data, "\177ELF", 4) != 0)
        fail(STATUS_DATA, "%s is no image; 'jinn build' makes them in an appliance's folder dist", path);
    i.target = target_of(i.file);
    i.origin = origin_find(i.file);
    if (!i.target && !i.origin)
        fail(STATUS_DATA, "%s is an ordinary program, no image; 'jinn build' makes them", path);
    if (!i.target) {
        i.target = "linux";
        return i;
    }
    bool hvt = strcmp(i.target, "hvt") == 0;
    i.plan = allocate(sizeof *i.plan);
    const char *problem = elf_plan(i.file,
                                   &(struct elf_limits){.target = hvt ? SOLO5_TARGET_HVT : SOLO5_TARGET_SPT,
                                                        .version = hvt ? SOLO5_HVT_VERSION : SOLO5_SPT_VERSION,
                                                        .lowest = SOLO5_IMAGE_BASE,
                                                        .memory_bytes = MEMORY_BYTES_ANY},
                                   i.plan);
    if (problem)
        fail(STATUS_DATA, "%s: %s; build it again for the target %s", path, problem, i.target);
    return i;
}

const char *image_origin_word(const struct image *i, const char *word)
{
    const char *line = i->origin ? strstr(i->origin, format_text("\n%s ", word)) : NULL;
    if (!line)
        return NULL;
    line += strlen(word) + 2;
    return format_text("%.*s", (int)strcspn(line, "\n"), line);
}

bool image_optional(const struct image *i, size_t index)
{
    struct solo5_manifest *m = &i->plan->manifest;
    return solo5_optional(m, solo5_find(m, bytes_str(EXTENSION_NAME), SOLO5_JINN), index);
}
