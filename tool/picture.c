/* SPDX-License-Identifier: ISC */
/* Squarified tree map (Bruls, Huizing, van Wijk 2000): rectangles are laid in rows along the shorter side of what is left,
 * and a row is closed when one more would make its worst rectangle narrower. */
#include "tool/picture.h"

#include <stdio.h>

#define WIDTH 960.0
#define HEIGHT 560.0
#define TOP 76.0
#define MARGIN 24.0
#define GAP 3.0
#define LABEL 20.0

struct area {
    double x, y, w, h;
};

/* Readable with dark text on them, and told apart by people who see fewer colours, too, by their labels. */
static const char *colour(const char *library)
{
    static const struct {
        const char *library, *colour;
    } colours[] = {
        {"appliance", "#f2b134"}, {"content", "#f7d58b"}, {"proto", "#e8836b"}, {"store", "#d9a5c7"},
        {"net", "#6fb1d6"},       {"sched", "#8fc98b"},   {"sys", "#a8d5a2"},   {"libc", "#9fc5bd"},
        {"plat", "#7fbfb0"},      {"arch", "#b6d7a8"},    {"base", "#c9c3e6"},  {"wire", "#a9a0d9"},
        {"mbedtls", "#d8cfc0"},   {"musl", "#c4ccd4"},
    };
    for (size_t i = 0; i < ARRAY_LEN(colours); i++)
        if (strcmp(colours[i].library, library) == 0)
            return colours[i].colour;
    return "#dddddd";
}

static double worst(const double *areas, size_t n, double side)
{
    double sum = 0, ratio = 0;
    for (size_t i = 0; i < n; i++)
        sum += areas[i];
    for (size_t i = 0; i < n; i++) {
        double across = sum / side, along = areas[i] / across;
        double r = along > across ? along / across : across / along;
        ratio = r > ratio ? r : ratio;
    }
    return ratio;
}

/* Lays n areas into a row on the shorter side of `left` and cuts it off. */
static void lay_row(const double *areas, size_t n, struct area *left, struct area *out)
{
    bool upright = left->w >= left->h;
    double side = upright ? left->h : left->w, sum = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        sum += areas[i];
    double across = sum / side;
    for (size_t i = 0; i < n; i++) {
        double along = areas[i] / across;
        out[i] = upright ? (struct area){left->x, left->y + at, across, along}
                         : (struct area){left->x + at, left->y, along, across};
        at += along;
    }
    if (upright)
        *left = (struct area){left->x + across, left->y, left->w - across, left->h};
    else
        *left = (struct area){left->x, left->y + across, left->w, left->h - across};
}

/* The values must be sorted, the largest first. */
static void lay_out(const uint64_t *values, size_t n, struct area whole, struct area *out)
{
    double *areas = allocate(n * sizeof *areas), sum = 0;
    struct area left = whole;
    for (size_t i = 0; i < n; i++)
        sum += (double)values[i];
    for (size_t i = 0; i < n; i++)
        areas[i] = (double)values[i] / sum * whole.w * whole.h;
    for (size_t from = 0, to; from < n; from = to) {
        double side = left.w < left.h ? left.w : left.h;
        for (to = from + 1; to < n; to++)
            if (worst(areas + from, to + 1 - from, side) > worst(areas + from, to - from, side))
                break;
        lay_row(areas + from, to - from, &left, out + from);
    }
}

static const char *size_text(uint64_t bytes)
{
    return bytes < 1024 ? format_text("%llu B", (unsigned long long)bytes)
                        : format_text("%.1f KB", (double)bytes / 1024);
}

static char *escaped(const char *s)
{
    struct text t = {0};
    text_add(&t, "%s", "");
    for (; *s; s++) {
        if (strchr("<>&\"", *s))
            text_add(&t, "&#%d;", *s);
        else
            text_add(&t, "%c", *s);
    }
    return t.s;
}

/* About how wide a text is in the sans-serif fonts that browsers have. */
static double text_width(const char *s, double size)
{
    return (double)strlen(s) * size * 0.58;
}

static void draw_label(struct text *t, const struct area *a, const char *name, uint64_t bytes, double size,
                       double below)
{
    const char *both = format_text("%s %s", name, size_text(bytes));
    double y = a->y + below;
    if (a->h < size + 4)
        return;
    if (text_width(both, size) < a->w - 8)
        text_add(t, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\">%s <tspan opacity=\".65\">%s</tspan></text>\n",
                 a->x + 5, y, size, escaped(name), size_text(bytes));
    else if (text_width(name, size) < a->w - 6)
        text_add(t, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\">%s</text>\n", a->x + 4, y, size, escaped(name));
}

static void draw_objects(struct text *t, const struct linkmap_library *l, struct area inside)
{
    uint64_t *values = allocate(l->n_objects * sizeof *values);
    struct area *areas = allocate(l->n_objects * sizeof *areas);
    size_t n = 0;
    while (n < l->n_objects && (values[n] = linkmap_file_bytes(l->objects[n].bytes)) > 0)
        n++;
    if (n == 0 || inside.w < 4 || inside.h < 4)
        return;
    lay_out(values, n, inside, areas);
    for (size_t i = 0; i < n; i++) {
        struct area *a = &areas[i];
        text_add(t,
                 "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#fff\" fill-opacity=\".28\" "
                 "stroke=\"%s\" stroke-width=\"1\"><title>%s/%s: %s</title></rect>\n",
                 a->x, a->y, a->w, a->h, colour(l->name), escaped(l->name), escaped(l->objects[i].name),
                 size_text(values[i]));
        if (n > 1)
            draw_label(t, a, l->objects[i].name, values[i], 10, 13);
    }
}

static void draw_library(struct text *t, const struct linkmap_library *l, struct area a)
{
    a = (struct area){a.x + GAP / 2, a.y + GAP / 2, a.w - GAP, a.h - GAP};
    if (a.w < 1 || a.h < 1)
        return;
    text_add(t,
             "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\" fill=\"%s\"><title>%s: "
             "%s</title></rect>\n",
             a.x, a.y, a.w, a.h, colour(l->name), escaped(l->name), size_text(linkmap_file_bytes(l->bytes)));
    double head = a.h > 2 * LABEL && a.w > text_width(l->name, 13) ? LABEL : 0;
    draw_objects(t, l, (struct area){a.x + GAP, a.y + GAP + head, a.w - 2 * GAP, a.h - 2 * GAP - head});
    text_add(t, "<g font-weight=\"600\">");
    draw_label(t, &a, l->name, linkmap_file_bytes(l->bytes), a.h > 2 * LABEL ? 13 : 10, a.h > 2 * LABEL ? 16 : 12);
    text_add(t, "</g>\n");
}

char *picture_svg(const struct linkmap *m, const char *title, const char *subtitle)
{
    struct text t = {0};
    uint64_t values[LINKMAP_LIBRARIES_MAX] = {0};
    struct area areas[LINKMAP_LIBRARIES_MAX];
    const struct linkmap_library *shown[LINKMAP_LIBRARIES_MAX];
    size_t n = 0;
    /* Sorted by what lies in the file; m is sorted by memory. */
    for (size_t i = 0; i < m->n; i++) {
        uint64_t bytes = linkmap_file_bytes(m->libraries[i].bytes);
        size_t at = n;
        if (bytes == 0)
            continue;
        for (; at > 0 && values[at - 1] < bytes; at--) {
            values[at] = values[at - 1];
            shown[at] = shown[at - 1];
        }
        values[at] = bytes;
        shown[at] = &m->libraries[i];
        n++;
    }
    text_add(&t,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"system-ui, 'Segoe UI', "
             "'DejaVu Sans', sans-serif\" fill=\"#222\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fdfdfb\"/>\n",
             WIDTH, HEIGHT + TOP + MARGIN);
    text_add(&t, "<text x=\"%.0f\" y=\"36\" font-size=\"22\" font-weight=\"600\">%s</text>\n", MARGIN, escaped(title));
    text_add(&t, "<text x=\"%.0f\" y=\"60\" font-size=\"13\" fill=\"#555\">%s</text>\n", MARGIN, escaped(subtitle));
    lay_out(values, n, (struct area){MARGIN, TOP, WIDTH - 2 * MARGIN, HEIGHT}, areas);
    for (size_t i = 0; i < n; i++)
        draw_library(&t, shown[i], areas[i]);
    text_add(&t, "</svg>\n");
    return t.s;
}
