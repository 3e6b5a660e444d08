/* SPDX-License-Identifier: MIT */
/*
 * The tables of a descriptor.  Defaults and bounds are read by the very code that reads the user's
 * settings, so that help never shows a default which could not have been written.
 */
#include "plugin/verify_tables.h"

#include <string.h>

#include "plugin/value.h"

enum {
    PARAM_FLAGS_KNOWN =
        PPH_REQUIRED | PPH_LIST | PPH_CONTEXT | PPH_SECRET | PPH_PRIMARY | PPH_ADVANCED,
};

#define YAML_FIX "write it as a user would in YAML"
#define NAME_FIX "letters, digits, '_' and '-', a letter first, at most 64"

/* Counts a table's entries up to the bound; false: it has no end. */
#define TABLE_LENGTH(n, table) \
    for ((n) = 0; (table) && (n) <= VERIFY_TABLE_MAX && (table)[n].name; (n)++)

static bool refuse_endless(struct verify_run *run, const char *what)
{
    return refuse(run->refusal, "E237", "end the table with { 0 }",
                  "%s: the table of %s of '%s' has no end, or more than %d entries",
                  run->shown, what, run->desc->name, VERIFY_TABLE_MAX);
}

static bool refuse_default(struct verify_run *run, const struct pph_param *param,
                           enum value_status status)
{
    const char *why = "is not of its type";

    if (status == VALUE_MEMORY)
        return refuse_memory(run->refusal, run->shown);
    if (status == VALUE_LOW || status == VALUE_HIGH)
        why = "is outside its own bounds";
    else if (status == VALUE_CHOICE)
        why = "is none of its choices";
    else if (status == VALUE_NO_UNIT)
        why = "lacks a unit";
    return refuse(run->refusal, "E231", YAML_FIX,
                  "%s: the default \"%.64s\" of setting '%s' of '%s' %s", run->shown,
                  param->def, param->name, run->desc->name, why);
}

/* Reads one bound, if there is one; false: it is refused. */
static bool check_bound(struct verify_run *run, const struct pph_param *param,
                        const char *bound, struct pph_value *ret_value)
{
    enum value_status status =
        bound ? value_bound(param, bound, run->arena, ret_value) : VALUE_OK;

    if (status == VALUE_OK)
        return true;
    if (status == VALUE_MEMORY)
        return refuse_memory(run->refusal, run->shown);
    return refuse(run->refusal, "E232", YAML_FIX,
                  "%s: the bound \"%.64s\" of setting '%s' of '%s' %s", run->shown, bound,
                  param->name, run->desc->name,
                  status == VALUE_NO_UNIT ? "lacks a unit" : "is not of its type");
}

/* Bounds must mean something for the type, parse, and stand in their order. */
static bool check_bounds(struct verify_run *run, const struct pph_param *param)
{
    struct pph_value min = value_none();
    struct pph_value max = value_none();

    if (!param->min && !param->max)
        return true;
    if (!value_has_bounds(param))
        return refuse(
            run->refusal, "E232", "leave out .min and .max",
            "%s: setting '%s' of '%s' has bounds, but its type is not a number, "
            "size or time",
            run->shown, param->name, run->desc->name);
    if (!check_bound(run, param, param->min, &min) ||
        !check_bound(run, param, param->max, &max))
        return false;
    if (param->min && param->max && value_compare(param, &min, &max) > 0)
        return refuse(run->refusal, "E232", "swap .min and .max",
                      "%s: setting '%s' of '%s' has a lower bound above the upper one",
                      run->shown, param->name, run->desc->name);
    return true;
}

static bool check_choices(struct verify_run *run, const struct pph_param *param)
{
    const char *choices = param->choices;
    size_t len = choices ? strlen(choices) : 0;
    bool bad =
        param->type == PPH_ENUM && (len == 0 || choices[0] == '|' ||
                                    choices[len - 1] == '|' || strstr(choices, "||"));

    if (bad)
        return refuse(run->refusal, "E233", "set .choices = \"first|second\"",
                      "%s: setting '%s' of '%s' is a choice without choices, or with an "
                      "empty one",
                      run->shown, param->name, run->desc->name);
    return true;
}

static bool check_default(struct verify_run *run, const struct pph_param *param)
{
    struct pph_value value;

    if (!param->def)
        return true;
    if (param->flags & PPH_REQUIRED)
        return refuse(run->refusal, "E239", "leave out .def or PPH_REQUIRED",
                      "%s: setting '%s' of '%s' is required, so it cannot have a default",
                      run->shown, param->name, run->desc->name);

    enum value_status status = value_default(param, run->arena, &value);
    return status == VALUE_OK || refuse_default(run, param, status);
}

static void warn_param(struct verify_run *run, const struct pph_param *param)
{
    uint32_t unknown = param->flags & ~(uint32_t)PARAM_FLAGS_KNOWN;

    if (unknown)
        verify_warn(run, "W202",
                    "%s: setting '%s' of '%s' sets flags that this host does not know "
                    "(0x%x); they have no effect",
                    run->shown, param->name, run->desc->name, unknown);
    if (param->reserved)
        verify_warn(run, "W203",
                    "%s: setting '%s' of '%s' sets a reserved field, which must be zero",
                    run->shown, param->name, run->desc->name);
}

static bool check_param(struct verify_run *run, const struct pph_param *param)
{
    if (!verify_is_name(param->name))
        return refuse(run->refusal, "E228", NAME_FIX,
                      "%s: '%s' has a setting with an unusable name: \"%.70s\"",
                      run->shown, run->desc->name, param->name);
    if (param->type > PPH_YAML)
        return refuse(
            run->refusal, "E230", "use a type of enum pph_type",
            "%s: setting '%s' of '%s' is of type %u, which this host does not know",
            run->shown, param->name, run->desc->name, param->type);
    if (!check_choices(run, param) || !check_bounds(run, param) ||
        !check_default(run, param))
        return false;
    warn_param(run, param);
    return true;
}

static bool check_params(struct verify_run *run)
{
    const struct pph_param *params = run->desc->params;
    const struct pph_param *primary = NULL;
    size_t n;

    TABLE_LENGTH(n, params);
    if (n > VERIFY_TABLE_MAX)
        return refuse_endless(run, "settings");
    for (size_t i = 0; i < n; i++) {
        if (!check_param(run, &params[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(params[i].name, params[j].name) == 0)
                return refuse(run->refusal, "E229", "rename one of them",
                              "%s: '%s' has two settings named '%s'", run->shown,
                              run->desc->name, params[i].name);
        if ((params[i].flags & PPH_PRIMARY) && primary)
            return refuse(run->refusal, "E238", "leave PPH_PRIMARY at one of them",
                          "%s: '%s' has two primary settings, '%s' and '%s'", run->shown,
                          run->desc->name, primary->name, params[i].name);
        if (params[i].flags & PPH_PRIMARY)
            primary = &params[i];
    }
    return true;
}

/* The host's own ports; a plugin's would hide them. */
static bool is_reserved_port(const char *name)
{
    return strcmp(name, "out") == 0 || strcmp(name, "dead") == 0 ||
           strcmp(name, "result") == 0;
}

static bool check_ports(struct verify_run *run)
{
    const struct pph_port *ports = run->desc->ports;
    size_t n;

    TABLE_LENGTH(n, ports);
    if (n > VERIFY_TABLE_MAX)
        return refuse_endless(run, "ports");
    for (size_t i = 0; i < n; i++) {
        const char *why = NULL;
        if (!verify_is_name(ports[i].name))
            why = "an unusable name";
        else if (is_reserved_port(ports[i].name))
            why = "a name that belongs to the host (out, dead, result)";
        for (size_t j = 0; !why && j < i; j++)
            if (strcmp(ports[i].name, ports[j].name) == 0)
                why = "the name of another port";
        if (why)
            return refuse(run->refusal, "E234", NAME_FIX,
                          "%s: port %zu of '%s' has %s: \"%.70s\"", run->shown, i + 1,
                          run->desc->name, why, ports[i].name);
    }
    return true;
}

static bool check_metrics(struct verify_run *run)
{
    const struct pph_metric *metrics = run->desc->metrics;
    size_t n;

    TABLE_LENGTH(n, metrics);
    if (n > VERIFY_TABLE_MAX)
        return refuse_endless(run, "metrics");
    for (size_t i = 0; i < n; i++) {
        const char *why = NULL;
        if (!verify_is_name(metrics[i].name))
            why = "an unusable name";
        else if (metrics[i].kind > 2)
            why = "an unknown kind (0 counter, 1 gauge, 2 histogram)";
        for (size_t j = 0; !why && j < i; j++)
            if (strcmp(metrics[i].name, metrics[j].name) == 0)
                why = "the name of another metric";
        if (why)
            return refuse(run->refusal, "E235", NAME_FIX,
                          "%s: metric %zu of '%s' has %s: \"%.70s\"", run->shown, i + 1,
                          run->desc->name, why, metrics[i].name);
    }
    return true;
}

bool verify_tables(struct verify_run *run)
{
    return check_params(run) && check_ports(run) && check_metrics(run);
}
