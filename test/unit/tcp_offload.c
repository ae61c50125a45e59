/* SPDX-License-Identifier: ISC */
/* A device that cuts segments, joins them and sums: what it is given, and that what is known of bytes sent, reported and
 * received is the same as with single segments. */
#include "test/support/tcp_script.h"

#define OFFLOAD "offload\n"

/* The initial window of ten segments, in two halves; 14600 bytes more wait. */
#define TEN_SENT                               \
    "write 29200\n"                            \
    "> . seq 1 ack 1 len 7300 <tso 1460>\n"    \
    "> . seq 7301 ack 1 len 7300 <tso 1460>\n" \
    "+50ms\n"

/* ---- Out ---- */

static void a_piece_is_at_most_half_of_the_congestion_window(void **state)
{
    script(OFFLOAD ACCEPTED_FAR_SACK TEN_SENT
           "# an acknowledgement is worth two segments at most: the window is 12 now\n"
           "< . seq 1 ack 14601\n"
           "> . seq 14601 ack 1 len 8760 <tso 1460>\n"
           "> P. seq 23361 ack 1 len 5840 <tso 1460>\n"
           "count large_out 4\n"
           "count retransmitted 0\n");
}

static void what_is_one_segment_is_sent_as_one(void **state)
{
    script(OFFLOAD ACCEPTED "write 1460\n"
                            "> P. seq 1 ack 1 len 1460\n"
                            "write 1461\n"
                            "> P. seq 1461 ack 1 len 1461 <tso 1460>\n"
                            "count large_out 1\n");
}

static void a_small_congestion_window_is_no_burst(void **state)
{
    script(OFFLOAD ACCEPTED "write 14600\n"
                            "> . seq 1 ack 1 len 7300 <tso 1460>\n"
                            "> P. seq 7301 ack 1 len 7300 <tso 1460>\n"
                            "# a timeout: one segment, then two, one by one; then four in two pieces\n"
                            "+300ms\n"
                            "> . seq 1 ack 1 len 1460\n"
                            "< . seq 1 ack 1461\n"
                            "> . seq 1461 ack 1 len 1460\n"
                            "> . seq 2921 ack 1 len 1460\n"
                            "< . seq 1 ack 4381\n"
                            "> . seq 4381 ack 1 len 2920 <tso 1460>\n"
                            "> . seq 7301 ack 1 len 2920 <tso 1460>\n"
                            "count timeouts 1\n");
}

static void the_peers_window_is_filled_by_whole_segments(void **state)
{
    script(OFFLOAD "listen 80 4\n"
                   "< S seq 0 win 65535 <mss 1460>\n"
                   "> S. seq 0 ack 1 win 65535 <mss 1460>\n"
                   "< . seq 1 ack 1 win 5000\n"
                   "accept\n"
                   "write 14600\n"
                   "> . seq 1 ack 1 len 4380 <tso 1460>\n"
                   "< . seq 1 ack 4381 win 5000\n"
                   "> . seq 4381 ack 1 len 4380 <tso 1460>\n");
}

static void the_end_of_the_stream_is_in_its_last_piece(void **state)
{
    script(OFFLOAD ACCEPTED "queue 4000\n"
                            "close\n"
                            "> FP. seq 1 ack 1 len 4000 <tso 1460>\n"
                            "< . seq 1 ack 4002\n"
                            "< F. seq 1 ack 4002\n"
                            "> . seq 4002 ack 2\n"
                            "count retransmitted 0\n");
}

static void copies_make_pieces_of_whole_segments(void **state)
{
    script(OFFLOAD ACCEPTED "# five chunks of 1008 bytes fit into a send, which are three segments and a part of one\n"
                            "queue-copy 8000\n"
                            "push\n"
                            "> . seq 1 ack 1 len 4380 <tso 1460>\n"
                            "> P. seq 4381 ack 1 len 3620 <tso 1460>\n");
}

static void a_device_that_is_full_gets_the_piece_again(void **state)
{
    script(OFFLOAD ACCEPTED "device-full\n"
                            "write 7300\n"
                            "count device_full 1\n"
                            "device-ready\n"
                            "+3ms\n"
                            "> P. seq 1 ack 1 len 7300 <tso 1460>\n"
                            "count retransmitted 0\n");
}

static void only_the_first_segment_says_that_we_have_slowed_down(void **state)
{
    script(OFFLOAD "listen 80 4\n"
                   "< SEW seq 0 win 65535 <mss 1460, sackok>\n"
                   "> SE. seq 0 ack 1\n"
                   "< . seq 1 ack 1 win 65535\n"
                   "accept\n"
                   "write 29200\n"
                   "> . seq 1 ack 1 len 7300 <tso 1460, ecn 2>\n"
                   "> . seq 7301 ack 1 len 7300 <tso 1460, ecn 2>\n"
                   "< E. seq 1 ack 7301\n"
                   "< . seq 1 ack 14601\n"
                   "> W. seq 14601 ack 1 len 2920 <tso 1460, cwr-once, ecn 2>\n"
                   "> . seq 17521 ack 1 len 2920 <tso 1460, ecn 2>\n");
}

static void where_segments_must_be_single_they_are(void **state)
{
    script(OFFLOAD ACCEPTED "single\n"
                            "write 2920\n"
                            "+3ms\n"
                            "> . seq 1 ack 1 len 1460\n"
                            "> P. seq 1461 ack 1 len 1460\n"
                            "count large_out 1\n"
                            "count retransmitted 0\n");
}

/* ---- Losses ---- */

static void a_hole_in_a_piece_is_sent_again_alone(void **state)
{
    script(OFFLOAD ACCEPTED_FAR_SACK TEN_SENT "# the fourth of ten was lost\n"
                                              "< . seq 1 ack 4381 <sack 5841 8761>\n"
                                              "> . seq 14601 ack 1 len 8760 <tso 1460>\n"
                                              "> . seq 23361 ack 1 len 1460\n"
                                              "< . seq 1 ack 4381 <sack 5841 10221>\n"
                                              "> . seq 4381 ack 1 len 1460\n"
                                              "count fast_retransmits 1\n"
                                              "count retransmitted 1\n");
}

static void several_lost_ones_are_sent_again_in_one_piece(void **state)
{
    script(OFFLOAD ACCEPTED_FAR_SACK TEN_SENT
           "# the first three of ten were lost; 7 have arrived, so 7 may go out: as many as the window is now\n"
           "< . seq 1 ack 1 <sack 4381 14601>\n"
           "> . seq 1 ack 1 len 4380 <tso 1460>\n"
           "> . seq 14601 ack 1 len 4380 <tso 1460>\n"
           "> . seq 18981 ack 1 len 1460\n"
           "count fast_retransmits 1\n"
           "+50ms\n"
           "< . seq 1 ack 20441\n"
           "> . seq 20441 ack 1 len 4380 <tso 1460>\n"
           "> P. seq 24821 ack 1 len 4380 <tso 1460>\n"
           "count timeouts 0\n");
}

static void a_piece_that_was_lost_whole_is_told_of_by_the_other_half(void **state)
{
    script(OFFLOAD ACCEPTED_FAR_SACK TEN_SENT "< . seq 1 ack 1 <sack 7301 14601>\n"
                                              "# five have arrived: five may go out, and one more\n"
                                              "> . seq 1 ack 1 len 4380 <tso 1460>\n"
                                              "> . seq 4381 ack 1 len 2920 <tso 1460>\n"
                                              "> . seq 14601 ack 1 len 1460\n"
                                              "count fast_retransmits 1\n"
                                              "count timeouts 0\n");
}

static void a_narrower_path_makes_smaller_segments(void **state)
{
    script(OFFLOAD ACCEPTED "write 7300\n"
                            "> P. seq 1 ack 1 len 7300 <tso 1460>\n"
                            "problem big 1461 1000\n"
                            "> P. seq 1 ack 1 len 7300 <tso 960>\n"
                            "count path_mtu 1\n");
}

static void a_narrower_device_makes_smaller_segments(void **state)
{
    script(OFFLOAD ACCEPTED "mtu 1000\n"
                            "write 7300\n"
                            "+3ms\n"
                            "> P. seq 1 ack 1 len 7300 <tso 960>\n");
}

/* ---- In ---- */

static void a_large_segment_is_acknowledged_after_the_batch(void **state)
{
    script(OFFLOAD ACCEPTED "<+ . seq 1 ack 1 len 14600 <large>\n"
                            "<+ . seq 14601 ack 1 len 20000 <large>\n"
                            "flush\n"
                            "> . seq 1 ack 34601\n"
                            "read 34600\n"
                            "count large_in 2\n"
                            "count bad_checksum 0\n");
}

static void a_large_segment_out_of_order_is_reported_whole(void **state)
{
    script(OFFLOAD ACCEPTED_SACK "< . seq 7301 ack 1 len 14600 <large>\n"
                                 "> . seq 1 ack 1 <sack 7301 21901>\n"
                                 "< . seq 2921 ack 1 len 2920 <large>\n"
                                 "> . seq 1 ack 1 <sack 2921 5841, sack 7301 21901>\n"
                                 "# what fills both gaps brings much again\n"
                                 "< . seq 1 ack 1 len 8760 <large>\n"
                                 "> . seq 1 ack 21901\n"
                                 "read 21900\n"
                                 "read again\n");
}

static void a_large_segment_is_cut_to_the_window(void **state)
{
    script_sized(4, 32768,
                 OFFLOAD "listen 80 4\n"
                         "< S seq 0 win 65535 <mss 1460>\n"
                         "> S. seq 0 ack 1 win 8064\n"
                         "< . seq 1 ack 1 win 65535\n"
                         "accept\n"
                         "< . seq 1 ack 1 len 14600 <large>\n"
                         "> . seq 1 ack 8065 win 0\n"
                         "read 8064\n"
                         "> . seq 1 ack 8065\n"
                         "read again\n");
}

static void what_nobody_vouches_for_is_summed(void **state)
{
    struct ip_in in = {.src = ip4(10, 0, 0, 9), .dst = ip4(10, 0, 0, 1), .protocol = IP_TCP};
    uint8_t syn[20] = {4, 210, 0, 80, [12] = 0x50, [13] = TCP_SYN, [16] = 1};
    struct script *x = script_new(4, 1 << 20);
    in.payload = bytes_of(syn, sizeof syn);
    x->below.features = NET_FEATURES;
    tcp_input(x->t, x->now_ns, &in);
    assert_int_equal(tcp_counters(x->t).n_bad_checksum, 1);
    assert_int_equal(tcp_counters(x->t).n_no_connection, 0);
    in.checksum_verified = true;
    tcp_input(x->t, x->now_ns, &in);
    assert_int_equal(tcp_counters(x->t).n_bad_checksum, 1);
    assert_int_equal(tcp_counters(x->t).n_no_connection, 1);
    script_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_is_at_most_half_of_the_congestion_window),
        cmocka_unit_test(what_is_one_segment_is_sent_as_one),
        cmocka_unit_test(a_small_congestion_window_is_no_burst),
        cmocka_unit_test(the_peers_window_is_filled_by_whole_segments),
        cmocka_unit_test(the_end_of_the_stream_is_in_its_last_piece),
        cmocka_unit_test(copies_make_pieces_of_whole_segments),
        cmocka_unit_test(a_device_that_is_full_gets_the_piece_again),
        cmocka_unit_test(only_the_first_segment_says_that_we_have_slowed_down),
        cmocka_unit_test(where_segments_must_be_single_they_are),
        cmocka_unit_test(a_hole_in_a_piece_is_sent_again_alone),
        cmocka_unit_test(several_lost_ones_are_sent_again_in_one_piece),
        cmocka_unit_test(a_piece_that_was_lost_whole_is_told_of_by_the_other_half),
        cmocka_unit_test(a_narrower_path_makes_smaller_segments),
        cmocka_unit_test(a_narrower_device_makes_smaller_segments),
        cmocka_unit_test(a_large_segment_is_acknowledged_after_the_batch),
        cmocka_unit_test(a_large_segment_out_of_order_is_reported_whole),
        cmocka_unit_test(a_large_segment_is_cut_to_the_window),
        cmocka_unit_test(what_nobody_vouches_for_is_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
