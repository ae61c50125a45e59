/* SPDX-License-Identifier: ISC */
#include "tool/note.h"
#include "tool/say.h"
#include "wire/extension.h"
#include "wire/solo5.h"

/* What plat/spt and plat/hvt make use of where the tender offers it. */
#define FEATURES_SPT                                                                                        \
    (EXTENSION_WRITEV | EXTENSION_BLOCK_RUNS | EXTENSION_BLOCK_FLUSH | EXTENSION_CONTROL | EXTENSION_STOP | \
     EXTENSION_CLOCK | EXTENSION_STANDARD_ERR | EXTENSION_NET_OFFLOAD | EXTENSION_NET_CALLS)

#define FEATURES_HVT                                                                                       \
    (EXTENSION_BLOCK_RUNS | EXTENSION_BLOCK_FLUSH | EXTENSION_CONTROL | EXTENSION_STOP | EXTENSION_RINGS | \
     EXTENSION_NET_OFFLOAD)

static void fill(struct solo5_manifest *s, const struct manifest *m, bool hvt)
{
    uint64_t optional = 0;
    /* Entry 0 stays without a name: Solo5 keeps it for itself. */
    s->entries[0].type = SOLO5_RESERVED;
    s->n = 1;
    for (size_t i = 0; i < m->n_devices; i++) {
        const struct device *d = &m->devices[i];
        if (d->kind == DEVICE_KV)
            continue;
        optional |= (uint64_t)d->optional << s->n;
        struct solo5_entry *e = &s->entries[s->n++];
        e->type = d->kind == DEVICE_NET ? SOLO5_NET : SOLO5_BLOCK;
        memcpy(e->name, d->name, strlen(d->name));
    }
    struct solo5_entry *ours = &s->entries[s->n++];
    ours->type = SOLO5_JINN;
    memcpy(ours->name, EXTENSION_NAME, strlen(EXTENSION_NAME));
    ours->version = EXTENSION_VERSION;
    ours->optional = optional;
    ours->features = hvt ? FEATURES_HVT : FEATURES_SPT;
}

char *note_assembly(const struct manifest *m, const char *target)
{
    static uint8_t buffer[SOLO5_MANIFEST_NOTE_BYTES(SOLO5_ENTRIES_MAX)];
    struct solo5_manifest s = {0};
    struct text t = {0};
    struct writer w = writer_of(buffer, sizeof buffer);
    fill(&s, m, strcmp(target, "hvt") == 0);
    solo5_manifest_note_emit(&w, &s);
    if (!writer_good(&w))
        fail(STATUS_HOST, "the manifest's note does not fit its buffer: this is a bug of jinn");
    struct bytes note = writer_bytes(&w);
    text_add(&t, "/* Written by `jinn build`: Solo5's manifest note, for the tender. */\n");
    text_add(&t, "    .section .note.solo5.manifest, \"a\", @note\n    .balign 8\n    .globl jinn_manifest_note\n"
                 "jinn_manifest_note:");
    for (size_t i = 0; i < note.len; i++)
        text_add(&t, "%s0x%02x", i % 16 ? ", " : "\n    .byte ", note.data[i]);
    text_add(&t, "\n    .section .note.GNU-stack, \"\", @progbits\n");
    return t.s;
}
