/* SPDX-License-Identifier: ISC */
/* Established connections without loss: acknowledgements, windows, options. */
#include "test/support/tcp_script.h"

static void ack_of_a_single_segment_is_delayed(void **state)
{
    script(ACCEPTED "< P. seq 1 ack 1 len 100\n"
                    "+39ms\n"
                    "+3ms\n"
                    "> . seq 1 ack 101\n"
                    "count delayed_acks 1\n");
}

static void ack_of_every_second_segment_comes_after_the_batch(void **state)
{
    script(ACCEPTED "<+ . seq 1 ack 1 len 1460\n"
                    "<+ . seq 1461 ack 1 len 1460\n"
                    "flush\n"
                    "> . seq 1 ack 2921\n"
                    "<+ . seq 2921 ack 1 len 1460\n"
                    "<+ . seq 4381 ack 1 len 1460\n"
                    "<+ . seq 5841 ack 1 len 1460\n"
                    "<+ . seq 7301 ack 1 len 1460\n"
                    "flush\n"
                    "> . seq 1 ack 8761\n"
                    "+1s\n");
}

static void ack_travels_with_the_answer(void **state)
{
    script(ACCEPTED "< P. seq 1 ack 1 len 100\n"
                    "read 100\n"
                    "write 200\n"
                    "> P. seq 1 ack 101 len 200\n"
                    "+100ms\n"
                    "count delayed_acks 0\n");
}

static void ack_of_two_segments_travels_with_an_answer_that_comes_before_the_flush(void **state)
{
    script(ACCEPTED "<+ . seq 1 ack 1 len 1460\n"
                    "<+ P. seq 1461 ack 1 len 1460\n"
                    "read 2920\n"
                    "write 200\n"
                    "> P. seq 1 ack 2921 len 200\n"
                    "flush\n");
}

static void data_out_of_order_is_acknowledged_at_once_each_time(void **state)
{
    script(ACCEPTED "<+ . seq 101 ack 1 len 100\n"
                    "> . seq 1 ack 1\n"
                    "<+ . seq 301 ack 1 len 100\n"
                    "> . seq 1 ack 1\n"
                    "<+ . seq 1 ack 1 len 100\n"
                    "flush\n"
                    "> . seq 1 ack 201\n"
                    "<+ . seq 201 ack 1 len 100\n"
                    "flush\n"
                    "> . seq 1 ack 401\n"
                    "read 400\n"
                    "count chunks 0\n");
}

static void overlapping_data_out_of_order_is_taken_once(void **state)
{
    script(ACCEPTED "< . seq 101 ack 1 len 100\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 301 ack 1 len 100\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 51 ack 1 len 400\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 151 ack 1 len 300\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 21 ack 1 len 600\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 1 ack 1 len 40\n"
                    "> . seq 1 ack 621\n"
                    "read 620\n"
                    "count chunks 0\n");
}

static void old_data_is_acknowledged_again_and_new_data_behind_it_taken(void **state)
{
    script(ACCEPTED "< . seq 1 ack 1 len 100\n"
                    "+50ms\n"
                    "> . seq 1 ack 101\n"
                    "< . seq 1 ack 1 len 100\n"
                    "> . seq 1 ack 101\n"
                    "< . seq 51 ack 1 len 100\n"
                    "+50ms\n"
                    "> . seq 1 ack 151\n"
                    "read 150\n"
                    "count out_of_window 1\n");
}

static void fin_out_of_order_waits_for_the_gap(void **state)
{
    script(ACCEPTED "< F. seq 101 ack 1\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 51 ack 1 len 50\n"
                    "> . seq 1 ack 1\n"
                    "read again\n"
                    "< . seq 1 ack 1 len 50\n"
                    "> . seq 1 ack 102\n"
                    "read 100\n"
                    "read end\n");
}

static void data_behind_a_fin_is_not_taken(void **state)
{
    script(ACCEPTED "< F. seq 101 ack 1\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 1 ack 1 len 200\n"
                    "> . seq 1 ack 102\n"
                    "read 100\n"
                    "read end\n");
}

static void urgent_data_is_data(void **state)
{
    script(ACCEPTED "< PU. seq 1 ack 1 len 10 urg 5\n"
                    "read 10\n"
                    "count urgent 1\n"
                    "< U. seq 11 ack 1 urg 60000 len 10\n"
                    "> . seq 1 ack 21\n"
                    "read 10\n");
}

/* A quarter of 8 KB is the window: 2016 of the 8064 bytes that chunks hold. */
static void window_closes_as_data_is_not_read_and_opens_when_it_is(void **state)
{
    script_sized(16, 8192,
                 "listen 80 4\n"
                 "< S seq 0 win 65535 <mss 1000>\n"
                 "> S. seq 0 ack 1 win 2016\n"
                 "< . seq 1 ack 1\n"
                 "accept\n"
                 "< . seq 1 ack 1 len 1000\n"
                 "+50ms\n"
                 "> . seq 1 ack 1001 win 1016\n"
                 "< . seq 1001 ack 1 len 1000\n"
                 "+50ms\n"
                 "> . seq 1 ack 2001 win 16\n"
                 "< . seq 2001 ack 1 len 16\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "# a probe\n"
                 "< . seq 2017 ack 1 len 1\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "read 100\n"
                 "read 1000\n"
                 "> . seq 1 ack 2017 win 1132\n"
                 "read 916\n"
                 "< . seq 2017 ack 1 len 1000\n"
                 "read 1000\n"
                 "> . seq 1 ack 3017 win 2016\n");
}

static void probe_of_a_closed_window_may_acknowledge(void **state)
{
    script_sized(16, 8192,
                 "listen 80 4\n"
                 "< S seq 0 win 65535 <mss 1000>\n"
                 "> S. seq 0 ack 1 win 2016\n"
                 "< . seq 1 ack 1\n"
                 "accept\n"
                 "< . seq 1 ack 1 len 1000\n"
                 "< . seq 1001 ack 1 len 1000\n"
                 "> . seq 1 ack 2001\n"
                 "< . seq 2001 ack 1 len 16\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "write 500\n"
                 "> P. seq 1 ack 2017 len 500 win 0\n"
                 "< . seq 2017 ack 501 len 1\n"
                 "> . seq 501 ack 2017 win 0\n"
                 "unsent 0\n");
}

/* Another connection takes the memory; the first one's window stays where it was. */
static void advertised_edge_never_moves_back(void **state)
{
    script_sized(16, 16384,
                 "listen 80 4\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 4032\n"
                 "< . seq 1 ack 1\n"
                 "peer 1235\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 4032\n"
                 "< . seq 1 ack 1\n"
                 "< . seq 1 ack 1 len 1460\n"
                 "< . seq 1461 ack 1 len 1460\n"
                 "> . seq 1 ack 2921 win 1112\n"
                 "peer 1234\n"
                 "< . seq 1 ack 1 len 1000\n"
                 "+50ms\n"
                 "> . seq 1 ack 1001 win 3032\n"
                 "< . seq 1001 ack 1 len 1000\n"
                 "+50ms\n"
                 "> . seq 1 ack 2001 win 2032\n");
}

/* Eight chunks, and five connections with a window of two chunks each. */
static void memory_that_runs_out_drops_and_counts(void **state)
{
    script_sized(5, 8192,
                 "listen 80 5\n"
                 "peer 1234\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 2016\n"
                 "< . seq 1 ack 1\n"
                 "peer 1235\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 2016\n"
                 "< . seq 1 ack 1\n"
                 "peer 1236\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 2016\n"
                 "< . seq 1 ack 1\n"
                 "peer 1237\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 2016\n"
                 "< . seq 1 ack 1\n"
                 "peer 1238\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 2016\n"
                 "< . seq 1 ack 1\n"
                 "peer 1234\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "peer 1235\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "peer 1236\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "peer 1237\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "count chunks 8\n"
                 "count no_memory 0\n"
                 "peer 1238\n"
                 "< . seq 1 ack 1 len 1000\n"
                 "> . seq 1 ack 1 win 2016\n"
                 "count no_memory 1\n"
                 "< . seq 1001 ack 1 len 1000\n"
                 "> . seq 1 ack 1 win 2016\n"
                 "count ooo_dropped 1\n"
                 "accept\n"
                 "read 2016\n"
                 "accept\n"
                 "read 2016\n"
                 "< . seq 1 ack 1 len 1008\n"
                 "< . seq 1009 ack 1 len 1008\n"
                 "> . seq 1 ack 2017 win 0\n"
                 "accept\n"
                 "read 2016\n"
                 "accept\n"
                 "read 2016\n"
                 "> . seq 1 ack 2017\n");
}

/* Sixteen chunks, all of them promised four times. Three connections that nobody reads fill theirs; the fourth gets the
 * two chunks that a request needs, and the rest stays for those who want to speak. */
static void unread_data_leaves_a_share_of_the_memory(void **state)
{
    script_sized(4, 16384,
                 "listen 80 4\n"
                 "peer 1234\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 4032\n"
                 "< . seq 1 ack 1\n"
                 "peer 1235\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 4032\n"
                 "< . seq 1 ack 1\n"
                 "peer 1236\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 4032\n"
                 "< . seq 1 ack 1\n"
                 "peer 1237\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1 win 4032\n"
                 "< . seq 1 ack 1\n"
                 "peer 1234\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "< . seq 2017 ack 1 len 2016\n"
                 "> . seq 1 ack 4033 win 0\n"
                 "peer 1235\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "< . seq 2017 ack 1 len 2016\n"
                 "> . seq 1 ack 4033 win 0\n"
                 "peer 1236\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "< . seq 2017 ack 1 len 2016\n"
                 "> . seq 1 ack 4033 win 0\n"
                 "peer 1237\n"
                 "< . seq 1 ack 1 len 2016\n"
                 "count no_memory 0\n"
                 "< . seq 2017 ack 1 len 1008\n"
                 "> . seq 1 ack 2017\n"
                 "count no_memory 1\n"
                 "count chunks 14\n");
}

static void sender_fills_segments_from_all_pieces(void **state)
{
    script(ACCEPTED "queue 700\n"
                    "queue-copy 700\n"
                    "queue 700\n"
                    "queue-copy 10\n"
                    "push\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "> P. seq 1461 ack 1 len 650\n"
                    "count pieces 4\n"
                    "< . seq 1 ack 1461\n"
                    "count pieces 2\n"
                    "< . seq 1 ack 2111\n"
                    "count pieces 0\n"
                    "count chunks 0\n");
}

static void segment_of_more_pieces_than_a_send_gathers_is_cut(void **state)
{
    script(ACCEPTED "queue 10\n"
                    "queue 10\n"
                    "queue 10\n"
                    "queue 10\n"
                    "queue 10\n"
                    "queue 10\n"
                    "queue 10\n"
                    "push\n"
                    "> . seq 1 ack 1 len 50\n"
                    "> P. seq 51 ack 1 len 20\n");
}

static void small_copies_share_a_chunk(void **state)
{
    script(ACCEPTED "queue-copy 10\n"
                    "queue-copy 20\n"
                    "queue-copy 30\n"
                    "count chunks 1\n"
                    "count pieces 1\n"
                    "push\n"
                    "> P. seq 1 ack 1 len 60\n"
                    "copy 40\n"
                    "> P. seq 61 ack 1 len 40\n"
                    "count chunks 1\n"
                    "< . seq 1 ack 81\n"
                    "copy 5\n"
                    "> P. seq 101 ack 1 len 5\n"
                    "< . seq 1 ack 106\n"
                    "count chunks 0\n"
                    "unsent 0\n");
}

static void copied_data_has_a_limit_and_the_writer_is_woken(void **state)
{
    script_sized(16, 1048576,
                 "listen 80 4\n"
                 "< S seq 0 win 1000 <mss 1000>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1 win 1000\n"
                 "accept\n"
                 "queue-copy 66528\n"
                 "queue-copy 10 again\n"
                 "count writes_held 1\n"
                 "arm-writer\n"
                 "woken-writer 0\n"
                 "push\n"
                 "> . seq 1 ack 1 len 1000\n"
                 "< . seq 1 ack 1001 win 0\n"
                 "woken-writer 0\n"
                 "< . seq 1 ack 1001 win 1000\n"
                 "> . seq 1001 ack 1 len 1000\n"
                 "< . seq 1 ack 2001 win 0\n"
                 "woken-writer 1\n"
                 "copy 10\n");
}

static void static_data_waits_for_pieces_only(void **state)
{
    script(ACCEPTED "queue 500000\n"
                    "queue 500000\n"
                    "unsent 1000000\n"
                    "count chunks 0\n");
}

static void static_pieces_have_a_limit_and_the_writer_is_woken(void **state)
{
    struct script *x = script_new(16, 1 << 20);
    script_run(x, ACCEPTED);
    for (int i = 0; i < 128; i++)
        script_run(x, "queue 10\n");
    script_run(x, "queue 10 again\n"
                  "count writes_held 1\n"
                  "arm-writer\n"
                  "push\n"
                  "> . seq 1 ack 1 len 50 times 25\n"
                  "> P. seq 1251 ack 1 len 30\n"
                  "woken-writer 0\n"
                  "< . seq 1 ack 11\n"
                  "woken-writer 1\n"
                  "write 10\n"
                  "> P. seq 1281 ack 1 len 10\n"
                  "queue 10 again\n"
                  "count writes_held 2\n");
    script_free(x);
}

static void writer_that_waits_for_the_memory_of_others_is_woken(void **state)
{
    script_sized(4, 16384,
                 "listen 80 4\n"
                 "< S seq 0 win 0 <mss 1000>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1 win 0\n"
                 "peer 1235\n"
                 "< S seq 0 win 0 <mss 1000>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1 win 0\n"
                 "peer 1236\n"
                 "< S seq 0 win 0 <mss 1000>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1 win 0\n"
                 "peer 1234\n"
                 "accept\n"
                 "queue-copy 3024\n"
                 "accept\n"
                 "queue-copy 2016\n"
                 "queue-copy 1 again\n"
                 "arm-writer\n"
                 "woken-writer 0\n"
                 "peer 1234\n"
                 "< R seq 1\n"
                 "woken-writer 1\n");
}

static void nagle_holds_a_small_segment_while_one_is_under_way(void **state)
{
    script(ACCEPTED "nagle\n"
                    "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "write 50\n"
                    "write 20\n"
                    "< . seq 1 ack 101\n"
                    "> P. seq 101 ack 1 len 70\n"
                    "write 1500\n"
                    "> . seq 171 ack 1 len 1460\n"
                    "< . seq 1 ack 171\n"
                    "< . seq 1 ack 1631\n"
                    "> P. seq 1631 ack 1 len 40\n");
}

static void without_nagle_small_segments_go_out_at_once(void **state)
{
    script(ACCEPTED "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "write 50\n"
                    "> P. seq 101 ack 1 len 50\n");
}

static void timestamps_are_echoed_and_measured(void **state)
{
    script(ACCEPTED_TS "+30ms\n"
                       "< P. seq 1 ack 1 len 10 <ts 1030 100>\n"
                       "write 100\n"
                       "> P. seq 1 ack 11 len 100 <ts 130 1030>\n"
                       "+100ms\n"
                       "< . seq 11 ack 101 <ts 1130 130>\n"
                       "< P. seq 11 ack 101 len 10 <ts 1135 130>\n"
                       "+41ms\n"
                       "> . seq 101 ack 21 <ts 270 1135>\n");
}

static void echoed_timestamp_is_of_the_oldest_segment_that_is_not_acknowledged(void **state)
{
    script(ACCEPTED_TS "<+ . seq 1 ack 1 len 100 <ts 1010 100>\n"
                       "<+ . seq 101 ack 1 len 100 <ts 1020 100>\n"
                       "flush\n"
                       "> . seq 1 ack 201 <ts 100 1010>\n");
}

static void segments_before_a_gap_was_filled_do_not_set_the_echo(void **state)
{
    script(ACCEPTED_TS "< . seq 101 ack 1 len 100 <ts 1020 100>\n"
                       "> . seq 1 ack 1 <ts 100 1000>\n"
                       "< . seq 1 ack 1 len 100 <ts 1010 100>\n"
                       "> . seq 1 ack 201 <ts 100 1010>\n");
}

static void paws_drops_old_timestamps(void **state)
{
    script(ACCEPTED_TS "< P. seq 1 ack 1 len 10 <ts 2000 100>\n"
                       "+41ms\n"
                       "> . seq 1 ack 11 <ts 140 2000>\n"
                       "< P. seq 11 ack 1 len 10 <ts 1999 100>\n"
                       "> . seq 1 ack 11 <ts 141 2000>\n"
                       "read 10\n"
                       "read again\n"
                       "count paws 1\n"
                       "< R. seq 11 ack 1 <ts 5 100>\n"
                       "read reset\n");
}

static void segment_without_the_timestamps_that_were_agreed_is_dropped(void **state)
{
    script(ACCEPTED_TS "< P. seq 1 ack 1 len 10\n"
                       "read again\n"
                       "count no_timestamp 1\n"
                       "< R seq 1\n"
                       "read reset\n");
}

static void paws_forgets_after_24_days(void **state)
{
    script(ACCEPTED_TS "+2073700s\n"
                       "< P. seq 1 ack 1 len 10 <ts 10 100>\n"
                       "read 10\n"
                       "count paws 0\n"
                       "+50ms\n"
                       "> . seq 1 ack 11 <ts 0 10>\n");
}

static void idle_connection_starts_with_the_initial_window_again(void **state)
{
    script(ACCEPTED "write 14600\n"
                    "> . seq 1 ack 1 len 1460 times 9\n"
                    "> P. seq 13141 ack 1 len 1460\n"
                    "write 2920\n"
                    "< . seq 1 ack 2921\n"
                    "> . seq 14601 ack 1 len 1460\n"
                    "> P. seq 16061 ack 1 len 1460\n"
                    "< . seq 1 ack 17521\n"
                    "+1s\n"
                    "write 29200\n"
                    "> . seq 17521 ack 1 len 1460 times 10\n");
}

/* Five seconds later it is asked again. */
#define UNANSWERED \
    "+5s\n"        \
    "> . seq 0 ack 1\n"

static void keepalive_probes_and_gives_up(void **state)
{
    script(ACCEPTED "keepalive 10 5\n"
                    "+9990ms\n"
                    "+20ms\n"
                    "> . seq 0 ack 1\n"
                    "< . seq 1 ack 1\n"
                    "+9990ms\n"
                    "+20ms\n"
                    "> . seq 0 ack 1\n"
                    "+5010ms\n"
                    "> . seq 0 ack 1\n" UNANSWERED UNANSWERED UNANSWERED UNANSWERED UNANSWERED UNANSWERED UNANSWERED
                    "+5s\n"
                    "> R. seq 1 ack 1\n"
                    "read timeout\n"
                    "count keepalive_lost 1\n"
                    "count keepalives 10\n");
}

static void keepalive_is_off_by_default(void **state)
{
    script(ACCEPTED "+7300s\n"
                    "count keepalives 0\n");
}

static void keepalive_probe_of_the_peer_is_answered(void **state)
{
    script(ACCEPTED "< . seq 0 ack 1\n"
                    "> . seq 1 ack 1\n"
                    "< . seq 0 ack 1 len 1\n"
                    "> . seq 1 ack 1\n");
}

static void reader_is_woken_once(void **state)
{
    script(ACCEPTED "arm\n"
                    "woken 0\n"
                    "< P. seq 1 ack 1 len 10\n"
                    "woken 1\n"
                    "< P. seq 11 ack 1 len 10\n"
                    "> . seq 1 ack 21\n"
                    "woken 1\n"
                    "arm\n"
                    "woken 2\n"
                    "read 20\n"
                    "arm\n"
                    "woken 2\n"
                    "< F. seq 21 ack 1\n"
                    "> . seq 1 ack 22\n"
                    "woken 3\n"
                    "arm\n"
                    "woken 4\n"
                    "read end\n");
}

static void device_that_is_full_is_tried_again(void **state)
{
    script(ACCEPTED "device-full\n"
                    "write 100\n"
                    "count device_full 1\n"
                    "device-ready\n"
                    "+3ms\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "count retransmitted 0\n");
}

/* What it does take meanwhile, an answer to a keepalive, is no reason to forget that. */
static void device_that_is_full_is_tried_again_whatever_it_takes(void **state)
{
    script(ACCEPTED "device-full\n"
                    "write 1460\n"
                    "device-ready\n"
                    "< . seq 0 ack 1\n"
                    "> . seq 1 ack 1\n"
                    "+3ms\n"
                    "> P. seq 1 ack 1 len 1460\n"
                    "count window_probes 0\n");
}

static void path_mtu_that_shrinks(void **state)
{
    script(ACCEPTED "write 2920\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "> P. seq 1461 ack 1 len 1460\n"
                    "problem big 5000 1000\n"
                    "count problems_ignored 1\n"
                    "problem big 1 1000\n"
                    "> . seq 1 ack 1 len 960\n"
                    "> . seq 961 ack 1 len 960\n"
                    "> . seq 1921 ack 1 len 960\n"
                    "> P. seq 2881 ack 1 len 40\n");
}

static void keepalive_set_on_a_dead_connection_does_nothing(void **state)
{
    script(ACCEPTED "< R seq 1\n"
                    "keepalive 1 1\n"
                    "close\n"
                    "count connections 0\n"
                    "+10s\n"
                    "count keepalives 0\n");
}

/* RFC 4861 7.3.1: what is acknowledged shows that the neighbour is there; said every 4 seconds at most. */
static void progress_confirms_the_neighbour(void **state)
{
    script(ACCEPTED "count reached 0\n"
                    "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "< . seq 1 ack 101\n"
                    "count reached 1\n"
                    "write 100\n"
                    "> P. seq 101 ack 1 len 100\n"
                    "< . seq 1 ack 201\n"
                    "count reached 1\n"
                    "+5s\n"
                    "write 100\n"
                    "> P. seq 201 ack 1 len 100\n"
                    "< . seq 1 ack 301\n"
                    "count reached 2\n");
}

/* What comes in, and acknowledgements of nothing new, show that the other side can send; no more. */
static void what_comes_in_confirms_nothing(void **state)
{
    script(ACCEPTED "< . seq 1 ack 1 len 100\n"
                    "+41ms\n"
                    "> . seq 1 ack 101\n"
                    "+10s\n"
                    "< . seq 101 ack 1 len 100\n"
                    "< . seq 201 ack 1\n"
                    "+41ms\n"
                    "> . seq 1 ack 201\n"
                    "count reached 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ack_of_a_single_segment_is_delayed),
        cmocka_unit_test(ack_of_every_second_segment_comes_after_the_batch),
        cmocka_unit_test(ack_travels_with_the_answer),
        cmocka_unit_test(ack_of_two_segments_travels_with_an_answer_that_comes_before_the_flush),
        cmocka_unit_test(data_out_of_order_is_acknowledged_at_once_each_time),
        cmocka_unit_test(overlapping_data_out_of_order_is_taken_once),
        cmocka_unit_test(old_data_is_acknowledged_again_and_new_data_behind_it_taken),
        cmocka_unit_test(fin_out_of_order_waits_for_the_gap),
        cmocka_unit_test(data_behind_a_fin_is_not_taken),
        cmocka_unit_test(urgent_data_is_data),
        cmocka_unit_test(window_closes_as_data_is_not_read_and_opens_when_it_is),
        cmocka_unit_test(probe_of_a_closed_window_may_acknowledge),
        cmocka_unit_test(advertised_edge_never_moves_back),
        cmocka_unit_test(memory_that_runs_out_drops_and_counts),
        cmocka_unit_test(unread_data_leaves_a_share_of_the_memory),
        cmocka_unit_test(sender_fills_segments_from_all_pieces),
        cmocka_unit_test(segment_of_more_pieces_than_a_send_gathers_is_cut),
        cmocka_unit_test(small_copies_share_a_chunk),
        cmocka_unit_test(copied_data_has_a_limit_and_the_writer_is_woken),
        cmocka_unit_test(static_data_waits_for_pieces_only),
        cmocka_unit_test(static_pieces_have_a_limit_and_the_writer_is_woken),
        cmocka_unit_test(writer_that_waits_for_the_memory_of_others_is_woken),
        cmocka_unit_test(nagle_holds_a_small_segment_while_one_is_under_way),
        cmocka_unit_test(without_nagle_small_segments_go_out_at_once),
        cmocka_unit_test(timestamps_are_echoed_and_measured),
        cmocka_unit_test(echoed_timestamp_is_of_the_oldest_segment_that_is_not_acknowledged),
        cmocka_unit_test(segments_before_a_gap_was_filled_do_not_set_the_echo),
        cmocka_unit_test(paws_drops_old_timestamps),
        cmocka_unit_test(segment_without_the_timestamps_that_were_agreed_is_dropped),
        cmocka_unit_test(paws_forgets_after_24_days),
        cmocka_unit_test(idle_connection_starts_with_the_initial_window_again),
        cmocka_unit_test(keepalive_probes_and_gives_up),
        cmocka_unit_test(keepalive_is_off_by_default),
        cmocka_unit_test(keepalive_probe_of_the_peer_is_answered),
        cmocka_unit_test(reader_is_woken_once),
        cmocka_unit_test(device_that_is_full_is_tried_again),
        cmocka_unit_test(device_that_is_full_is_tried_again_whatever_it_takes),
        cmocka_unit_test(path_mtu_that_shrinks),
        cmocka_unit_test(keepalive_set_on_a_dead_connection_does_nothing),
        cmocka_unit_test(progress_confirms_the_neighbour),
        cmocka_unit_test(what_comes_in_confirms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
