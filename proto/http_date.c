/* SPDX-License-Identifier: ISC */
/* Dates by the proleptic Gregorian calendar; no time zone but UTC. */
#include "proto/http_fields.h"

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

static void put_digits(struct writer *w, unsigned value, unsigned n)
{
    uint8_t *at = write_room(w, n);
    for (unsigned i = n; at && i-- > 0; value /= 10)
        at[i] = (uint8_t)('0' + value % 10);
}

static void put_clock(struct writer *w, unsigned second)
{
    put_digits(w, second / 3600, 2);
    write_u8(w, ':');
    put_digits(w, second / 60 % 60, 2);
    write_u8(w, ':');
    put_digits(w, second % 60, 2);
}

static void put_date(struct writer *w, const struct date *d, uint8_t between)
{
    put_digits(w, d->day, 2);
    write_u8(w, between);
    write_copy(w, month_names + d->month * 3, 3);
    write_u8(w, between);
    put_digits(w, d->year, 4);
}

void http_date(uint64_t seconds, char out[static HTTP_DATE_BYTES])
{
    struct date d = date_of(seconds);
    struct writer w = writer_of(out, HTTP_DATE_BYTES);
    write_copy(&w, day_names + d.weekday * 3, 3);
    write_str(&w, ", ");
    put_date(&w, &d, ' ');
    write_u8(&w, ' ');
    put_clock(&w, d.second);
    write_copy(&w, " GMT", 5);
}

void http_log_date(uint64_t seconds, char out[static HTTP_LOG_DATE_BYTES])
{
    struct date d = date_of(seconds);
    struct writer w = writer_of(out, HTTP_LOG_DATE_BYTES);
    put_date(&w, &d, '/');
    write_u8(&w, ':');
    put_clock(&w, d.second);
    write_copy(&w, " +0000", 7);
}
