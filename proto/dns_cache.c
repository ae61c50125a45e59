/* SPDX-License-Identifier: ISC */
#include "proto/dns_cache.h"

#include <jinn/must.h>

#include <stdlib.h>

enum { LEAST_SLOT_BYTES = 128, PAGES_LEAST = 4, DAY_S = 86400, HOUR_S = 3600, NO_CLASS = 255 };

/* In a slot of a page. */
struct entry {
    struct list node;   /* by last use in its class, or with the free slots of its class */
    struct entry *next; /* in its bucket */
    uint64_t hash;
    uint64_t expires_ns;
    uint64_t used; /* the number of the last use: tells which class's last entry is the oldest */
    uint32_t ttl_s, data_len;
    uint16_t type, n_records, n_signatures, n_proofs;
    uint8_t kind, trust, name_len, verdict, reason;
    bool taken;
    uint8_t bytes[]; /* the name with small letters, then the data */
};

struct page {
    struct list node; /* with the free pages, or in no list */
    uint8_t class_;
    uint16_t n_used;
};

struct class_ {
    uint32_t slot_bytes;
    struct list used; /* the one used last first */
    struct list free;
};

struct dns_cache {
    struct dns_cache_options o;
    struct dns_cache_counters counters;
    uint8_t *memory;
    struct page *page;
    struct entry **bucket;
    size_t n_pages, n_fresh, n_entries, mask;
    uint64_t n_uses;
    unsigned n_classes;
    struct list free_pages;
    struct class_ class_[DNS_CACHE_CLASSES];
};

/* ---- Pages and slots ---- */

static uint8_t *page_memory(const struct dns_cache *c, const struct page *p)
{
    return c->memory + (size_t)(p - c->page) * c->o.page_bytes;
}

static struct page *page_of(const struct dns_cache *c, const struct entry *e)
{
    return &c->page[(size_t)((const uint8_t *)e - c->memory) / c->o.page_bytes];
}

static struct entry *slot(const struct dns_cache *c, const struct page *p, size_t i)
{
    return (struct entry *)(void *)(page_memory(c, p) + i * c->class_[p->class_].slot_bytes);
}

static size_t n_slots(const struct dns_cache *c, const struct page *p)
{
    return c->o.page_bytes / c->class_[p->class_].slot_bytes;
}

/* 128, 192, 256, 384, ... up to a page. */
static void make_classes(struct dns_cache *c)
{
    for (uint32_t size = LEAST_SLOT_BYTES; size <= c->o.page_bytes; size *= 2) {
        const uint32_t both[2] = {size, size + size / 2};
        for (int i = 0; i < 2 && both[i] <= c->o.page_bytes; i++) {
            struct class_ *k = &c->class_[c->n_classes++];
            must(c->n_classes <= DNS_CACHE_CLASSES);
            k->slot_bytes = both[i];
            list_init(&k->used);
            list_init(&k->free);
        }
    }
}

static unsigned class_for(const struct dns_cache *c, size_t len)
{
    unsigned k = 0;
    while (c->class_[k].slot_bytes < len)
        k++;
    return k;
}

static void give_page(struct dns_cache *c, struct page *p)
{
    size_t n = n_slots(c, p);
    for (size_t i = 0; i < n; i++)
        list_remove(&slot(c, p, i)->node);
    p->class_ = NO_CLASS;
    list_append(&c->free_pages, &p->node);
}

static struct page *take_page(struct dns_cache *c)
{
    if (!list_empty(&c->free_pages))
        return CONTAINER_OF(list_pop(&c->free_pages), struct page, node);
    if (c->n_fresh == 0)
        return NULL;
    struct page *p = &c->page[c->n_pages - c->n_fresh--];
    list_init(&p->node);
    return p;
}

static void cut_page(struct dns_cache *c, struct page *p, unsigned k)
{
    p->class_ = (uint8_t)k;
    p->n_used = 0;
    size_t n = n_slots(c, p);
    for (size_t i = 0; i < n; i++) {
        struct entry *e = slot(c, p, i);
        e->taken = false;
        list_append(&c->class_[k].free, &e->node);
    }
}

/* ---- Entries ---- */

static uint64_t hash_of(const struct dns_cache *c, struct bytes name, uint16_t type)
{
    return dns_name_hash(name, c->o.seed) ^ type * UINT64_C(0x9e3779b97f4a7c15);
}

static struct bytes entry_name(const struct entry *e)
{
    return bytes_of(e->bytes, e->name_len);
}

static struct entry **place_of(struct dns_cache *c, uint64_t hash, struct bytes name, uint16_t type)
{
    struct entry **at = &c->bucket[hash & c->mask];
    while (*at && ((*at)->hash != hash || (*at)->type != type || !dns_name_equal(entry_name(*at), name)))
        at = &(*at)->next;
    return at;
}

/* Its slot is free afterwards, and its page may be. */
static void forget(struct dns_cache *c, struct entry *e)
{
    struct entry **at = &c->bucket[e->hash & c->mask];
    struct page *p = page_of(c, e);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    e->taken = false;
    list_remove(&e->node);
    list_prepend(&c->class_[p->class_].free, &e->node);
    c->n_entries--;
    if (--p->n_used == 0)
        give_page(c, p);
}

static void forget_page(struct dns_cache *c, struct page *p)
{
    size_t n = n_slots(c, p);
    for (size_t i = 0; i < n && p->n_used; i++) {
        struct entry *e = slot(c, p, i);
        if (e->taken) {
            c->counters.evicted_for_bytes++;
            forget(c, e);
        }
    }
}

static struct entry *last_used(struct class_ *k)
{
    return list_empty(&k->used) ? NULL : CONTAINER_OF(k->used.prev, struct entry, node);
}

static struct entry *oldest(struct dns_cache *c)
{
    struct entry *best = NULL;
    for (unsigned k = 0; k < c->n_classes; k++) {
        struct entry *e = last_used(&c->class_[k]);
        if (e && (!best || e->used < best->used))
            best = e;
    }
    return best;
}

/* Each turn frees a slot of the class or a page, so there are two at most. */
static struct entry *take_slot(struct dns_cache *c, unsigned k)
{
    for (;;) {
        if (!list_empty(&c->class_[k].free))
            return CONTAINER_OF(list_pop(&c->class_[k].free), struct entry, node);
        struct page *p = take_page(c);
        if (p) {
            cut_page(c, p, k);
            continue;
        }
        struct entry *e = oldest(c);
        must(e); /* all pages are taken */
        if (page_of(c, e)->class_ == k) {
            c->counters.evicted_for_bytes++;
            forget(c, e);
        } else {
            forget_page(c, page_of(c, e));
        }
    }
}

static void touch(struct dns_cache *c, struct entry *e)
{
    struct list *head = &c->class_[page_of(c, e)->class_].used;
    e->used = ++c->n_uses;
    list_remove(&e->node);
    list_prepend(head, &e->node);
}

/* ---- Life ---- */

static bool allocate(struct dns_cache *c)
{
    size_t n = 1;
    while (n < c->o.entries)
        n *= 2;
    c->mask = n - 1;
    c->bucket = calloc(n, sizeof *c->bucket);
    c->page = calloc(c->n_pages, sizeof *c->page);
    c->memory = malloc(c->n_pages * c->o.page_bytes);
    return c->bucket && c->page && c->memory;
}

enum err dns_cache_new(const struct dns_cache_options *o, struct dns_cache **out)
{
    size_t page = o->page_bytes ? o->page_bytes : DNS_CACHE_PAGE_LEAST_BYTES;
    if (page < DNS_CACHE_PAGE_LEAST_BYTES || page > DNS_CACHE_PAGE_MOST_BYTES || (page & (page - 1)) || !o->entries)
        return ERR_INVALID;
    struct dns_cache *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_FULL;
    c->o = *o;
    c->o.page_bytes = page;
    c->o.most_s = o->most_s ? o->most_s : DAY_S;
    c->o.most_negative_s = o->most_negative_s ? o->most_negative_s : HOUR_S;
    c->n_pages = o->bytes / page > PAGES_LEAST ? o->bytes / page : PAGES_LEAST;
    c->n_fresh = c->n_pages;
    list_init(&c->free_pages);
    make_classes(c);
    if (!allocate(c)) {
        dns_cache_free(c);
        return ERR_FULL;
    }
    *out = c;
    return OK;
}

void dns_cache_free(struct dns_cache *c)
{
    free(c->memory);
    free(c->page);
    free(c->bucket);
    free(c);
}

/* ---- Storing ---- */

static uint32_t lifetime(const struct dns_cache *c, const struct dns_cached *what)
{
    uint32_t most_s = what->kind == DNS_KIND_SET ? c->o.most_s : c->o.most_negative_s;
    uint32_t ttl_s = what->ttl_s < most_s ? what->ttl_s : most_s;
    return ttl_s < DNS_CACHE_LEAST_TTL_S ? DNS_CACHE_LEAST_TTL_S : ttl_s;
}

/* What holds the place now goes, unless it is worth more. */
static bool make_way(struct dns_cache *c, uint64_t now_ns, const struct dns_cached *what, uint64_t hash)
{
    struct entry *old = *place_of(c, hash, what->name, what->type);
    if (old && old->expires_ns > now_ns && old->trust > what->trust) {
        c->counters.outranked++;
        return false;
    }
    if (old) {
        c->counters.refreshed++;
        forget(c, old);
    }
    if (what->kind != DNS_KIND_NXDOMAIN)
        dns_cache_remove(c, what->name, 0);
    return true;
}

static void fill(struct dns_cache *c, struct entry *e, const struct dns_cached *what, uint64_t hash)
{
    struct dns_name lower;
    dns_name_lower(&lower, what->name);
    e->hash = hash;
    e->type = what->type;
    e->kind = what->kind;
    e->trust = what->trust;
    e->n_records = what->n_records;
    e->n_signatures = what->n_signatures;
    e->n_proofs = what->n_proofs;
    e->verdict = what->verdict;
    e->reason = what->reason;
    e->name_len = lower.len;
    e->data_len = (uint32_t)what->data.len;
    e->taken = true;
    memcpy(e->bytes, lower.wire, lower.len);
    if (what->data.len)
        memcpy(e->bytes + lower.len, what->data.data, what->data.len);
    e->next = c->bucket[hash & c->mask];
    c->bucket[hash & c->mask] = e;
}

enum err dns_cache_store(struct dns_cache *c, uint64_t now_ns, const struct dns_cached *what)
{
    size_t len = sizeof(struct entry) + what->name.len + what->data.len;
    uint64_t hash = hash_of(c, what->name, what->type);
    if (len > c->o.page_bytes) {
        c->counters.too_large++;
        return ERR_TOO_LARGE;
    }
    if (!make_way(c, now_ns, what, hash))
        return ERR_IN_USE;
    if (c->n_entries == c->o.entries) {
        c->counters.evicted_for_entries++;
        forget(c, oldest(c));
    }
    struct entry *e = take_slot(c, class_for(c, len));
    fill(c, e, what, hash);
    e->ttl_s = lifetime(c, what);
    e->expires_ns = time_after(now_ns, e->ttl_s * NS_PER_S);
    page_of(c, e)->n_used++;
    c->n_entries++;
    c->counters.stored++;
    touch(c, e);
    return OK;
}

void dns_cache_remove(struct dns_cache *c, struct bytes name, uint16_t type)
{
    struct entry *e = *place_of(c, hash_of(c, name, type), name, type);
    if (e)
        forget(c, e);
}

void dns_cache_judge(struct dns_cache *c, struct bytes name, uint16_t type, enum dns_verdict verdict, uint8_t reason,
                     uint64_t until_ns)
{
    struct entry *e = *place_of(c, hash_of(c, name, type), name, type);
    if (!e)
        return;
    e->verdict = (uint8_t)verdict;
    e->reason = reason;
    e->expires_ns = time_min(e->expires_ns, until_ns);
}

void dns_cache_flush(struct dns_cache *c)
{
    for (struct entry *e; (e = oldest(c));)
        forget(c, e);
}

/* ---- Finding ---- */

/* NULL, too, when it is older than it may be. */
static struct entry *look(struct dns_cache *c, uint64_t now_ns, struct bytes name, uint16_t type)
{
    struct entry *e = *place_of(c, hash_of(c, name, type), name, type);
    if (!e || time_after(e->expires_ns, c->o.stale_s * NS_PER_S) > now_ns)
        return e;
    c->counters.expired++;
    forget(c, e);
    return NULL;
}

/* Rounded up, so that what has not expired never says 0. */
static uint32_t left_s(const struct entry *e, uint64_t now_ns)
{
    return e->expires_ns > now_ns ? (uint32_t)((e->expires_ns - now_ns + NS_PER_S - 1) / NS_PER_S) : 0;
}

static void give(struct dns_cache *c, uint64_t now_ns, struct entry *e, struct dns_cached *found)
{
    *found = (struct dns_cached){.name = entry_name(e),
                                 .type = e->type,
                                 .kind = e->kind,
                                 .trust = e->trust,
                                 .ttl_s = left_s(e, now_ns),
                                 .first_ttl_s = e->ttl_s,
                                 .n_records = e->n_records,
                                 .verdict = e->verdict,
                                 .reason = e->reason,
                                 .n_signatures = e->n_signatures,
                                 .n_proofs = e->n_proofs,
                                 .data = bytes_of(e->bytes + e->name_len, e->data_len)};
    c->counters.hits++;
    c->counters.negative_hits += e->kind != DNS_KIND_SET;
    c->counters.stale_hits += found->ttl_s == 0;
    touch(c, e);
}

bool dns_cache_find(struct dns_cache *c, uint64_t now_ns, struct bytes name, uint16_t type, struct dns_cached *found)
{
    struct entry *none = look(c, now_ns, name, 0); /* stored later than any set of this name */
    struct entry *e = none && left_s(none, now_ns) ? none : look(c, now_ns, name, type);
    if (!e)
        e = none;
    if (!e) {
        c->counters.misses++;
        return false;
    }
    give(c, now_ns, e, found);
    return true;
}

bool dns_cache_find_cut(struct dns_cache *c, uint64_t now_ns, struct bytes name, struct dns_cached *found)
{
    for (; name.len > 1; name = dns_name_parent(name)) {
        struct entry *e = look(c, now_ns, name, 0);
        if (e && left_s(e, now_ns)) {
            give(c, now_ns, e, found);
            return true;
        }
    }
    return false;
}

struct dns_cache_counters dns_cache_counters(const struct dns_cache *c)
{
    return c->counters;
}

size_t dns_cache_entries(const struct dns_cache *c)
{
    return c->n_entries;
}
