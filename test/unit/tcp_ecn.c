/* SPDX-License-Identifier: ISC */
/* ECN (RFC 3168): routers mark instead of dropping. */
#include "test/support/tcp_script.h"

#define ACCEPTED_ECN                             \
    "listen 80 4\n"                              \
    "< SEW seq 0 win 65535 <mss 1460, sackok>\n" \
    "> SE. seq 0 ack 1 ecn 0\n"                  \
    "< . seq 1 ack 1 win 65535\n"                \
    "accept\n"

static void both_must_understand(void **state)
{
    script(ACCEPTED "write 100\n"
                    "> P. seq 1 ack 1 len 100 ecn 0\n");
    script(ACCEPTED_ECN "write 100\n"
                        "> P. seq 1 ack 1 len 100 ecn 2\n");
    script("connect\n"
           "> SEW seq 0 ecn 0\n"
           "< SE. seq 0 ack 1 <mss 1460>\n"
           "> . seq 1 ack 1 ecn 0\n"
           "write 100\n"
           "> P. seq 1 ack 1 len 100 ecn 2\n");
    script("connect\n"
           "> SEW seq 0\n"
           "< S. seq 0 ack 1 <mss 1460>\n"
           "> . seq 1 ack 1\n"
           "write 100\n"
           "> P. seq 1 ack 1 len 100 ecn 0\n");
    script("# a host that sends the flags back as they came does not understand them\n"
           "connect\n"
           "> SEW seq 0\n"
           "< SEW. seq 0 ack 1 <mss 1460>\n"
           "> . seq 1 ack 1\n"
           "write 100\n"
           "> P. seq 1 ack 1 len 100 ecn 0\n");
}

static void the_second_syn_does_not_ask(void **state)
{
    script("connect\n"
           "> SEW seq 0\n"
           "+1002ms\n"
           "> S seq 0\n"
           "< S. seq 0 ack 1 <mss 1460>\n"
           "> . seq 1 ack 1\n");
}

static void a_mark_is_told_until_the_sender_has_slowed_down(void **state)
{
    script(ACCEPTED_ECN "< . seq 1 ack 1 len 1460 ecn 3\n"
                        "< . seq 1461 ack 1 len 1460 ecn 2\n"
                        "> E. seq 1 ack 2921\n"
                        "< . seq 2921 ack 1 len 1460 ecn 2\n"
                        "< . seq 4381 ack 1 len 1460 ecn 2\n"
                        "> E. seq 1 ack 5841\n"
                        "< W. seq 5841 ack 1 len 1460 ecn 2\n"
                        "< . seq 7301 ack 1 len 1460 ecn 2\n"
                        "> . seq 1 ack 8761\n"
                        "count marked 1\n");
}

static void the_peers_echo_slows_down_once_a_round_trip(void **state)
{
    script(ACCEPTED_ECN "write 29200\n"
                        "> . seq 1 ack 1 len 1460 ecn 2\n"
                        "> . seq 1461 ack 1 len 1460 times 9\n"
                        "# 8 are under way: the window becomes 5.6\n"
                        "< E. seq 1 ack 2921\n"
                        "count slowed_by_marks 1\n"
                        "< E. seq 1 ack 5841\n"
                        "< E. seq 1 ack 8761\n"
                        "> W. seq 14601 ack 1 len 1460 ecn 2\n"
                        "count slowed_by_marks 1\n"
                        "< . seq 1 ack 14601\n"
                        "> . seq 16061 ack 1 len 1460 ecn 2\n"
                        "> . seq 17521 ack 1 len 1460\n"
                        "> . seq 18981 ack 1 len 1460\n"
                        "> . seq 20441 ack 1 len 1460\n"
                        "count retransmitted 0\n");
}

static void what_is_sent_again_is_not_to_be_marked(void **state)
{
    script(ACCEPTED_ECN "write 100\n"
                        "> P. seq 1 ack 1 len 100 ecn 2\n"
                        "+202ms\n"
                        "> P. seq 1 ack 1 len 100 ecn 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_must_understand),
        cmocka_unit_test(the_second_syn_does_not_ask),
        cmocka_unit_test(a_mark_is_told_until_the_sender_has_slowed_down),
        cmocka_unit_test(the_peers_echo_slows_down_once_a_round_trip),
        cmocka_unit_test(what_is_sent_again_is_not_to_be_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
