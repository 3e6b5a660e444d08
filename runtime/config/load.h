/* SPDX-License-Identifier: MIT */
/*
 * The steps of pipeline_load(), each in a file of its own.  No one else includes this.
 *
 *     read.c or oneliner.c -> include.c -> sets.c -> expand.c -> pipeline.c, stage_desc.c, stage_keys.c
 *
 * A stage that is a pipeline goes the same way from files.c on, with what it sees of the outer one:
 * see sub.c.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/diag.h"
#include "config/pipeline.h"
#include "config/yaml.h"

enum {
    NAME_BYTES_MAX = 64,
    PATH_BYTES_MAX = 255, /* of a name of a stage in pipelines that are stages */
    FILES_MAX = 64,       /* of one description, each as often as it is brought in */
    FILE_DEPTH_MAX = 16,  /* files that bring in files */
};

/* A limit that stages can name. */
struct visible_limit {
    const char *name; /* as it is named here */
    struct limit_desc *limit;
    struct visible_limit *outer; /* declared before; NULL: none */
};

struct load {
    struct arena *arena;
    struct diag_list *diags;
    struct pipeline *pipeline;
    const char *const *sets; /* --set; may be NULL */
    /* Of the pipeline that is being read, which may be a stage of another. */
    const struct sub_desc *sub; /* NULL: the one that is run */
    const char *scope; /* what the names of its stages begin with: "" or "clean/" */
    const struct yaml_node *context; /* of a sub: what its stages see */
    const struct source *source;     /* the file it is in */
    struct visible_limit *limits;    /* NULL: none */
    bool limits_bad; /* some are not among them for a fault of theirs, which was told */
    struct stage_desc defaults; /* what each stage begins with: its keys, nothing else */
    const struct source *files[FILES_MAX]; /* that were brought in, in that order */
    size_t n_files, first_file; /* of the pipeline that is being read: see include.c */
    bool partial; /* what is left of the description would only cause more errors */
    bool no_memory;
};

/* read.c: whether FILE is a one-liner: it has a '!' between blanks. */
bool load_is_oneliner(const char *file);

/*
 * read.c: sets the pipeline's source, dir and name from the file or the text.  PIPELINE_UNREAD
 * after adding an error.  Blocks.
 */
enum pipeline_status load_read(struct load *load, const struct pipeline_input *input);

/*
 * read.c: all that can be read from `fd` as a source of that name, up to one byte more than is
 * allowed.  0, or an errno number; without memory load->no_memory is set too.  Blocks.
 */
int load_read_fd(struct load *load, int fd, const char *name, struct source **ret_source);

/* read.c: hints at the file beside `file` with the nearest name, in the folder as `shown` has it. */
void load_suggest_file(struct load *load, struct diag *d, const char *file,
                       const char *shown);

/* read.c: the path without links, in the arena; NULL with errno when there is no such file. */
char *load_real_path(struct load *load, const char *path);

/*
 * files.c: reads the file that the value names, seen from the file that the value is in; `how` is
 * what its messages say of the way to it ("included").  NULL after adding an error at the value: it
 * is missing, cannot be read, brings itself in, or there are too many.  Blocks.
 */
const struct source *file_open(struct load *load, const struct yaml_node *name,
                               const char *how);

/*
 * include.c: reads the files of the tree's `include:` and puts what they hold where the tree says
 * nothing.  False after adding an error that leaves the tree incomplete.  Blocks.
 */
bool include_files(struct load *load, struct yaml_node *root) PPH_NODISCARD;

/* include.c: adds to `into` what only `from` has, at any depth.  False: no memory. */
bool include_fill(struct load *load, struct yaml_node *into,
                  const struct yaml_node *from) PPH_NODISCARD;

/* pipeline.c: whether the tree is a mapping, as a pipeline is; false after adding an error. */
bool load_is_pipeline(struct load *load, const struct yaml_node *root);

/* pipeline.c: `stages:` of the tree into the pipeline's, or an error that there are none. */
void load_root_stages(struct load *load, const struct yaml_node *root);

/* oneliner.c: the tree of a one-liner; NULL after adding an error. */
struct yaml_node *oneliner_parse(const struct source *source, struct arena *arena,
                                 struct diag_list *diags);

/* sets.c: applies to the tree those of load->sets that are for the pipeline that is being read. */
void sets_apply(struct load *load, struct yaml_node *root);

/*
 * stage_names.c: the names of all stages in the list: given ones as they are, others after their
 * plugins, numbered if needed.  One entry per item; NULL for a stage that has neither.  Returns
 * NULL when out of memory.
 */
const char **stage_names(struct arena *arena, const struct yaml_node *stages);

/* stage_names.c: letters, digits, _ and -, at most 64, no digit or - in front. */
bool stage_name_valid(const char *name, size_t len);

/* stage_names.c: names as above, joined by '/': a stage in a pipeline that is a stage. */
bool stage_path_valid(const char *path, size_t len);

/* sub.c: whether `use` names a pipeline: it ends with .yaml or .yml. */
bool sub_is_pipeline(const char *use);

/* sub.c: the stages of a stage that is a pipeline, typed into the pipeline's.  Blocks. */
void sub_load(struct load *load, const struct stage_desc *stage);

/* stage_desc.c: types all of `stages:` into the pipeline. */
void load_stages(struct load *load, const struct yaml_node *stages);

/* stage_keys.c: workers, order, on_error, queue, batch, limit, as far as the mapping has them. */
void load_stage_keys(struct load *load, struct stage_desc *stage,
                     const struct yaml_node *map);

/* rate_keys.c: `rate:` of one stage. */
void load_rate(struct load *load, struct stage_desc *stage, const struct yaml_node *node);

/* batch_keys.c: `batch:` of one stage. */
void load_batch(struct load *load, struct stage_desc *stage,
                const struct yaml_node *node);

/* defaults.c: `defaults:` into load->defaults; NULL: it is not there. */
void load_defaults(struct load *load, const struct yaml_node *node);

/* budget_keys.c: `memory:` and `max_in_flight:`. */
void load_memory(struct load *load, const struct yaml_node *node);
void load_in_flight(struct load *load, const struct yaml_node *node);

/* limit_keys.c: `limits:`, and `limit:` of one stage, or of the defaults: one of those so far. */
void load_limits(struct load *load, const struct yaml_node *node);
void load_limit(struct load *load, struct stage_desc *stage,
                const struct yaml_node *node);

/* limit_keys.c: warns of limits that no stage names, when all are loaded. */
void limits_check_used(struct load *load);

/* error_keys.c: `max_rejects:`, and `on_error:` of one stage. */
void load_on_error(struct load *load, struct stage_desc *stage,
                   const struct yaml_node *node);
void load_max_rejects(struct load *load, const struct yaml_node *node);

/* from.c: `from:` of one stage. */
void load_from(struct load *load, struct stage_desc *stage, const struct yaml_node *node);

#endif /* CONFIG_LOAD_H */
