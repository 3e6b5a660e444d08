/* SPDX-License-Identifier: MIT */
/*
 * A plugin per rule of the descriptor, each breaking that one: built once for every CASE_<name>.
 * The sentences they are refused with are in tests/abi/test_rules.c.
 */
#include <pphost/plugin.h>

static int generate(struct pph_ctx *ctx)
{
    (void)ctx;
    return PPH_END;
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_OK;
}

/* Keeps what a case leaves unused from being reported. */
const void *wrong_keep[] = {(const void *)&generate, (const void *)&each};

#define PLUGIN       const struct pph_plugin pphost_plugin_v1
#define SIZE         .size = sizeof(struct pph_plugin)
#define CONSUMER     SIZE, .kind = PPH_CONSUMER, .name = "wrong", .each = each
#define GENERATOR    SIZE, .kind = PPH_GENERATOR, .name = "wrong", .generate = generate
#define PARAMS(...)  static const struct pph_param params[] = {__VA_ARGS__, {0}};
#define WITH_PARAMS  PLUGIN = {CONSUMER, .params = params};
#define PORTS(...)   static const struct pph_port ports[] = {__VA_ARGS__, {0}};
#define METRICS(...) static const struct pph_metric metrics[] = {__VA_ARGS__, {0}};

#if defined(CASE_size_zero)
PLUGIN = {.kind = PPH_CONSUMER, .name = "wrong", .each = each};
#elif defined(CASE_size_absurd)
PLUGIN = {.size = 1u << 20, .kind = PPH_CONSUMER, .name = "wrong", .each = each};
#elif defined(CASE_size_beyond)
PLUGIN = {.size = sizeof(struct pph_plugin) + 64,
          .kind = PPH_CONSUMER,
          .name = "wrong",
          .each = each};
#elif defined(CASE_size_short)
PLUGIN = {.size = offsetof(struct pph_plugin, each),
          .kind = PPH_CONSUMER,
          .name = "wrong",
          .each = each};
#elif defined(CASE_kind)
PLUGIN = {SIZE, .kind = 9, .name = "wrong", .each = each};
#elif defined(CASE_no_generate)
PLUGIN = {SIZE, .kind = PPH_GENERATOR, .name = "wrong"};
#elif defined(CASE_no_each)
PLUGIN = {SIZE, .kind = PPH_PROCESSOR, .name = "wrong"};
#elif defined(CASE_stray_each)
PLUGIN = {GENERATOR, .each = each};
#elif defined(CASE_stray_generate)
PLUGIN = {CONSUMER, .generate = generate};
#elif defined(CASE_task_ports)
PORTS({.name = "rest"})
PLUGIN = {SIZE, .kind = PPH_TASK, .name = "wrong", .generate = generate, .ports = ports};
#elif defined(CASE_needs)
PLUGIN = {CONSUMER, .needs = " timers/1 fds/2"};
#elif defined(CASE_no_name)
PLUGIN = {SIZE, .kind = PPH_CONSUMER, .each = each};
#elif defined(CASE_bad_name)
PLUGIN = {SIZE, .kind = PPH_CONSUMER, .name = "2 words", .each = each};
#elif defined(CASE_twins)
static const struct pph_plugin twin = {CONSUMER};
PLUGIN = {CONSUMER, .next = &twin};
#elif defined(CASE_loop)
PLUGIN = {CONSUMER, .next = &pphost_plugin_v1};
#elif defined(CASE_setting_name)
PARAMS({.name = "max line"})
WITH_PARAMS
#elif defined(CASE_setting_twice)
PARAMS({.name = "path"}, {.name = "path"})
WITH_PARAMS
#elif defined(CASE_setting_type)
PARAMS({.name = "path", .type = 77})
WITH_PARAMS
#elif defined(CASE_default_type)
PARAMS({.name = "size", .type = PPH_SIZE, .def = "many"})
WITH_PARAMS
#elif defined(CASE_default_unit)
PARAMS({.name = "size", .type = PPH_SIZE, .def = "100"})
WITH_PARAMS
#elif defined(CASE_default_bounds)
PARAMS({.name = "count", .type = PPH_INT, .def = "0", .min = "1"})
WITH_PARAMS
#elif defined(CASE_default_choice)
PARAMS({.name = "unit", .type = PPH_ENUM, .def = "page", .choices = "line|block"})
WITH_PARAMS
#elif defined(CASE_default_list)
PARAMS({.name = "counts", .type = PPH_INT, .def = "[1, two]", .flags = PPH_LIST})
WITH_PARAMS
#elif defined(CASE_default_required)
PARAMS({.name = "path", .def = "x", .flags = PPH_REQUIRED})
WITH_PARAMS
#elif defined(CASE_bound_type)
PARAMS({.name = "wait", .type = PPH_TIME, .min = "soon"})
WITH_PARAMS
#elif defined(CASE_bound_unit)
PARAMS({.name = "size", .type = PPH_SIZE, .min = "1"})
WITH_PARAMS
#elif defined(CASE_bound_text)
PARAMS({.name = "text", .min = "a"})
WITH_PARAMS
#elif defined(CASE_bound_order)
PARAMS({.name = "count", .type = PPH_INT, .min = "10", .max = "1"})
WITH_PARAMS
#elif defined(CASE_no_choices)
PARAMS({.name = "unit", .type = PPH_ENUM})
WITH_PARAMS
#elif defined(CASE_empty_choice)
PARAMS({.name = "unit", .type = PPH_ENUM, .choices = "line||block"})
WITH_PARAMS
#elif defined(CASE_two_primary)
PARAMS({.name = "a", .flags = PPH_PRIMARY}, {.name = "b", .flags = PPH_PRIMARY})
WITH_PARAMS
#elif defined(CASE_port_name)
PORTS({.name = "the rest"})
PLUGIN = {GENERATOR, .ports = ports};
#elif defined(CASE_port_reserved)
PORTS({.name = "dead"})
PLUGIN = {GENERATOR, .ports = ports};
#elif defined(CASE_port_twice)
PORTS({.name = "rest"}, {.name = "rest"})
PLUGIN = {GENERATOR, .ports = ports};
#elif defined(CASE_metric_name)
METRICS({.name = "%"})
PLUGIN = {GENERATOR, .metrics = metrics};
#elif defined(CASE_metric_kind)
METRICS({.name = "lines", .kind = 3})
PLUGIN = {GENERATOR, .metrics = metrics};
#elif defined(CASE_metric_twice)
METRICS({.name = "lines"}, {.name = "lines"})
PLUGIN = {GENERATOR, .metrics = metrics};
#elif defined(CASE_endless)
enum { MANY = 300 };
static struct pph_param params[MANY];
__attribute__((constructor)) static void fill(void)
{
    for (int i = 0; i < MANY; i++)
        params[i].name = "x";
}
WITH_PARAMS
#elif defined(CASE_flags)
static const struct pph_param params[] = {
    {.name = "path", .flags = 1u << 30, .reserved = "x"}, {0}};
PLUGIN = {CONSUMER, .flags = PPH_PARALLEL | 1u << 30, .reserved = 1, .params = params};
#endif
