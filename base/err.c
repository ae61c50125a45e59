/* SPDX-License-Identifier: ISC */
#include <jinn/err.h>

const char *err_text(enum err e)
{
    switch (e) {
    case OK:
        return "no error";
    case ERR_AGAIN:
        return "nothing to do now";
    case ERR_TIMEOUT:
        return "the deadline passed";
    case ERR_CANCELLED:
        return "cancelled";
    case ERR_END:
        return "end of the stream";
    case ERR_CLOSED:
        return "already closed";
    case ERR_RESET:
        return "reset by the peer";
    case ERR_REFUSED:
        return "connection refused";
    case ERR_UNREACHABLE:
        return "unreachable";
    case ERR_IN_USE:
        return "already in use";
    case ERR_FULL:
        return "a limit is reached";
    case ERR_TOO_LARGE:
        return "too large";
    case ERR_MALFORMED:
        return "malformed";
    case ERR_INVALID:
        return "invalid";
    case ERR_NOT_FOUND:
        return "not found";
    case ERR_UNSUPPORTED:
        return "not supported here";
    case ERR_IO:
        return "the device failed";
    }
    return "unknown error";
}
