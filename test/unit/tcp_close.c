/* SPDX-License-Identifier: ISC */
/* How connections end, and what must not end them: FIN, RST, TIME-WAIT, RFC 5961, states that segments hardly fit. */
#include "test/support/tcp_script.h"

static void peer_closes_first(void **state)
{
    script(ACCEPTED "< F. seq 1 ack 1\n"
                    "> . seq 1 ack 2\n"
                    "read end\n"
                    "write 100\n"
                    "> P. seq 1 ack 2 len 100\n"
                    "< . seq 2 ack 101\n"
                    "shutdown\n"
                    "> F. seq 101 ack 2\n"
                    "shutdown closed\n"
                    "write 1 closed\n"
                    "read end\n"
                    "< . seq 2 ack 102\n"
                    "count waiting 0\n"
                    "read end\n"
                    "close\n"
                    "count connections 0\n");
}

static void half_close_goes_on_reading(void **state)
{
    script(ACCEPTED "shutdown\n"
                    "> F. seq 1 ack 1\n"
                    "write 1 closed\n"
                    "< . seq 1 ack 2\n"
                    "< P. seq 1 ack 2 len 100\n"
                    "read 100\n"
                    "+50ms\n"
                    "> . seq 2 ack 101\n"
                    "+600s\n"
                    "< FP. seq 101 ack 2 len 50\n"
                    "> . seq 2 ack 152\n"
                    "count waiting 1\n"
                    "read 50\n"
                    "read end\n"
                    "read end\n"
                    "count connections 1\n"
                    "close\n"
                    "count connections 0\n"
                    "count waiting 1\n");
}

/* A write of nothing to a flow that has ended, and its end, before the batch is over. */
static void a_late_push_of_what_has_ended_is_nothing(void **state)
{
    script(ACCEPTED "shutdown\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 2\n"
                    "> . seq 2 ack 2\n"
                    "count waiting 1\n"
                    "push-late\n"
                    "close\n"
                    "flush\n"
                    "count connections 0\n");
}

static void simultaneous_close(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 2 ack 2\n"
                    "count waiting 0\n"
                    "< . seq 2 ack 2\n"
                    "count waiting 1\n"
                    "count connections 0\n");
}

static void fin_and_its_ack_at_once(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 2\n"
                    "> . seq 2 ack 2\n"
                    "count waiting 1\n");
}

static void fin_of_the_peer_again_in_close_wait(void **state)
{
    script(ACCEPTED "< F. seq 1 ack 1\n"
                    "> . seq 1 ack 2\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 1 ack 2\n"
                    "< . seq 2 ack 1\n"
                    "read end\n");
}

static void fin_of_the_peer_again_in_last_ack(void **state)
{
    script(ACCEPTED "< F. seq 1 ack 1\n"
                    "> . seq 1 ack 2\n"
                    "close\n"
                    "> F. seq 1 ack 2\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 2 ack 2\n"
                    "< . seq 2 ack 2\n"
                    "count connections 0\n");
}

static void fin_of_the_peer_again_in_closing(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 2 ack 2\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 2 ack 2\n"
                    "count connections 1\n");
}

static void close_delivers_what_was_written(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 1000 <mss 1000>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1 win 1000\n"
           "accept\n"
           "queue 2500\n"
           "close\n"
           "> . seq 1 ack 1 len 1000\n"
           "< . seq 1 ack 1001 win 1000\n"
           "> . seq 1001 ack 1 len 1000\n"
           "< . seq 1 ack 2001 win 1000\n"
           "> FP. seq 2001 ack 1 len 500\n"
           "< . seq 1 ack 2502\n"
           "count connections 1\n"
           "< F. seq 1 ack 2502\n"
           "> . seq 2502 ack 2\n"
           "count connections 0\n");
}

static void close_ignores_what_comes_until_all_is_delivered_then_resets(void **state)
{
    script(ACCEPTED "< P. seq 1 ack 1 len 10\n"
                    "queue 100\n"
                    "close\n"
                    "> FP. seq 1 ack 11 len 100\n"
                    "< P. seq 11 ack 1 len 10\n"
                    "+50ms\n"
                    "> . seq 102 ack 21\n"
                    "< . seq 21 ack 102\n"
                    "count connections 1\n"
                    "< P. seq 21 ack 102 len 10\n"
                    "> R. seq 102 ack 21\n"
                    "count connections 0\n"
                    "count waiting 0\n");
}

static void closed_flow_gives_up_on_a_peer_that_takes_nothing(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 1000 <mss 1000>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1 win 0\n"
           "accept\n"
           "queue 2500\n"
           "close\n"
           "+210ms\n"
           "> . seq 1 ack 1 len 1\n"
           "< . seq 1 ack 1 win 0\n"
           "+6200ms\n"
           "> . seq 1 ack 1 len 1\n"
           "> . seq 1 ack 1 len 1\n"
           "> . seq 1 ack 1 len 1\n"
           "> . seq 1 ack 1 len 1\n"
           "< . seq 1 ack 1 win 0\n"
           "+45s\n"
           "> . seq 1 ack 1 len 1\n"
           "> . seq 1 ack 1 len 1\n"
           "> . seq 1 ack 1 len 1\n"
           "< . seq 1 ack 1 win 0\n"
           "count connections 1\n"
           "+60s\n"
           "> R. seq 1 ack 1\n"
           "count connections 0\n"
           "count pieces 0\n"
           "count lingered 1\n");
}

static void fin_wait_2_of_a_closed_flow_ends(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< . seq 1 ack 2\n"
                    "+59s\n"
                    "count connections 1\n"
                    "+2s\n"
                    "count connections 0\n"
                    "< F. seq 1 ack 2\n"
                    "> R seq 2\n");
}

static void close_after_shutdown_in_fin_wait_2_ends_too(void **state)
{
    script(ACCEPTED "shutdown\n"
                    "> F. seq 1 ack 1\n"
                    "< . seq 1 ack 2\n"
                    "+100s\n"
                    "close\n"
                    "+59s\n"
                    "count connections 1\n"
                    "+2s\n"
                    "count connections 0\n");
}

static void abort_resets(void **state)
{
    script(ACCEPTED "queue 100\n"
                    "abort\n"
                    "> R. seq 1 ack 1\n"
                    "count connections 0\n"
                    "count pieces 0\n"
                    "< . seq 1 ack 1\n"
                    "> R seq 1\n");
}

static void abort_with_data_under_way(void **state)
{
    script(ACCEPTED "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "abort\n"
                    "> R. seq 101 ack 1\n");
}

static void close_and_abort_while_connecting(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "close\n"
           "count connections 0\n"
           "connect\n"
           "> SEW seq 0\n"
           "abort\n"
           "count connections 0\n"
           "< S. seq 0 ack 1\n"
           "> R seq 1\n");
}

static void reset_at_the_right_number(void **state)
{
    script(ACCEPTED "arm\n"
                    "< P. seq 1 ack 1 len 10\n"
                    "woken 1\n"
                    "queue 100\n"
                    "arm-writer\n"
                    "woken-writer 1\n"
                    "< R seq 11\n"
                    "read reset\n"
                    "write 1 reset\n"
                    "shutdown reset\n"
                    "count chunks 0\n"
                    "count pieces 0\n"
                    "count connections 1\n"
                    "close\n"
                    "count connections 0\n");
}

static void reset_elsewhere_in_the_window_is_challenged(void **state)
{
    script(ACCEPTED "< R seq 2\n"
                    "> . seq 1 ack 1\n"
                    "< R seq 65535\n"
                    "> . seq 1 ack 1\n"
                    "< R seq 65536\n"
                    "< R seq 0\n"
                    "read again\n"
                    "count out_of_window 2\n"
                    "count challenges 2\n");
}

static void reset_counts_in_each_state(void **state)
{
    script(ACCEPTED "shutdown\n"
                    "> F. seq 1 ack 1\n"
                    "< R seq 1\n"
                    "read reset\n"
                    "close\n"
                    "peer 1235\n"
                    "< S seq 0 <mss 1460>\n"
                    "> S. seq 0 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "accept\n"
                    "shutdown\n"
                    "> F. seq 1 ack 1\n"
                    "< . seq 1 ack 2\n"
                    "< R. seq 1 ack 2\n"
                    "read reset\n"
                    "close\n"
                    "peer 1236\n"
                    "< S seq 0 <mss 1460>\n"
                    "> S. seq 0 ack 1\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 1 ack 2\n"
                    "accept\n"
                    "< R. seq 2 ack 1\n"
                    "read reset\n"
                    "close\n"
                    "peer 1237\n"
                    "< S seq 0 <mss 1460>\n"
                    "> S. seq 0 ack 1\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 1 ack 2\n"
                    "accept\n"
                    "close\n"
                    "> F. seq 1 ack 2\n"
                    "< R. seq 2 ack 1\n"
                    "count connections 0\n"
                    "peer 1238\n"
                    "< S seq 0 <mss 1460>\n"
                    "> S. seq 0 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "accept\n"
                    "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 1\n"
                    "> . seq 2 ack 2\n"
                    "< R. seq 2 ack 1\n"
                    "count connections 0\n"
                    "count waiting 0\n"
                    "count reset 5\n");
}

static void syn_in_an_established_connection_is_challenged(void **state)
{
    script(ACCEPTED "< S seq 0 <mss 1460>\n"
                    "> . seq 1 ack 1\n"
                    "< S seq 1 <mss 1460>\n"
                    "> . seq 1 ack 1\n"
                    "< S. seq 40000 ack 1 <mss 1460>\n"
                    "> . seq 1 ack 1\n"
                    "< SR seq 2\n"
                    "> . seq 1 ack 1\n"
                    "count challenges 4\n"
                    "read again\n");
}

static void challenges_are_limited_for_each_connection(void **state)
{
    script(ACCEPTED "< R seq 2\n"
                    "> . seq 1 ack 1\n"
                    "< R seq 2\n"
                    "> . seq 1 ack 1\n"
                    "< R seq 2\n"
                    "> . seq 1 ack 1\n"
                    "< S seq 2\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 1 ack 50\n"
                    "> . seq 1 ack 1\n"
                    "< R seq 2\n"
                    "< S seq 2\n"
                    "< . seq 1 ack 50\n"
                    "< . seq 70000 ack 1\n"
                    "count challenges_held 4\n"
                    "peer 1235\n"
                    "< S seq 0 <mss 1460>\n"
                    "> S. seq 0 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "< R seq 2\n"
                    "> . seq 1 ack 1\n"
                    "peer 1234\n"
                    "+1s\n"
                    "< R seq 2\n"
                    "> . seq 1 ack 1\n");
}

static void ack_of_what_was_never_sent_is_challenged_and_its_data_dropped(void **state)
{
    script(ACCEPTED "< P. seq 1 ack 2 len 10\n"
                    "> . seq 1 ack 1\n"
                    "read again\n"
                    "count bad_ack 1\n");
}

static void ack_from_long_ago_is_challenged_a_recent_one_is_not(void **state)
{
    script(ACCEPTED "write 1000\n"
                    "> P. seq 1 ack 1 len 1000\n"
                    "< . seq 1 ack 1001\n"
                    "< P. seq 1 ack 501 len 10\n"
                    "read 10\n"
                    "count old_duplicate 1\n"
                    "< P. seq 11 ack -70000 len 10\n"
                    "> . seq 1001 ack 11\n"
                    "read again\n"
                    "count bad_ack 1\n");
}

static void segment_without_ack_is_dropped(void **state)
{
    script(ACCEPTED "< P seq 1 len 10\n"
                    "read again\n"
                    "count no_ack 1\n");
}

static void segments_before_and_behind_the_window_are_answered_and_dropped(void **state)
{
    script(ACCEPTED "< P. seq 65536 ack 1 len 10\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 65536 ack 1\n"
                    "> . seq 1 ack 1\n"
                    "< P. seq -9 ack 1 len 10\n"
                    "> . seq 1 ack 1\n"
                    "< P. seq 65530 ack 1 len 10\n"
                    "> . seq 1 ack 1\n"
                    "read again\n"
                    "count out_of_window 3\n");
}

static void data_after_a_fin_is_ignored(void **state)
{
    script(ACCEPTED "< F. seq 1 ack 1\n"
                    "> . seq 1 ack 2\n"
                    "< P. seq 2 ack 1 len 10\n"
                    "read end\n");
}

static void time_wait_answers_a_fin_that_comes_again_and_waits_anew(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 2\n"
                    "> . seq 2 ack 2\n"
                    "+50s\n"
                    "< F. seq 1 ack 2\n"
                    "> . seq 2 ack 2\n"
                    "+50s\n"
                    "count waiting 1\n"
                    "+11s\n"
                    "count waiting 0\n");
}

static void time_wait_does_not_hear_resets(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 2\n"
                    "> . seq 2 ack 2\n"
                    "< R seq 2\n"
                    "< R. seq 2 ack 2\n"
                    "count waiting 1\n");
}

static void time_wait_answers_data_and_old_syns(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 2\n"
                    "> . seq 2 ack 2\n"
                    "< P. seq 2 ack 2 len 10\n"
                    "> . seq 2 ack 2\n"
                    "< S seq 0 <mss 1460>\n"
                    "> . seq 2 ack 2\n"
                    "< . seq 2 ack 2\n"
                    "count waiting 1\n");
}

static void time_wait_is_reused_by_a_later_sequence_number(void **state)
{
    script(ACCEPTED "close\n"
                    "> F. seq 1 ack 1\n"
                    "< F. seq 1 ack 2\n"
                    "> . seq 2 ack 2\n"
                    "< S seq 1000 <mss 1460>\n"
                    "> S. ack 1001\n"
                    "count waiting 0\n"
                    "count time_wait_reused 1\n"
                    "< . seq 1001 ack 1\n"
                    "accept\n");
}

static void time_wait_is_reused_by_a_later_timestamp(void **state)
{
    script(ACCEPTED_TS "close\n"
                       "> F. seq 1 ack 1\n"
                       "< F. seq 1 ack 2 <ts 1005 100>\n"
                       "> . seq 2 ack 2\n"
                       "< S seq -5000 <mss 1460, ts 1004 0>\n"
                       "> . seq 2 ack 2\n"
                       "< S seq -5000 <mss 1460, ts 1006 0>\n"
                       "> S. ack -4999 <ts 0 1006>\n"
                       "count time_wait_reused 1\n");
}

static void time_wait_table_drops_the_oldest(void **state)
{
    script_sized(1, 65536,
                 "listen 80 4\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1\n"
                 "accept\n"
                 "close\n"
                 "> F. seq 1 ack 1\n"
                 "< F. seq 1 ack 2\n"
                 "> . seq 2 ack 2\n"
                 "peer 1235\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1\n"
                 "accept\n"
                 "close\n"
                 "> F. seq 1 ack 1\n"
                 "< F. seq 1 ack 2\n"
                 "> . seq 2 ack 2\n"
                 "count waiting 1\n"
                 "count time_wait_dropped 1\n"
                 "peer 1234\n"
                 "< F. seq 1 ack 2\n"
                 "> R seq 2\n");
}

static void ten_thousand_bytes_are_read_after_the_peer_has_gone(void **state)
{
    script(ACCEPTED "shutdown\n"
                    "> F. seq 1 ack 1\n"
                    "<+ . seq 1 ack 2 len 1460\n"
                    "<+ . seq 1461 ack 2 len 1460\n"
                    "<+ FP. seq 2921 ack 2 len 1460\n"
                    "> . seq 2 ack 4382\n"
                    "flush\n"
                    "count waiting 1\n"
                    "read 4380\n"
                    "read end\n"
                    "close\n"
                    "count chunks 0\n");
}

static void icmp_never_ends_an_established_connection(void **state)
{
    script(ACCEPTED "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "problem port 1\n"
                    "problem admin 1\n"
                    "problem net 1\n"
                    "problem ttl 50\n"
                    "read again\n"
                    "< . seq 1 ack 101\n"
                    "unsent 0\n");
}

static void scaled_window_is_rounded_so_that_its_edge_stays(void **state)
{
    script(ACCEPTED_TS "< P. seq 1 ack 1 len 10 <ts 1001 100>\n"
                       "+41ms\n"
                       "> . seq 1 ack 11 win 8191\n"
                       "< P. seq 11 ack 1 len 1 <ts 1050 100>\n"
                       "+41ms\n"
                       "> . seq 1 ack 12 win 8191\n");
}

/* With all control blocks taken a peer that owes only its FIN makes room. */
static void an_orphan_makes_room_for_a_newcomer(void **state)
{
    script_sized(2, 1 << 20,
                 ACCEPTED "close\n"
                          "> F. seq 1 ack 1\n"
                          "< . seq 1 ack 2\n"
                          "peer 1235\n" OPENS "accept\n"
                          "count connections 2\n"
                          "peer 1236\n" OPENS "> R. seq 2 ack 1\n"
                          "accept\n"
                          "count orphans_reclaimed 1\n"
                          "count connections 2\n"
                          "# those that are in use stay\n"
                          "peer 1237\n" OPENS "> R seq 1\n"
                          "count refused_full 1\n"
                          "count orphans_reclaimed 1\n");
}

/* What is not acknowledged yet is not given up. */
static void an_orphan_with_data_under_way_stays(void **state)
{
    script_sized(1, 1 << 20,
                 ACCEPTED "write 100\n"
                          "> P. seq 1 ack 1 len 100\n"
                          "close\n"
                          "> F. seq 101 ack 1\n"
                          "< . seq 1 ack 101\n"
                          "peer 1235\n" OPENS "> R seq 1\n"
                          "count orphans_reclaimed 0\n");
}

/* A flood of what belongs nowhere: 200 answers at once, then 200 a second. */
static void resets_to_nowhere_are_limited(void **state)
{
    struct script *x = script_new(1, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        x->line = " . seq 1 ack 1";
        inject(x, x->line);
    }
    assert_int_equal(x->n_sent, 200);
    assert_int_equal(tcp_counters(x->t).n_resets_held, 800);
    x->n_sent = x->n_matched = 0;
    script_run(x, "+11ms\n");
    for (int i = 0; i < 10; i++) {
        x->line = " . seq 1 ack 1";
        inject(x, x->line);
    }
    assert_int_equal(x->n_sent, 2);
    x->n_matched = x->n_sent;
    script_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_orphan_makes_room_for_a_newcomer),
        cmocka_unit_test(an_orphan_with_data_under_way_stays),
        cmocka_unit_test(resets_to_nowhere_are_limited),
        cmocka_unit_test(peer_closes_first),
        cmocka_unit_test(half_close_goes_on_reading),
        cmocka_unit_test(a_late_push_of_what_has_ended_is_nothing),
        cmocka_unit_test(simultaneous_close),
        cmocka_unit_test(fin_and_its_ack_at_once),
        cmocka_unit_test(fin_of_the_peer_again_in_close_wait),
        cmocka_unit_test(fin_of_the_peer_again_in_last_ack),
        cmocka_unit_test(fin_of_the_peer_again_in_closing),
        cmocka_unit_test(close_delivers_what_was_written),
        cmocka_unit_test(close_ignores_what_comes_until_all_is_delivered_then_resets),
        cmocka_unit_test(closed_flow_gives_up_on_a_peer_that_takes_nothing),
        cmocka_unit_test(fin_wait_2_of_a_closed_flow_ends),
        cmocka_unit_test(close_after_shutdown_in_fin_wait_2_ends_too),
        cmocka_unit_test(abort_resets),
        cmocka_unit_test(abort_with_data_under_way),
        cmocka_unit_test(close_and_abort_while_connecting),
        cmocka_unit_test(reset_at_the_right_number),
        cmocka_unit_test(reset_elsewhere_in_the_window_is_challenged),
        cmocka_unit_test(reset_counts_in_each_state),
        cmocka_unit_test(syn_in_an_established_connection_is_challenged),
        cmocka_unit_test(challenges_are_limited_for_each_connection),
        cmocka_unit_test(ack_of_what_was_never_sent_is_challenged_and_its_data_dropped),
        cmocka_unit_test(ack_from_long_ago_is_challenged_a_recent_one_is_not),
        cmocka_unit_test(segment_without_ack_is_dropped),
        cmocka_unit_test(segments_before_and_behind_the_window_are_answered_and_dropped),
        cmocka_unit_test(data_after_a_fin_is_ignored),
        cmocka_unit_test(time_wait_answers_a_fin_that_comes_again_and_waits_anew),
        cmocka_unit_test(time_wait_does_not_hear_resets),
        cmocka_unit_test(time_wait_answers_data_and_old_syns),
        cmocka_unit_test(time_wait_is_reused_by_a_later_sequence_number),
        cmocka_unit_test(time_wait_is_reused_by_a_later_timestamp),
        cmocka_unit_test(time_wait_table_drops_the_oldest),
        cmocka_unit_test(ten_thousand_bytes_are_read_after_the_peer_has_gone),
        cmocka_unit_test(icmp_never_ends_an_established_connection),
        cmocka_unit_test(scaled_window_is_rounded_so_that_its_edge_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
