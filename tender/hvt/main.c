/* SPDX-License-Identifier: ISC */
/* jinn-hvt: starts an hvt image in a virtual machine of KVM's. As jinn-spt does, it checks everything before anything runs,
 * opens all that the image may have, and gives up all that it won't need itself. */
#include "tender/confine.h"
#include "tender/fail.h"
#include "tender/hvt/call.h"
#include "tender/hvt/debug.h"
#include "tender/hvt/machine.h"
#include "tender/hvt/run.h"
#include "tender/kind.h"
#include "tender/seccomp.h"
#include "tender/terminal.h"
#include "wire/hvt.h"

#include <sys/mman.h>

const struct tender_kind tender_kind = {
    .program = "jinn-hvt",
    .target = "hvt",
    .does = "Runs an hvt image (of Jinn or of Solo5) in a virtual machine of KVM's.",
    .solo5_target = SOLO5_TARGET_HVT,
    .solo5_version = SOLO5_HVT_VERSION,
    .memory_mb_max = 4096, /* addresses in hypercalls have 32 bits */
};

static struct tender record;
static struct machine machine;

static bool has_net(const struct solo5_manifest *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->entries[i].type == SOLO5_NET)
            return true;
    return false;
}

void tender_emit_boot_info(struct writer *w, const struct tender *t, uint64_t command_line, uint64_t manifest)
{
    bool ring = !t->jinn && has_net(&t->manifest);
    const struct layout *l = &t->layout;
    hvt_boot_info_emit(w, &(struct hvt_boot_info){.memory_bytes = layout_placed(l, t->options.memory_bytes),
                                                  .image_end = layout_placed(l, t->plan.end),
                                                  .tsc_hz = machine.tsc_hz,
                                                  .command_line = layout_placed(l, command_line),
                                                  .manifest = layout_placed(l, manifest),
                                                  .features = ring ? HVT_FEATURE_RING : 0,
                                                  .ring = ring ? TABLES_SYSTEM + TABLES_RING : 0});
}

void tender_offer(const struct tender *t, struct extension_refresh *r)
{
    r->features = EXTENSION_BLOCK_RUNS | EXTENSION_BLOCK_FLUSH | EXTENSION_BLOCK_DISCARD | EXTENSION_STOP;
    r->features |= t->jinn->features & EXTENSION_RINGS;
    r->tsc_hz = machine.tsc_hz;
}

static void confine(const struct tender *t)
{
    struct seccomp_policy policy = {.manifest = &t->manifest,
                                    .epoll_fd = TENDER_FD_EPOLL,
                                    .timer_fd = TENDER_FD_TIMER,
                                    .control_fd = t->held[TENDER_FD_CONTROL] ? TENDER_FD_CONTROL : -1,
                                    .vcpu_fd = TENDER_FD_CPU,
                                    .extended = t->jinn != NULL,
                                    .debugged = t->held[TENDER_FD_DEBUG],
                                    .debug_fd = TENDER_FD_DEBUG,
                                    .interrupt_fd = TENDER_FD_INTERRUPT};
    confine_namespaces();
    confine_files(); /* before there may be no more descriptors */
    run_first(&machine);
    confine_limits();
    confine_signals(t);
    confine_calls(&policy, t->options.image);
}

/* Headers in front of frames come with the ring, or not at all. */
static void agree(struct solo5_entry *jinn)
{
    if (jinn && !(jinn->features & EXTENSION_RINGS))
        jinn->features &= ~(uint32_t)EXTENSION_NET_OFFLOAD;
}

int main(int argc, char **argv)
{
    struct tender *t = &record;
    (void)argc;
    options_parse(argv, &t->options);
    if (t->options.traced)
        fail(FAIL_USAGE, "--traced: a virtual machine does not run in this process; it is debugged by --debug");
    tender_open_image(t);
    agree(t->jinn);
    machine_open(&machine);
    tender_open_devices(t);
    terminal_guard();
    machine_create(&machine, t);
    tender_load(t, PROT_READ | PROT_WRITE);
    machine_prepare(&machine);
    ring_open(&machine);
    debug_open(&machine);
    tender_write_boot_info(t);
    tender_settle_descriptors(t);
    confine(t);
    run(&machine);
}
