/* SPDX-License-Identifier: MIT */
/*
 * Checks of the raw bytes.  The parser would find bad characters too, but late and without a line,
 * and it compares every %TAG line with every other one: a 1 MiB file of them takes seconds.
 */
#include <string.h>

#include "config/source.h"
#include "config/yaml.h"
#include "config/yaml_parts.h"

static bool starts_with(const struct source *source, size_t at, const char *prefix)
{
    size_t len = strlen(prefix);

    return source->len - at >= len && memcmp(source->text + at, prefix, len) == 0;
}

static bool check_head(const struct source *source, struct diag_list *diags)
{
    struct mark at = {.line = 1, .col = 1};
    struct diag *d;

    if (source->len > YAML_BYTES_MAX) {
        d = diag_add(diags, DIAG_ERROR, "E004", source, (struct mark){0},
                     "%s is larger than 1 MiB", source->name);
        diag_note(d, "a description is small; put data into a file that a stage reads");
        return false;
    }
    if (starts_with(source, 0, "\xFF\xFE") || starts_with(source, 0, "\xFE\xFF")) {
        d = diag_add(diags, DIAG_ERROR, "E005", source, at,
                     "the file is UTF-16, and only UTF-8 is read");
        diag_hint(d, "convert it: iconv -f UTF-16 -t UTF-8 %s", source->name);
        return false;
    }
    if (starts_with(source, 0,
                    "\x7F"
                    "ELF")) {
        d = diag_add(diags, DIAG_ERROR, "E005", source, at,
                     "this is a program or a plugin, not a pipeline");
        diag_hint(d, "name a plugin in a pipeline: - use: ./%s", source->name);
        return false;
    }
    return true;
}

/* What YAML allows in a text. */
static bool allowed(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7E) || c == 0x85 ||
           (c >= 0xA0 && c <= 0xFFFD) || c >= 0x10000;
}

static void add_bad_byte(const struct source *source, size_t at, struct diag_list *diags)
{
    struct diag *d = diag_add(diags, DIAG_ERROR, "E005", source, source_mark(source, at),
                              "the byte 0x%02X is not UTF-8 text",
                              (unsigned)(unsigned char)source->text[at]);

    diag_hint(d, "save the file as UTF-8");
}

static void add_bad_char(const struct source *source, size_t at, uint32_t c,
                         struct diag_list *diags)
{
    struct diag *d = diag_add(diags, DIAG_ERROR, "E006", source, source_mark(source, at),
                              "the control character U+%04X%s is not allowed",
                              (unsigned)c, c == 0 ? " (NUL)" : "");

    diag_hint(d, "delete it");
    if (c == 0)
        diag_note(d, "is this a text file, and saved as UTF-8?");
}

bool yaml_check_text(const struct source *source, struct diag_list *diags)
{
    bool line_start = true;
    size_t n;

    if (!check_head(source, diags))
        return false;
    for (size_t i = 0; i < source->len; i += n) {
        uint32_t c = 0;

        n = text_utf8(source->text + i, source->len - i, &c);
        if (n == 0) {
            add_bad_byte(source, i, diags);
            return false;
        }
        if (!allowed(c)) {
            add_bad_char(source, i, c, diags);
            return false;
        }
        if (line_start && starts_with(source, i, "%TAG")) {
            struct mark at = source_mark(source, i);

            at.width = 4;
            diag_hint(diag_add(diags, DIAG_ERROR, "E021", source, at,
                               "'%%TAG' is not available in a pipeline"),
                      "delete the line");
            return false;
        }
        line_start = c == '\n' || c == '\r';
    }
    return true;
}
