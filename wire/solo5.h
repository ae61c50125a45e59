/* SPDX-License-Identifier: ISC */
/* Solo5's boundary as bytes: its two ELF notes, the manifest and the spt boot info. Facts of Solo5 0.12, ABI version 2 of
 * the spt target. Everything is little-endian.
 *
 *   note      u32 name length = 6, u32 content length, u32 type, "Solo5" padded to 8; then the content, which
 *             begins at a multiple of its own alignment counted from the note's start: ABI1 at 20, MFT1 at 24
 *   ABI1      u32 target, u32 version, u32 0, u32 0
 *   MFT1      u32 version = 1, u32 n, n entries of 104 bytes
 *   entry     0 name[68]   68 u32 type   72 block: u64 capacity, u16 block size | net: mac[6], u16 mtu |
 *             ours: u32 version, u32 features, u64 optional devices
 *             88 i32 descriptor | u64 address   96 u8 attached   97 padding
 *   boot info u64 memory, u64 end of image, u64 command line, u64 manifest, i32 epoll, i32 timer
 *
 * Entry 0 is always of type SOLO5_RESERVED without a name, so devices are 1 to 63. One more of them is ours: see
 * wire/extension.h. The index in the manifest is what epoll reports. */
#ifndef WIRE_SOLO5_H
#define WIRE_SOLO5_H

#include <jinn/bytes.h>
#include <jinn/err.h>

#define SOLO5_TARGET_HVT 1
#define SOLO5_TARGET_SPT 2
#define SOLO5_HVT_VERSION 2
#define SOLO5_SPT_VERSION 2
#define SOLO5_NOTE_ABI1 UINT32_C(0x31494241)
#define SOLO5_NOTE_MFT1 UINT32_C(0x3154464d)

#define SOLO5_NOTE_HEADER_BYTES 20
#define SOLO5_ABI_BYTES 16
#define SOLO5_ENTRIES_MAX 64 /* bits in the set of ready devices */
#define SOLO5_NAME_MAX 67    /* letters and digits */
#define SOLO5_ENTRY_BYTES 104
#define SOLO5_MANIFEST_HEADER_BYTES 8
#define SOLO5_MANIFEST_BYTES(n) (SOLO5_MANIFEST_HEADER_BYTES + (n)*SOLO5_ENTRY_BYTES)
/* The whole MFT1 note for n entries, and the whole ABI1 note. */
#define SOLO5_MANIFEST_NOTE_BYTES(n) (24 + SOLO5_MANIFEST_BYTES(n))
#define SOLO5_ABI_NOTE_BYTES (SOLO5_NOTE_HEADER_BYTES + SOLO5_ABI_BYTES)

/* Where things lie in the memory of an spt guest that is not moved (tender/layout.h). */
#define SOLO5_MEMORY_BASE UINT64_C(0x10000) /* below it nothing is mapped */
#define SOLO5_BOOT_INFO UINT64_C(0x11000)
#define SOLO5_BOOT_INFO_BYTES 40
#define SOLO5_COMMAND_LINE_BYTES 8192 /* with its closing NUL */
#define SOLO5_IMAGE_BASE UINT64_C(0x100000)
#define SOLO5_TIMER_EVENT UINT64_C(0xfffffffe) /* epoll's data for the timer */

enum solo5_type {
    SOLO5_BLOCK = 1,
    SOLO5_NET = 2,
    SOLO5_RESERVED = 1 << 30,
    SOLO5_JINN = SOLO5_RESERVED + 0x4a4e, /* stock tenders let it pass */
};

struct solo5_entry {
    char name[SOLO5_NAME_MAX + 1];
    uint32_t type;           /* enum solo5_type; others are kept as they are */
    uint64_t capacity_bytes; /* SOLO5_BLOCK */
    uint16_t block_bytes;    /* SOLO5_BLOCK */
    uint8_t mac[6];          /* SOLO5_NET */
    uint16_t mtu_bytes;      /* SOLO5_NET */
    uint32_t version;        /* SOLO5_JINN: of the extension that the image understands */
    uint32_t features;       /* SOLO5_JINN: EXTENSION_* that it can use */
    uint64_t optional;       /* SOLO5_JINN: block devices that it can do without, a bit each by index in the manifest */
    uint64_t backing;        /* descriptor, or address of the extension block */
    bool attached;
};

struct solo5_manifest {
    size_t n;
    struct solo5_entry entries[SOLO5_ENTRIES_MAX];
};

/* In a file nothing may be attached yet. */
enum solo5_origin { SOLO5_IN_FILE, SOLO5_AT_BOOT };

enum solo5_problem {
    SOLO5_GOOD,
    SOLO5_BREAKS_OFF,
    SOLO5_NAME_WITHOUT_END,
    SOLO5_BAD_NAME,
    SOLO5_ATTACHED,
    SOLO5_OTHER_VERSION,
    SOLO5_BAD_NUMBER,
    SOLO5_BAD_LENGTH,
    SOLO5_TWICE,
    SOLO5_NOT_RESERVED,
};
/* Parses the content of an MFT1 note. */
MUST_USE enum solo5_problem solo5_manifest_read(struct bytes content, enum solo5_origin origin,
                                                struct solo5_manifest *m);
/* The same, for those who tell people. NULL when it is good, otherwise what is wrong with it, in words. */
MUST_USE const char *solo5_manifest_parse(struct bytes content, enum solo5_origin origin, struct solo5_manifest *m);
/* Writes SOLO5_MANIFEST_BYTES(m->n) bytes: the content alone, as boot info points to it. */
void solo5_manifest_emit(struct writer *w, const struct solo5_manifest *m);

/* Whole notes, for an image's .note.solo5.manifest (aligned to 8) and .note.solo5.abi (aligned to 4). */
void solo5_manifest_note_emit(struct writer *w, const struct solo5_manifest *m);
void solo5_abi_note_emit(struct writer *w, uint32_t target, uint32_t version);

/* Looks at the first note of a PT_NOTE segment. ERR_NOT_FOUND: not Solo5's, or of another type.
 * ERR_MALFORMED: it breaks off. `content` borrows from `segment`. */
MUST_USE enum err solo5_note_parse(struct bytes segment, uint32_t type, struct bytes *content);

struct solo5_abi {
    uint32_t target;
    uint32_t version;
};
MUST_USE enum err solo5_abi_parse(struct bytes content, struct solo5_abi *abi);

/* The entry of that name and type, or NULL. */
struct solo5_entry *solo5_find(struct solo5_manifest *m, struct bytes name, uint32_t type);
/* The image can do without this device, as `ours` says: its entry of type SOLO5_JINN, or NULL. No stock tender looks there: each
 * device has to be attached to start the image. Only block devices; a bit of another entry means nothing. */
bool solo5_optional(const struct solo5_manifest *m, const struct solo5_entry *ours, size_t index);
/* True for 1 to 67 letters and digits. */
bool solo5_name_good(struct bytes name);

struct solo5_boot_info {
    uint64_t memory_bytes; /* also the address after the last byte */
    uint64_t image_end;
    uint64_t command_line; /* address of a C string */
    uint64_t manifest;     /* address of a manifest's content */
    int32_t epoll_fd;
    int32_t timer_fd;
};
void solo5_boot_info_emit(struct writer *w, const struct solo5_boot_info *b);
MUST_USE enum err solo5_boot_info_parse(struct bytes b, struct solo5_boot_info *info);

#endif
