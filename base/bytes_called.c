/* SPDX-License-Identifier: ISC */
/* What <jinn/bytes.h> has in line, for those who rather call it. They are made for size, and so is this: a file of its own. */
#include <jinn/bytes.h>

extern inline struct bytes bytes_slice(struct bytes b, size_t from, size_t len);
extern inline size_t bytes_total(const struct bytes *v, size_t n);
extern inline bool bytes_equal(struct bytes a, struct bytes b);
extern inline size_t reader_left(const struct reader *r);
extern inline const uint8_t *read_take(struct reader *r, size_t len);
extern inline uint8_t read_u8(struct reader *r);
extern inline uint16_t read_be16(struct reader *r);
extern inline uint32_t read_be32(struct reader *r);
extern inline uint64_t read_be64(struct reader *r);
extern inline uint16_t read_le16(struct reader *r);
extern inline uint32_t read_le32(struct reader *r);
extern inline uint64_t read_le64(struct reader *r);
extern inline void read_copy(struct reader *r, void *out, size_t len);
extern inline void read_skip(struct reader *r, size_t len);
extern inline struct bytes read_bytes(struct reader *r, size_t len);
extern inline struct reader read_sub(struct reader *r, size_t len);
extern inline struct bytes read_rest(struct reader *r);
extern inline size_t writer_left(const struct writer *w);
extern inline uint8_t *write_room(struct writer *w, size_t len);
extern inline void write_u8(struct writer *w, uint8_t v);
extern inline void write_be16(struct writer *w, uint16_t v);
extern inline void write_be32(struct writer *w, uint32_t v);
extern inline void write_be64(struct writer *w, uint64_t v);
extern inline void write_le16(struct writer *w, uint16_t v);
extern inline void write_le32(struct writer *w, uint32_t v);
extern inline void write_le64(struct writer *w, uint64_t v);
extern inline void write_copy(struct writer *w, const void *data, size_t len);
extern inline void write_bytes(struct writer *w, struct bytes b);
extern inline void write_zeros(struct writer *w, size_t len);
