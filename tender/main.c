/* SPDX-License-Identifier: ISC */
/* jinn-spt: starts an spt image as a sandboxed process. Everything about the image is checked before any of it is mapped,
 * everything it may have is opened before it runs, and all that is left then is the filter's few calls. */
#include "tender/launch.h"
#include "tender/tender.h"
#include "tender/terminal.h"

/* Whole pages of its own, because it becomes read-only. */
static union {
    struct tender tender;
    uint8_t pages[(sizeof(struct tender) + ELF_PAGE - 1) / ELF_PAGE * ELF_PAGE];
} record __attribute__((aligned(4096)));

int main(int argc, char **argv)
{
    struct tender *t = &record.tender;
    (void)argc;
    options_parse(argv, &t->options);
    tender_open_image(t);
    tender_open_devices(t);
    terminal_guard();
    tender_load(t);
    tender_write_boot_info(t);
    tender_settle_descriptors(t);
    launch(t);
}
