/* SPDX-License-Identifier: ISC */
/* mutate IMAGE FOLDER: IMAGE broken in many ways, each a file in FOLDER, and a line on standard output for each: the file's
 * name and what a tender must say of it. */
#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_BYTES_MAX (1 << 20)
#define FAR UINT64_MAX
#define ENTRY_BYTES 104 /* of a manifest; wire/solo5.h has it all */
#define MANIFEST 24     /* where it begins in its note */
#define ENTRY(i) (MANIFEST + 8 + (i)*ENTRY_BYTES)

static uint8_t image[IMAGE_BYTES_MAX], broken[IMAGE_BYTES_MAX];
static size_t image_len;

/* Which program header: in the order of plat/spt/image.ld. */
enum segment { INTERP, ABI, MFT, FIBERS, RELOCATIONS, TEXT, RODATA, RELRO, DATA, GUARD };

/* Where a value goes: into the ELF header, a program header, or what a segment has in the file. */
enum place { HEADER, PROGRAM, CONTENT };

#define IN_HEADER(field, value, text)                                                         \
    {                                                                                         \
        HEADER, 0, offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field), value, text \
    }
#define IN_PROGRAM(segment, field, value, text)                                                      \
    {                                                                                                \
        PROGRAM, segment, offsetof(Elf64_Phdr, field), sizeof(((Elf64_Phdr *)0)->field), value, text \
    }

static const struct mutation {
    enum place place;
    enum segment segment;
    size_t offset, len;
    uint64_t value;
    const char *text;
} mutations[] = {
    {HEADER, 0, EI_MAG0, 1, 0, "this is not an ELF file"},
    {HEADER, 0, EI_MAG3, 1, 'f', "this is not an ELF file"},
    {HEADER, 0, EI_CLASS, 1, ELFCLASSNONE, "this is not a 64-bit ELF file"},
    {HEADER, 0, EI_CLASS, 1, ELFCLASS32, "this is not a 64-bit ELF file"},
    {HEADER, 0, EI_DATA, 1, ELFDATA2MSB, "this is not a little-endian ELF file"},
    {HEADER, 0, EI_VERSION, 1, 0, "this ELF file has an unknown version"},
    IN_HEADER(e_type, ET_NONE, "(ET_EXEC)"),
    IN_HEADER(e_type, ET_REL, "(ET_EXEC)"),
    IN_HEADER(e_type, ET_CORE, "(ET_EXEC)"),
    IN_HEADER(e_machine, EM_386, "another processor"),
    IN_HEADER(e_machine, EM_AARCH64, "another processor"),
    IN_HEADER(e_version, 2, "this ELF file has an unknown version"),
    IN_HEADER(e_entry, 0, "the entry point is not in an executable segment"),
    IN_HEADER(e_entry, FAR, "the entry point is not in an executable segment"),
    IN_HEADER(e_entry, 0xfffff, "the entry point is not in an executable segment"),
    IN_HEADER(e_phoff, FAR, "the file ends inside the table of segments"),
    IN_HEADER(e_phoff, IMAGE_BYTES_MAX, "the file ends inside the table of segments"),
    IN_HEADER(e_ehsize, 63, "the ELF header's sizes are wrong"),
    IN_HEADER(e_phentsize, 55, "the ELF header's sizes are wrong"),
    IN_HEADER(e_phentsize, 0, "the ELF header's sizes are wrong"),
    IN_HEADER(e_phnum, 0, "it has no ABI note"),
    IN_HEADER(e_phnum, 2, "this image has no manifest"),
    IN_HEADER(e_phnum, 4, "the entry point is not in an executable segment"),
    IN_HEADER(e_phnum, 0xffff, "the file ends inside the table of segments"),
    IN_PROGRAM(INTERP, p_type, PT_DYNAMIC, "this image wants to be linked at run time"),
    IN_PROGRAM(TEXT, p_flags, PF_R | PF_W | PF_X, "a segment is both writable and executable"),
    IN_PROGRAM(DATA, p_flags, PF_W | PF_X, "a segment is both writable and executable"),
    IN_PROGRAM(TEXT, p_flags, PF_R, "the entry point is not in an executable segment"),
    IN_PROGRAM(RODATA, p_flags, 1 << 20, "a segment has unknown flags"),
    IN_PROGRAM(RELRO, p_flags, 0, "a relocation lies outside the bytes of the image"),
    IN_PROGRAM(RELRO, p_flags, PF_R | PF_X, "a relocation would change text"),
    IN_PROGRAM(RELRO, p_filesz, 0, "a relocation lies outside the bytes of the image"),
    IN_PROGRAM(DATA, p_memsz, 1, "a segment is larger in the file than in memory"),
    IN_PROGRAM(DATA, p_filesz, FAR, "a segment is larger in the file than in memory"),
    IN_PROGRAM(DATA, p_memsz, FAR, "a segment does not fit into memory"),
    IN_PROGRAM(TEXT, p_offset, FAR, "the file ends inside a segment"),
    IN_PROGRAM(GUARD, p_offset, IMAGE_BYTES_MAX, "the file ends inside a segment"),
    IN_PROGRAM(TEXT, p_vaddr, 0, "a segment lies below the lowest address of an image"),
    IN_PROGRAM(TEXT, p_vaddr, 0xff000, "a segment lies below the lowest address of an image"),
    IN_PROGRAM(TEXT, p_vaddr, UINT64_C(1) << 47, "a segment does not fit into memory"),
    IN_PROGRAM(GUARD, p_vaddr, FAR & ~UINT64_C(4095), "a segment does not fit into memory"),
    IN_PROGRAM(RODATA, p_vaddr, 0x100000, "segments overlap or are not in ascending order"),
    IN_PROGRAM(GUARD, p_vaddr, 0x100000, "segments overlap or are not in ascending order"),
    IN_PROGRAM(TEXT, p_align, 0, "a segment's alignment is not a power of two"),
    IN_PROGRAM(DATA, p_align, 3, "a segment's alignment is not a power of two"),
    IN_PROGRAM(RELRO, p_memsz, 0xf00, "a segment does not begin and end on a page"),
    IN_PROGRAM(TEXT, p_align, 1 << 21, "a segment's alignment puts it below the lowest address of an image"),
    IN_PROGRAM(TEXT, p_align, UINT64_C(1) << 63, "a segment's alignment puts it below the lowest address of an image"),
    IN_PROGRAM(ABI, p_offset, FAR, "the file ends inside a note"),
    IN_PROGRAM(MFT, p_filesz, FAR, "the file ends inside a note"),
    IN_PROGRAM(ABI, p_filesz, 3, "a note breaks off"),
    IN_PROGRAM(ABI, p_filesz, 30, "a note breaks off"),
    IN_PROGRAM(MFT, p_filesz, 40, "a note breaks off"),
    IN_PROGRAM(RELOCATIONS, p_filesz, 3, "a note breaks off"),
    IN_PROGRAM(ABI, p_type, PT_NULL, "it has no ABI note"),
    IN_PROGRAM(MFT, p_type, PT_NULL, "this image has no manifest"),
    {CONTENT, ABI, 0, 4, 5, "it has no ABI note"},
    {CONTENT, ABI, 4, 4, UINT32_MAX, "a note breaks off"},
    {CONTENT, ABI, 4, 4, 0, "a note breaks off"},
    {CONTENT, ABI, 8, 4, 7, "it has no ABI note"},
    {CONTENT, ABI, 12, 1, 's', "it has no ABI note"},
    {CONTENT, ABI, 20, 4, 9, "this image is for another target"},
    {CONTENT, ABI, 24, 4, 9, "this image speaks another version of the"},
    {CONTENT, MFT, 4, 4, UINT32_MAX, "a note breaks off"},
    {CONTENT, MFT, 4, 4, 2, "a note breaks off"},
    {CONTENT, MFT, 4, 4, 8, "its manifest breaks off"},
    {CONTENT, MFT, 12, 1, 's', "this image has no manifest"},
    {CONTENT, MFT, MANIFEST, 4, 2, "its manifest has a version other than 1"},
    {CONTENT, MFT, MANIFEST + 4, 4, 0, "its manifest has no entry or more than 64"},
    {CONTENT, MFT, MANIFEST + 4, 4, 65, "its manifest has no entry or more than 64"},
    {CONTENT, MFT, MANIFEST + 4, 4, UINT32_MAX, "its manifest has no entry or more than 64"},
    {CONTENT, MFT, MANIFEST + 4, 4, 1, "its manifest's length does not match the number of entries"},
    {CONTENT, MFT, MANIFEST + 4, 4, 64, "its manifest's length does not match the number of entries"},
    {CONTENT, MFT, ENTRY(0), 1, 'x', "its manifest's first entry is not the reserved one"},
    {CONTENT, MFT, ENTRY(0) + 68, 4, 7, "its manifest's first entry is not the reserved one"},
    {CONTENT, MFT, ENTRY(0) + 68, 4, 2, "not 1 to 67 letters and digits"},
    {CONTENT, MFT, ENTRY(1), 1, '/', "not 1 to 67 letters and digits"},
    {CONTENT, MFT, ENTRY(1), 1, 0, "not 1 to 67 letters and digits"},
    {CONTENT, MFT, ENTRY(1) + 67, 1, 'x', "a name in its manifest has no end"},
    {CONTENT, MFT, ENTRY(1) + 96, 1, 1, "a device in its manifest claims to be attached already"},
    {CONTENT, MFT, ENTRY(1) + 96, 1, 255, "a device in its manifest claims to be attached already"},
};

/* One program header over another: what must be there once is there twice. */
static const struct {
    enum segment from, to;
    const char *text;
} copies[] = {
    {ABI, INTERP, "there are two ABI notes"},
    {MFT, INTERP, "there are two manifests"},
    {RELOCATIONS, INTERP, "there are two tables of relocations"},
    {TEXT, RODATA, "segments overlap or are not in ascending order"},
    {DATA, RELRO, "segments overlap or are not in ascending order"},
};

static Elf64_Phdr *program(uint8_t *file, enum segment s)
{
    return (Elf64_Phdr *)(void *)(file + sizeof(Elf64_Ehdr)) + s;
}

static void write_file(const char *folder, size_t len, const char *text)
{
    static int number;
    char path[4096];
    snprintf(path, sizeof path, "%s/%d", folder, ++number);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(broken, 1, len, f) != len || fclose(f) != 0)
        exit(2);
    printf("%d %s\n", number, text);
}

static void mutate(const struct mutation *m)
{
    size_t at = m->offset;
    if (m->place == PROGRAM)
        at += sizeof(Elf64_Ehdr) + m->segment * sizeof(Elf64_Phdr);
    else if (m->place == CONTENT)
        at += program(image, m->segment)->p_offset;
    memcpy(broken + at, &m->value, m->len);
}

static size_t file_end(enum segment s)
{
    return program(image, s)->p_offset + program(image, s)->p_filesz;
}

static void cut_all(const char *folder)
{
    const size_t table_end = sizeof(Elf64_Ehdr) + ((Elf64_Ehdr *)(void *)image)->e_phnum * sizeof(Elf64_Phdr);
    const struct {
        size_t len;
        const char *text;
    } cuts[] = {
        {1, "this is not an ELF file"},
        {4, "this is not a 64-bit ELF file"},
        {sizeof(Elf64_Ehdr) - 1, "the file ends inside the ELF header"},
        {sizeof(Elf64_Ehdr), "the file ends inside the table of segments"},
        {table_end - 1, "the file ends inside the table of segments"},
        {table_end, "the file ends inside a note"},
        {file_end(ABI) - 1, "the file ends inside a note"},
        {file_end(RODATA) - 1, "the file ends inside"},
        {file_end(RELRO) - 1, "the file ends inside a segment"},
        {file_end(DATA) - 1, "the file ends inside a segment"},
        {file_end(GUARD) - 1, "the file ends inside a segment"},
    };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        write_file(folder, cuts[i].len, cuts[i].text);
}

static bool read_image(const char *path)
{
    FILE *f = fopen(path, "rb");
    image_len = f ? fread(image, 1, sizeof image, f) : 0;
    return image_len > sizeof(Elf64_Ehdr) && image_len < sizeof image && fclose(f) == 0 &&
           program(image, ABI)->p_type == PT_NOTE && program(image, TEXT)->p_flags == (PF_R | PF_X) &&
           program(image, DATA)->p_flags == (PF_R | PF_W) && program(image, GUARD)->p_flags == 0;
}

int main(int argc, char **argv)
{
    if (argc != 3 || !read_image(argv[1])) {
        fprintf(stderr, "mutate: give it an image of ours and a folder\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
        memcpy(broken, image, image_len);
        mutate(&mutations[i]);
        write_file(argv[2], image_len, mutations[i].text);
    }
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        memcpy(broken, image, image_len);
        *program(broken, copies[i].to) = *program(image, copies[i].from);
        write_file(argv[2], image_len, copies[i].text);
    }
    memcpy(broken, image, image_len);
    cut_all(argv[2]);
    return 0;
}
