/* SPDX-License-Identifier: ISC */
/* Zone files: what is read as transcripts, a record or an error a line; what was written reads back as the same. */
#include "proto/dns_zonefile.h"

#include <jinn/attr.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct dns_zonefile zonefile;
static char transcript[1 << 20];

/* Files that others include: NAME, TEXT, ... */
struct files {
    const char *const *v;
};

static const char *open_file(void *context, struct bytes file, struct bytes *text)
{
    const struct files *files = context;
    for (const char *const *f = files->v; *f; f += 2) {
        if (bytes_equal(file, bytes_str(f[0]))) {
            *text = bytes_str(f[1]);
            return NULL;
        }
    }
    return "no such file";
}

/* Reads from memory of the text's own size. Records as dns_zonefile_write has them, errors as "FILE:LINE: REASON [WORD]". */
static const char *read_with(struct bytes text, const char *origin, const char *const *files)
{
    struct dns_name name = {0};
    struct files context = {files};
    uint8_t *copy = malloc(text.len ? text.len : 1);
    if (text.len)
        memcpy(copy, text.data, text.len);
    if (*origin)
        assert_null(dns_name_parse(bytes_str(origin), dns_root(), &name));
    dns_zonefile_begin(&zonefile, &(struct dns_zonefile_options){.origin = dns_name_bytes(&name),
                                                                 .text = bytes_of(copy, text.len),
                                                                 .file = bytes_str("zone"),
                                                                 .open = files ? open_file : NULL,
                                                                 .context = &context});
    struct writer w = writer_of(transcript, sizeof transcript - 1);
    for (enum dns_zonefile_event e; (e = dns_zonefile_next(&zonefile)) != DNS_ZONEFILE_END;) {
        if (e == DNS_ZONEFILE_RECORD) {
            assert_true(dns_rdata_is_good(zonefile.record.type, zonefile.record.rdata));
            dns_zonefile_write(&w, &zonefile.record);
            continue;
        }
        write_bytes(&w, zonefile.file);
        write_format(&w, ":%u: %s [", zonefile.line, zonefile.reason);
        write_bytes(&w, zonefile.near);
        write_str(&w, "]\n");
    }
    assert_int_equal(dns_zonefile_next(&zonefile), DNS_ZONEFILE_END);
    assert_true(writer_good(&w));
    transcript[writer_len(&w)] = 0;
    free(copy);
    return transcript;
}

static void expect(const char *text, const char *wanted)
{
    const char *got = read_with(bytes_str(text), "x.", NULL);
    if (strcmp(got, wanted) != 0)
        fail_msg("of\n%s\nwanted\n%s\ngot\n%s", text, wanted, got);
}

/* ---- Entries ---- */

static void example_of_the_rfc(void **state)
{
    /* RFC 1035 5.3, with the TTLs that it leaves to the SOA. */
    const char *got = read_with(bytes_str("@   IN  SOA     VENERA      Action\\.domains (\n"
                                          "                                 20     ; SERIAL\n"
                                          "                                 7200   ; REFRESH\n"
                                          "                                 600    ; RETRY\n"
                                          "                                 3600000; EXPIRE\n"
                                          "                                 60)    ; MINIMUM\n"
                                          "\n"
                                          "        NS      A.ISI.EDU.\n"
                                          "        NS      VENERA\n"
                                          "        MX      10      VENERA\n"
                                          "        MX      20      VAXA\n"
                                          "\n"
                                          "A       A       26.3.0.103\n"
                                          "\n"
                                          "VENERA  A       10.1.0.52\n"
                                          "        A       128.9.0.32\n"
                                          "\n"
                                          "$INCLUDE <SUBSYS>ISI-MAILBOXES.TXT\n"),
                                "ISI.EDU.",
                                (const char *const[]){"<SUBSYS>ISI-MAILBOXES.TXT",
                                                      "MOE     MB      A.ISI.EDU.\n"
                                                      "STOOGES MG      MOE\n"
                                                      "        MG      LARRY\n",
                                                      NULL});
    assert_string_equal(got, "ISI.EDU. 60 IN SOA VENERA.ISI.EDU. Action\\.domains.ISI.EDU. 20 7200 600 3600000 60\n"
                             "ISI.EDU. 60 IN NS A.ISI.EDU.\n"
                             "ISI.EDU. 60 IN NS VENERA.ISI.EDU.\n"
                             "ISI.EDU. 60 IN MX 10 VENERA.ISI.EDU.\n"
                             "ISI.EDU. 60 IN MX 20 VAXA.ISI.EDU.\n"
                             "A.ISI.EDU. 60 IN A 26.3.0.103\n"
                             "VENERA.ISI.EDU. 60 IN A 10.1.0.52\n"
                             "VENERA.ISI.EDU. 60 IN A 128.9.0.32\n"
                             "MOE.ISI.EDU. 60 IN MB A.ISI.EDU.\n"
                             "STOOGES.ISI.EDU. 60 IN MG MOE.ISI.EDU.\n"
                             "STOOGES.ISI.EDU. 60 IN MG LARRY.ISI.EDU.\n");
}

static void ttl_and_class_in_any_order(void **state)
{
    static const char *const lines[] = {
        "a 5 IN A 1.2.3.4",  "a IN 5 A 1.2.3.4", "a 5 A 1.2.3.4",        "a 5s in a 1.2.3.4",
        "a.x. 5 A 1.2.3.4",  "a\t5\tA\t1.2.3.4", "a 5 CLASS1 A 1.2.3.4", "a 5 TYPE1 1.2.3.4",
        "a ( 5 ) A 1.2.3.4", "(a 5 A 1.2.3.4)",  "\"a\" 5 A 1.2.3.4",    "a 5 A 1.2.3.4;x",
        "a 5 A(1.2.3.4)",    "a 5 A 1.2.3.4\r",  "\\097 5 A 1.2.3.4",    "a 5 A \\# 4 01020304"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        expect(lines[i], "a.x. 5 IN A 1.2.3.4\n");
        char text[64];
        snprintf(text, sizeof text, "\n%s\n\n", lines[i]);
        expect(text, "a.x. 5 IN A 1.2.3.4\n");
    }
}

static void what_is_left_out_is_as_before(void **state)
{
    expect("a 5 A 1.2.3.4\n  A 1.2.3.5\n\t6 A 1.2.3.6\n  \n\t; nothing\n A 1.2.3.7\n",
           "a.x. 5 IN A 1.2.3.4\na.x. 5 IN A 1.2.3.5\na.x. 6 IN A 1.2.3.6\na.x. 6 IN A 1.2.3.7\n");
    /* $TTL, once given, goes before the last one; a SOA is only asked when there was neither. */
    expect("$TTL 1h\na 5 A 1.2.3.4\n A 1.2.3.5\n$TTL 7\n A 1.2.3.6\n",
           "a.x. 5 IN A 1.2.3.4\na.x. 3600 IN A 1.2.3.5\na.x. 7 IN A 1.2.3.6\n");
    expect("@ SOA a b 1 2 3 4 5\n@ NS a\n@ 6 NS b\n@ NS c\n",
           "x. 5 IN SOA a.x. b.x. 1 2 3 4 5\nx. 5 IN NS a.x.\nx. 6 IN NS b.x.\nx. 6 IN NS c.x.\n");
    expect("a A 1.2.3.4\n", "zone:1: no TTL: give one here, or a $TTL before []\n");
    expect(" 5 A 1.2.3.4\n", "zone:1: no name: nothing before this line has one []\n");
    expect("@ SOA a b 1 2 3 4 4294967295\n", "zone:1: no TTL: give one here, or a $TTL before []\n");
}

static void origins(void **state)
{
    expect("$TTL 1\n@ NS a\n$ORIGIN b\na NS @\n$origin c.\na NS a.d.\n$ORIGIN .\ne NS f\n",
           "x. 1 IN NS a.x.\na.b.x. 1 IN NS b.x.\na.c. 1 IN NS a.d.\ne. 1 IN NS f.\n");
    assert_string_equal(read_with(bytes_str("a 1 NS b.\na. 1 NS b.\n$ORIGIN y.\na 1 NS b\n"), "", NULL),
                        "zone:1: a relative name without an origin [a]\na. 1 IN NS b.\na.y. 1 IN NS b.y.\n");
}

static void words_and_quotes(void **state)
{
    expect("a 1 TXT a\"b c\"d \"e;f\" g;h\n", "a.x. 1 IN TXT \"a\" \"b c\" \"d\" \"e;f\" \"g\"\n");
    expect("a 1 TXT ( a ; b ) c\n \"(\" ;\n ) d\n", "a.x. 1 IN TXT \"a\" \"(\" \"d\"\n");
    expect("a 1 TXT (a (b\n) c\n)\nb 1 TXT d\n", "a.x. 1 IN TXT \"a\" \"b\" \"c\"\nb.x. 1 IN TXT \"d\"\n");
    expect("a 1 TXT \\\" \\; a\\ b \\( \"\\\"\"\n", "a.x. 1 IN TXT \"\\\"\" \";\" \"a b\" \"(\" \"\\\"\"\n");
    expect("a\\ b 1 TXT \"\"", "a\\032b.x. 1 IN TXT \"\"\n");
    expect("a 1 SVCB 1 . key7=\"/{?dns}\" alpn=\"a,b\" key9=\"c d\"e\n",
           "zone:1: a parameter whose key is unknown []\n");
    expect("a 1 SVCB 1 . alpn=\"a,b\" key9=\"c d\\\"\" ; x\n", "a.x. 1 IN SVCB 1 . alpn=\"a,b\" key9=\"c d\\\"\"\n");
    expect("a 1 TXT k=\"a b\"\n", "a.x. 1 IN TXT \"k=\" \"a b\"\n"); /* as BIND has it */
    expect("a 1 APL\nb 1 APL ; none\n", "a.x. 1 IN APL \nb.x. 1 IN APL \n");
}

/* ---- Errors ---- */

static void errors_have_their_line(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"a 1 A 1.2.3\n", "zone:1: not an IPv4 address []\n"},
        {"\n\n a 1 A 1.2.3\n", "zone:3: no name: nothing before this line has one []\n"},
        {"a 1 NOSUCH x\n", "zone:1: an unknown type [NOSUCH]\n"},
        {"a 1 2 A 1.2.3.4\n", "zone:1: an unknown type [2]\n"},
        {"a IN IN A 1.2.3.4\n", "zone:1: an unknown type [IN]\n"},
        {"a 1 CH A 1.2.3.4\n", "zone:1: a class that is not the zone's [CH]\n"},
        {"a 1 AXFR\n", "zone:1: a type that no zone can hold [AXFR]\n"},
        {"a 1 TYPE41 \\# 0\n", "zone:1: a type that no zone can hold [TYPE41]\n"},
        {"a 1 TYPE0 \\# 0\n", "zone:1: a type that no zone can hold [TYPE0]\n"},
        {"a 1 \"A\" 1.2.3.4\n", "zone:1: quotes where no string can be [A]\n"},
        {"a 1\n", "zone:1: a field is missing []\n"},
        {"a\n", "zone:1: a field is missing []\n"},
        {"a 1x A 1.2.3.4\n", "zone:1: not a TTL: seconds, or like 1h30m [1x]\n"},
        {"a 2147483648 A 1.2.3.4\n", "zone:1: a TTL above 2147483647 [2147483648]\n"},
        {"a..b 1 A 1.2.3.4\n", "zone:1: an empty label [a..b]\n"},
        {"a 1 TXT \"b\nb 1 TXT c\n", "zone:1: quotes that are not closed on their line []\nb.x. 1 IN TXT \"c\"\n"},
        {"a 1 TXT \"b", "zone:1: quotes that are not closed on their line []\n"},
        {"a 1 TXT \"b\\", "zone:1: quotes that are not closed on their line []\n"},
        {"a 1 TXT (b\n\n\"c\nd 1 TXT e\n",
         "zone:1: quotes that are not closed on their line []\nd.x. 1 IN TXT \"e\"\n"},
        {"a 1 TXT b)\nc 1 TXT d\n", "zone:1: a parenthesis is closed that was not opened []\nc.x. 1 IN TXT \"d\"\n"},
        {"b 1 A 1.2.3.4\na 1 TXT\n", "b.x. 1 IN A 1.2.3.4\nzone:2: a field is missing []\n"},
        {"\na 1 TXT (b\nc 1 TXT d\n", "zone:2: a parenthesis that is not closed []\n"},
        {"a 1 TXT a\\\nb 1 TXT c\n", "zone:1: a bad escape: \\ takes a character or three digits up to 255 []\n"
                                     "b.x. 1 IN TXT \"c\"\n"},
        {"a 1 SOA (\n b c\n x 1 1 1 1 )\nd 1 TXT e\n", "zone:1: not a number []\nd.x. 1 IN TXT \"e\"\n"},
        {"$FOO a b\na 1 TXT b\n", "zone:1: an unknown directive [$FOO]\na.x. 1 IN TXT \"b\"\n"},
        {"$TTL\na 1 TXT b\n", "zone:1: a field is missing []\na.x. 1 IN TXT \"b\"\n"},
        {"$TTL x\n", "zone:1: not a TTL: seconds, or like 1h30m [x]\n"},
        {"$TTL 2147483648\n", "zone:1: a TTL above 2147483647 [2147483648]\n"},
        {"$TTL 1 2\n", "zone:1: more words than belong here [1]\n"},
        {"$ORIGIN\n", "zone:1: a field is missing []\n"},
        {"$ORIGIN a..b\n", "zone:1: an empty label [a..b]\n"},
        {"$ORIGIN a b\n", "zone:1: more words than belong here [a]\n"},
        {"$INCLUDE\n", "zone:1: a field is missing []\n"},
        {"$INCLUDE f\n", "zone:1: no file can be included here [f]\n"},
        {"$GENERATE\n", "zone:1: a field is missing []\n"},
        {"$GENERATE 2-1 a$ A 1.2.3.$\n", "zone:1: not a range like 1-10 or 0-100/5 [2-1]\n"},
        {"$GENERATE 1 a$ A 1.2.3.$\n", "zone:1: not a range like 1-10 or 0-100/5 [1]\n"},
        {"$GENERATE 1-2/0 a$ A 1.2.3.$\n", "zone:1: not a range like 1-10 or 0-100/5 [1-2/0]\n"},
        {"$GENERATE 1/2-3 a$ A 1.2.3.$\n", "zone:1: not a range like 1-10 or 0-100/5 [1/2-3]\n"},
        {"$GENERATE 0-1048576 a$ A 1.2.3.$\n", "zone:1: more than a million records from one line [0-1048576]\n"},
        {"$GENERATE 1-2 a$ A\n", "zone:1: a field is missing []\n"},
        {"$GENERATE 1-2 a$ 1 A 1.2.3.4 5\n", "zone:1: several words of data need quotes around them all [1.2.3.4]\n"},
        {"$GENERATE 1-2 a$ A 1.2.3.4\n", "zone:1: no TTL: give one here, or a $TTL before [1.2.3.4]\n"},
        {"$GENERATE 255-259 a$ 1 A 1.2.3.$\nb 1 TXT c\n",
         "a255.x. 1 IN A 1.2.3.255\nzone:1: not an IPv4 address []\nb.x. 1 IN TXT \"c\"\n"},
        {"$GENERATE 1-2 a${1,2,q} 1 NS a\n",
         "zone:1: not like $, $$ or ${OFFSET,WIDTH,BASE} with a base of d, o, x, X, "
         "n, N []\n"},
        {"$GENERATE 1-2 a${1 1 NS a\n",
         "zone:1: not like $, $$ or ${OFFSET,WIDTH,BASE} with a base of d, o, x, X, n, N "
         "[]\n"},
        {"$GENERATE 1-2 a${1,2,x,3} 1 NS a\n", "zone:1: not like $, $$ or ${OFFSET,WIDTH,BASE} with a base of d, o, x, "
                                               "X, n, N []\n"},
        {"$GENERATE 1-2 a${-5,0,x} 1 NS a\n", "zone:1: a number below 0 that is not written with the base d []\n"},
        {"$GENERATE 1-2 a.$. 1 TXT \"(b\"\nc 1 TXT d\n", "zone:1: a parenthesis that is not closed []\n"
                                                         "c.x. 1 IN TXT \"d\"\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect(cases[i].text, cases[i].wanted);
}

static void all_errors_are_told(void **state)
{
    expect("$TTL 1\na A x\nb A 1.2.3.4\nc A y\nd NOSUCH\n",
           "zone:2: not an IPv4 address []\nb.x. 1 IN A 1.2.3.4\nzone:4: not an IPv4 address []\n"
           "zone:5: an unknown type [NOSUCH]\n");
    /* What follows a bad name must not go to the one before it. */
    expect(
        "$TTL 1\na A 1.2.3.4\nb..c A 1.2.3.5\n A 1.2.3.6\n",
        "a.x. 1 IN A 1.2.3.4\nzone:3: an empty label [b..c]\nzone:4: no name: nothing before this line has one []\n");
}

/* ---- $GENERATE ---- */

static void generate(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"$GENERATE 1-3 a$ 1 A 1.2.3.$", "a1.x. 1 IN A 1.2.3.1\na2.x. 1 IN A 1.2.3.2\na3.x. 1 IN A 1.2.3.3\n"},
        {"$GENERATE 0-10/5 a${1,3,x} 1 CNAME b$$",
         "a001.x. 1 IN CNAME b\\$.x.\na006.x. 1 IN CNAME b\\$.x.\na00b.x. 1 IN CNAME b\\$.x.\n"},
        {"$GENERATE 0-0 a$ 1 IN TXT \"b $\" ; c", "a0.x. 1 IN TXT \"b\" \"0\"\n"},
        {"$GENERATE 1-1 a$ 1 SRV \"0 0 8$ t$\"", "a1.x. 1 IN SRV 0 0 81 t1.x.\n"},
        {"$GENERATE 10-11 ${0,6,X}.${0,7,N} 1 A 1.2.3.4",
         "00000A.A.0.0.0.x. 1 IN A 1.2.3.4\n00000B.B.0.0.0.x. 1 IN A 1.2.3.4\n"},
        {"$GENERATE 1-2 ${0,8,n} 1 PTR a${-1,2,d}", "1.0.0.0. 1 IN PTR a00.x.\n2.0.0.0. 1 IN PTR a01.x.\n"},
        {"$GENERATE 255-256 ${0,0,n} 1 PTR a", "f.f.x. 1 IN PTR a.x.\n0.0.1.x. 1 IN PTR a.x.\n"},
        {"$GENERATE 1-1 a\\$ 1 PTR a${7,3,o}", "a\\$.x. 1 IN PTR a010.x.\n"},
        {"$GENERATE 1-1 a${-5} 1 A 1.2.3.4\n TXT b", "a-4.x. 1 IN A 1.2.3.4\na-4.x. 1 IN TXT \"b\"\n"},
        {"$GENERATE 1-1 @ 1 A 1.2.3.$", "x. 1 IN A 1.2.3.1\n"},
        {"$GENERATE 1-1 $ 1 SVCB \"1 . port=$\"", "1.x. 1 IN SVCB 1 . port=1\n"},
        {"$generate 2147483647-2147483647 $ 1 NS a", "2147483647.x. 1 IN NS a.x.\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect(cases[i].text, cases[i].wanted);
}

static void generated_text_has_a_limit(void **state)
{
    char text[5000] = "$GENERATE 1-1 a 1 TXT \"";
    size_t len = strlen(text);
    memset(text + len, 'a', DNS_ZONEFILE_GENERATED_TEXT);
    for (size_t i = len; i < len + DNS_ZONEFILE_GENERATED_TEXT; i += 100)
        text[i] = ' ';
    text[len + DNS_ZONEFILE_GENERATED_TEXT] = '"';
    assert_true(strncmp(read_with(bytes_str(text), "x.", NULL), "a.x. 1 IN TXT", 13) == 0);
    text[len + DNS_ZONEFILE_GENERATED_TEXT] = 'a';
    text[len + DNS_ZONEFILE_GENERATED_TEXT + 1] = '"';
    expect(text, "zone:1: a generated name or data of more than 2048 bytes []\n");
}

/* ---- $INCLUDE ---- */

static void included_files(void **state)
{
    static const char *const files[] = {
        "a", "$TTL 2\nb NS @\n$ORIGIN c\nd NS @\n", "b c", " NS e\n", "bad", "e NS f\ng NOSUCH\n", "none", "", NULL};
    const char *got = read_with(bytes_str("$TTL 1\ny NS z\n$INCLUDE a\n NS z2\n$INCLUDE a o ; \n"
                                          "$INCLUDE \"b c\"\nh NS @\n$INCLUDE bad\n$INCLUDE none\n$INCLUDE missing\n"
                                          "$INCLUDE a o p\nlast NS @\n"),
                                "x.", files);
    assert_string_equal(got, "y.x. 1 IN NS z.x.\n"
                             "b.x. 2 IN NS x.\nd.c.x. 2 IN NS c.x.\n"
                             "y.x. 2 IN NS z2.x.\n"
                             "b.o.x. 2 IN NS o.x.\nd.c.o.x. 2 IN NS c.o.x.\n"
                             "b c:1: no name: nothing before this line has one []\n"
                             "h.x. 2 IN NS x.\n"
                             "e.x. 2 IN NS f.x.\nbad:2: an unknown type [NOSUCH]\n"
                             "zone:10: no such file [missing]\n"
                             "zone:11: more words than belong here [a]\n"
                             "last.x. 2 IN NS x.\n");
}

static void files_within_files_end_somewhere(void **state)
{
    static const char *const files[] = {"f", "a 1 NS @\n$INCLUDE f\nb 1 NS @\n", NULL};
    const char *got = read_with(bytes_str("$INCLUDE f\n"), "x.", files);
    unsigned n_a = 0, n_b = 0;
    for (const char *p = got; (p = strstr(p, "a.x. 1 ")) != NULL; p++)
        n_a++;
    for (const char *p = got; (p = strstr(p, "b.x. 1 ")) != NULL; p++)
        n_b++;
    assert_int_equal(n_a, DNS_ZONEFILE_DEPTH - 1);
    assert_int_equal(n_b, DNS_ZONEFILE_DEPTH - 1);
    assert_non_null(strstr(got, "f:2: files that include each other more than 8 deep"));
}

/* ---- Limits ---- */

static void words_of_a_record_have_a_limit(void **state)
{
    char text[16 + 2 * (DNS_ZONEFILE_WORDS + 1)] = "a 1 TXT";
    for (size_t i = 0; i < DNS_ZONEFILE_WORDS; i++)
        strcat(text, " b");
    assert_true(strncmp(read_with(bytes_str(text), "x.", NULL), "a.x. 1 IN TXT", 13) == 0);
    strcat(text, " b");
    expect(text, "zone:1: more than 1024 words in one record []\n");
}

static void files_may_hold_anything(void **state)
{
    assert_string_equal(read_with(bytes_of(NULL, 0), "x.", NULL), "");
    assert_string_equal(read_with(bytes_of("\0", 1), "x.", NULL), "zone:1: a field is missing []\n");
    assert_string_equal(read_with(bytes_of("a 1 TXT \0\377", 10), "x.", NULL), "a.x. 1 IN TXT \"\\000\\255\"\n");
}

/* Cut anywhere, it still ends. */
static void every_part_of_a_file(void **state)
{
    static const char text[] = "$TTL 1\n$ORIGIN a\n@ SOA ( a b\n 1 2 3 4 5 ) ; c\n TXT \"a\\\"b\" c\\032\n"
                               "$GENERATE 1-3 a${0,2,x} MX \"1 $\"\n$INCLUDE f\nd SVCB 1 . alpn=\"a,b\"\n";
    static const char *const files[] = {"f", "e TXT f", NULL};
    for (size_t len = 0; len < sizeof text; len++)
        (void)read_with(bytes_of(text, len), "x.", files);
    assert_non_null(strstr(transcript, "\nd.a.x. 1 IN SVCB 1 . alpn=\"a,b\"\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_the_rfc),
        cmocka_unit_test(ttl_and_class_in_any_order),
        cmocka_unit_test(what_is_left_out_is_as_before),
        cmocka_unit_test(origins),
        cmocka_unit_test(words_and_quotes),
        cmocka_unit_test(errors_have_their_line),
        cmocka_unit_test(all_errors_are_told),
        cmocka_unit_test(generate),
        cmocka_unit_test(generated_text_has_a_limit),
        cmocka_unit_test(included_files),
        cmocka_unit_test(files_within_files_end_somewhere),
        cmocka_unit_test(words_of_a_record_have_a_limit),
        cmocka_unit_test(files_may_hold_anything),
        cmocka_unit_test(every_part_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
