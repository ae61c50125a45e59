/* SPDX-License-Identifier: ISC */
/* The reader of names with a limit that is any number, for proofs of one step of it. */
#ifndef PROOF_DNS_NAME_H
#define PROOF_DNS_NAME_H

#include "proof/proof.h"
#include "wire/dns_name.h"

#ifndef LABELS_END
#define LABELS_END(p, end) ((size_t)((end) - (p)))
#endif

static size_t labels_len(const uint8_t *p, const uint8_t *end, size_t most)
    __CPROVER_requires(__CPROVER_same_object(p, end) && p <= end) __CPROVER_assigns()
        __CPROVER_ensures(__CPROVER_return_value > most || __CPROVER_return_value < LABELS_END(p, end));

/* Bytes of a name don't matter here, but where they are taken from and where they go. */
static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
    __CPROVER_assert(__CPROVER_w_ok(to, len), "there is room for what is copied");
    __CPROVER_assert(__CPROVER_r_ok(from, len), "what is copied is there");
}

static size_t limit;
#undef DNS_NAME_BYTES
#define DNS_NAME_BYTES limit
#define memcpy(to, from, len) copy((uint8_t *)(to), (const uint8_t *)(from), len)
#include "wire/dns_name.c"

#endif
