/* src/schedule/yaml_error.c - libyaml's complaints in words for people who write campaigns.
 *
 * libyaml names what its grammar expected; the writer forgot a quote or a colon. Where it tells two
 * places, the one where the mistake began is shown. Its messages are matched by their text, which is all
 * it offers; one that is not listed is passed on as it is.
 */
#include "schedule/yaml_private.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct rule {
    const char *problem, *context; /* parts of libyaml's texts; context may be NULL */
    bool at_context;               /* the mistake is where the thing began */
    const char *message, *hint;
};

static const struct rule rules[] = {
    { "found unexpected end of stream", "quoted scalar", true, "this quote is never closed",
      "close it; a quote inside of the text is written \\\" or doubled ('')" },
    { "found unexpected document indicator", "quoted scalar", true, "this quote is never closed",
      "close it before the line with '---' or '...'" },
    { "could not find expected ':'", NULL, true, "a ':' is missing after this key",
      "write 'key: value'" },
    { "mapping values are not allowed", NULL, false, "a second ':' can't stand here",
      "put the text in quotes, or the key on a line of its own" },
    { "block sequence entries are not allowed", NULL, false, "a list can't begin here",
      "put '- ' on a line of its own" },
    { "block mapping entries are not allowed", NULL, false, "a key can't begin here", NULL },
    { "mapping keys are not allowed", NULL, false, "a key can't begin here", NULL },
    { "did not find expected key", "block mapping", false,
      "this does not fit in here: the indentation is wrong, or quotes are missing",
      "keys of one mapping begin in the same column" },
    { "did not find expected '-' indicator", NULL, false,
      "this does not fit in here: the entries of a list begin with '-' in the same column", NULL },
    { "did not find expected ',' or ']'", NULL, true,
      "this list is not closed: a ',' or the ']' is missing", NULL },
    { "did not find expected ',' or '}'", NULL, true,
      "this mapping is not closed: a ',' or the '}' is missing", NULL },
    { "alphabetic or numeric character", "an alias", true, "a value can't begin with '*'",
      "put it in quotes" },
    { "alphabetic or numeric character", "an anchor", true, "a value can't begin with '&'",
      "put it in quotes" },
    { "did not find expected node content", NULL, false, "a value is missing here", NULL },
    { "tab character", NULL, false, "a tab can't stand here", "indent with spaces" },
    { "found unknown escape character", NULL, false, "this escape is not known",
      "a backslash inside of \"…\" is written \\\\; or use '…'" },
    { "hexdecimal number", NULL, false, "hexadecimal digits are missing in this escape", NULL },
    { "invalid Unicode character escape", NULL, false, "this escape is not a character", NULL },
    { "did not find expected <document start>", NULL, false,
      "this stands after the end of the document", "one file has one document" },
    { "did not find expected comment or line break", NULL, false,
      "only the text below belongs to '|' or '>'", "begin the text on the next line" },
    { "undefined tag handle", NULL, false, "tags (!) are not used here", "remove it" },
    { "control characters are not allowed", NULL, false, "a control character stands here",
      "remove it, or write it as an escape inside of \"…\"" },
};

static const struct rule *find_rule(const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "";
    const char *context = parser->context ? parser->context : "";

    for (size_t i = 0; i < CP_COUNT(rules); i++) {
        if (strstr(problem, rules[i].problem) &&
            (!rules[i].context || strstr(context, rules[i].context)))
            return &rules[i];
    }
    return NULL;
}

/* "found character that cannot start any token": which one it is makes the difference. */
static bool report_start(const struct yaml_document *document, const struct yaml_input *input,
                         uint32_t at)
{
    size_t byte = yaml_byte(document, at);
    char c = byte < document->size ? document->text[byte] : '\0';

    if (c == '\t')
        return yaml_complain(document, input, at, "syntax", "indent with spaces",
                             "a tab can't stand here");
    return yaml_complain(document, input, at, "syntax", "put it in quotes",
                         "a value can't begin with '%c'", c);
}

static uint32_t place_of(const yaml_parser_t *parser, const struct rule *rule)
{
    size_t at = parser->problem_mark.index;

    if (rule && rule->at_context && parser->context)
        at = parser->context_mark.index;
    if (parser->error == YAML_READER_ERROR)
        at = parser->mark.index + parser->unread; /* characters that came before it */
    return at > UINT32_MAX ? UINT32_MAX : (uint32_t)at;
}

void yaml_report(const struct yaml_document *document, const struct yaml_parser_s *parser,
                 const struct yaml_input *input)
{
    const struct rule *rule = find_rule(parser);
    uint32_t at = place_of(parser, rule);

    if (parser->error == YAML_MEMORY_ERROR)
        yaml_complain(document, input, 0, "memory", NULL, "out of memory");
    else if (rule)
        yaml_complain(document, input, at, "syntax", rule->hint, "%s", rule->message);
    else if (parser->problem && strstr(parser->problem, "cannot start any token"))
        report_start(document, input, at);
    else
        yaml_complain(document, input, at, "syntax", NULL, "%s",
                      parser->problem ? parser->problem : "this is not YAML");
}
