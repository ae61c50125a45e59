/* SPDX-License-Identifier: ISC */
/* jinn-spt: starts an spt image as a sandboxed process. Everything about the image is checked before any of it is mapped,
 * everything it may have is opened before it runs, and all that is left then is the filter's few calls. */
#include "tender/fail.h"
#include "tender/kind.h"
#include "tender/launch.h"
#include "tender/memory.h"
#include "tender/tender.h"
#include "tender/terminal.h"
#include "tender/vdso.h"
#include "tender/xdp.h"

#include <sys/mman.h>

const struct tender_kind tender_kind = {
    .program = "jinn-spt",
    .target = "spt",
    .does = "Runs an spt image (of Jinn or of Solo5) as a sandboxed process.",
    .solo5_target = SOLO5_TARGET_SPT,
    .solo5_version = SOLO5_SPT_VERSION,
    .memory_mb_max = UINT64_C(1) << 20, /* a terabyte: the tender itself lies far above */
    .open_xdp = xdp_open,
};

/* Whole pages of its own, because it becomes read-only. */
static union {
    struct tender tender;
    uint8_t pages[(sizeof(struct tender) + ELF_PAGE - 1) / ELF_PAGE * ELF_PAGE];
} record __attribute__((aligned(4096)));

void tender_emit_boot_info(struct writer *w, const struct tender *t, uint64_t command_line, uint64_t manifest)
{
    const struct layout *l = &t->layout;
    struct solo5_boot_info info = {layout_placed(l, t->options.memory_bytes),
                                   layout_placed(l, t->plan.end),
                                   layout_placed(l, command_line),
                                   layout_placed(l, manifest),
                                   TENDER_FD_EPOLL,
                                   TENDER_FD_TIMER};
    solo5_boot_info_emit(w, &info);
}

void tender_offer(const struct tender *t, struct extension_refresh *r)
{
    r->features = EXTENSION_WRITEV | EXTENSION_BLOCK_RUNS | EXTENSION_BLOCK_FLUSH | EXTENSION_BLOCK_DISCARD |
                  EXTENSION_STANDARD_ERR | EXTENSION_STOP;
    r->clock = vdso_clock();
    if (r->clock)
        r->features |= EXTENSION_CLOCK;
    if (t->xdp_calls)
        r->features |= EXTENSION_NET_CALLS;
}

int main(int argc, char **argv)
{
    struct tender *t = &record.tender;
    (void)argc;
    options_parse(argv, &t->options);
    if (t->options.debug_fd >= 0)
        fail(FAIL_USAGE, "--debug: this image will be a process, to be debugged as one (--traced)");
    tender_open_image(t);
    tender_open_devices(t);
    terminal_guard();
    memory_map(t);
    tender_load(t, PROT_READ | PROT_WRITE | PROT_EXEC);
    tender_write_boot_info(t);
    tender_settle_descriptors(t);
    launch(t);
}
