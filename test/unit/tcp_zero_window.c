/* SPDX-License-Identifier: ISC */
/* Windows that close, shrink or are too small to fill: probes, their backoff, and what the peer may do meanwhile. */
#include "test/support/tcp_script.h"

/* A peer that takes 500 bytes of 1500, and is asked for the first time whether there is room again. */
#define FULL_AFTER_500               \
    "listen 80 4\n"                  \
    "< S seq 0 win 500 <mss 1000>\n" \
    "> S. seq 0 ack 1\n"             \
    "< . seq 1 ack 1 win 500\n"      \
    "accept\n"                       \
    "write 1500\n"                   \
    "> . seq 1 ack 1 len 500\n"      \
    "< . seq 1 ack 501 win 0\n"      \
    "+210ms\n"                       \
    "> . seq 501 ack 1 len 1\n"

static void zero_window_is_probed_with_backoff(void **state)
{
    script(FULL_AFTER_500 "< . seq 1 ack 501 win 0\n"
                          "+420ms\n"
                          "> . seq 501 ack 1 len 1\n"
                          "+810ms\n"
                          "> . seq 501 ack 1 len 1\n"
                          "< . seq 1 ack 501 win 2000\n"
                          "> P. seq 501 ack 1 len 1000\n"
                          "count window_probes 3\n"
                          "count timeouts 0\n");
}

static void zero_window_probe_that_is_taken_counts(void **state)
{
    script(FULL_AFTER_500 "< . seq 1 ack 502 win 2000\n"
                          "> P. seq 502 ack 1 len 999\n"
                          "< . seq 1 ack 1501\n"
                          "unsent 0\n");
}

static void zero_window_outlives_the_user_timeout_while_the_peer_answers(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 500 <mss 1000>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1 win 0\n"
           "accept\n"
           "user-timeout 1000\n"
           "write 10\n"
           "+210ms\n"
           "> . seq 1 ack 1 len 1\n"
           "< . seq 1 ack 1 win 0\n"
           "+410ms\n"
           "> . seq 1 ack 1 len 1\n"
           "< . seq 1 ack 1 win 0\n"
           "+810ms\n"
           "> . seq 1 ack 1 len 1\n"
           "count timed_out 0\n"
           "+1610ms\n"
           "> R. seq 1 ack 1\n"
           "read timeout\n");
}

static void fin_waits_for_the_window_and_is_probed(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 500 <mss 1000>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1 win 0\n"
           "accept\n"
           "shutdown\n"
           "+210ms\n"
           "> F. seq 1 ack 1\n"
           "< . seq 1 ack 2 win 0\n"
           "count connections 1\n"
           "< F. seq 1 ack 2 win 0\n"
           "> . seq 2 ack 2\n");
}

static void tiny_window_is_not_filled_at_once_but_after_a_while(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 win 2000 <mss 1000>\n"
           "> S. seq 0 ack 1\n"
           "< . seq 1 ack 1 win 2000\n"
           "accept\n"
           "write 5000\n"
           "> . seq 1 ack 1 len 1000\n"
           "> . seq 1001 ack 1 len 1000\n"
           "< . seq 1 ack 2001 win 100\n"
           "+210ms\n"
           "> . seq 2001 ack 1 len 100\n"
           "< . seq 1 ack 2101 win 1000\n"
           "> . seq 2101 ack 1 len 1000\n");
}

static void window_that_shrinks_is_obeyed(void **state)
{
    script(ACCEPTED "write 3000\n"
                    "> . seq 1 ack 1 len 1460\n"
                    "> . seq 1461 ack 1 len 1460\n"
                    "> P. seq 2921 ack 1 len 80\n"
                    "< . seq 1 ack 1461 win 500\n"
                    "count shrunk_window 1\n"
                    "write 100\n"
                    "+210ms\n"
                    "> . seq 1461 ack 1 len 500\n"
                    "< . seq 1 ack 3001 win 1000\n"
                    "> P. seq 3001 ack 1 len 100\n");
}

static void window_that_shrinks_to_nothing_turns_the_timeout_into_a_probe(void **state)
{
    script(ACCEPTED "write 100\n"
                    "> P. seq 1 ack 1 len 100\n"
                    "< . seq 1 ack 1 win 0\n"
                    "+210ms\n"
                    "> . seq 1 ack 1 len 1\n"
                    "count timeouts 1\n"
                    "count window_probes 1\n"
                    "< . seq 1 ack 101 win 1000\n"
                    "unsent 0\n");
}

static void old_window_updates_are_not_taken(void **state)
{
    script(ACCEPTED "< . seq 1 ack 1 win 3000 len 10\n"
                    "< . seq 11 ack 1 win 1000 len 10\n"
                    "> . seq 1 ack 21\n"
                    "< . seq 11 ack 1 win 5000\n"
                    "> . seq 1 ack 21\n"
                    "write 3000\n"
                    "+210ms\n"
                    "> . seq 1 ack 21 len 1000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_window_is_probed_with_backoff),
        cmocka_unit_test(zero_window_probe_that_is_taken_counts),
        cmocka_unit_test(zero_window_outlives_the_user_timeout_while_the_peer_answers),
        cmocka_unit_test(fin_waits_for_the_window_and_is_probed),
        cmocka_unit_test(tiny_window_is_not_filled_at_once_but_after_a_while),
        cmocka_unit_test(window_that_shrinks_is_obeyed),
        cmocka_unit_test(window_that_shrinks_to_nothing_turns_the_timeout_into_a_probe),
        cmocka_unit_test(old_window_updates_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
