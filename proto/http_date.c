/* SPDX-License-Identifier: ISC */
/* Dates by the proleptic Gregorian calendar; no time zone but UTC. */
#include "proto/http_fields.h"

#include <jinn/format.h>
#include <jinn/must.h>

#define LAST_SECOND UINT64_C(253402300799) /* 9999-12-31 23:59:59: the format has four digits for the year */

static const char day_names[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct date {
    unsigned year, month, day, weekday, second; /* month from 0, day from 1, second of the day */
};

/* Counts in years that begin in March, so that a leap day is a year's last. Days to date by eras of 400 years. */
static struct date date_of(uint64_t seconds)
{
    if (seconds > LAST_SECOND)
        seconds = LAST_SECOND;
    unsigned days = (unsigned)(seconds / 86400);
    unsigned shifted = days + 719468; /* from 0000-03-01 */
    unsigned era = shifted / 146097, of_era = shifted % 146097;
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (5 * of_year + 2) / 153;
    unsigned month = (march_month + 2) % 12;
    return (struct date){
        .year = era * 400 + year_of_era + (month < 2),
        .month = month,
        .day = of_year - (153 * march_month + 2) / 5 + 1,
        .weekday = days % 7,
        .second = (unsigned)(seconds % 86400),
    };
}

#define CLOCK_FORMAT "%02u:%02u:%02u"
#define CLOCK(d) (d).second / 3600, (d).second / 60 % 60, (d).second % 60

void http_date(uint64_t seconds, char out[static HTTP_DATE_BYTES])
{
    struct date d = date_of(seconds);
    size_t len = format(out, HTTP_DATE_BYTES, "%.3s, %02u %.3s %04u " CLOCK_FORMAT " GMT", day_names + d.weekday * 3,
                        d.day, month_names + d.month * 3, d.year, CLOCK(d));
    must(len < HTTP_DATE_BYTES);
}

void http_log_date(uint64_t seconds, char out[static HTTP_LOG_DATE_BYTES])
{
    struct date d = date_of(seconds);
    size_t len = format(out, HTTP_LOG_DATE_BYTES, "%02u/%.3s/%04u:" CLOCK_FORMAT " +0000", d.day,
                        month_names + d.month * 3, d.year, CLOCK(d));
    must(len < HTTP_LOG_DATE_BYTES);
}
