/* SPDX-License-Identifier: MIT */
/*
 * The layout of plugin ABI version 1 on 64-bit machines, and that both headers compile alone and
 * twice in every language they promise.  Compiled, not run; see CMakeLists.txt for the languages.
 * A line of this file may be added, never changed: plugins were compiled with these numbers.
 */
#include <pphost/easy.h>
#include <pphost/plugin.h>
#include <pphost/pphost.h>

/* C99 has no static_assert: an array of -1 elements does not compile either. */
#define GLUE2(a, b)     a##b
#define GLUE(a, b)      GLUE2(a, b)
#define HOLDS(c)        typedef char GLUE(holds_, __LINE__)[(c) ? 1 : -1]
#define SIZE(s, n)      HOLDS(sizeof(struct s) == (n))
#define AT(s, field, n) HOLDS(offsetof(struct s, field) == (n))

#if UINTPTR_MAX == 0xffffffffffffffffu

SIZE(pph_item, 32);
AT(pph_item, data, 0);
AT(pph_item, len, 8);
AT(pph_item, port, 12);
AT(pph_item, flags, 14);
AT(pph_item, key, 16);
AT(pph_item, pos, 24);

SIZE(pph_param, 72);
AT(pph_param, name, 0);
AT(pph_param, doc, 8);
AT(pph_param, def, 16);
AT(pph_param, min, 24);
AT(pph_param, max, 32);
AT(pph_param, choices, 40);
AT(pph_param, example, 48);
AT(pph_param, type, 56);
AT(pph_param, flags, 60);
AT(pph_param, reserved, 64);

SIZE(pph_value, 40);
AT(pph_value, s, 0);
AT(pph_value, i, 8);
AT(pph_value, f, 16);
AT(pph_value, list, 24);
AT(pph_value, n, 32);
AT(pph_value, given, 36);

SIZE(pph_port, 32);
AT(pph_port, name, 0);
AT(pph_port, type, 8);
AT(pph_port, doc, 16);
AT(pph_port, reserved, 24);

SIZE(pph_metric, 32);
AT(pph_metric, name, 0);
AT(pph_metric, unit, 8);
AT(pph_metric, doc, 16);
AT(pph_metric, kind, 24);
AT(pph_metric, reserved, 28);

SIZE(pph_ctx, 80);
AT(pph_ctx, size, 0);
AT(pph_ctx, worker, 4);
AT(pph_ctx, workers, 8);
AT(pph_ctx, want, 12);
AT(pph_ctx, host, 16);
AT(pph_ctx, args, 24);
AT(pph_ctx, stage, 32);
AT(pph_ctx, shared, 40);
AT(pph_ctx, local, 48);
AT(pph_ctx, resume, 56);
AT(pph_ctx, resume_len, 64);
AT(pph_ctx, done, 72);

SIZE(pph_host, 160);
AT(pph_host, size, 0);
AT(pph_host, abi, 4);
AT(pph_host, emit, 8);
AT(pph_host, alloc, 16);
AT(pph_host, adopt, 24);
AT(pph_host, hold, 32);
AT(pph_host, drop, 40);
AT(pph_host, fail, 48);
AT(pph_host, log, 56);
AT(pph_host, log_enabled, 64);
AT(pph_host, count, 72);
AT(pph_host, result, 80);
AT(pph_host, mark, 88);
AT(pph_host, origin, 96);
AT(pph_host, progress, 104);
AT(pph_host, stopping, 112);
AT(pph_host, wake, 120);
AT(pph_host, block_begin, 128);
AT(pph_host, block_end, 136);
AT(pph_host, context, 144);
AT(pph_host, ext, 152);

SIZE(pph_letter, 48);
AT(pph_letter, size, 0);
AT(pph_letter, worker, 4);
AT(pph_letter, attempt, 8);
AT(pph_letter, reserved, 12);
AT(pph_letter, stage, 16);
AT(pph_letter, error, 24);
AT(pph_letter, origin, 32);
AT(pph_letter, pos_unit, 40);

SIZE(pph_letters, 16);
AT(pph_letters, size, 0);
AT(pph_letters, get, 8);

SIZE(pph_plugin, 200);
AT(pph_plugin, size, 0);
AT(pph_plugin, kind, 4);
AT(pph_plugin, flags, 8);
AT(pph_plugin, reserved, 12);
AT(pph_plugin, next, 16);
AT(pph_plugin, name, 24);
AT(pph_plugin, version, 32);
AT(pph_plugin, doc, 40);
AT(pph_plugin, in, 48);
AT(pph_plugin, out, 56);
AT(pph_plugin, pos_unit, 64);
AT(pph_plugin, needs, 72);
AT(pph_plugin, params, 80);
AT(pph_plugin, ports, 88);
AT(pph_plugin, metrics, 96);
AT(pph_plugin, open, 104);
AT(pph_plugin, start, 112);
AT(pph_plugin, plan, 120);
AT(pph_plugin, generate, 128);
AT(pph_plugin, each, 136);
AT(pph_plugin, batch, 144);
AT(pph_plugin, flush, 152);
AT(pph_plugin, commit, 160);
AT(pph_plugin, cancel, 168);
AT(pph_plugin, stop, 176);
AT(pph_plugin, close, 184);
AT(pph_plugin, ext, 192);

#endif

HOLDS(PPH_OK == 0 && PPH_FORWARD == 1 && PPH_MORE == 2 && PPH_IDLE == 3 && PPH_END == 4);
HOLDS(PPH_FAIL == -1 && PPH_RETRY == -2 && PPH_FATAL == -3 && PPH_STOP == -4);
HOLDS(PPH_STRING == 0 && PPH_INT == 1 && PPH_FLOAT == 2 && PPH_BOOL == 3 &&
      PPH_SIZE == 4);
HOLDS(PPH_TIME == 5 && PPH_ENUM == 6 && PPH_PATH == 7 && PPH_YAML == 8);
HOLDS(PPH_REQUIRED == 1 && PPH_LIST == 2 && PPH_CONTEXT == 4 && PPH_SECRET == 8);
HOLDS(PPH_PRIMARY == 16 && PPH_ADVANCED == 32 && PPH_WRITABLE == 1);
HOLDS(PPH_GENERATOR == 1 && PPH_PROCESSOR == 2 && PPH_CONSUMER == 3 && PPH_TASK == 4);
HOLDS(PPH_PARALLEL == 1 && PPH_IN_PLACE == 2 && PPH_BLOCKING == 4 && PPH_PINNED == 8);
HOLDS(PPH_IDEMPOTENT == 16 && PPH_IDLE_FLUSH == 32 && PPH_STATEFUL == 64);
HOLDS(PPH_FLUSH_END == 0 && PPH_FLUSH_IDLE == 1 && PPH_FLUSH_SYNC == 2);
HOLDS(PPH_BYTES == 0 && PPH_ITEMS == 1);

/* Uses every function of easy.h, so that their bodies are compiled as the caller's language. */
int use_easy(struct pph_ctx *ctx, struct pph_item *item, const struct pph_param *params);
int use_easy(struct pph_ctx *ctx, struct pph_item *item, const struct pph_param *params)
{
    pph_shared(item);
    pph_logf(ctx, PPH_LOG_INFO, "%s", pph_arg(ctx, params, "path")->s);
    if (pph_stopping(ctx) || pph_writable(item))
        return pph_failf(ctx, item, PPH_FAIL, "%d", 1);
    if (pph_emit_text(ctx, item, "text") != PPH_OK)
        return pph_emit_item(ctx, item);
    return pph_emit_bytes(ctx, NULL, 0, "text", 4);
}
