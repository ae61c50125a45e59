/* SPDX-License-Identifier: ISC */
#include "wire/hvt.h"

void hvt_boot_info_emit(struct writer *w, const struct hvt_boot_info *b)
{
    write_le64(w, b->memory_bytes);
    write_le64(w, b->image_end);
    write_le64(w, b->tsc_hz);
    write_le64(w, b->command_line);
    write_le64(w, b->manifest);
    write_le32(w, b->features);
    write_le32(w, 0);
    write_le64(w, b->ring);
}

enum err hvt_boot_info_parse(struct bytes b, struct hvt_boot_info *info)
{
    struct reader r = reader_of(b);
    info->memory_bytes = read_le64(&r);
    info->image_end = read_le64(&r);
    info->tsc_hz = read_le64(&r);
    info->command_line = read_le64(&r);
    info->manifest = read_le64(&r);
    info->features = read_le32(&r);
    read_skip(&r, 4);
    info->ring = read_le64(&r);
    return reader_good(&r) && info->tsc_hz ? OK : ERR_MALFORMED;
}
