/* SPDX-License-Identifier: ISC */
/* The readers of <jinn/bytes.h>: each step, from any state, stays inside the bytes; a reader that is bad stays so and gives
 * nothing.
 * Bound: 24 bytes; no bound on the number of steps, since each begins where another may have ended.
 * unwind: 2 */
#include "proof/proof.h"

int main(void)
{
    struct bytes b = any_bytes(24), part = {NULL, 0};
    struct reader r = any_reader(b), sub = {NULL, NULL, true};
    uint8_t out[8];
    size_t left = reader_left(&r), len = nondet_size();
    bool bad = r.bad;
    switch (nondet_u8()) {
    case 0:
        (void)read_u8(&r);
        break;
    case 1:
        (void)read_be16(&r);
        break;
    case 2:
        (void)read_be32(&r);
        break;
    case 3:
        (void)read_be64(&r);
        break;
    case 4:
        (void)read_le16(&r);
        break;
    case 5:
        (void)read_le32(&r);
        break;
    case 6:
        (void)read_le64(&r);
        break;
    case 7:
        read_copy(&r, out, sizeof out);
        break;
    case 8:
        read_skip(&r, len);
        break;
    case 9:
        part = read_bytes(&r, len);
        break;
    case 10:
        part = read_rest(&r);
        break;
    default:
        sub = read_sub(&r, len);
        break;
    }
    prove(is_reader_of(&r, b));
    prove(!bad || (r.bad && part.len == 0 && sub.bad));
    prove(is_inside(part, b));
    prove(sub.bad || (is_inside(bytes_of(sub.at, reader_left(&sub)), b) && sub.end <= r.at));
    prove(reader_left(&r) <= left);
    reached(!sub.bad && reader_left(&sub) == 24);
    reached(r.bad && !bad);
    return 0;
}
