/* SPDX-License-Identifier: MIT */
/*
 * One JSON object per line, for bytes of any kind: text as a string, and what is not UTF-8
 * in base64.
 */
#ifndef WRITE_JSON_LINE_H
#define WRITE_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines as they grow.  Zero-initialised it is empty; once memory was missing, `failed`. */
struct json_line {
    char *data;
    size_t len, cap;
    bool failed;
    bool begun; /* the object has a member already */
};

void json_line_fini(struct json_line *line);

/* The object begins and ends; a newline follows it. */
void json_line_begin(struct json_line *line);
void json_line_end(struct json_line *line);

/* A member that is a text: what is not UTF-8 in it becomes U+FFFD. */
void json_line_text(struct json_line *line, const char *name, const char *text);

/* Adds `len` bytes again that lie at `at` in the lines already, members that end in front of the next one. */
void json_line_again(struct json_line *line, size_t at, size_t len);

void json_line_number(struct json_line *line, const char *name, uint64_t number);

/* The member "data" if the bytes are UTF-8, else "base64". */
void json_line_bytes(struct json_line *line, const void *bytes, size_t len);

#endif /* WRITE_JSON_LINE_H */
