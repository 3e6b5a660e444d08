/* SPDX-License-Identifier: MIT */
/*
 * The steps of pipeline_load(), each in a file of its own.  No one else includes this.
 *
 *     read.c or oneliner.c -> sets.c -> expand.c -> pipeline.c, stage_desc.c, stage_keys.c
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/diag.h"
#include "config/pipeline.h"
#include "config/yaml.h"

enum { NAME_BYTES_MAX = 64 };

struct load {
    struct arena *arena;
    struct diag_list *diags;
    struct pipeline *pipeline;
    bool partial; /* what is left of the description would only cause more errors */
    bool no_memory;
};

/* read.c: whether FILE is a one-liner: it has a '!' between blanks. */
bool load_is_oneliner(const char *file);

/*
 * read.c: sets the pipeline's source, dir and name from FILE.  PIPELINE_UNREAD after adding an
 * error.  Blocks.
 */
enum pipeline_status load_read(struct load *load, const char *file);

/* oneliner.c: the tree of a one-liner; NULL after adding an error. */
struct yaml_node *oneliner_parse(const struct source *source, struct arena *arena,
                                 struct diag_list *diags);

/* sets.c: applies --set to the tree.  `sets` is NULL-terminated or NULL. */
void sets_apply(struct load *load, struct yaml_node *root, const char *const *sets);

/*
 * stage_names.c: the names of all stages in the list: given ones as they are, others after their
 * plugins, numbered if needed.  One entry per item; NULL for a stage that has neither.  Returns
 * NULL when out of memory.
 */
const char **stage_names(struct arena *arena, const struct yaml_node *stages);

/* stage_names.c: letters, digits, _ and -, at most 64, no digit or - in front. */
bool stage_name_valid(const char *name, size_t len);

/* stage_desc.c: types all of `stages:` into the pipeline. */
void load_stages(struct load *load, const struct yaml_node *stages);

/* stage_keys.c: workers, order, on_error, queue of one stage. */
void load_stage_keys(struct load *load, struct stage_desc *stage);

/* budget_keys.c: `memory:` and `max_in_flight:`. */
void load_memory(struct load *load, const struct yaml_node *node);
void load_in_flight(struct load *load, const struct yaml_node *node);

/* from.c: `from:` of one stage. */
void load_from(struct load *load, struct stage_desc *stage, const struct yaml_node *node);

#endif /* CONFIG_LOAD_H */
