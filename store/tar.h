/* SPDX-License-Identifier: ISC */
/* What an archive of tar's holds, header by header, sans I/O: POSIX ustar and pax, and GNU's long names and large sizes. Other
 * things than plain files are passed over. */
#ifndef STORE_TAR_H
#define STORE_TAR_H

#include <jinn/bytes.h>

enum {
    TAR_BLOCK_BYTES = 512,
    TAR_NAME_MAX = 1023,       /* KV_KEY_MAX */
    TAR_EXTRA_MAX_BYTES = 8192 /* of a header's extension: a name, a link's target, times, owners */
};

enum tar_what {
    TAR_FILE,  /* `name`, `size` and `mtime_s` are set, its content follows */
    TAR_EXTRA, /* `size` bytes follow that tar_extra wants */
    TAR_OTHER, /* `size` bytes follow that are of no interest */
    TAR_END,
    TAR_BAD /* `reason` says why */
};

struct tar {
    char name[TAR_NAME_MAX + 1];
    size_t name_len;
    uint64_t size, mtime_s;
    const char *reason;
    /* What an extension said about the next header. */
    bool is_gnu_name, has_name, has_size;
    uint64_t next_size;
};

/* Zero begins an archive. The next header; what follows it is padded to whole blocks. */
enum tar_what tar_header(struct tar *t, const uint8_t block[TAR_BLOCK_BYTES]);
/* What followed a TAR_EXTRA. NULL, or what is wrong. */
const char *tar_extra(struct tar *t, struct bytes content);

#endif
