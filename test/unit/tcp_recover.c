/* SPDX-License-Identifier: ISC */
/* Recovery with SACK: what is lost by RACK (RFC 8985), sent again as RFC 6675 and RFC 6937 say; probes of the tail. */
#include "test/support/tcp_script.h"

/* Ten segments are under way and ten more wait; 50 ms later acknowledgements come. */
#define TEN_SENT                          \
    "write 29200\n"                       \
    "> . seq 1 ack 1 len 1460 times 10\n" \
    "+50ms\n"

static void three_reported_segments_start_recovery(void **state)
{
    script(ACCEPTED_FAR_SACK TEN_SENT
           "# what is reported has left the network: limited transmit (RFC 3042)\n"
           "< . seq 1 ack 1 <sack 1461 2921>\n"
           "> . seq 14601 ack 1 len 1460\n"
           "< . seq 1 ack 1 <sack 4381 5841, sack 1461 2921>\n"
           "> . seq 16061 ack 1 len 1460\n"
           "count fast_retransmits 0\n"
           "# three: segments 1, 3 and 5 are lost. 10 were under way beside limited transmit's 2 (RFC 5681\n"
           "# 3.2), so ssthresh is 7\n"
           "< . seq 1 ack 1 <sack 7301 8761, sack 4381 5841, sack 1461 2921>\n"
           "> . seq 1 ack 1 len 1460\n"
           "count fast_retransmits 1\n"
           "# 7 on the network; from here on one for one (RFC 6937)\n"
           "< . seq 1 ack 1 <sack 7301 10221, sack 4381 5841, sack 1461 2921>\n"
           "> . seq 2921 ack 1 len 1460\n"
           "# all holes are filled in one round trip; new data goes on\n"
           "< . seq 1 ack 1 <sack 7301 11681, sack 4381 5841, sack 1461 2921>\n"
           "> . seq 5841 ack 1 len 1460\n"
           "< . seq 1 ack 1 <sack 7301 13141, sack 4381 5841, sack 1461 2921>\n"
           "> . seq 17521 ack 1 len 1460\n"
           "< . seq 1 ack 1 <sack 7301 14601, sack 4381 5841, sack 1461 2921>\n"
           "> . seq 18981 ack 1 len 1460\n"
           "+50ms\n"
           "< . seq 1 ack 2921 <sack 7301 14601, sack 4381 5841>\n"
           "> . seq 20441 ack 1 len 1460\n"
           "< . seq 1 ack 14601\n"
           "> . seq 21901 ack 1 len 1460\n"
           "> . seq 23361 ack 1 len 1460\n"
           "count retransmitted 3\n"
           "count timeouts 0\n");
}

/* A retransmission is lost, too: what is reported piles up behind the hole, and is no measure of what the network holds. */
static void each_loss_makes_the_window_smaller(void **state)
{
    script(ACCEPTED_FAR_SACK TEN_SENT "write 29200\n"
                                      "# the first is lost: of 10, 7 remain\n"
                                      "< . seq 1 ack 1 <sack 1461 14601>\n"
                                      "> . seq 1 ack 1 len 1460\n"
                                      "> . seq 14601 ack 1 len 1460 times 6\n"
                                      "+50ms\n"
                                      "# and lost again, with one of those that were sent for what was reported\n"
                                      "< . seq 1 ack 1 <sack 16061 23361, sack 1461 14601>\n"
                                      "> . seq 1 ack 1 len 1460\n"
                                      "> . seq 14601 ack 1 len 1460\n"
                                      "> . seq 23361 ack 1 len 1460 times 5\n"
                                      "+50ms\n"
                                      "# the second is lost again. 11 since, but 7 were allowed at once: 4.9 remain\n"
                                      "< . seq 1 ack 14601 <sack 16061 30661>\n"
                                      "> . seq 14601 ack 1 len 1460\n"
                                      "> . seq 30661 ack 1 len 1460\n"
                                      "> . seq 32121 ack 1 len 1460\n"
                                      "> . seq 33581 ack 1 len 1460\n"
                                      "+50ms\n"
                                      "count fast_retransmits 2\n");
}

/* RFC 8985 6.2: one report is no loss yet; a quarter of the round trip later it is. */
static void one_report_and_a_quarter_of_a_round_trip_is_a_loss(void **state)
{
    script(ACCEPTED_FAR_SACK "write 4380\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "> P. seq 2921 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 1 <sack 2921 4381>\n"
                             "+11ms\n"
                             "+4ms\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 1461 <sack 2921 4381>\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "< . seq 1 ack 4381\n"
                             "count fast_retransmits 1\n"
                             "count timeouts 0\n");
}

static void what_was_only_late_is_not_sent_again(void **state)
{
    script(ACCEPTED_FAR_SACK "write 4380\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "> P. seq 2921 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 1 <sack 2921 4381>\n"
                             "+10ms\n"
                             "< . seq 1 ack 4381\n"
                             "+10s\n"
                             "count retransmitted 0\n");
}

static void where_reordering_was_seen_three_reports_wait(void **state)
{
    script(ACCEPTED_FAR_SACK TEN_SENT "< . seq 1 ack 1 <sack 1461 2921>\n"
                                      "> . seq 14601 ack 1 len 1460\n"
                                      "< . seq 1 ack 2921\n"
                                      "> . seq 16061 ack 1 len 1460\n"
                                      "> . seq 17521 ack 1 len 1460\n"
                                      "> . seq 18981 ack 1 len 1460\n"
                                      "< . seq 1 ack 2921 <sack 4381 8761>\n"
                                      "> . seq 20441 ack 1 len 1460\n"
                                      "> . seq 21901 ack 1 len 1460\n"
                                      "> . seq 23361 ack 1 len 1460\n"
                                      "count fast_retransmits 0\n"
                                      "+14ms\n"
                                      "> . seq 2921 ack 1 len 1460\n"
                                      "count fast_retransmits 1\n");
}

/* RFC 8985 6.2: the shortest round trip is one of the last five minutes. The path of 50 ms has become one of 110: what
 * waits for a quarter of it waits for 27 ms. */
static void the_shortest_round_trip_is_forgotten_after_a_while(void **state)
{
    script(ACCEPTED_FAR_SACK "write 1460\n"
                             "> P. seq 1 ack 1 len 1460\n"
                             "+110ms\n"
                             "< . seq 1 ack 1461\n"
                             "+301s\n"
                             "write 1460\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "+110ms\n"
                             "< . seq 1 ack 2921\n"
                             "write 4380\n"
                             "> . seq 2921 ack 1 len 1460\n"
                             "> . seq 4381 ack 1 len 1460\n"
                             "> P. seq 5841 ack 1 len 1460\n"
                             "+110ms\n"
                             "< . seq 1 ack 2921 <sack 5841 7301>\n"
                             "+26ms\n"
                             "count fast_retransmits 0\n"
                             "+4ms\n"
                             "> . seq 2921 ack 1 len 1460\n"
                             "count fast_retransmits 1\n");
}

/* Not before: 12 ms are a quarter of the 50 from two minutes ago. */
static void the_shortest_round_trip_is_remembered_for_minutes(void **state)
{
    script(ACCEPTED_FAR_SACK "+120s\n"
                             "write 1460\n"
                             "> P. seq 1 ack 1 len 1460\n"
                             "+110ms\n"
                             "< . seq 1 ack 1461\n"
                             "write 4380\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "> . seq 2921 ack 1 len 1460\n"
                             "> P. seq 4381 ack 1 len 1460\n"
                             "+110ms\n"
                             "< . seq 1 ack 1461 <sack 4381 5841>\n"
                             "+11ms\n"
                             "count fast_retransmits 0\n"
                             "+4ms\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "count fast_retransmits 1\n");
}

/* Two segments, of which the first comes so late that the second is reported `early_ms` before it is sent again; the end
 * of them. The window is never larger than two. */
static unsigned late_segment(struct script *x, unsigned at, unsigned early_ms)
{
    char text[600];
    unsigned second = at + 1460, end = at + 2920;
    snprintf(text, sizeof text,
             "write 2920\n"
             "> . seq %u ack 1 len 1460\n"
             "> P. seq %u ack 1 len 1460\n"
             "+50ms\n"
             "< . seq 1 ack %u <sack %u %u>\n"
             "+%ums\n"
             "+4ms\n"
             "> . seq %u ack 1 len 1460\n"
             "+30ms\n"
             "< . seq 1 ack %u\n",
             at, second, at, second, end, early_ms, at, end);
    script_run(x, text);
    return end;
}

/* RFC 8985 6.2 step 4: a needless retransmission makes the reordering window a quarter of a round trip longer, and
 * 16 recoveries without one make it short again. */
static void needless_retransmissions_widen_the_window_for_16_recoveries(void **state)
{
    struct script *x = script_new(1, 1 << 20);
    char text[80];
    script_run(x, ACCEPTED_FAR_SACK);
    unsigned at = late_segment(x, 1, 11);
    snprintf(text, sizeof text, "< . seq 1 ack %u <sack %u %u>\n", at, at - 2920, at - 1460);
    script_run(x, text);
    script_run(x, "count sent_twice 1\n");
    for (int i = 0; i < 16; i++)
        at = late_segment(x, at, 23);
    at = late_segment(x, at, 11);
    script_run(x, "count fast_retransmits 18\n"
                  "count timeouts 0\n");
    script_free(x);
}

/* Twice in one round trip counts once; in the next, once more. */
static void the_window_widens_once_a_round_trip(void **state)
{
    struct script *x = script_new(1, 1 << 20);
    script_run(x, ACCEPTED_FAR_SACK);
    unsigned at = late_segment(x, 1, 11);
    script_run(x, "write 1460\n"
                  "> P. seq 2921 ack 1 len 1460\n"
                  "< . seq 1 ack 2921 <sack 1 701>\n"
                  "< . seq 1 ack 2921 <sack 701 1461>\n"
                  "count sent_twice 2\n"
                  "+50ms\n"
                  "< . seq 1 ack 4381\n");
    at = late_segment(x, at + 1460, 23);
    script_run(x, "< . seq 1 ack 7301 <sack 4381 5841>\n");
    late_segment(x, at, 36);
    script_free(x);
}

/* RFC 8985 7: the last segment was lost; nothing would tell before the timeout. */
static void the_tail_is_probed_before_the_timeout(void **state)
{
    script(ACCEPTED_FAR_SACK "write 4380\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "> P. seq 2921 ack 1 len 1460\n"
                             "+99ms\n"
                             "+3ms\n"
                             "> P. seq 2921 ack 1 len 1460\n"
                             "count tail_probes 1\n"
                             "count timeouts 0\n"
                             "+50ms\n"
                             "# the probe tells that those before it are missing\n"
                             "< . seq 1 ack 1 <sack 2921 4381>\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 4381\n"
                             "count timeouts 0\n");
}

static void a_probe_that_arrived_twice_was_no_loss(void **state)
{
    script(ACCEPTED_FAR_SACK "write 4380\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "> P. seq 2921 ack 1 len 1460\n"
                             "+102ms\n"
                             "> P. seq 2921 ack 1 len 1460\n"
                             "< . seq 1 ack 4381\n"
                             "+50ms\n"
                             "< . seq 1 ack 4381 <sack 2921 4381>\n"
                             "count sent_twice 1\n"
                             "# the window is what it was: ten segments\n"
                             "write 29200\n"
                             "> . seq 4381 ack 1 len 1460 times 10\n");
}

static void new_data_makes_the_better_probe(void **state)
{
    script(ACCEPTED_FAR_SACK TEN_SENT "+52ms\n"
                                      "> . seq 14601 ack 1 len 1460\n"
                                      "count tail_probes 1\n"
                                      "count retransmitted 0\n");
}

/* RFC 2018 8: what was reported may be thrown away; a timeout with the first byte reported shows that it was. */
static void a_peer_that_throws_reported_data_away_gets_it_again(void **state)
{
    script(ACCEPTED_FAR_SACK "write 2920\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 1 <sack 1 2921>\n"
                             "+152ms\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "count reneged 1\n"
                             "< . seq 1 ack 1461\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "< . seq 1 ack 2921\n"
                             "unsent 0\n");
}

static void a_timeout_sends_again_only_what_was_not_reported(void **state)
{
    script(ACCEPTED_FAR_SACK "write 5840\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "> . seq 2921 ack 1 len 1460\n"
                             "> P. seq 4381 ack 1 len 1460\n"
                             "+50ms\n"
                             "< . seq 1 ack 1 <sack 1461 2921>\n"
                             "+14ms\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "+200ms\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "count timeouts 1\n"
                             "< . seq 1 ack 2921\n"
                             "> . seq 2921 ack 1 len 1460\n"
                             "> P. seq 4381 ack 1 len 1460\n");
}

static void reports_that_cannot_be_are_counted_and_change_nothing(void **state)
{
    script(ACCEPTED_FAR_SACK "write 2920\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "+50ms\n"
                             "# never sent; the wrong way round; half below what is acknowledged\n"
                             "< . seq 1 ack 1 <sack 1461 9000, sack 2921 1461>\n"
                             "count bad_sack 2\n"
                             "count retransmitted 0\n"
                             "< . seq 1 ack 2921\n"
                             "count runs 0\n");
}

/* A peer that reports every second byte. */
static void a_full_scoreboard_passes_reports_over(void **state)
{
    struct script *x = script_new(1, 1 << 20);
    script_run(x, ACCEPTED_FAR_SACK TEN_SENT);
    for (unsigned at = 3; at < 803; at += 2) {
        char line[80];
        snprintf(line, sizeof line, " . seq 1 ack 1 <sack %u %u>", at, at + 1);
        x->line = line;
        inject(x, line);
        x->n_sent = x->n_matched = 0;
    }
    assert_int_equal(tcp_counters(x->t).n_runs, 256);
    assert_in_range(tcp_counters(x->t).n_runs_refused, 1, 800);
    script_run(x, "< . seq 1 ack 14601\n"
                  "> . seq 14601 ack 1 len 1460 times 9\n"
                  "> P. seq 27741 ack 1 len 1460\n"
                  "count runs 0\n");
    script_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_reported_segments_start_recovery),
        cmocka_unit_test(each_loss_makes_the_window_smaller),
        cmocka_unit_test(one_report_and_a_quarter_of_a_round_trip_is_a_loss),
        cmocka_unit_test(what_was_only_late_is_not_sent_again),
        cmocka_unit_test(where_reordering_was_seen_three_reports_wait),
        cmocka_unit_test(the_shortest_round_trip_is_forgotten_after_a_while),
        cmocka_unit_test(the_shortest_round_trip_is_remembered_for_minutes),
        cmocka_unit_test(needless_retransmissions_widen_the_window_for_16_recoveries),
        cmocka_unit_test(the_window_widens_once_a_round_trip),
        cmocka_unit_test(the_tail_is_probed_before_the_timeout),
        cmocka_unit_test(a_probe_that_arrived_twice_was_no_loss),
        cmocka_unit_test(new_data_makes_the_better_probe),
        cmocka_unit_test(a_peer_that_throws_reported_data_away_gets_it_again),
        cmocka_unit_test(a_timeout_sends_again_only_what_was_not_reported),
        cmocka_unit_test(reports_that_cannot_be_are_counted_and_change_nothing),
        cmocka_unit_test(a_full_scoreboard_passes_reports_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
