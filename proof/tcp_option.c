/* SPDX-License-Identifier: ISC */
/* One TCP option of any kind: whatever the others before it left behind, it is read without a fault and no more blocks are
 * kept than there is room for.
 * Bound: the 38 bytes that an option of the longest header can have.
 * unwind: 6 */
#include "proof/proof.h"
#include "wire/tcp.c"

int main(void)
{
    struct bytes option = any_bytes(38);
    struct reader body = reader_of(option);
    struct tcp_segment s;
    assume(s.n_sack <= TCP_SACK_MAX && s.shift <= TCP_WINDOW_SHIFT_MAX);
    take_option(&s, nondet_u8(), &body);
    prove(is_reader_of(&body, option));
    prove(s.n_sack <= TCP_SACK_MAX);
    prove(s.shift <= TCP_WINDOW_SHIFT_MAX);
    reached(s.n_sack == TCP_SACK_MAX);
    return 0;
}
