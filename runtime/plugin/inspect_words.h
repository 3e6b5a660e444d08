/* SPDX-License-Identifier: MIT */
/* Words that both forms of a plugin's description use for its numbers. */
#ifndef PLUGIN_INSPECT_WORDS_H
#define PLUGIN_INSPECT_WORDS_H

#include <stdint.h>

#include <pphost/plugin.h>

/* One bit of pph_plugin.flags. */
struct inspect_flag {
    uint32_t bit;
    const char *name;  /* "parallel" */
    const char *words; /* "any number of workers at once" */
};

/* All flags that this host knows; the last one has no name. */
const struct inspect_flag *inspect_flags(void);

/* "counter", "gauge", "histogram". */
const char *inspect_metric_kind(const struct pph_metric *metric);

#endif /* PLUGIN_INSPECT_WORDS_H */
