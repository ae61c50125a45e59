/* SPDX-License-Identifier: ISC */
#include "tool/compile.h"
#include "tool/jobs.h"
#include "tool/say.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static void command_hash(const struct words *argv, char out[static SHA_TEXT_BYTES])
{
    struct text t = {0};
    for (size_t i = 0; i < argv->n; i++)
        text_add_bytes(&t, argv->v[i], strlen(argv->v[i]) + 1);
    sha256_text(bytes_of(t.s, t.len), out);
}

static const char *hash_path(const char *folder, const char *output)
{
    const char *base = path_base(output);
    return path_join(folder, format_text("%.*s.%s.cmd", (int)(base - output), output, base));
}

static bool same_command(const struct words *argv, const char *folder, const char *output)
{
    char hash[SHA_TEXT_BYTES];
    struct bytes old;
    command_hash(argv, hash);
    return file_read(hash_path(folder, output), &old) && bytes_equal(old, bytes_str(hash));
}

static void keep_command(const struct words *argv, const char *folder, const char *output)
{
    char hash[SHA_TEXT_BYTES];
    command_hash(argv, hash);
    file_write(hash_path(folder, output), hash, strlen(hash));
}

/* The files after the first colon of a makefile rule: blanks part them, a backslash keeps a blank, or joins lines. */
static void read_depfile(const char *path, struct words *inputs)
{
    struct bytes content;
    struct text word = {0};
    if (!file_read(path, &content))
        return;
    const char *p = strchr((const char *)content.data, ':');
    for (p = p ? p + 1 : ""; *p && *p != '\n'; p++) {
        if (p[0] == '\\' && p[1] == '\n') {
            p++;
        } else if (p[0] == '\\' && p[1] == ' ') {
            text_add(&word, " ");
            p++;
            continue;
        } else if (*p != ' ') {
            text_add(&word, "%c", *p);
            continue;
        }
        if (word.len)
            words_add(inputs, word.s);
        word = (struct text){0};
    }
    if (word.len)
        words_add(inputs, word.s);
}

static bool newer_input(const struct words *inputs, const char *folder, uint64_t made_ns)
{
    for (size_t i = 0; i < inputs->n; i++) {
        uint64_t t = file_time(path_join(folder, inputs->v[i]));
        if (t == 0 || t > made_ns)
            return true;
    }
    return false;
}

static bool unit_current(const struct unit *u, const struct words *argv, const char *folder)
{
    struct words inputs = {0};
    uint64_t made_ns = file_time(path_join(folder, u->object));
    read_depfile(path_join(folder, format_text("%s.d", u->object)), &inputs);
    return made_ns && inputs.n && same_command(argv, folder, u->object) && !newer_input(&inputs, folder, made_ns);
}

static struct words unit_command(const struct unit *u, const struct words *flags)
{
    struct words argv = {0};
    size_t len = strlen(u->source);
    words_add(&argv, "gcc");
    words_append(&argv, flags);
    /* The assembler would note the folder it runs in. */
    if (len > 2 && strcmp(u->source + len - 2, ".S") == 0)
        words_add(&argv, "-g0");
    words_add(&argv, "-MMD");
    words_add(&argv, "-MP");
    words_add(&argv, "-MF");
    words_format(&argv, "%s.d", u->object);
    words_add(&argv, "-c");
    words_add(&argv, u->source);
    words_add(&argv, "-o");
    words_add(&argv, u->object);
    return argv;
}

size_t compile_units(const struct unit *units, size_t n, const char *folder, const struct words *flags)
{
    struct job *jobs = allocate(n * sizeof *jobs);
    const char **objects = allocate(n * sizeof *objects);
    size_t n_jobs = 0;
    for (size_t i = 0; i < n; i++) {
        struct words argv = unit_command(&units[i], flags);
        if (unit_current(&units[i], &argv, folder))
            continue;
        const char *object = path_join(folder, units[i].object);
        make_folders(format_text("%.*s", (int)(strrchr(object, '/') - object), object));
        remove(hash_path(folder, units[i].object)); /* what is being made is not good yet */
        objects[n_jobs] = units[i].object;
        jobs[n_jobs++] = (struct job){argv, units[i].source};
    }
    if (!jobs_run(jobs, n_jobs, folder, "compile"))
        fail(STATUS_DATA, "%s does not compile; the compiler's messages are above",
             strcmp(folder, ".") ? folder : "it");
    for (size_t i = 0; i < n_jobs; i++)
        keep_command(&jobs[i].argv, folder, objects[i]);
    return n_jobs;
}

void compile_commands(const struct unit *units, size_t n, const char *folder, const struct words *flags)
{
    char absolute[PATH_MAX];
    json_t *list = json_array();
    if (!realpath(folder, absolute))
        return;
    for (size_t i = 0; i < n; i++) {
        struct words argv = unit_command(&units[i], flags);
        json_t *arguments = json_array();
        for (size_t j = 0; j < argv.n; j++)
            json_array_append_new(arguments, json_string(argv.v[j]));
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o}", "directory", absolute, "file", units[i].source, "arguments", arguments));
    }
    char *text = json_dumps(list, JSON_INDENT(2));
    json_decref(list);
    if (text)
        file_write(path_join(folder, "compile_commands.json"), text, strlen(text));
    free(text);
}

bool run_if_changed(const struct words *command, const char *output, const struct words *inputs, const char *folder,
                    const char *verb)
{
    uint64_t made_ns = file_time(path_join(folder, output));
    if (made_ns && same_command(command, folder, output) && !newer_input(inputs, folder, made_ns))
        return false;
    remove(hash_path(folder, output));
    if (!jobs_run(&(struct job){*command, output}, 1, folder, verb))
        fail(STATUS_DATA, "%s can't be made; the messages above say why", path_join(folder, output));
    keep_command(command, folder, output);
    return true;
}
