/* SPDX-License-Identifier: MIT */
#include "embed/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_LEN = 4, LINE_MAX_BYTES = 1024 };

struct pph_error {
    char code[CODE_LEN + 1];
    char *text;
};

/* The one error that needs no memory: never changed, never freed. */
static char no_memory_text[] = "error[E099]: out of memory\n";
static struct pph_error no_memory = {"E099", no_memory_text};

static void find_code(struct pph_error *error)
{
    static const char head[] = "error[";
    const char *at = strstr(error->text, head);

    if (at && strlen(at) > sizeof(head) - 1 + CODE_LEN)
        memcpy(error->code, at + sizeof(head) - 1, CODE_LEN);
}

void fault_set_text(struct pph_error **ret, const char *text)
{
    struct pph_error *error;

    if (!ret)
        return;
    error = calloc(1, sizeof(*error));
    if (error)
        error->text = strdup(text);
    if (!error || !error->text) {
        free(error);
        *ret = &no_memory;
        return;
    }
    find_code(error);
    *ret = error;
}

void fault_set(struct pph_error **ret, const char *code, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    size_t len;
    va_list args;

    if (!ret)
        return;
    (void)snprintf(line, sizeof(line), "error[%s]: ", code);
    len = strlen(line);
    va_start(args, format);
    (void)vsnprintf(line + len, sizeof(line) - len - 1, format, args);
    va_end(args);
    len = strlen(line);
    if (line[len - 1] != '\n')
        (void)snprintf(line + len, sizeof(line) - len, "\n");
    fault_set_text(ret, line);
}

void fault_set_no_memory(struct pph_error **ret)
{
    if (ret)
        *ret = &no_memory;
}

const char *pph_error_text(const struct pph_error *error)
{
    return error ? error->text : "";
}

const char *pph_error_code(const struct pph_error *error)
{
    return error ? error->code : "";
}

void pph_error_free(struct pph_error *error)
{
    if (!error || error == &no_memory)
        return;
    free(error->text);
    free(error);
}
