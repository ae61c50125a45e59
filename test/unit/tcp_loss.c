/* SPDX-License-Identifier: ISC */
/* Loss: timeouts, fast retransmit, and what the congestion window does. */
#include "test/support/tcp_script.h"

static void timeout_resends_with_backoff_and_gives_up(void **state)
{
    script(ACCEPTED "user-timeout 10000\n"
                    "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "+198ms\n"
                    "+4ms\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "+396ms\n"
                    "+6ms\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "+804ms\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "+1604ms\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "+3204ms\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "+6404ms\n"
                    "> R. seq 101 ack 1\n"
                    "read timeout\n"
                    "write 1 timeout\n"
                    "count timeouts 5\n"
                    "count timed_out 1\n"
                    "count pieces 0\n");
}

static void default_user_timeout_is_three_minutes(void **state)
{
    script(ACCEPTED "write 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "+102s\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "+60s\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "+10s\n"
                    "> P. seq 1 ack 1 len 1\n"
                    "read again\n"
                    "+60s\n"
                    "> R. seq 2 ack 1\n"
                    "read timeout\n");
}

/* Without timestamps the ACK of a segment that was sent twice says nothing: the timeout stays doubled (Karn). */
static void ack_ends_the_backoff_only_when_it_is_a_sample(void **state)
{
    script(ACCEPTED "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "+202ms\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "< . seq 1 ack 101\n"
                    "write 100\n"
                    "> P. seq 101 ack 1 len 100\n"
                    "+396ms\n"
                    "+6ms\n"
                    "> P. seq 101 ack 1 len 100\n"
                    "< . seq 1 ack 201\n"
                    "write 100\n"
                    "> P. seq 201 ack 1 len 100\n"
                    "+1ms\n"
                    "< . seq 1 ack 301\n"
                    "write 100\n"
                    "> P. seq 301 ack 1 len 100\n"
                    "+198ms\n"
                    "+6ms\n"
                    "> P. seq 301 ack 1 len 100\n");
}

static void timestamps_end_the_backoff(void **state)
{
    script(ACCEPTED_TS "write 100\n"
                       "> P. seq 1 ack 1 len 100\n"
                       "+202ms\n"
                       "> P. seq 1 ack 1 len 100 <ts 300 1000>\n"
                       "< . seq 1 ack 101 win 512 <ts 1200 300>\n"
                       "write 100\n"
                       "> P. seq 101 ack 1 len 100\n"
                       "+198ms\n"
                       "+6ms\n"
                       "> P. seq 101 ack 1 len 100\n");
}

static void timeout_follows_the_round_trip_time(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "+500ms\n"
           "< S. seq 0 ack 1 win 65535 <mss 1460, ts 9000 100>\n"
           "> . seq 1 ack 1\n"
           "write 100\n"
           "> P. seq 1 ack 1 len 100\n"
           "+1490ms\n"
           "+15ms\n"
           "> P. seq 1 ack 1 len 100\n");
}

static void echo_from_before_it_was_sent_again_is_no_sample(void **state)
{
    script(ACCEPTED_TS "write 100\n"
                       "> P. seq 1 ack 1 len 100\n"
                       "+1s\n"
                       "> P. seq 1 ack 1 len 100\n"
                       "> P. seq 1 ack 1 len 100\n"
                       "< . seq 1 ack 101 <ts 2000 100>\n"
                       "# an echo from before it was sent again says nothing: still the doubled timeout\n"
                       "write 100\n"
                       "> P. seq 101 ack 1 len 100 <ts 1100 2000>\n"
                       "+798ms\n"
                       "+6ms\n"
                       "> P. seq 101 ack 1 len 100\n"
                       "< . seq 1 ack 101 <ts 2100 1100>\n"
                       "< . seq 1 ack 201 <ts 2804 1900>\n");
}

static void timeout_goes_back_and_starts_slowly(void **state)
{
    script(ACCEPTED "write 7300\n"
                    "> . seq 1 ack 1 len 1460 times 4\n"
                    "> P. seq 5841 ack 1 len 1460\n"
                    "+202ms\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "< . seq 1 ack 1461\n"
                    "> . seq 1461 ack 1 len 1460\n"
                    "> . seq 2921 ack 1 len 1460\n"
                    "< . seq 1 ack 7301\n"
                    "write 1460\n"
                    "> P. seq 7301 ack 1 len 1460\n"
                    "count retransmitted 3\n");
}

static void ack_of_all_after_a_timeout_skips_what_was_not_lost(void **state)
{
    script(ACCEPTED "write 2920\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "> P. seq 1461 ack 1 len 1460\n"
                    "+202ms\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "< . seq 1 ack 2921\n"
                    "unsent 0\n"
                    "+5s\n"
                    "write 10\n"
                    "> P. seq 2921 ack 1 len 10\n");
}

static void fast_retransmit_after_three_duplicates(void **state)
{
    script(ACCEPTED "write 14600\n"
                    "> . seq 1 ack 1 len 1460 times 9\n"
                    "> P. seq 13141 ack 1 len 1460\n"
                    "write 14600\n"
                    "< . seq 1 ack 1461\n"
                    "> . seq 14601 ack 1 len 1460\n"
                    "> . seq 16061 ack 1 len 1460\n"
                    "# limited transmit\n"
                    "< . seq 1 ack 1461\n"
                    "> . seq 17521 ack 1 len 1460\n"
                    "< . seq 1 ack 1461\n"
                    "> . seq 18981 ack 1 len 1460\n"
                    "< . seq 1 ack 1461\n"
                    "> . seq 1461 ack 1 len 1460\n"
                    "count fast_retransmits 1\n"
                    "# the window had allowed 11 segments of the 13: ssthresh 7.7, cwnd 10.7; each duplicate inflates\n"
                    "< . seq 1 ack 1461\n"
                    "< . seq 1 ack 1461\n"
                    "< . seq 1 ack 1461\n"
                    "< . seq 1 ack 1461\n"
                    "> . seq 20441 ack 1 len 1460\n"
                    "< . seq 1 ack 1461\n"
                    "> . seq 21901 ack 1 len 1460\n"
                    "# all of it: back to ssthresh or what is under way and one more\n"
                    "< . seq 1 ack 21901\n"
                    "> . seq 23361 ack 1 len 1460\n"
                    "count partial_acks 0\n");
}

static void two_losses_in_a_window_are_repaired_by_partial_acks(void **state)
{
    script(ACCEPTED "write 11680\n"
                    "> . seq 1 ack 1 len 1460 times 7\n"
                    "> P. seq 10221 ack 1 len 1460\n"
                    "< . seq 1 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "< . seq 1 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "< . seq 1 ack 4381\n"
                    "> . seq 4381 ack 1 len 1460\n"
                    "< . seq 1 ack 11681\n"
                    "count partial_acks 1\n"
                    "count fast_retransmits 1\n"
                    "count timeouts 0\n"
                    "unsent 0\n");
}

static void duplicates_of_one_loss_cause_one_fast_retransmit(void **state)
{
    script(ACCEPTED "write 8760\n"
                    "> . seq 1 ack 1 len 1460 times 5\n"
                    "> P. seq 7301 ack 1 len 1460\n"
                    "< . seq 1 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "< . seq 1 ack 8761\n"
                    "write 7300\n"
                    "> . seq 8761 ack 1 len 1460\n"
                    "> . seq 10221 ack 1 len 1460\n"
                    "< . seq 1 ack 8761\n"
                    "> . seq 11681 ack 1 len 1460\n"
                    "< . seq 1 ack 8761\n"
                    "> . seq 13141 ack 1 len 1460\n"
                    "< . seq 1 ack 8761\n"
                    "count fast_retransmits 1\n");
}

static void acks_with_data_or_another_window_are_no_duplicates(void **state)
{
    script(ACCEPTED "write 4380\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "> . seq 1461 ack 1 len 1460\n"
                    "> P. seq 2921 ack 1 len 1460\n"
                    "< . seq 1 ack 1 win 60000\n"
                    "< . seq 1 ack 1 win 60001\n"
                    "< . seq 1 ack 1 win 60002\n"
                    "< . seq 1 ack 1 win 60002 len 10\n"
                    "< . seq 11 ack 1 win 60002 len 10\n"
                    "> . seq 4381 ack 21\n"
                    "< . seq 21 ack 1 win 60002\n"
                    "count duplicate_acks 1\n"
                    "count fast_retransmits 0\n");
}

static void slow_start_doubles_and_grows_only_when_it_is_the_limit(void **state)
{
    script(ACCEPTED "write 1460\n"
                    "> P. seq 1 ack 1 len 1460\n"
                    "< . seq 1 ack 1461\n"
                    "write 100000\n"
                    "> . seq 1461 ack 1 len 1460 times 10\n"
                    "< . seq 1 ack 4381\n"
                    "> . seq 16061 ack 1 len 1460 times 4\n");
}

static void congestion_avoidance_after_a_timeout(void **state)
{
    script(ACCEPTED "write 100000\n"
                    "> . seq 1 ack 1 len 1460 times 10\n"
                    "+202ms\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "< . seq 1 ack 14601\n"
                    "> . seq 14601 ack 1 len 1460\n"
                    "> . seq 16061 ack 1 len 1460\n"
                    "> . seq 17521 ack 1 len 1460\n");
}

static void fin_is_sent_again(void **state)
{
    script(ACCEPTED "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "close\n"
                    "> F. seq 101 ack 1\n"
                    "+202ms\n"
                    "> FP. seq 1 ack 1 len 100\n"
                    "< . seq 1 ack 101\n"
                    "+404ms\n"
                    "> F. seq 101 ack 1\n"
                    "< . seq 1 ack 102\n"
                    "count connections 1\n"
                    "+61s\n"
                    "count connections 0\n"
                    "count lingered 1\n");
}

static void fast_retransmit_carries_the_fin_when_it_was_sent_with_it(void **state)
{
    script(ACCEPTED "queue 4380\n"
                    "close\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "> . seq 1461 ack 1 len 1460\n"
                    "> FP. seq 2921 ack 1 len 1460\n"
                    "< . seq 1 ack 2921\n"
                    "< . seq 1 ack 2921\n"
                    "< . seq 1 ack 2921\n"
                    "< . seq 1 ack 2921\n"
                    "> FP. seq 2921 ack 1 len 1460\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeout_resends_with_backoff_and_gives_up),
        cmocka_unit_test(default_user_timeout_is_three_minutes),
        cmocka_unit_test(ack_ends_the_backoff_only_when_it_is_a_sample),
        cmocka_unit_test(timestamps_end_the_backoff),
        cmocka_unit_test(timeout_follows_the_round_trip_time),
        cmocka_unit_test(echo_from_before_it_was_sent_again_is_no_sample),
        cmocka_unit_test(timeout_goes_back_and_starts_slowly),
        cmocka_unit_test(ack_of_all_after_a_timeout_skips_what_was_not_lost),
        cmocka_unit_test(fast_retransmit_after_three_duplicates),
        cmocka_unit_test(two_losses_in_a_window_are_repaired_by_partial_acks),
        cmocka_unit_test(duplicates_of_one_loss_cause_one_fast_retransmit),
        cmocka_unit_test(acks_with_data_or_another_window_are_no_duplicates),
        cmocka_unit_test(slow_start_doubles_and_grows_only_when_it_is_the_limit),
        cmocka_unit_test(congestion_avoidance_after_a_timeout),
        cmocka_unit_test(fin_is_sent_again),
        cmocka_unit_test(fast_retransmit_carries_the_fin_when_it_was_sent_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
