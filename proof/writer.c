/* SPDX-License-Identifier: ISC */
/* The writers of <jinn/bytes.h>: each step, from any state, stays inside the buffer; one that does not fit writes nothing and
 * makes the writer bad.
 * Bound: 24 bytes; no bound on the number of steps, since each begins where another may have ended.
 * unwind: 2 */
#include "proof/proof.h"

int main(void)
{
    struct bytes b = any_bytes(24), data = any_bytes(8);
    struct writer w = writer_of((uint8_t *)(uintptr_t)b.data, b.len);
    size_t at = nondet_size();
    assume(at <= b.len);
    w.at += at;
    w.bad = nondet_bool();
    bool bad = w.bad;
    size_t before = writer_len(&w), len = nondet_size();
    uint64_t v = nondet_u64();
    switch (nondet_u8()) {
    case 0:
        write_u8(&w, (uint8_t)v);
        break;
    case 1:
        write_be16(&w, (uint16_t)v);
        break;
    case 2:
        write_be32(&w, (uint32_t)v);
        break;
    case 3:
        write_be64(&w, v);
        break;
    case 4:
        write_le16(&w, (uint16_t)v);
        break;
    case 5:
        write_le32(&w, (uint32_t)v);
        break;
    case 6:
        write_le64(&w, v);
        break;
    case 7:
        write_bytes(&w, data);
        break;
    case 8:
        write_zeros(&w, len);
        break;
    default:
        (void)write_room(&w, len);
        break;
    }
    prove(w.start == b.data && w.end == b.data + b.len && w.at >= w.start && w.at <= w.end);
    prove(!bad || (w.bad && writer_len(&w) == before));
    prove(writer_len(&w) + writer_left(&w) <= b.len);
    reached(!w.bad && writer_len(&w) == 24);
    reached(w.bad && !bad);
    return 0;
}
