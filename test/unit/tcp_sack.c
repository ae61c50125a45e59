/* SPDX-License-Identifier: ISC */
/* SACK: how it is agreed on, and what we report (RFC 2018, RFC 2883). */
#include "test/support/tcp_script.h"

static void both_must_permit(void **state)
{
    script("connect\n"
           "> SEW seq 0 <mss 1460, ws 3, sackok, ts 100 0>\n"
           "< S. seq 0 ack 1 <mss 1460>\n"
           "> . seq 1 ack 1\n"
           "< . seq 101 ack 1 len 100\n"
           "> . seq 1 ack 1 <nosack>\n");
    script("connect\n"
           "> SEW seq 0 <sackok>\n"
           "< S. seq 0 ack 1 <mss 1460, sackok>\n"
           "> . seq 1 ack 1\n"
           "< . seq 101 ack 1 len 100\n"
           "> . seq 1 ack 1 <sack 101 201>\n");
    script(ACCEPTED "< . seq 101 ack 1 len 100\n"
                    "> . seq 1 ack 1 <nosack>\n");
    script(ACCEPTED_SACK "< . seq 101 ack 1 len 100\n"
                         "> . seq 1 ack 1 <sack 101 201>\n"
                         "< . seq 1 ack 1 len 100\n"
                         "> . seq 1 ack 201 <nosack>\n"
                         "read 200\n");
}

static void the_block_that_arrived_last_comes_first(void **state)
{
    script(ACCEPTED_SACK "< . seq 101 ack 1 len 100\n"
                         "> . seq 1 ack 1 <sack 101 201>\n"
                         "< . seq 301 ack 1 len 100\n"
                         "> . seq 1 ack 1 <sack 301 401, sack 101 201>\n"
                         "< . seq 501 ack 1 len 100\n"
                         "> . seq 1 ack 1 <sack 501 601, sack 301 401, sack 101 201>\n"
                         "# one that grows is that which arrived last\n"
                         "< . seq 201 ack 1 len 50\n"
                         "> . seq 1 ack 1 <sack 101 251, sack 501 601, sack 301 401>\n"
                         "# a closed gap makes one of two\n"
                         "< . seq 401 ack 1 len 100\n"
                         "> . seq 1 ack 1 <sack 301 601, sack 101 251>\n"
                         "# what has become in order is in no block\n"
                         "< . seq 1 ack 1 len 100\n"
                         "> . seq 1 ack 251 <sack 301 601>\n"
                         "< . seq 251 ack 1 len 50\n"
                         "> . seq 1 ack 601 <nosack>\n"
                         "read 600\n");
}

static void four_blocks_without_timestamps_and_three_with(void **state)
{
    script(ACCEPTED_SACK "< . seq 101 ack 1 len 10\n"
                         "> . seq 1 ack 1 <sack 101 111>\n"
                         "< . seq 201 ack 1 len 10\n"
                         "> . seq 1 ack 1 <sack 201 211, sack 101 111>\n"
                         "< . seq 301 ack 1 len 10\n"
                         "> . seq 1 ack 1 <sack 301 311, sack 201 211, sack 101 111>\n"
                         "< . seq 401 ack 1 len 10\n"
                         "> . seq 1 ack 1 <sack 401 411, sack 301 311, sack 201 211, sack 101 111>\n"
                         "< . seq 501 ack 1 len 10\n"
                         "> . seq 1 ack 1 <sack 501 511, sack 401 411, sack 301 311, sack 101 111>\n");
    script("listen 80 4\n"
           "< S seq 0 <mss 1460, sackok, ts 1000 0>\n"
           "> S. seq 0 ack 1 <sackok, ts 100 1000>\n"
           "< . seq 1 ack 1 <ts 1000 100>\n"
           "< . seq 101 ack 1 len 10 <ts 1001 100>\n"
           "> . seq 1 ack 1 <sack 101 111, ts 100 1000>\n"
           "< . seq 201 ack 1 len 10 <ts 1001 100>\n"
           "> . seq 1 ack 1 <sack 201 211, sack 101 111>\n"
           "< . seq 301 ack 1 len 10 <ts 1001 100>\n"
           "> . seq 1 ack 1 <sack 301 311, sack 201 211, sack 101 111>\n"
           "< . seq 401 ack 1 len 10 <ts 1001 100>\n"
           "> . seq 1 ack 1 <sack 401 411, sack 301 311, sack 201 211>\n");
}

static void what_arrives_twice_is_reported_once(void **state)
{
    script(ACCEPTED_SACK "< P. seq 1 ack 1 len 100\n"
                         "+42ms\n"
                         "> . seq 1 ack 101 <nosack>\n"
                         "< P. seq 1 ack 1 len 100\n"
                         "> . seq 1 ack 101 <sack 1 101>\n"
                         "# out of order, twice: and the block that holds it (RFC 2883 4.1)\n"
                         "< . seq 201 ack 1 len 200\n"
                         "> . seq 1 ack 101 <sack 201 401>\n"
                         "< . seq 251 ack 1 len 50\n"
                         "> . seq 1 ack 101 <sack 251 301, sack 201 401>\n"
                         "< . seq 501 ack 1 len 100\n"
                         "> . seq 1 ack 101 <sack 501 601, sack 201 401>\n"
                         "# a part of it old, a part new\n"
                         "< . seq 51 ack 1 len 100\n"
                         "> . seq 1 ack 151 <sack 51 101, sack 501 601, sack 201 401>\n"
                         "count received_twice 3\n");
}

static void blocks_ride_on_data_when_there_is_room(void **state)
{
    script(ACCEPTED_SACK "< . seq 101 ack 1 len 100\n"
                         "> . seq 1 ack 1 <sack 101 201>\n"
                         "write 100\n"
                         "> P. seq 1 ack 1 len 100 <sack 101 201>\n"
                         "write 1460\n"
                         "> P. seq 101 ack 1 len 1460 <nosack>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_must_permit),
        cmocka_unit_test(the_block_that_arrived_last_comes_first),
        cmocka_unit_test(four_blocks_without_timestamps_and_three_with),
        cmocka_unit_test(what_arrives_twice_is_reported_once),
        cmocka_unit_test(blocks_ride_on_data_when_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
