/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include <string.h>

static const char *const names[FAKE_STAGES] = {"lines", "split", "write", "rejects"};
static const char *const uses[FAKE_STAGES] = {"lines", "split", "write", "write"};
static const unsigned workers[FAKE_STAGES] = {1, 4, 1, 1};

static void stage_init(struct fake *fake, size_t i)
{
    struct graph_stage *stage = &fake->stages[i];

    fake->descs[i] =
        (struct stage_desc){.name = names[i],
                            .use = uses[i],
                            .source = &fake->source,
                            .at = {.line = (uint32_t)i * 2 + 2, .col = 10, .width = 5},
                            .order = ORDER_KEEP};
    fake->plugins[i] = (struct plugin){.desc = {.size = sizeof(struct pph_plugin),
                                                .kind = i == FAKE_LINES   ? PPH_GENERATOR
                                                        : i == FAKE_SPLIT ? PPH_PROCESSOR
                                                                          : PPH_CONSUMER,
                                                .name = uses[i]},
                                       .path = "/usr/lib/pphost/plugins/x.so",
                                       .shown = uses[i]};
    fake->ports[i][0] = (struct graph_port){.name = "out"};
    fake->ports[i][1] = (struct graph_port){.name = "dead"};
    *stage = (struct graph_stage){.name = names[i],
                                  .desc = &fake->descs[i],
                                  .plugin = &fake->plugins[i],
                                  .args = fake->args[i],
                                  .index = i,
                                  .rank = FAKE_STAGES - 1 - i,
                                  .level = (unsigned)(FAKE_STAGES - 1 - i),
                                  .workers = workers[i],
                                  .is_source = i == FAKE_LINES,
                                  .ordered = i == FAKE_SPLIT,
                                  .has_output = i < FAKE_WRITE,
                                  .ports = fake->ports[i],
                                  .n_ports = 2,
                                  .n_producers = i == FAKE_LINES ? 0 : 1,
                                  .queue_items = 1000,
                                  .queue_bytes = 32 * 1000 * 1000,
                                  .memory_bytes = 3u << 20};
    fake->by_rank[FAKE_STAGES - 1 - i] = stage;
    fake->views[i].stage = stage;
}

static void connect(struct fake *fake, size_t from, size_t port, size_t to, size_t slot)
{
    fake->readers[slot] = &fake->stages[to];
    fake->ports[from][port].readers = &fake->readers[slot];
    fake->ports[from][port].n_readers = 1;
}

void fake_init(struct fake *fake)
{
    memset(fake, 0, sizeof(*fake));
    fake->source = (struct source){.name = "tokenise.yaml"};
    fake->pipeline = (struct pipeline){.source = &fake->source,
                                       .name = "tokenise",
                                       .dir = "/tmp",
                                       .stages = fake->descs,
                                       .n_stages = FAKE_STAGES};
    for (size_t i = 0; i < FAKE_STAGES; i++)
        stage_init(fake, i);
    connect(fake, FAKE_LINES, 0, FAKE_SPLIT, 0);
    connect(fake, FAKE_SPLIT, 0, FAKE_WRITE, 1);
    connect(fake, FAKE_SPLIT, 1, FAKE_REJECTS, 2);
    fake->graph = (struct graph){.pipeline = &fake->pipeline,
                                 .stages = fake->stages,
                                 .n_stages = FAKE_STAGES,
                                 .by_rank = fake->by_rank,
                                 .threads = 4,
                                 .memory_bytes = 12u << 20};
    fake->view = (struct run_view){.stages = fake->views, .progress_unit = PPH_ITEMS};
}
