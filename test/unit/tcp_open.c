/* SPDX-License-Identifier: ISC */
#include "test/support/tcp_script.h"

TRANSCRIPT(accepts_reads_answers_and_closes, ACCEPTED "< P. seq 1 ack 1 len 100\n"
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
                                                      "+61s\n"
                                                      "count waiting 0\n"
                                                      "count chunks 0\n"
                                                      "count pieces 0\n")

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_reads_answers_and_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
