/* SPDX-License-Identifier: ISC */
/* Paths that carry less than their ends: black holes, the search for what they carry (RFC 4821, RFC 8899), and what is
 * forgotten after ten minutes (RFC 1191 6.3). */
#include "test/support/tcp_script.h"

/* Two segments that nothing comes back of: a probe of the tail, a timeout, and smaller ones after the next. */
#define BLACK_HOLE                   \
    "write 2920\n"                   \
    "> . seq 1 ack 1 len 1460\n"     \
    "> P. seq 1461 ack 1 len 1460\n" \
    "+102ms\n"                       \
    "> P. seq 1461 ack 1 len 1460\n" \
    "+202ms\n"                       \
    "> . seq 1 ack 1 len 1460\n"     \
    "count black_holes 0\n"          \
    "+402ms\n"                       \
    "> . seq 1 ack 1 len 1024\n"     \
    "count black_holes 1\n"          \
    "+50ms\n"                        \
    "< . seq 1 ack 1025\n"           \
    "> . seq 1025 ack 1 len 436\n"   \
    "> . seq 1461 ack 1 len 1024\n"  \
    "> P. seq 2485 ack 1 len 436\n"  \
    "+50ms\n"                        \
    "< . seq 1 ack 2921\n"

static void after_two_timeouts_segments_are_smaller(void **state)
{
    script(ACCEPTED_FAR_SACK BLACK_HOLE "count timeouts 2\n"
                                        "unsent 0\n");
}

/* Slow start to where there is room for a larger segment and one behind it. */
#define SMALL_AGAIN                 \
    "write 29200\n"                 \
    "> . seq 2921 ack 1 len 1024\n" \
    "> . seq 3945 ack 1 len 1024\n" \
    "count mtu_probes 0\n"          \
    "+50ms\n"                       \
    "< . seq 1 ack 4969\n"          \
    "> . seq 4969 ack 1 len 1460\n" \
    "> . seq 6429 ack 1 len 1024\n" \
    "> . seq 7453 ack 1 len 1024\n" \
    "count mtu_probes 1\n"          \
    "+50ms\n"

/* The path was only dead: the first larger segment arrives, and all are large again. */
static void one_probe_ends_the_search_where_the_path_was_dead(void **state)
{
    script(ACCEPTED_FAR_SACK BLACK_HOLE SMALL_AGAIN "< . seq 1 ack 8477\n"
                                                    "> . seq 8477 ack 1 len 1460\n"
                                                    "> . seq 9937 ack 1 len 1460\n"
                                                    "> . seq 11397 ack 1 len 1460\n"
                                                    "count mtu_probes 1\n"
                                                    "count mtu_probes_lost 0\n");
}

/* It carries 1300: the probe is lost, sent again in two, and the window stays; the next one is in the middle. */
static void a_lost_probe_is_no_congestion(void **state)
{
    script(ACCEPTED_FAR_SACK BLACK_HOLE SMALL_AGAIN "< . seq 1 ack 4969 <sack 6429 8477>\n"
                                                    "> . seq 8477 ack 1 len 1024\n"
                                                    "> . seq 9501 ack 1 len 1024\n"
                                                    "+20ms\n"
                                                    "> . seq 4969 ack 1 len 1024\n"
                                                    "> . seq 5993 ack 1 len 436\n"
                                                    "count mtu_probes_lost 1\n"
                                                    "count fast_retransmits 0\n"
                                                    "+30ms\n"
                                                    "< . seq 1 ack 8477\n"
                                                    "> . seq 10525 ack 1 len 1242\n"
                                                    "> . seq 11767 ack 1 len 1024\n"
                                                    "count mtu_probes 2\n"
                                                    "+50ms\n"
                                                    "count mtu_probes_lost 1\n");
}

/* RFC 1191 6.3: ten minutes after an ICMP error; the route allows more by then. */
static void ten_minutes_after_too_big_a_larger_one_is_tried(void **state)
{
    script(ACCEPTED_FAR_SACK "write 2920\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "problem big 1 1240\n"
                             "> . seq 1 ack 1 len 1200\n"
                             "> . seq 1201 ack 1 len 1200\n"
                             "> P. seq 2401 ack 1 len 520\n"
                             "count path_mtu 1\n"
                             "# new connections to the peer are to know it, too\n"
                             "count narrow 1\n"
                             "count narrow_bytes 1240\n"
                             "+50ms\n"
                             "< . seq 1 ack 2921\n"
                             "+590s\n"
                             "write 4000\n"
                             "> . seq 2921 ack 1 len 1200\n"
                             "> . seq 4121 ack 1 len 1200\n"
                             "> . seq 5321 ack 1 len 1200\n"
                             "> P. seq 6521 ack 1 len 400\n"
                             "+50ms\n"
                             "< . seq 1 ack 6921\n"
                             "count mtu_probes 0\n"
                             "+11s\n"
                             "write 4000\n"
                             "> . seq 6921 ack 1 len 1460\n"
                             "> . seq 8381 ack 1 len 1200\n"
                             "> . seq 9581 ack 1 len 1200\n"
                             "> P. seq 10781 ack 1 len 140\n"
                             "count mtu_probes 1\n"
                             "+50ms\n"
                             "< . seq 1 ack 10921\n"
                             "write 2920\n"
                             "> . seq 10921 ack 1 len 1460\n"
                             "> P. seq 12381 ack 1 len 1460\n");
}

/* RFC 5927: an error about what is not under way is somebody's guess, and one about a lesser size that is none. */
static void a_guessed_error_tells_nobody(void **state)
{
    script(ACCEPTED_FAR_SACK "write 2920\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "problem big 2921 1240\n"
                             "problem big 1000000 1240\n"
                             "problem big 1 9000\n"
                             "count problems_ignored 3\n"
                             "count path_mtu 0\n"
                             "count narrow 0\n");
}

/* What the route does not allow is not tried; where nothing is known, nothing is. */
static void a_path_that_carries_all_is_not_probed(void **state)
{
    script(ACCEPTED_FAR_SACK "+601s\n"
                             "write 5840\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> . seq 1461 ack 1 len 1460\n"
                             "> . seq 2921 ack 1 len 1460\n"
                             "> P. seq 4381 ack 1 len 1460\n"
                             "count mtu_probes 0\n");
}

/* A probe takes new data, and something behind it to tell that it is missing. */
static void little_data_is_no_probe(void **state)
{
    script(ACCEPTED_FAR_SACK BLACK_HOLE "write 2000\n"
                                        "> . seq 2921 ack 1 len 1024\n"
                                        "> P. seq 3945 ack 1 len 976\n"
                                        "count mtu_probes 0\n");
}

/* Timeouts of small segments are not about their size. */
static void small_segments_are_no_black_hole(void **state)
{
    script(ACCEPTED_FAR_SACK "write 500\n"
                             "> P. seq 1 ack 1 len 500\n"
                             "+202ms\n"
                             "> P. seq 1 ack 1 len 500\n"
                             "+402ms\n"
                             "> P. seq 1 ack 1 len 500\n"
                             "+802ms\n"
                             "> P. seq 1 ack 1 len 500\n"
                             "+1602ms\n"
                             "> P. seq 1 ack 1 len 500\n"
                             "count black_holes 0\n");
}

/* A lone segment below what is tried first may be too long for the path, too. */
static void a_lone_segment_is_made_smaller_after_four_timeouts(void **state)
{
    script(ACCEPTED_FAR_SACK "write 1000\n"
                             "> P. seq 1 ack 1 len 1000\n"
                             "+202ms\n"
                             "> P. seq 1 ack 1 len 1000\n"
                             "+402ms\n"
                             "> P. seq 1 ack 1 len 1000\n"
                             "+802ms\n"
                             "> P. seq 1 ack 1 len 1000\n"
                             "+1602ms\n"
                             "> . seq 1 ack 1 len 512\n"
                             "count black_holes 1\n");
}

/* RFC 4821 7.7: smaller still, after two more. */
static void after_four_timeouts_they_are_as_small_as_they_get(void **state)
{
    script(ACCEPTED_FAR_SACK "write 2920\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "+102ms\n"
                             "> P. seq 1461 ack 1 len 1460\n"
                             "+202ms\n"
                             "> . seq 1 ack 1 len 1460\n"
                             "+402ms\n"
                             "> . seq 1 ack 1 len 1024\n"
                             "+802ms\n"
                             "> . seq 1 ack 1 len 512\n"
                             "count black_holes 2\n"
                             "+1602ms\n"
                             "> . seq 1 ack 1 len 512\n"
                             "count black_holes 2\n");
}

/* Without SACK nobody can tell a lost probe from congestion: all at once, after ten minutes. */
static void without_sack_segments_are_large_again_after_ten_minutes(void **state)
{
    script(ACCEPTED "write 1460\n"
                    "> P. seq 1 ack 1 len 1460\n"
                    "+202ms\n"
                    "> P. seq 1 ack 1 len 1460\n"
                    "+402ms\n"
                    "> . seq 1 ack 1 len 1024\n"
                    "< . seq 1 ack 1025\n"
                    "> P. seq 1025 ack 1 len 436\n"
                    "< . seq 1 ack 1461\n"
                    "count black_holes 1\n"
                    "+590s\n"
                    "write 1460\n"
                    "> . seq 1461 ack 1 len 1024\n"
                    "> P. seq 2485 ack 1 len 436\n"
                    "< . seq 1 ack 2921\n"
                    "+11s\n"
                    "write 1460\n"
                    "> P. seq 2921 ack 1 len 1460\n"
                    "count mtu_probes 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_two_timeouts_segments_are_smaller),
        cmocka_unit_test(one_probe_ends_the_search_where_the_path_was_dead),
        cmocka_unit_test(a_lost_probe_is_no_congestion),
        cmocka_unit_test(ten_minutes_after_too_big_a_larger_one_is_tried),
        cmocka_unit_test(a_guessed_error_tells_nobody),
        cmocka_unit_test(a_path_that_carries_all_is_not_probed),
        cmocka_unit_test(little_data_is_no_probe),
        cmocka_unit_test(small_segments_are_no_black_hole),
        cmocka_unit_test(a_lone_segment_is_made_smaller_after_four_timeouts),
        cmocka_unit_test(after_four_timeouts_they_are_as_small_as_they_get),
        cmocka_unit_test(without_sack_segments_are_large_again_after_ten_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
