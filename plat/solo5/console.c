/* SPDX-License-Identifier: ISC */
#include "plat/solo5/given.h"

#include <jinn/boot.h>

enum err plat_secret(const char *name, struct bytes *secret)
{
    return given.extended ? extension_secret(&given.extension, bytes_str(name), secret) : ERR_NOT_FOUND;
}

struct bytes given_serving(char line[static CONTROL_LINE_BYTES], const char *protocol, uint16_t port)
{
    struct writer w = writer_of(line, CONTROL_LINE_BYTES);
    if (given.features & EXTENSION_CONTROL)
        write_format(&w, "serving %s %u\n", protocol, (unsigned)port);
    return writer_good(&w) ? writer_bytes(&w) : bytes_of(line, 0);
}

/* Nothing but calls of the tender: whatever is broken, this works. */
void plat_abort(const char *text)
{
    static const char prefix[] = "bug: ";
    plat_console(prefix, sizeof prefix - 1);
    plat_console(text, strlen(text));
    plat_console("\n", 1);
    plat_exit(EXIT_BUG);
}
