/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "cli/output.h"
#include "cli/verbs.h"

int verb_version(const struct arguments *args)
{
    struct text out = {0};

    (void)args;
    text_printf(&out, "pphost %s\nplugin interface 1\n", PPHOST_VERSION);
    return output_finish(&out);
}
