/* SPDX-License-Identifier: ISC */
/* The vDSO is an ELF library that the kernel itself put into this process, so it is read without suspicion. */
#include "tender/vdso.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

struct symbols {
    const Elf64_Sym *table;
    const char *names;
    const Elf64_Word *hash; /* the second word is the number of symbols */
};

static void read_dynamic(const char *base, uint64_t bias, const Elf64_Phdr *p, struct symbols *s)
{
    for (const Elf64_Dyn *d = (const void *)(base + p->p_offset); d->d_tag != DT_NULL; d++) {
        const void *at = (const void *)(uintptr_t)(bias + d->d_un.d_ptr);
        if (d->d_tag == DT_SYMTAB)
            s->table = at;
        else if (d->d_tag == DT_STRTAB)
            s->names = at;
        else if (d->d_tag == DT_HASH)
            s->hash = at;
    }
}

static uint64_t find(const struct symbols *s, uint64_t bias, const char *name)
{
    if (!s->table || !s->names || !s->hash)
        return 0;
    for (Elf64_Word i = 0; i < s->hash[1]; i++) {
        if (s->table[i].st_shndx != SHN_UNDEF && strcmp(s->names + s->table[i].st_name, name) == 0)
            return bias + s->table[i].st_value;
    }
    return 0;
}

uint64_t vdso_clock(void)
{
    const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
    struct symbols s = {NULL, NULL, NULL};
    uint64_t bias = 0;
    if (!base)
        return 0;
    const Elf64_Ehdr *h = (const void *)base;
    const Elf64_Phdr *p = (const void *)(base + h->e_phoff);
    for (int i = 0; i < h->e_phnum; i++) {
        if (p[i].p_type == PT_LOAD)
            bias = (uint64_t)(uintptr_t)base - p[i].p_vaddr + p[i].p_offset;
    }
    for (int i = 0; i < h->e_phnum; i++) {
        if (p[i].p_type == PT_DYNAMIC)
            read_dynamic(base, bias, &p[i], &s);
    }
    return find(&s, bias, "__vdso_clock_gettime");
}
