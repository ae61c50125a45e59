/* SPDX-License-Identifier: ISC */
#include "tender/fail.h"
#include "tender/kind.h"
#include "tender/tender.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void map_file(struct tender *t)
{
    const char *path = t->options.image;
    struct stat s;
    t->image_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (t->image_fd < 0)
        fail(FAIL_DEVICE, "%s: can't open the image: %s", path, strerror(errno));
    if (fstat(t->image_fd, &s) != 0)
        fail(FAIL_DEVICE, "%s: can't look at the image: %s", path, strerror(errno));
    if (!S_ISREG(s.st_mode))
        fail(FAIL_IMAGE, "%s: this is not a file; name an image that `jinn build -t %s` made", path,
             tender_kind.target);
    if (s.st_size == 0)
        fail(FAIL_IMAGE, "%s: the file is empty; build the image again", path);
    void *p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, t->image_fd, 0);
    if (p == MAP_FAILED)
        fail(FAIL_HOST, "%s: the host refused to map the image: %s", path, strerror(errno));
    t->file = bytes_of(p, (size_t)s.st_size);
}

void tender_open_image(struct tender *t)
{
    map_file(t);
    struct elf_limits limits = {tender_kind.solo5_target, tender_kind.solo5_version, SOLO5_IMAGE_BASE,
                                t->options.memory_bytes};
    const char *wrong = elf_plan(t->file, &limits, &t->plan);
    if (wrong)
        fail(FAIL_IMAGE, "%s: %s", t->options.image, wrong);
    t->manifest = t->plan.manifest;
    t->jinn = solo5_find(&t->manifest, bytes_str(EXTENSION_NAME), SOLO5_JINN);
    if (t->jinn && t->jinn->version != EXTENSION_VERSION)
        t->jinn = NULL; /* the image does without, as under a stock tender */
}
