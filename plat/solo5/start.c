/* SPDX-License-Identifier: ISC */
/* From the tender's jump to boot(): find out what the tender gave, then let the C library start itself. */
#include "plat/solo5/given.h"

#include "arch/machine.h"
#include "arch/random.h"

#include <jinn/boot.h>
#include <jinn/log.h>

#include <elf.h>

#define ARGUMENTS_MAX 256 /* a command line of keys; more is a mistake */
#define AUX_PAIRS 6
#define THREAD_ALIGN 64 /* of thread-local variables, as image.ld has it */

struct given given;

/* The C library takes its first arguments as a kernel lays them on a stack: argv, NULL, environment, NULL, aux vector. */
static uintptr_t vector[ARGUMENTS_MAX + 1 + 1 + 2 * AUX_PAIRS];
static uint8_t start_random[EXTENSION_START_BYTES];

/* Where the C library finds what thread-local variables begin with: the one program header that it looks for. */
static Elf64_Phdr thread_header;

/* What %fs must show before the C library sets its own: itself, and the stack canary at 0x28. */
static struct {
    void *self;
    uintptr_t unused[4];
    uintptr_t canary;
} first_thread;

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader)(void));

/* A backtrace ends here, so this frame has to stay: below lie the C library's beginnings. */
__attribute__((optimize("no-optimize-sibling-calls"))) static int start_main(int argc, char **argv, char **environment)
{
    __asm__(".cfi_undefined %rip");
    return boot(argc, argv);
}

static void read_extension(void)
{
    const struct solo5_entry *e = solo5_find(&given.manifest, bytes_str(EXTENSION_NAME), SOLO5_JINN);
    if (!e || !e->attached)
        return;
    struct bytes block = bytes_of((const void *)(uintptr_t)e->backing, EXTENSION_BYTES_MAX);
    if (extension_parse(block, &given.extension) != OK)
        plat_abort("the tender's extension block is malformed");
    given.extended = true;
    given.extension_block = e->backing;
    given.features = given.extension.refresh.features;
}

static void read_boot_info(uint64_t boot_info)
{
    given_boot_info(boot_info, &given.boot);
    struct reader r = reader_of(bytes_of((const void *)(uintptr_t)given.boot.manifest, SOLO5_MANIFEST_HEADER_BYTES));
    (void)read_le32(&r);
    uint32_t n = read_le32(&r);
    size_t len = n <= SOLO5_ENTRIES_MAX ? SOLO5_MANIFEST_BYTES((size_t)n) : SOLO5_MANIFEST_HEADER_BYTES;
    struct bytes content = bytes_of((const void *)(uintptr_t)given.boot.manifest, len);
    if (solo5_manifest_read(content, SOLO5_AT_BOOT, &given.manifest))
        plat_abort("the tender's manifest is malformed");
    read_extension();
}

/* Canary and C library need a few random bytes before the generator exists. Without any, boot will refuse to go on. */
static void draw_start_random(void)
{
    if (given.extended)
        memcpy(start_random, given.extension.refresh.start, sizeof start_random);
    else if (!arch_random(start_random, sizeof start_random))
        memset(start_random, 0, sizeof start_random);
}

static int add_argument(int argc, char *argument)
{
    if (argc == ARGUMENTS_MAX) {
        static const char text[] = "too many arguments: at most 255 are taken\n";
        plat_console(text, sizeof text - 1);
        plat_exit(EXIT_ARGUMENTS);
    }
    vector[argc] = (uintptr_t)argument;
    return argc + 1;
}

/* A stock tender joins the arguments with blanks: there is nothing better than to part them there again. */
static int split_command_line(int argc, char *line)
{
    while (*line) {
        while (*line == ' ')
            *line++ = 0;
        if (*line)
            argc = add_argument(argc, line);
        while (*line && *line != ' ')
            line++;
    }
    return argc;
}

static int whole_arguments(int argc, struct bytes arguments)
{
    for (struct reader r = reader_of(arguments); reader_left(&r) > 0;) {
        char *argument = (char *)(uintptr_t)r.at;
        argc = add_argument(argc, argument);
        read_skip(&r, strlen(argument) + 1);
    }
    return argc;
}

static void add_aux(uintptr_t **at, uintptr_t type, uintptr_t value)
{
    *(*at)++ = type;
    *(*at)++ = value;
}

/* The place is where the tender moved it to, so nothing is to be added. */
static void add_thread_data(uintptr_t **at)
{
    thread_header = (Elf64_Phdr){.p_type = PT_TLS,
                                 .p_vaddr = (uintptr_t)jinn_thread_data,
                                 .p_filesz = jinn_thread_sizes.initial,
                                 .p_memsz = jinn_thread_sizes.all,
                                 .p_align = THREAD_ALIGN};
    add_aux(at, AT_PHDR, (uintptr_t)&thread_header);
    add_aux(at, AT_PHNUM, jinn_thread_sizes.all ? 1 : 0);
    add_aux(at, AT_PHENT, sizeof thread_header);
}

static int fill_vector(void)
{
    int argc = add_argument(0, (char *)(uintptr_t)plat_image_name);
    if (given.extended)
        argc = whole_arguments(argc, given.extension.arguments);
    else
        argc = split_command_line(argc, (char *)(uintptr_t)given.boot.command_line);
    uintptr_t *at = &vector[argc];
    *at++ = 0; /* end of the arguments */
    *at++ = 0; /* no environment */
    add_aux(&at, AT_RANDOM, (uintptr_t)start_random);
    add_aux(&at, AT_PAGESZ, 4096);
    add_thread_data(&at);
    add_aux(&at, AT_NULL, 0);
    return argc;
}

/* The canary changes while the C library starts, so this function must not have one. */
__attribute__((no_stack_protector)) void image_start(uint64_t boot_info)
{
    const uint64_t ticks = arch_ticks();
    first_thread.self = &first_thread;
    plat_set_thread(&first_thread);
    read_boot_info(boot_info);
    log_began(given_entered_ns(ticks));
    given_divide();
    draw_start_random();
    int argc = fill_vector();
    __libc_start_main(start_main, argc, (char **)vector, NULL, NULL, NULL);
    __builtin_unreachable();
}
