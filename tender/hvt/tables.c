/* SPDX-License-Identifier: ISC */
#include "tender/hvt/tables.h"

#include "wire/hvt.h"

#include <string.h>

#define LARGE TABLES_LARGE
#define GIGABYTE (UINT64_C(1) << 30)

/* Bits of an entry. Accessed and dirty are set from the first, so that the processor need not write. */
#define PRESENT UINT64_C(1)
#define WRITABLE UINT64_C(2)
#define USER UINT64_C(4)
#define USED UINT64_C(0x60)
#define IS_LARGE UINT64_C(0x80)
#define NO_EXECUTE (UINT64_C(1) << 63)
#define ADDRESS UINT64_C(0x000ffffffffff000)
#define TABLE (PRESENT | WRITABLE | USER | USED)

#define RING_PAGES ((sizeof(struct hvt_ring) + ELF_PAGE - 1) / ELF_PAGE)
#define LOW_DIRECTORIES 5 /* below 4 GB, and the system's pages */
#define FIXED_PAGES \
    (2 + RING_PAGES + 2 + LOW_DIRECTORIES + 1) /* all but the tables of the guest's pages, and a moved heap's */

static uint64_t memory_end(const struct layout *l)
{
    return l->parts[LAYOUT_HEAP].end;
}

/* Tables of small pages: a part needs one for each 2 MB that it touches. Directories: a heap above 4 GB touches a gigabyte more
 * than it has, at either end. */
uint64_t tables_bytes(const struct layout *l)
{
    uint64_t pages = FIXED_PAGES;
    const struct layout_part *heap = &l->parts[LAYOUT_HEAP];
    pages += heap->highest ? (heap->end - heap->start) / GIGABYTE + 2 : 0;
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        uint64_t len = l->parts[i].end - l->parts[i].start;
        pages += l->parts[i].granule < LARGE ? len / LARGE + 2 : 2;
    }
    return memory_end(l) + pages * ELF_PAGE;
}

uint8_t *tables_system(const struct tables *t)
{
    return t->memory + t->system;
}

static uint64_t *page_at(const struct tables *t, uint64_t address)
{
    return (uint64_t *)(void *)(t->memory + address);
}

static uint64_t take_page(struct tables *t)
{
    uint64_t page = t->next;
    t->next += ELF_PAGE;
    if (t->next > t->end)
        __builtin_trap(); /* tables_bytes counts them */
    return page;
}

/* The entry of 2 MB that covers an address, in a directory that is made when it is first needed. */
static uint64_t *large_entry(struct tables *t, uint64_t address)
{
    uint64_t **d = &t->directories[address / GIGABYTE];
    if (!*d) {
        uint64_t page = take_page(t);
        uint64_t *of_512_gigabytes = page_at(t, page_at(t, t->root)[0] & ADDRESS);
        of_512_gigabytes[address / GIGABYTE] = page | TABLE;
        *d = page_at(t, page);
    }
    return *d + address / LARGE % 512;
}

static uint64_t *small_entry(struct tables *t, uint64_t address)
{
    uint64_t *e = large_entry(t, address);
    if (!*e)
        *e = take_page(t) | TABLE;
    return page_at(t, *e & ADDRESS) + address / ELF_PAGE % 512;
}

static uint64_t bits_of(uint32_t flags)
{
    if (!flags)
        return 0;
    return PRESENT | USER | USED | (flags & ELF_WRITE ? WRITABLE : 0) | (flags & ELF_EXECUTE ? 0 : NO_EXECUTE);
}

/* What lies at a physical page, with *s the first segment that ends behind it. */
static uint32_t flags_at(const struct elf_plan *plan, size_t *s, uint64_t page)
{
    while (*s < plan->n && plan->segments[*s].end <= page)
        ++*s;
    return *s < plan->n && plan->segments[*s].start <= page ? plan->segments[*s].flags : ELF_READ | ELF_WRITE;
}

static void map_part(struct tables *t, const struct layout_part *p, const struct elf_plan *plan)
{
    size_t s = 0;
    for (uint64_t page = p->start, step; page < p->end; page += step) {
        uint32_t flags = flags_at(plan, &s, page);
        uint64_t clear = s < plan->n && plan->segments[s].start < p->end ? plan->segments[s].start : p->end;
        bool large = page % LARGE == 0 && p->by % LARGE == 0 && clear >= page + LARGE;
        step = large ? LARGE : ELF_PAGE;
        if (large)
            *large_entry(t, page + p->by) = page | bits_of(flags) | IS_LARGE;
        else if (flags)
            *small_entry(t, page + p->by) = page | bits_of(flags);
    }
}

static void put(uint8_t *at, uint64_t value, size_t len)
{
    memcpy(at, &value, len);
}

/* Of 64 bits, present, accessed already so that the processor need not write. */
static void fill_segments(uint8_t *page)
{
    uint64_t task = TABLES_SYSTEM + TABLES_TASK;
    put(page + TABLES_CODE_0, UINT64_C(0x00af9b000000ffff), 8);
    put(page + TABLES_DATA_0, UINT64_C(0x00cf93000000ffff), 8);
    put(page + (TABLES_CODE_3 & ~7), UINT64_C(0x00affb000000ffff), 8);
    put(page + (TABLES_DATA_3 & ~7), UINT64_C(0x00cff3000000ffff), 8);
    put(page + TABLES_TASK_SELECTOR,
        (TABLES_TASK_BYTES - 1) | (task & 0xffffff) << 16 | UINT64_C(0x8b) << 40 | (task >> 24 & 0xff) << 56, 8);
    put(page + TABLES_TASK_SELECTOR + 8, task >> 32, 8);
}

/* Where exceptions find their stack, and the only ports that an unprivileged guest may write to: those of hypercalls. */
static void fill_task(uint8_t *task)
{
    put(task + 4, TABLES_SYSTEM + TABLES_FRAME_END, 8);    /* the stack of CPL 0 */
    put(task + 0x24, TABLES_SYSTEM + TABLES_FRAME_END, 8); /* the first of those that gates may name */
    put(task + 0x66, 0x68, 2);
    memset(task + 0x68, 0xff, TABLES_TASK_BYTES - 0x68);
    memset(task + 0x68 + HVT_PORT / 8, 0, (HVT_CALLS + 3 + 7) / 8); /* a write of 32 bits is to four ports */
}

/* Each exception leads to two instructions of CPL 0: `out %al, $port` tells the tender which it was, and that is all. */
static void fill_exceptions(uint8_t *page)
{
    for (unsigned i = 0; i < 32; i++) {
        uint8_t *gate = page + TABLES_EXCEPTIONS + i * 16, *stub = page + TABLES_STUBS + i * 4;
        uint64_t entry = TABLES_SYSTEM + TABLES_STUBS + i * 4;
        uint64_t type = i == 3 ? 0xee01 : 0x8e01; /* a breakpoint may be set by anybody */
        put(gate, (entry & 0xffff) | TABLES_CODE_0 << 16 | type << 32 | (entry >> 16 & 0xffff) << 48, 8);
        put(gate + 8, entry >> 32, 8);
        put(stub, 0xf4f400e6 | (TABLES_PORT + i) << 8, 4);
    }
}

static void map_system(struct tables *t, bool ring)
{
    *small_entry(t, TABLES_SYSTEM) = t->system | PRESENT | USED;
    *small_entry(t, TABLES_SYSTEM + ELF_PAGE) = (t->system + ELF_PAGE) | PRESENT | WRITABLE | USED | NO_EXECUTE;
    for (uint64_t i = 0; ring && i < RING_PAGES; i++) {
        uint64_t at = TABLES_RING + i * ELF_PAGE;
        *small_entry(t, TABLES_SYSTEM + at) = (t->system + at) | bits_of(ELF_READ | ELF_WRITE);
    }
}

void tables_build(struct tables *t, uint8_t *memory, const struct layout *l, const struct elf_plan *plan, bool ring)
{
    *t = (struct tables){.memory = memory, .system = memory_end(l), .end = tables_bytes(l)};
    t->next = t->system + (2 + RING_PAGES) * ELF_PAGE;
    t->root = take_page(t);
    page_at(t, t->root)[0] = take_page(t) | TABLE;
    fill_segments(tables_system(t));
    fill_task(tables_system(t) + TABLES_TASK);
    fill_exceptions(tables_system(t));
    for (size_t i = 0; i < LAYOUT_PARTS; i++)
        map_part(t, &l->parts[i], plan);
    map_system(t, ring);
}

/* The entry that maps an address, large or small; 0: none does. */
static uint64_t entry_of(const struct tables *t, uint64_t address)
{
    if (address / GIGABYTE >= TABLES_DIRECTORIES || !t->directories[address / GIGABYTE])
        return 0;
    uint64_t e = t->directories[address / GIGABYTE][address / LARGE % 512];
    return e & PRESENT && !(e & IS_LARGE) ? page_at(t, e & ADDRESS)[address / ELF_PAGE % 512] : e;
}

/* What follows in the guest's addresses follows in memory, too: parts are a page or more apart, or lie as they were linked. */
uint8_t *tables_reach(const struct tables *t, uint64_t address, uint64_t len, enum tables_access access)
{
    uint64_t wanted = PRESENT | USER | (access == TABLES_WRITE ? WRITABLE : 0), first = 0;
    if (len == 0)
        return t->memory;
    if (address > TABLES_END || len > TABLES_END - address)
        return NULL;
    for (uint64_t at = address; at < address + len;) {
        uint64_t e = entry_of(t, at), step = e & IS_LARGE ? LARGE : ELF_PAGE;
        uint64_t physical = (e & ADDRESS) + at % step;
        if ((e & wanted) != wanted)
            return NULL;
        if (at == address)
            first = physical;
        else if (physical - first != at - address)
            return NULL;
        at = (at & ~(step - 1)) + step;
    }
    return t->memory + first;
}
