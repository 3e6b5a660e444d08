/* SPDX-License-Identifier: MIT */
/*
 * Plugins built against another version of the header: CASE_older against one that ended after
 * `each`, CASE_newer against one that has two fields more.  What follows the older one in memory is
 * garbage, so that a host which reads past `size` is found out.
 */
/* The header's declaration has the type of today. */
#define pphost_plugin_v1 declared_by_the_header
#include <pphost/plugin.h>
#undef pphost_plugin_v1

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_FORWARD;
}

struct older {
    uint32_t size, kind, flags, reserved;
    const struct pph_plugin *next;
    const char *name, *version, *doc, *in, *out, *pos_unit, *needs;
    const struct pph_param *params;
    const struct pph_port *ports;
    const struct pph_metric *metrics;
    int (*open)(struct pph_ctx *);
    int (*start)(struct pph_ctx *);
    int (*plan)(struct pph_ctx *, const struct pph_item *, size_t);
    int (*generate)(struct pph_ctx *);
    int (*each)(struct pph_ctx *, struct pph_item *);
};

struct newer {
    struct pph_plugin now;
    int (*later)(struct pph_ctx *);
    const char *later_text;
};

#define EXPORTED __attribute__((visibility("default")))

#if defined(CASE_older)
extern const struct older_and_garbage {
    struct older plugin;
    unsigned char garbage[sizeof(struct pph_plugin)];
} pphost_plugin_v1;
EXPORTED const struct older_and_garbage pphost_plugin_v1 = {
    {.size = sizeof(struct older), .kind = PPH_PROCESSOR, .name = "older", .each = each},
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
#else
extern const struct newer pphost_plugin_v1;
EXPORTED const struct newer pphost_plugin_v1 = {
    {.size = sizeof(struct newer), .kind = PPH_PROCESSOR, .name = "newer", .each = each},
    NULL,
    "read by hosts to come"};
#endif
