/* SPDX-License-Identifier: MIT */
/* What tests of the library share: pipelines from text, items from words, and checks of answers. */
#ifndef UNIT_EMBED_KIT_H
#define UNIT_EMBED_KIT_H

#include <stdint.h>

#include <check.h>

#include <pphost/pphost.h>

/* Where shipped plugins are. */
void kit_plugins(void);

/* Loads the text; it must be good. */
struct pph_pipeline *kit_load(const char *yaml);

/* ... and starts it. */
struct pph_pipeline *kit_start(const char *yaml);

struct pph_input *kit_input(struct pph_pipeline *p, const char *stage);
struct pph_output *kit_output(struct pph_pipeline *p, const char *stage);

/* Pushes one item of that text, or of those bytes; it must be taken. */
void kit_push(struct pph_input *in, const char *text);
void kit_push_bytes(struct pph_input *in, const void *bytes, uint32_t len);

/* Pulls one item, which must be that text. */
void kit_expect(struct pph_output *out, const char *text);

/* Pulls the rest and returns how many items there were; the answer must be PPH_PULL_CLOSED. */
uint64_t kit_rest(struct pph_output *out);

/* The error must have that code and hold that text; frees it. */
void kit_error(struct pph_error *error, const char *code, const char *text);

/* Waits for the end, which must be that; frees the pipeline. */
void kit_end(struct pph_pipeline *p, enum pph_run_state state);

/* Runs the suite; a main()'s result. */
int kit_main(Suite *suite);

#endif /* UNIT_EMBED_KIT_H */
