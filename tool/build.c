/* SPDX-License-Identifier: ISC */
#include "tool/build.h"
#include "tool/compile.h"
#include "tool/embed.h"
#include "tool/generate.h"
#include "tool/jobs.h"
#include "tool/note.h"
#include "tool/origin.h"
#include "tool/root.h"
#include "tool/say.h"
#include "tool/shuffle.h"
#include "wire/elf.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#define CACHE "dist/.content"

const char *const build_targets[] = {"linux", "spt", "hvt", "sim", NULL};

bool build_sealed(const char *target)
{
    return strcmp(target, "spt") == 0 || strcmp(target, "hvt") == 0;
}

void build_check_target(const char *target)
{
    for (const char *const *t = build_targets; *t; t++)
        if (strcmp(*t, target) == 0)
            return;
    fail(STATUS_USAGE, "no target is called '%s'; there are linux, spt, hvt and sim%s", target,
         say_hint(target, build_targets));
}

static void write_generated(struct build *b, const char *suffix, const char *text)
{
    const char *path = format_text("%s/%s%s", b->scratch, b->m->name, suffix);
    b->changed |= file_write(path_join(b->m->folder, path), text, strlen(text));
}

static void prepare(const struct manifest *m)
{
    struct words command = {0};
    char self[PATH_MAX]; /* what is prepared may need this command, which need not be in the PATH */
    if (!m->prepare)
        return;
    if (realpath("/proc/self/exe", self) && setenv("JINN", self, 1) != 0)
        fail(STATUS_HOST, "no memory");
    words_add(&command, "sh");
    words_add(&command, "-c");
    words_add(&command, m->prepare);
    if (!jobs_run(&(struct job){command, NULL}, 1, m->folder, NULL))
        fail_at(m->path, m->prepare_line, "the command of 'prepare' failed; run it by hand in %s: %s", m->folder,
                m->prepare);
}

/* Writes the generated files; adds those to be compiled to `sources`. */
static void generate(struct build *b, struct words *sources)
{
    const struct manifest *m = b->m;
    struct content *contents = allocate((m->n_devices + 1) * sizeof *contents);
    struct text assembly = {0};
    text_add(&assembly, "/* Written by `jinn build`: embedded files. */\n");
    for (size_t i = 0; i < m->n_devices; i++) {
        if (m->devices[i].kind != DEVICE_KV || !m->devices[i].from)
            continue;
        contents[i] = embed_collect(m, &m->devices[i], CACHE);
        embed_assembly(&assembly, &m->devices[i], &contents[i]);
        b->content_bytes += embed_bytes(&contents[i]);
    }
    text_add(&assembly, "    .section .note.GNU-stack, \"\", @progbits\n");
    write_generated(b, ".h", generate_header(m));
    write_generated(b, "_main.c", generate_main(m, b->target, contents));
    write_generated(b, "_origin.c", origin_source(b, contents));
    words_format(sources, "%s/%s_main.c", b->scratch, m->name);
    words_format(sources, "%s/%s_origin.c", b->scratch, m->name);
    if (b->content_bytes) {
        write_generated(b, "_content.S", assembly.s);
        words_format(sources, "%s/%s_content.S", b->scratch, m->name);
    }
    if (build_sealed(b->target)) {
        write_generated(b, "_note.S", note_assembly(m, b->target));
        words_format(sources, "%s/%s_note.S", b->scratch, m->name);
    }
}

static void compile_flags(const struct build *b, struct words *flags)
{
    char absolute[PATH_MAX];
    root_recipe(b->target, "flags", flags);
    words_format(flags, "-ffile-prefix-map=%s/=", root_find()->root);
    if (realpath(b->m->folder, absolute))
        words_format(flags, "-ffile-prefix-map=%s=.", absolute);
    words_format(flags, "-I%s", b->scratch);
    words_add(flags, "-I.");
    if (b->mode == BUILD_DEBUG) {
        words_add(flags, "-Og");
        words_add(flags, "-U_FORTIFY_SOURCE"); /* which wants -O1 or more, and warns */
    }
}

/* Source "a/b.c" becomes object "dist/.spt/obj/a/b.c.o". */
static struct unit *list_units(const struct build *b, const struct words *sources, struct words *objects)
{
    struct unit *units = allocate(sources->n * sizeof *units);
    for (size_t i = 0; i < sources->n; i++) {
        const char *s = sources->v[i];
        bool generated = strncmp(s, b->scratch, strlen(b->scratch)) == 0;
        const char *object = generated ? format_text("%s.o", s) : format_text("%s/obj/%s.o", b->scratch, s);
        units[i] = (struct unit){s, object};
        words_add(objects, object);
    }
    return units;
}

/* The recipe starts with the linker and has @OBJECTS@ on a line of its own. Words that are absolute paths are archives and
 * scripts. */
static void link_command(const struct build *b, const struct words *objects, const char *map, const char *output,
                         struct words *command, struct words *inputs)
{
    struct words recipe = {0};
    root_recipe(b->target, "link", &recipe);
    for (size_t i = 0; i < recipe.n; i++) {
        const char *word = recipe.v[i];
        if (strcmp(word, "@OBJECTS@") == 0) {
            words_append(command, objects);
            continue;
        }
        word = replace_all(word, "@MAP@", map);
        word = replace_all(word, "@SCRATCH@", b->scratch);
        words_add(command, word);
        if (word[0] == '/' && i > 0)
            words_add(inputs, word);
    }
    words_append(inputs, objects);
    words_add(command, "-o");
    words_add(command, output);
}

/* The part of the linker's script that depends on the manifest: the stacks and their guards. */
static void lay_stacks(struct build *b, struct words *link_inputs)
{
    struct words command = {0}, inputs = {0};
    const char *script = format_text("%s/spt/stacks.ld.sh", root_find()->build);
    const char *output = format_text("%s/stacks.ld", b->scratch);
    if (!build_sealed(b->target))
        return;
    words_add(&command, "sh");
    words_add(&command, "-c");
    words_add(&command, "sh \"$1\" \"$2\" \"$3\" >\"$4\"");
    words_add(&command, "jinn");
    words_add(&command, script);
    words_format(&command, "%u", b->m->n_stacks);
    words_format(&command, "%u", b->m->stack_bytes);
    words_add(&command, output);
    words_add(&inputs, script);
    run_if_changed(&command, output, &inputs, b->m->folder, "lay out");
    words_add(link_inputs, output);
}

/* The script that lays an image out is the first; in its place comes one of this build's own. */
static const char *replace_script(struct words *command, const char *own)
{
    for (size_t i = 0; i + 1 < command->n; i++) {
        if (strcmp(command->v[i], "-T") != 0)
            continue;
        const char *script = command->v[i + 1];
        command->v[i + 1] = format_text("%s", own);
        return script;
    }
    fail(STATUS_UNAVAILABLE,
         "the recipe for sealed images names no script of the linker; run 'make', or install again");
}

/* Links once to learn which functions there are, and gives the second link a script with their order. */
static void shuffle(const struct build *b, const struct words *objects, struct words *command, struct words *inputs)
{
    struct words first = {0}, first_inputs = {0};
    struct bytes map, script;
    const char *folder = b->m->folder, *output = format_text("%s/%s.unshuffled", b->scratch, b->m->name);
    const char *map_file = format_text("%s.map", output), *own = format_text("%s/image.ld", b->scratch);
    words_append(&first_inputs, inputs);
    link_command(b, objects, map_file, output, &first, &first_inputs);
    run_if_changed(&first, output, &first_inputs, folder, "link");
    const char *script_file = replace_script(command, own);
    bool good = file_read(path_join(folder, map_file), &map) && file_read(script_file, &script);
    char *text = good ? shuffle_script(script, map, strtoull(b->shuffle, NULL, 10)) : NULL;
    if (!text)
        fail(STATUS_UNAVAILABLE, "the functions of %s can't be put in another order by %s", path_join(folder, output),
             script_file);
    file_write(path_join(folder, own), text, strlen(text));
    words_add(inputs, own);
}

/* Of a machine for the simulator only its entry stays visible, so that several of them live in one process. */
static void add_sim_words(const struct build *b, struct words *command)
{
    words_add(command, "objcopy");
    words_format(command, "--redefine-sym=boot=sim_boot_%s", b->m->c_name);
    words_format(command, "--keep-global-symbol=sim_boot_%s", b->m->c_name);
    words_add(command, b->unstripped);
    words_add(command, b->image);
}

/* To a debugger the file with symbols is of a program that can lie anywhere (ET_DYN): then it asks where, of a core file, too.
 * Its time stays, by which it is known whether there is anything to do. */
static void mark_movable(const struct build *b)
{
    struct stat st;
    uint8_t type = ET_DYN;
    int fd = open(path_join(b->m->folder, b->unstripped), O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &st) == 0 && pwrite(fd, &type, 1, offsetof(Elf64_Ehdr, e_type)) == 1 &&
                futimens(fd, (struct timespec[]){st.st_atim, st.st_mtim}) == 0;
    if (!good)
        fail(STATUS_NO_OUTPUT, "%s can't be written: %s", b->unstripped, strerror(errno));
    close(fd);
}

/* The table of sections is for linkers; a tender reads that of segments. Tenders want a program at a fixed address (ET_EXEC). */
static void trim_image(const struct build *b)
{
    struct bytes image;
    const char *path = path_join(b->m->folder, b->image);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && file_read(path, &image);
    if (good && image.len > sizeof(Elf64_Ehdr))
        ((uint8_t *)(uintptr_t)image.data)[offsetof(Elf64_Ehdr, e_type)] = ET_EXEC;
    size_t len = good ? elf_trim((uint8_t *)(uintptr_t)image.data, image.len) : 0;
    good = good && pwrite(fd, image.data, len, 0) == (ssize_t)len && ftruncate(fd, (off_t)len) == 0;
    if (!good)
        fail(STATUS_NO_OUTPUT, "%s can't be written: %s", path, strerror(errno));
    close(fd);
}

static void strip_image(struct build *b)
{
    struct words command = {0}, inputs = {0};
    if (strcmp(b->unstripped, b->image) == 0)
        return;
    if (strcmp(b->target, "sim") == 0) {
        add_sim_words(b, &command);
    } else {
        words_add(&command, "strip");
        words_add(&command, "-o");
        words_add(&command, b->image);
        words_add(&command, b->unstripped);
    }
    words_add(&inputs, b->unstripped);
    if (!run_if_changed(&command, b->image, &inputs, b->m->folder, "strip"))
        return;
    b->changed = true;
    if (strcmp(b->target, "sim") == 0)
        return;
    trim_image(b);
    mark_movable(b);
}

/* Two builds of one appliance at a time would write the same files: the second waits. */
static int lock_folder(const struct build *b)
{
    make_folders(path_join(b->m->folder, b->scratch));
    int fd = open(path_join(b->m->folder, b->scratch), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        fail(STATUS_NO_OUTPUT, "%s can't be locked", path_join(b->m->folder, b->scratch));
    return fd;
}

static void set_paths(struct build *b)
{
    const char *name = b->m->name;
    bool is_linux = strcmp(b->target, "linux") == 0;
    b->scratch = format_text("dist/.%s", b->target);
    b->image = is_linux ? format_text("dist/%s", name) : format_text("dist/%s.%s", name, b->target);
    b->unstripped = is_linux ? b->image : format_text("%s/%s.%s.debug", b->scratch, name, b->target);
    b->map = format_text("%s/%s.map", b->scratch, name);
}

static struct build begin(const char *folder, const char *target, enum build_mode mode, int *lock)
{
    struct build b = {.m = manifest_read(folder), .target = target, .mode = mode};
    set_paths(&b);
    *lock = lock_folder(&b);
    return b;
}

static void finish(struct build *b, int lock)
{
    const char *folder = b->m->folder;
    struct words sources = {0}, flags = {0}, objects = {0}, command = {0}, inputs = {0};
    prepare(b->m);
    words_append(&sources, &b->m->sources);
    generate(b, &sources);
    compile_flags(b, &flags);
    struct unit *units = list_units(b, &sources, &objects);
    b->changed |= compile_units(units, sources.n, folder, &flags) > 0;
    compile_commands(units, sources.n, folder, &flags);
    lay_stacks(b, &inputs);
    link_command(b, &objects, b->map, b->unstripped, &command, &inputs);
    if (b->shuffle)
        shuffle(b, &objects, &command, &inputs);
    b->changed |= run_if_changed(&command, b->unstripped, &inputs, folder, "link");
    strip_image(b);
    close(lock);
}

/* ---- An order of functions that was asked for once ---- */

/* dist/.TARGET/shuffle has the seed, and what the manifest said then: if that is something else now, it is the later word. */
static const char *kept_path(const struct build *b)
{
    return path_join(b->m->folder, format_text("%s/shuffle", b->scratch));
}

static const char *of_manifest(const struct build *b)
{
    return b->m->shuffle ? b->m->shuffle : "none";
}

static void keep_shuffle(const struct build *b, const char *seed)
{
    const char *text = format_text("%s %s\n", seed, of_manifest(b));
    file_write(kept_path(b), text, strlen(text));
}

static const char *kept_shuffle(const struct build *b)
{
    struct bytes content;
    char seed[21], manifest[21];
    if (!file_exists(kept_path(b)) || !file_read(kept_path(b), &content) ||
        sscanf((const char *)content.data, "%20[0-9] %20s", seed, manifest) != 2 ||
        strcmp(manifest, of_manifest(b)) != 0)
        return NULL;
    say_progress("  functions are in the order of --shuffle %s, as it was built last", seed);
    return format_text("%s", seed);
}

struct build build_appliance(const char *folder, const char *target, enum build_mode mode)
{
    int lock;
    struct build b = begin(folder, target, mode, &lock);
    const char *kept = build_sealed(target) ? kept_shuffle(&b) : NULL;
    if (build_sealed(target))
        b.shuffle = kept ? kept : b.m->shuffle;
    finish(&b, lock);
    return b;
}

struct build build_shuffled(const char *folder, const char *target, enum build_mode mode, const char *seed)
{
    int lock;
    struct build b = begin(folder, target, mode, &lock);
    if (build_sealed(target))
        b.shuffle = seed ? seed : b.m->shuffle;
    if (seed)
        keep_shuffle(&b, seed);
    else
        (void)unlink(kept_path(&b));
    finish(&b, lock);
    return b;
}
