/* SPDX-License-Identifier: ISC */
/* Strings, lists of strings and files for the command. One run of the command is short: what is allocated here lives until
 * it ends, and a machine out of memory ends it with one line. */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <jinn/attr.h>
#include <jinn/bytes.h>

#include <stdint.h>
#include <sys/types.h>

void *allocate(size_t len); /* zeroed */
void *reallocate(void *p, size_t len);
char *format_text(const char *format, ...) PRINTF_LIKE(1, 2);

/* A string that grows. */
struct text {
    char *s; /* NUL-terminated once something was added */
    size_t len, room;
};
void text_add(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
void text_add_bytes(struct text *t, const void *data, size_t len);

/* A NULL-terminated list of strings that grows. It keeps the pointers it is given. */
struct words {
    char **v;
    size_t n, room;
};
void words_add(struct words *w, const char *word);
void words_format(struct words *w, const char *format, ...) PRINTF_LIKE(2, 3);
void words_append(struct words *w, const struct words *more);
void words_sort(struct words *w); /* bytewise */

/* ---- Paths and files ---- */

/* "folder/name"; just `name` when the folder is "." or `name` is absolute. */
char *path_join(const char *folder, const char *name);
const char *path_base(const char *path);
bool file_exists(const char *path);
bool folder_exists(const char *path);
/* The whole content; false with errno. At most FILE_BYTES_MAX. */
bool file_read(const char *path, struct bytes *content);
#define FILE_BYTES_MAX (UINT64_C(1) << 30) /* an image lives in memory: one file of a gigabyte is a mistake */
/* Makes the folder and those above it. Fails with STATUS_NO_OUTPUT. */
void make_folders(const char *path);
/* Writes by a new file and a rename, so that no reader sees half of it; the folders above are made. Leaves a file with the same
 * content and its time alone. Says whether it wrote. Fails with STATUS_NO_OUTPUT. */
bool file_write(const char *path, const void *data, size_t len);
/* Modification time in ns, 0 when there is no such file. */
uint64_t file_time(const char *path);
uint64_t file_size(const char *path);
/* Removes a folder with everything in it; follows no links. */
void remove_tree(const char *path);

/* Lower-case hex of the SHA-256. */
#define SHA_TEXT_BYTES 65
void sha256_text(struct bytes b, char out[static SHA_TEXT_BYTES]);

#endif
