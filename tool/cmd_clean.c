/* SPDX-License-Identifier: ISC */
#include "tool/commands.h"
#include "tool/manifest.h"

static int run(int argc, char **argv)
{
    while (command_option(argc, argv, "", (struct option[]){{0}}) != -1)
        continue;
    const char *folder = command_operand(argc, argv, ".");
    /* A folder named dist that is none of ours must survive a slip in the argument. */
    if (!file_exists(path_join(folder, MANIFEST_FILE)))
        fail(STATUS_NO_INPUT, "%s: there is no " MANIFEST_FILE " there, so this is no appliance; nothing was removed",
             folder);
    remove_tree(path_join(folder, "dist"));
    remove_tree(path_join(folder, "compile_commands.json"));
    return 0;
}

const struct command command_clean = {.name = "clean",
                                      .synopsis = "[DIR]",
                                      .summary = "Removes what was built: DIR/dist and compile_commands.json",
                                      .details = "",
                                      .run = run};
