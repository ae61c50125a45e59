/* SPDX-License-Identifier: ISC */
/* note [net:NAME|block:NAME|optional:NAME|features:N|without:ours]...: the assembly of a manifest's note, as `jinn build` makes it, on standard output.
 * `optional` is a block device that the image can do without. */
#include "wire/extension.h"
#include "wire/solo5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct solo5_entry device(const char *text)
{
    struct bytes b = bytes_str(text);
    size_t colon = bytes_find(b, ':');
    struct solo5_entry e = {.type = bytes_equal(bytes_slice(b, 0, colon), bytes_str("net")) ? SOLO5_NET : SOLO5_BLOCK};
    struct bytes name = bytes_slice(b, colon + 1, SOLO5_NAME_MAX);
    memcpy(e.name, name.data, name.len);
    return e;
}

int main(int argc, char **argv)
{
    static struct solo5_manifest m;
    static uint8_t note[SOLO5_MANIFEST_NOTE_BYTES(SOLO5_ENTRIES_MAX)];
    m.entries[m.n++].type = SOLO5_RESERVED;
    bool extended = true;
    struct solo5_entry ours = {.name = EXTENSION_NAME, .type = SOLO5_JINN, .version = EXTENSION_VERSION};
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "features:", 9) == 0)
            ours.features = (uint32_t)atoi(argv[i] + 9);
        else if (strcmp(argv[i], "without:ours") == 0)
            extended = false; /* as an image by others: any tender takes it for one of Solo5's */
        else {
            ours.optional |= (uint64_t)(strncmp(argv[i], "optional:", 9) == 0) << m.n;
            m.entries[m.n++] = device(argv[i]);
        }
    }
    if (extended)
        m.entries[m.n++] = ours;
    struct writer w = writer_of(note, sizeof note);
    solo5_manifest_note_emit(&w, &m);
    printf("\t.section .note.solo5.manifest, \"a\", @note\n\t.balign 8\n\t.globl "
           "jinn_manifest_note\njinn_manifest_note:\n");
    for (size_t i = 0; i < writer_len(&w); i++)
        printf("\t.byte %u\n", note[i]);
    printf("\t.section .note.GNU-stack, \"\", @progbits\n");
    return 0;
}
