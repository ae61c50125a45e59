/* SPDX-License-Identifier: ISC */
/* Losses that were none: F-RTO (RFC 5682), Eifel (RFC 3522, RFC 4015) and D-SACK take the reduction back. */
#include "net/tcp_internal.h"
#include "test/support/tcp_script.h"

/* The same with timestamps, and with both. */
#define ACCEPTED_FAR_TS                           \
    "mtu 1512\n"                                  \
    "listen 80 4\n"                               \
    "< S seq 0 win 65535 <mss 1472, ts 1000 0>\n" \
    "> S. seq 0 ack 1 <ts 100 1000>\n"            \
    "+50ms\n"                                     \
    "< . seq 1 ack 1 win 65535 <ts 1050 100>\n"   \
    "accept\n"

#define ACCEPTED_FAR_BOTH                                 \
    "mtu 1512\n"                                          \
    "listen 80 4\n"                                       \
    "< S seq 0 win 65535 <mss 1472, sackok, ts 1000 0>\n" \
    "> S. seq 0 ack 1 <sackok, ts 100 1000>\n"            \
    "+50ms\n"                                             \
    "< . seq 1 ack 1 win 65535 <ts 1050 100>\n"           \
    "accept\n"

/* Ten segments under way, and more to send. */
#define TEN         \
    "write 43800\n" \
    "> . seq 1 ack 1 len 1460 times 10\n"

/* ---- F-RTO ---- */

/* RFC 5682 2.1: everything was only late. */
static void a_late_window_is_not_sent_again(void **state)
{
    script(ACCEPTED_FAR TEN "+202ms\n"
                            "> . seq 1 ack 1 len 1460\n"
                            "count timeouts 1\n"
                            "# it moves on: two new ones instead of the next two\n"
                            "< . seq 1 ack 1461\n"
                            "> . seq 14601 ack 1 len 1460\n"
                            "> . seq 16061 ack 1 len 1460\n"
                            "# again, by what was sent once: the timeout was needless, the window is what it was\n"
                            "< . seq 1 ack 2921\n"
                            "> . seq 17521 ack 1 len 1460\n"
                            "count undone_timeouts 1\n"
                            "< . seq 1 ack 4381\n"
                            "> . seq 18981 ack 1 len 1460\n"
                            "> . seq 20441 ack 1 len 1460\n"
                            "count retransmitted 1\n"
                            "count timeouts 1\n");
}

/* 2.1 step 3a: a duplicate after the first one; three segments, as slow start would have by now. */
static void a_duplicate_after_two_new_segments_was_a_loss(void **state)
{
    script(ACCEPTED_FAR TEN "+202ms\n"
                            "> . seq 1 ack 1 len 1460\n"
                            "< . seq 1 ack 1461\n"
                            "> . seq 14601 ack 1 len 1460\n"
                            "> . seq 16061 ack 1 len 1460\n"
                            "< . seq 1 ack 1461\n"
                            "> . seq 1461 ack 1 len 1460\n"
                            "> . seq 2921 ack 1 len 1460\n"
                            "> . seq 4381 ack 1 len 1460\n"
                            "count undone_timeouts 0\n");
}

/* 2.1 step 2a. */
static void a_duplicate_at_first_was_a_loss(void **state)
{
    script(ACCEPTED_FAR TEN "+202ms\n"
                            "> . seq 1 ack 1 len 1460\n"
                            "< . seq 1 ack 1\n"
                            "> . seq 1461 ack 1 len 1460\n"
                            "< . seq 1 ack 1461\n"
                            "> . seq 2921 ack 1 len 1460\n"
                            "count undone_timeouts 0\n");
}

/* 2.1 step 2a: not all of what was sent again. */
static void a_part_of_what_was_sent_again_tells_nothing(void **state)
{
    script(ACCEPTED_FAR TEN "+202ms\n"
                            "> . seq 1 ack 1 len 1460\n"
                            "< . seq 1 ack 701\n"
                            "> . seq 1461 ack 1 len 1400\n"
                            "count undone_timeouts 0\n");
}

/* 2.1 step 2b: without new data there is nothing to tell it by. */
static void without_new_data_it_goes_the_usual_way(void **state)
{
    script(ACCEPTED_FAR "write 4380\n"
                        "> . seq 1 ack 1 len 1460\n"
                        "> . seq 1461 ack 1 len 1460\n"
                        "> P. seq 2921 ack 1 len 1460\n"
                        "+202ms\n"
                        "> . seq 1 ack 1 len 1460\n"
                        "< . seq 1 ack 1461\n"
                        "> . seq 1461 ack 1 len 1460\n"
                        "> P. seq 2921 ack 1 len 1460\n"
                        "count undone_timeouts 0\n");
}

/* 2.1 step 1: a second timeout in a row is believed. */
static void a_second_timeout_is_believed(void **state)
{
    script(ACCEPTED_FAR TEN "+202ms\n"
                            "> . seq 1 ack 1 len 1460\n"
                            "+402ms\n"
                            "# smaller, in case that it is the size (RFC 4821 7.7)\n"
                            "> . seq 1 ack 1 len 1024\n"
                            "count timeouts 2\n"
                            "< . seq 1 ack 1025\n"
                            "> . seq 1025 ack 1 len 1024\n"
                            "> . seq 2049 ack 1 len 1024\n"
                            "count undone_timeouts 0\n");
}

/* 3.1: the tail was probed before (RFC 8985 7), which is no timeout. */
static void a_late_window_is_not_sent_again_with_sack(void **state)
{
    script(ACCEPTED_FAR_SACK TEN "+102ms\n"
                                 "> . seq 14601 ack 1 len 1460\n"
                                 "count tail_probes 1\n"
                                 "+202ms\n"
                                 "> . seq 1 ack 1 len 1460\n"
                                 "count timeouts 1\n"
                                 "< . seq 1 ack 1461\n"
                                 "> . seq 16061 ack 1 len 1460\n"
                                 "> . seq 17521 ack 1 len 1460\n"
                                 "< . seq 1 ack 2921\n"
                                 "count undone_timeouts 1\n"
                                 "< . seq 1 ack 5841\n"
                                 "> . seq 18981 ack 1 len 1460 times 4\n"
                                 "count retransmitted 1\n");
}

/* 3.1 step 3b: a report of what was sent once, below what was under way at the timeout. */
static void a_report_of_old_data_shows_that_it_was_late(void **state)
{
    script(ACCEPTED_FAR_SACK TEN "+102ms\n"
                                 "> . seq 14601 ack 1 len 1460\n"
                                 "+202ms\n"
                                 "> . seq 1 ack 1 len 1460\n"
                                 "< . seq 1 ack 1461\n"
                                 "> . seq 16061 ack 1 len 1460\n"
                                 "> . seq 17521 ack 1 len 1460\n"
                                 "< . seq 1 ack 1461 <sack 2921 4381>\n"
                                 "count undone_timeouts 1\n"
                                 "count retransmitted 1\n");
}

/* 3.1 step 3a: only what was sent after the timeout. */
static void a_report_of_new_data_alone_was_a_loss(void **state)
{
    script(ACCEPTED_FAR_SACK TEN "+102ms\n"
                                 "> . seq 14601 ack 1 len 1460\n"
                                 "+202ms\n"
                                 "> . seq 1 ack 1 len 1460\n"
                                 "< . seq 1 ack 1461\n"
                                 "> . seq 16061 ack 1 len 1460\n"
                                 "> . seq 17521 ack 1 len 1460\n"
                                 "< . seq 1 ack 1461 <sack 16061 17521>\n"
                                 "> . seq 1461 ack 1 len 1460\n"
                                 "> . seq 2921 ack 1 len 1460\n"
                                 "count undone_timeouts 0\n");
}

/* ---- Eifel ---- */

/* RFC 3522: the echo is of the first sending. Nothing is sent again; RFC 4015: an initial window more than what is under
 * way, since all of it may be acknowledged at once. */
static void an_old_echo_undoes_a_timeout_at_once(void **state)
{
    script(ACCEPTED_FAR_TS TEN "+202ms\n"
                               "> . seq 1 ack 1 len 1460\n"
                               "< . seq 1 ack 1461 <ts 1250 150>\n"
                               "> . seq 14601 ack 1 len 1460\n"
                               "> . seq 16061 ack 1 len 1460\n"
                               "count undone_timeouts 1\n"
                               "count retransmitted 1\n");
}

static void a_new_echo_is_of_what_was_sent_again(void **state)
{
    script(ACCEPTED_FAR_TS TEN "+202ms\n"
                               "> . seq 1 ack 1 len 1460\n"
                               "+50ms\n"
                               "< . seq 1 ack 1461 <ts 1300 350>\n"
                               "> . seq 14601 ack 1 len 1460\n"
                               "> . seq 16061 ack 1 len 1460\n"
                               "count undone_timeouts 0\n"
                               "< . seq 1 ack 1461 <ts 1350 400>\n"
                               "> . seq 1461 ack 1 len 1460\n"
                               "> . seq 2921 ack 1 len 1460\n"
                               "> . seq 4381 ack 1 len 1460\n");
}

/* The path was dead for longer than one timeout: the time that counts is that of the first. */
static void an_old_echo_undoes_two_timeouts(void **state)
{
    script(ACCEPTED_FAR_TS TEN "+202ms\n"
                               "> . seq 1 ack 1 len 1460\n"
                               "+402ms\n"
                               "> . seq 1 ack 1 len 1024\n"
                               "< . seq 1 ack 1461 <ts 1700 150>\n"
                               "> . seq 14601 ack 1 len 1460\n"
                               "> . seq 16061 ack 1 len 1460\n"
                               "count undone_timeouts 1\n"
                               "count retransmitted 2\n");
}

/* The echo of the first of two retransmissions: it was needed. */
static void an_echo_of_the_first_retransmission_undoes_nothing(void **state)
{
    script(ACCEPTED_FAR_TS TEN "+202ms\n"
                               "> . seq 1 ack 1 len 1460 <ts 350 1050>\n"
                               "+402ms\n"
                               "> . seq 1 ack 1 len 1024\n"
                               "< . seq 1 ack 1461 <ts 1700 350>\n"
                               "> . seq 1461 ack 1 len 1024\n"
                               "> . seq 2485 ack 1 len 1024\n"
                               "> . seq 3509 ack 1 len 436\n"
                               "count undone_timeouts 0\n");
}

/* Three duplicates by reordering, on a connection without SACK. */
static void an_old_echo_undoes_a_fast_retransmit(void **state)
{
    script(ACCEPTED_FAR_TS TEN "+50ms\n"
                               "< . seq 1 ack 1 <ts 1150 100>\n"
                               "> . seq 14601 ack 1 len 1460\n"
                               "< . seq 1 ack 1 <ts 1150 100>\n"
                               "> . seq 16061 ack 1 len 1460\n"
                               "< . seq 1 ack 1 <ts 1150 100>\n"
                               "> . seq 1 ack 1 len 1460\n"
                               "count fast_retransmits 1\n"
                               "+5ms\n"
                               "< . seq 1 ack 5841 <ts 1155 150>\n"
                               "> . seq 17521 ack 1 len 1460 times 4\n"
                               "count undone_recoveries 1\n"
                               "count retransmitted 1\n");
}

/* ---- D-SACK ---- */

#define LATE_REPORT                      \
    "< . seq 1 ack 1 <sack 1461 5841>\n" \
    "> . seq 1 ack 1 len 1460\n"         \
    "count fast_retransmits 1\n"         \
    "# it came late; all others, too\n"  \
    "+5ms\n"                             \
    "< . seq 1 ack 14601\n"              \
    "> . seq 14601 ack 1 len 1460 times 7\n"

/* Seven segments of ten after a loss; ten again once the retransmission has arrived twice. */
static void what_arrived_twice_was_no_loss(void **state)
{
    script(ACCEPTED_FAR_SACK TEN "+50ms\n" LATE_REPORT "count undone_recoveries 0\n"
                                 "+50ms\n"
                                 "< . seq 1 ack 14601 <sack 1 1461>\n"
                                 "> . seq 24821 ack 1 len 1460\n"
                                 "> . seq 26281 ack 1 len 1460\n"
                                 "> . seq 27741 ack 1 len 1460\n"
                                 "count undone_recoveries 1\n");
}

/* RFC 9438 4.9.2: all that CUBIC remembers is what it was. */
static void cubic_goes_on_where_it_was(void **state)
{
    struct script *x = script_new(1, 1 << 20);
    script_run(x, ACCEPTED_FAR_SACK TEN "+50ms\n");
    x->c->window.cubic = (struct tcp_cubic){30000, 40000, 20000, 1000050, 700, 0, 0, 0, 0, 0, true, false};
    x->c->window.ssthresh_bytes = 10000;
    struct tcp_window before = x->c->window;
    script_run(x, LATE_REPORT);
    assert_true(x->c->window.ssthresh_bytes != before.ssthresh_bytes);
    assert_memory_not_equal(&x->c->window.cubic, &before.cubic, sizeof before.cubic);
    script_run(x, "< . seq 1 ack 14601 <sack 1 1461>\n"
                  "> . seq 24821 ack 1 len 1460\n"
                  "> . seq 26281 ack 1 len 1460\n"
                  "> . seq 27741 ack 1 len 1460\n"
                  "count undone_recoveries 1\n");
    assert_memory_equal(&x->c->window.cubic, &before.cubic, sizeof before.cubic);
    assert_int_equal(x->c->window.cwnd_bytes, before.cwnd_bytes);
    assert_int_equal(x->c->window.ssthresh_bytes, before.ssthresh_bytes);
    script_free(x);
}

/* Two were sent again and one of them was lost. */
static void one_loss_of_two_is_a_loss(void **state)
{
    script(ACCEPTED_FAR_SACK TEN "+50ms\n"
                                 "< . seq 1 ack 1 <sack 2921 7301>\n"
                                 "> . seq 1 ack 1 len 1460\n"
                                 "> . seq 1461 ack 1 len 1460\n"
                                 "+50ms\n"
                                 "< . seq 1 ack 14601\n"
                                 "> . seq 14601 ack 1 len 1460 times 7\n"
                                 "< . seq 1 ack 14601 <sack 1 1461>\n"
                                 "count sent_twice 1\n"
                                 "count undone_recoveries 0\n");
}

/* What the network doubled of the window before is none of this recovery's. */
static void what_arrived_twice_before_undoes_nothing(void **state)
{
    script(ACCEPTED_FAR_SACK "write 1460\n"
                             "> P. seq 1 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 1461\n"
                             "write 14600\n"
                             "> . seq 1461 ack 1 len 1460 times 9\n"
                             "> P. seq 14601 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 1461 <sack 2921 7301>\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "< . seq 1 ack 1461 <sack 1 1461, sack 2921 7301>\n"
                             "count sent_twice 1\n"
                             "count undone_recoveries 0\n");
}

/* Both: the echo says it before the peer reports it. */
static void an_old_echo_undoes_a_recovery_with_sack(void **state)
{
    script(ACCEPTED_FAR_BOTH TEN "+50ms\n"
                                 "< . seq 1 ack 1 <sack 1461 5841, ts 1150 100>\n"
                                 "> . seq 1 ack 1 len 1460\n"
                                 "+5ms\n"
                                 "< . seq 1 ack 5841 <ts 1155 150>\n"
                                 "> . seq 14601 ack 1 len 1460 times 6\n"
                                 "count undone_recoveries 1\n"
                                 "# told once is enough\n"
                                 "+50ms\n"
                                 "< . seq 1 ack 5841 <sack 1 1461, ts 1205 200>\n"
                                 "count undone_recoveries 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_window_is_not_sent_again),
        cmocka_unit_test(a_duplicate_after_two_new_segments_was_a_loss),
        cmocka_unit_test(a_duplicate_at_first_was_a_loss),
        cmocka_unit_test(a_part_of_what_was_sent_again_tells_nothing),
        cmocka_unit_test(without_new_data_it_goes_the_usual_way),
        cmocka_unit_test(a_second_timeout_is_believed),
        cmocka_unit_test(a_late_window_is_not_sent_again_with_sack),
        cmocka_unit_test(a_report_of_old_data_shows_that_it_was_late),
        cmocka_unit_test(a_report_of_new_data_alone_was_a_loss),
        cmocka_unit_test(an_old_echo_undoes_a_timeout_at_once),
        cmocka_unit_test(a_new_echo_is_of_what_was_sent_again),
        cmocka_unit_test(an_old_echo_undoes_two_timeouts),
        cmocka_unit_test(an_echo_of_the_first_retransmission_undoes_nothing),
        cmocka_unit_test(an_old_echo_undoes_a_fast_retransmit),
        cmocka_unit_test(what_arrived_twice_was_no_loss),
        cmocka_unit_test(cubic_goes_on_where_it_was),
        cmocka_unit_test(one_loss_of_two_is_a_loss),
        cmocka_unit_test(what_arrived_twice_before_undoes_nothing),
        cmocka_unit_test(an_old_echo_undoes_a_recovery_with_sack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
