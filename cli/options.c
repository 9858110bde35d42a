/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

int options_error(const struct cli *cli, char **argv, int result)
{
	const char *word = optind > 0 ? argv[optind - 1] : "";

	if (result == ':')
		return cli_usage_error(cli, "option `%s` needs a value", word);
	if (optopt > 0 && optopt < 256)
		return cli_usage_error(cli, "there is no option `-%c`", optopt);
	if (optopt)
		return cli_usage_error(cli, "option `%s` takes no value", word);
	return cli_usage_error(cli, "there is no option `%s`, or it can mean several", word);
}

static int set_format(const struct cli *cli, const char *text, enum output_format *ret_format)
{
	if (!strcmp(text, "json"))
		*ret_format = OUTPUT_JSON;
	else if (!strcmp(text, "text"))
		*ret_format = OUTPUT_TEXT;
	else
		return cli_usage_error(cli, "output `%s`: text or json", text);
	return 0;
}

static int set_colour(const struct cli *cli, const char *text, enum colour_mode *ret_colour)
{
	if (colour_mode_parse(text, ret_colour))
		return 0;
	return cli_usage_error(cli, "color `%s`: auto, always or never", text);
}

static int stop(int *ret_code, int code)
{
	*ret_code = code;
	return OPTIONS_STOP;
}

int options_next(
	struct cli *cli, int argc, char **argv, const struct verb_options *options, int *ret_code)
{
	int option, code = 0;

	/* 0: before the first. What a command's own options say goes over what its verb's did. */
	if (!optind && cli->output && options->format)
		code = set_format(cli, cli->output, options->format);
	while (!code) {
		option = getopt_long(
			argc, argv, options->short_options, options->long_options, NULL);
		switch (option) {
		case -1:
			if (optind == argc || options->takes_arguments)
				return OPTIONS_END;
			code = cli_usage_error(cli, "takes no `%s`", argv[optind]);
			break;
		case 'h':
			fputs(options->help, stdout);
			return stop(ret_code, CLI_OK);
		case OPTION_RUNTIME_DIR:
			cli->runtime_dir = optarg;
			break;
		case OPTION_COLOR:
			code = set_colour(cli, optarg, options->colour);
			break;
		case 'o':
			if (!options->format)
				return option;
			code = set_format(cli, optarg, options->format);
			break;
		case ':':
		case '?':
			code = options_error(cli, argv, option);
			break;
		default:
			return option;
		}
	}
	return stop(ret_code, code);
}
