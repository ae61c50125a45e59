/* SPDX-License-Identifier: ISC */
/* A manifest's content, a note and an extension block; what is accepted must come back the same when it is emitted. */
#include "wire/extension.h"
#include "wire/hvt.h"
#include "wire/solo5.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void manifest(struct bytes b)
{
    static struct solo5_manifest m, back;
    static uint8_t buffer[SOLO5_MANIFEST_BYTES(SOLO5_ENTRIES_MAX)];
    if (solo5_manifest_parse(b, SOLO5_AT_BOOT, &m))
        return;
    struct writer w = writer_of(buffer, sizeof buffer);
    solo5_manifest_emit(&w, &m);
    if (!writer_good(&w) || writer_len(&w) != b.len || solo5_manifest_parse(writer_bytes(&w), SOLO5_AT_BOOT, &back) ||
        back.n != m.n || memcmp(back.entries, m.entries, m.n * sizeof m.entries[0]) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = bytes_of(data, size);
    struct bytes content;
    struct solo5_abi abi;
    struct solo5_boot_info info;
    struct hvt_boot_info hvt;
    struct extension e;
    manifest(b);
    if (solo5_note_parse(b, SOLO5_NOTE_MFT1, &content) == OK)
        manifest(content);
    if (solo5_note_parse(b, SOLO5_NOTE_ABI1, &content) == OK)
        (void)!solo5_abi_parse(content, &abi);
    (void)!solo5_boot_info_parse(b, &info);
    (void)!hvt_boot_info_parse(b, &hvt);
    if (extension_parse(b, &e) == OK && extension_secret(&e, bytes_str("key"), &content) == OK && content.len > size)
        abort();
    return 0;
}
