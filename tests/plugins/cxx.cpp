/* SPDX-License-Identifier: MIT */
/*
 * A plugin in C++11: it upper-cases its items.  Exceptions end in the plugin, since nothing may be
 * thrown through the interface.
 */
#include <cctype>
#include <exception>
#include <string>

#include <pphost/easy.h>

namespace
{

int each(pph_ctx *ctx, pph_item *it)
{
    try {
        std::string upper(static_cast<const char *>(it->data), it->len);
        for (char &c : upper)
            c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return pph_emit_bytes(ctx, it, 0, upper.data(), upper.size());
    } catch (const std::exception &e) {
        return pph_failf(ctx, it, PPH_FAIL, "%s", e.what());
    }
}

pph_plugin describe()
{
    pph_plugin p = pph_plugin();

    p.size = sizeof(p);
    p.kind = PPH_PROCESSOR;
    p.flags = PPH_PARALLEL;
    p.name = "cxx";
    p.doc = "Makes items upper case.";
    p.each = each;
    return p;
}

} // namespace

/* Filled by a constructor of the file: C++11 has no designated initialisers. */
const struct pph_plugin pphost_plugin_v1 = describe();
