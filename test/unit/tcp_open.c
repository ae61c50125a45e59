/* SPDX-License-Identifier: ISC */
/* How connections begin, as packet transcripts. */
#include "test/support/tcp_script.h"

static void passive_open_data_and_close(void **state)
{
    script(ACCEPTED "< P. seq 1 ack 1 len 100\n"
                    "read 100\n"
                    "read again\n"
                    "write 3000\n"
                    "> . seq 1 ack 101 len 1460\n"
                    "> . seq 1461 ack 101 len 1460\n"
                    "> P. seq 2921 ack 101 len 80\n"
                    "< . seq 101 ack 3001\n"
                    "close\n"
                    "> F. seq 3001 ack 101\n"
                    "< F. seq 101 ack 3002\n"
                    "> . seq 3002 ack 102\n"
                    "count waiting 1\n"
                    "count connections 0\n"
                    "+62s\n"
                    "count waiting 0\n"
                    "count chunks 0\n"
                    "count pieces 0\n");
}

static void active_open_with_options(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0 win 65535 <mss 1460, ws 3, ts 100 0>\n"
           "connected again\n"
           "arm-writer\n"
           "+10ms\n"
           "< S. seq 0 ack 1 win 65535 <mss 1400, ws 7, ts 5000 100>\n"
           "> . seq 1 ack 1 <ts 110 5000>\n"
           "connected ok\n"
           "woken-writer 1\n"
           "write 2000\n"
           "> . seq 1 ack 1 len 1388\n"
           "> P. seq 1389 ack 1 len 612\n");
}

static void active_open_to_a_peer_without_options(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0 win 65535 <mss 1460, ws 3, ts 100 0>\n"
           "< S. seq 0 ack 1 win 4000\n"
           "> . seq 1 ack 1 win 65535\n"
           "write 1000\n"
           "> . seq 1 ack 1 len 536\n"
           "> P. seq 537 ack 1 len 464\n");
}

static void window_of_a_syn_is_never_scaled(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 1000 <mss 500, ws 7>\n"
           "> S. seq 0 ack 1 win 65535 <mss 1460, ws 3>\n"
           "< . seq 1 ack 1 win 10\n"
           "accept\n"
           "write 2000\n"
           "> . seq 1 ack 1 len 500\n"
           "> . seq 501 ack 1 len 500\n"
           "+100ms\n"
           "< . seq 1 ack 1001 win 10\n"
           "> . seq 1001 ack 1 len 500\n"
           "> P. seq 1501 ack 1 len 500\n");
}

static void window_scale_above_14_counts_as_14(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 1000 <mss 1460, ws 15>\n"
           "> S. seq 0 ack 1 <ws 3>\n"
           "< . seq 1 ack 1 win 1\n"
           "accept\n"
           "write 14600\n"
           "> . seq 1 ack 1 len 1460 times 9\n"
           "> P. seq 13141 ack 1 len 1460\n");
}

static void connection_refused_by_reset(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< R. seq 0 ack 1\n"
           "connected refused\n"
           "close\n"
           "count connections 0\n");
}

static void reset_with_a_wrong_ack_does_not_refuse(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< R. seq 0 ack 2\n"
           "< R. seq 0 ack 0\n"
           "< R seq 0\n"
           "connected again\n"
           "count bad_ack 2\n");
}

static void syn_sent_answers_a_wrong_ack_with_a_reset(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< . seq 500 ack 77\n"
           "> R seq 77\n"
           "< S. seq 500 ack 77\n"
           "> R seq 77\n"
           "connected again\n");
}

static void syn_sent_ignores_what_is_no_syn(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< . seq 0 ack 1\n"
           "< F. seq 0 ack 1\n"
           "connected again\n"
           "count no_ack 2\n");
}

static void syn_is_sent_again_and_given_up(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "+990ms\n"
           "+20ms\n"
           "> S seq 0\n"
           "+1980ms\n"
           "+40ms\n"
           "> S seq 0\n"
           "+4s\n"
           "> S seq 0\n"
           "+8s\n"
           "> S seq 0\n"
           "+16s\n"
           "> S seq 0\n"
           "+32s\n"
           "> S seq 0\n"
           "+60s\n"
           "> S seq 0\n"
           "+60s\n"
           "connected timeout\n"
           "close\n"
           "count connections 0\n");
}

static void syn_resent_means_one_segment_first(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "+1100ms\n"
           "> S seq 0\n"
           "< S. seq 0 ack 1 win 65535 <mss 1000>\n"
           "> . seq 1 ack 1\n"
           "write 5000\n"
           "> . seq 1 ack 1 len 1000\n");
}

static void simultaneous_open(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< S seq 0 win 65535 <mss 1460>\n"
           "> S. seq 0 ack 1 win 65535 <mss 1460>\n"
           "connected again\n"
           "< S. seq 0 ack 1 win 65535 <mss 1460>\n"
           "> . seq 1 ack 1\n"
           "connected ok\n"
           "write 10\n"
           "> P. seq 1 ack 1 len 10\n");
}

static void simultaneous_open_ended_by_a_plain_ack(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< S seq 0 win 65535 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1\n"
           "connected ok\n");
}

static void simultaneous_open_resends_its_syn_ack(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< S seq 0 win 65535 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< S seq 0 win 65535 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "+1100ms\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1\n"
           "connected ok\n");
}

static void simultaneous_open_refuses_a_wrong_ack(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< S seq 0 win 65535 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 99\n"
           "> R seq 99\n"
           "connected again\n");
}

static void simultaneous_open_then_reset(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< S seq 0 win 65535 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< R seq 1\n"
           "connected refused\n");
}

static void data_and_fin_with_the_syn_ack(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "< SF. seq 0 ack 1 len 100 <mss 1460>\n"
           "> . seq 1 ack 102\n"
           "connected ok\n"
           "read 100\n"
           "read end\n");
}

static void data_in_a_syn_is_not_acknowledged_and_comes_again(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 65535 len 50 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< P. seq 1 ack 1 len 50\n"
           "accept\n"
           "read 50\n");
}

static void third_packet_may_carry_data_and_fin(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< FP. seq 1 ack 1 len 20\n"
           "> . seq 1 ack 22\n"
           "accept\n"
           "read 20\n"
           "read end\n"
           "write 5\n"
           "> P. seq 1 ack 22 len 5\n"
           "close\n"
           "> F. seq 6 ack 22\n"
           "< . seq 22 ack 7\n"
           "count connections 0\n"
           "count waiting 0\n");
}

static void syn_ack_is_sent_again_and_given_up(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "+1100ms\n"
           "> S. seq 0 ack 1\n"
           "+2s\n"
           "> S. seq 0 ack 1\n"
           "+4s\n"
           "> S. seq 0 ack 1\n"
           "+8s\n"
           "> S. seq 0 ack 1\n"
           "count half 1\n"
           "+16100ms\n"
           "count half 0\n"
           "count half_expired 1\n");
}

static void half_open_answers_the_same_syn_again(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n");
}

static void half_open_challenges_another_syn(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< S seq 5000 <mss 1460>\n"
           "> . seq 1 ack 1\n"
           "count half 1\n");
}

static void half_open_reset_counts_only_at_the_right_number(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< R seq 2\n"
           "count half 1\n"
           "< R seq 1\n"
           "count half 0\n");
}

static void half_open_refuses_a_wrong_ack(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 2\n"
           "> R seq 2\n"
           "< . seq 1 ack 0\n"
           "> R seq 0\n"
           "count half 1\n"
           "< . seq 1 ack 1\n"
           "accept\n");
}

static void half_open_drops_what_lies_outside_of_its_window(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 70000 ack 1\n"
           "> . seq 1 ack 1\n"
           "< P seq 1 len 4\n"
           "accept again\n"
           "count half 1\n"
           "count no_ack 1\n");
}

static void accept_queue_overflow_is_refused(void **state)
{
    script("listen 80 1\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "peer 1235\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "peer 1234\n"
           "< . seq 1 ack 1\n"
           "peer 1236\n"
           "< S seq 0 <mss 1460>\n"
           "> R. seq 0 ack 1\n"
           "peer 1235\n"
           "< . seq 1 ack 1\n"
           "> R seq 1\n"
           "count refused_backlog 2\n"
           "accept\n"
           "accept again\n"
           "peer 1236\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n");
}

/* Two places, taken; the peers that have them lose nothing. */
#define FULL_TABLE                  \
    "listen 80 4\n"                 \
    "< S seq 0 <mss 1460>\n"        \
    "> S. seq 0 ack 1 <mss 1460>\n" \
    "peer 1235\n"                   \
    "< S seq 0 <mss 1460>\n"        \
    "> S. seq 0 ack 1\n"            \
    "peer 1236\n"

static void full_half_open_table_answers_with_cookies(void **state)
{
    script_sized(2, 65536,
                 FULL_TABLE "< S seq 0 <mss 1300, sackok, ws 3>\n"
                            "> S. seq 0 ack 1 <mss 1460>\n"
                            "count half 2\n"
                            "count half_dropped 0\n"
                            "count cookies 1\n"
                            "+30s\n"
                            "> S. seq 0 ack 1\n"
                            "> S. seq 0 ack 1\n"
                            "> S. seq 0 ack 1\n"
                            "> S. seq 0 ack 1\n"
                            "> S. seq 0 ack 1\n"
                            "> S. seq 0 ack 1\n"
                            "> S. seq 0 ack 1\n"
                            "> S. seq 0 ack 1\n"
                            "< . seq 1 ack 1 win 1000\n"
                            "count cookies_taken 1\n"
                            "count accepted 1\n"
                            "accept\n"
                            "# the segment size was remembered; scaling and SACK were not, without timestamps\n"
                            "write 1400\n"
                            "> . seq 1 ack 1 len 1000\n"
                            "< . seq 101 ack 1001 win 1000 len 10\n"
                            "> . seq 1001 ack 1 <nosack>\n"
                            "> P. seq 1001 ack 1 len 400 <nosack>\n");
}

static void cookies_with_timestamps_remember_all_options(void **state)
{
    script_sized(2, 65536,
                 FULL_TABLE "< SEW seq 0 <mss 1300, ws 3, sackok, ts 1000 0>\n"
                            "> SE. seq 0 ack 1 <mss 1460, ws 0, sackok, ts 100 1000>\n"
                            "+20ms\n"
                            "< . seq 1 ack 1 win 200 <ts 1020 100>\n"
                            "accept\n"
                            "# 200 << 3 is room for one of 1300 - 12\n"
                            "write 2000\n"
                            "> . seq 1 ack 1 len 1288 ecn 2\n"
                            "< . seq 101 ack 1 win 200 len 10 <ts 1021 100>\n"
                            "> . seq 1289 ack 1 <sack 101 111, ts 0 1020>\n");
}

/* RFC 7323 4: the echo of the cookie's timestamp is a first sample of the round trip, so the timeout is not the second
 * of a path of which nothing is known, and the tail is probed. */
static void cookies_with_timestamps_give_a_round_trip(void **state)
{
    script_sized(2, 65536,
                 FULL_TABLE "< S seq 0 <mss 1460, ws 7, sackok, ts 1000 0>\n"
                            "> S. seq 0 ack 1 <mss 1460, ws 0, sackok, ts 100 1000>\n"
                            "+20ms\n"
                            "< . seq 1 ack 1 win 200 <ts 1020 100>\n"
                            "accept\n"
                            "write 2896\n"
                            "> . seq 1 ack 1 len 1448\n"
                            "> P. seq 1449 ack 1 len 1448\n"
                            "+39ms\n"
                            "# twice the sample, which has up to 63 ms of the cookie in it\n"
                            "+128ms\n"
                            "> P. seq 1449 ack 1 len 1448\n"
                            "count tail_probes 1\n"
                            "count timeouts 0\n");
}

/* Without them nothing is known of the path. */
static void cookies_without_timestamps_give_none(void **state)
{
    script_sized(2, 65536,
                 FULL_TABLE "< S seq 0 <mss 1460>\n"
                            "> S. seq 0 ack 1 <mss 1460>\n"
                            "peer 1234\n"
                            "< R seq 1\n"
                            "peer 1235\n"
                            "< R seq 1\n"
                            "peer 1236\n"
                            "+20ms\n"
                            "< . seq 1 ack 1 win 65535\n"
                            "accept\n"
                            "write 1460\n"
                            "> P. seq 1 ack 1 len 1460\n"
                            "+999ms\n"
                            "count timeouts 0\n"
                            "+2ms\n"
                            "> P. seq 1 ack 1 len 1460\n"
                            "count timeouts 1\n");
}

/* RFC 7323 3.2 leaves the echo to the peer: one that can't be is no sample. */
static void cookies_with_an_impossible_echo_give_none(void **state)
{
    script_sized(2, 65536,
                 FULL_TABLE "< S seq 0 <mss 1460, ts 1000 0>\n"
                            "> S. seq 0 ack 1 <mss 1460, ts 100 1000>\n"
                            "peer 1234\n"
                            "< R seq 1\n"
                            "peer 1235\n"
                            "< R seq 1\n"
                            "peer 1236\n"
                            "+20ms\n"
                            "# 2^20 ms ago, the same bits of the cookie\n"
                            "< . seq 1 ack 1 win 65535 <ts 1020 -1048476>\n"
                            "accept\n"
                            "write 1448\n"
                            "> P. seq 1 ack 1 len 1448\n"
                            "+999ms\n"
                            "count timeouts 0\n"
                            "+2ms\n"
                            "> P. seq 1 ack 1 len 1448\n"
                            "count timeouts 1\n");
}

static void cookies_are_good_for_two_minutes_and_one_peer(void **state)
{
    script_sized(2, 65536,
                 FULL_TABLE "< S seq 0 <mss 1460>\n"
                            "> S. seq 0 ack 1\n"
                            "# not the peer's number; not ours\n"
                            "< . seq 2 ack 1\n"
                            "> R seq 1\n"
                            "< . seq 1 ack 2\n"
                            "> R seq 2\n"
                            "count bad_cookies 2\n"
                            "peer 1234\n"
                            "< R seq 1\n"
                            "peer 1235\n"
                            "< R seq 1\n"
                            "peer 1236\n"
                            "+130s\n"
                            "< . seq 1 ack 1\n"
                            "> R seq 1\n"
                            "count cookies_taken 0\n");
}

static void no_control_block_left_is_refused(void **state)
{
    script_sized(1, 65536,
                 "listen 80 4\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1\n"
                 "peer 1235\n"
                 "< S seq 0 <mss 1460>\n"
                 "> S. seq 0 ack 1\n"
                 "< . seq 1 ack 1\n"
                 "> R seq 1\n"
                 "count refused_full 1\n"
                 "connect full\n"
                 "count refused_full 2\n");
}

static void nobody_listens(void **state)
{
    script("< S seq 7 <mss 1460>\n"
           "> R. ack 8\n"
           "< . seq 7 ack 9\n"
           "> R\n"
           "< P seq 7 len 5\n"
           "> R. ack 12\n"
           "< R seq 7\n"
           "< R. seq 7 ack 9\n"
           "count no_connection 5\n"
           "count resets_out 3\n");
}

static void a_listener_refuses_an_ack_and_ignores_a_reset(void **state)
{
    script("listen 80 4\n"
           "< . seq 1 ack 1\n"
           "> R\n"
           "< S. seq 1 ack 1\n"
           "> R\n"
           "< R seq 1\n");
}

static void closing_a_listener_resets_who_waits(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1\n"
           "peer 1235\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "unlisten\n"
           "> R. seq 1 ack 1\n"
           "count half 0\n"
           "count connections 0\n"
           "< . seq 1 ack 1\n"
           "> R seq 1\n"
           "listen 80 4\n");
}

static void a_connection_reset_before_it_was_accepted(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1\n"
           "< R seq 1\n"
           "accept\n"
           "read reset\n"
           "write 5 reset\n"
           "close\n"
           "count connections 0\n");
}

static void wrong_arguments(void **state)
{
    script("listen 0 4 invalid\n"
           "listen 80 0 invalid\n"
           "listen 80 4\n"
           "listen 80 4 inuse\n"
           "listen 81 4\n"
           "listen 82 4\n"
           "listen 83 4\n"
           "listen 84 4 full\n"
           "peer 0\n"
           "connect invalid\n"
           "peer 9000\n"
           "no-route\n"
           "connect unreachable\n");
}

static void unreachable_by_icmp_while_opening(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "problem net 0\n"
           "connected again\n"
           "problem port 1\n"
           "connected again\n"
           "count problems_ignored 1\n"
           "problem port 0\n"
           "connected refused\n");
}

static void prohibited_by_icmp_while_opening(void **state)
{
    script("peer 9000\n"
           "connect\n"
           "> SEW seq 0\n"
           "problem admin 0\n"
           "connected unreachable\n");
}

static void keeps_syn_options_out_of_an_odd_mss(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 65535 <mss 1>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1\n"
           "accept\n"
           "write 128\n"
           "> . seq 1 ack 1 len 64\n"
           "> P. seq 65 ack 1 len 64\n");
}

/* The peer at `port` opens a connection; it fills all that it was promised, and nobody reads. */
#define OPENS_FROM(port)          \
    "peer " #port "\n"            \
    "< S seq 0 win 65535\n"       \
    "> S. seq 0 ack 1 win 2016\n" \
    "< . seq 1 ack 1\n"
#define FILLS_FROM(port)         \
    "peer " #port "\n"           \
    "< . seq 1 ack 1 len 2016\n" \
    "> . seq 1 ack 2017 win 0\n"

#define FULL_BUFFERS                                                                                     \
    "listen 80 4\n" OPENS_FROM(2001) OPENS_FROM(2002) OPENS_FROM(2003) OPENS_FROM(2004) FILLS_FROM(2001) \
        FILLS_FROM(2002) FILLS_FROM(2003) FILLS_FROM(2004) "count chunks 8\n"

/* Connecting waits for no memory: who waits for its end is told, though nothing can be written yet. */
static void who_connects_is_woken_when_memory_is_short(void **state)
{
    script_sized(16, 8 << 10,
                 FULL_BUFFERS "peer 9000\n"
                              "connect\n"
                              "> SEW seq 0\n"
                              "arm-writer\n"
                              "< S. seq 0 ack 1 win 65535 <mss 1460>\n"
                              "> . seq 1 ack 1\n"
                              "connected\n"
                              "woken-writer 1\n"
                              "# but who writes waits\n"
                              "copy 100 again\n"
                              "arm-writer\n"
                              "woken-writer 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passive_open_data_and_close),
        cmocka_unit_test(active_open_with_options),
        cmocka_unit_test(active_open_to_a_peer_without_options),
        cmocka_unit_test(window_of_a_syn_is_never_scaled),
        cmocka_unit_test(window_scale_above_14_counts_as_14),
        cmocka_unit_test(connection_refused_by_reset),
        cmocka_unit_test(reset_with_a_wrong_ack_does_not_refuse),
        cmocka_unit_test(syn_sent_answers_a_wrong_ack_with_a_reset),
        cmocka_unit_test(syn_sent_ignores_what_is_no_syn),
        cmocka_unit_test(syn_is_sent_again_and_given_up),
        cmocka_unit_test(syn_resent_means_one_segment_first),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(simultaneous_open_ended_by_a_plain_ack),
        cmocka_unit_test(simultaneous_open_resends_its_syn_ack),
        cmocka_unit_test(simultaneous_open_refuses_a_wrong_ack),
        cmocka_unit_test(simultaneous_open_then_reset),
        cmocka_unit_test(data_and_fin_with_the_syn_ack),
        cmocka_unit_test(data_in_a_syn_is_not_acknowledged_and_comes_again),
        cmocka_unit_test(third_packet_may_carry_data_and_fin),
        cmocka_unit_test(syn_ack_is_sent_again_and_given_up),
        cmocka_unit_test(half_open_answers_the_same_syn_again),
        cmocka_unit_test(half_open_challenges_another_syn),
        cmocka_unit_test(half_open_reset_counts_only_at_the_right_number),
        cmocka_unit_test(half_open_refuses_a_wrong_ack),
        cmocka_unit_test(half_open_drops_what_lies_outside_of_its_window),
        cmocka_unit_test(accept_queue_overflow_is_refused),
        cmocka_unit_test(full_half_open_table_answers_with_cookies),
        cmocka_unit_test(cookies_with_timestamps_remember_all_options),
        cmocka_unit_test(cookies_with_timestamps_give_a_round_trip),
        cmocka_unit_test(cookies_without_timestamps_give_none),
        cmocka_unit_test(cookies_with_an_impossible_echo_give_none),
        cmocka_unit_test(cookies_are_good_for_two_minutes_and_one_peer),
        cmocka_unit_test(no_control_block_left_is_refused),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(a_listener_refuses_an_ack_and_ignores_a_reset),
        cmocka_unit_test(closing_a_listener_resets_who_waits),
        cmocka_unit_test(a_connection_reset_before_it_was_accepted),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(unreachable_by_icmp_while_opening),
        cmocka_unit_test(prohibited_by_icmp_while_opening),
        cmocka_unit_test(keeps_syn_options_out_of_an_odd_mss),
        cmocka_unit_test(who_connects_is_woken_when_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
