/* contrib/bench/yamlscan.c - yamlscan FILE: all events of libyaml, and nothing is done with them.
 *
 * The least that reading a schedule with this library can cost.
 */
#include <stdio.h>
#include <yaml.h>

static long scan(yaml_parser_t *parser)
{
    yaml_event_t event;
    yaml_event_type_t type = YAML_NO_EVENT;
    long scalars = 0;

    while (type != YAML_STREAM_END_EVENT) {
        if (!yaml_parser_parse(parser, &event))
            return -1;
        type = event.type;
        scalars += type == YAML_SCALAR_EVENT;
        yaml_event_delete(&event);
    }
    return scalars;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    yaml_parser_t parser;
    long scalars;

    if (!file || !yaml_parser_initialize(&parser)) {
        fputs("usage: yamlscan FILE\n", stderr);
        return 2;
    }
    yaml_parser_set_input_file(&parser, file);
    scalars = scan(&parser);
    if (scalars < 0)
        fprintf(stderr, "yamlscan: line %zu: %s\n", parser.problem_mark.line + 1, parser.problem);
    else
        printf("%ld scalars\n", scalars);
    yaml_parser_delete(&parser);
    fclose(file);
    return scalars < 0;
}
