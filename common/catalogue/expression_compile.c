// SPDX-License-Identifier: Apache-2.0
// From the text of an expression to operations: a tokenizer and a recursive descent that emits
// code as it goes, with no tree in between.
#include "common/catalogue/expression.h"

#include <errno.h>
#include <string.h>

#include "common/catalogue/expression_code.h"
#include "common/catalogue/suggest.h"
#include "common/str.h"

#define MAX_WORD 63

enum token {
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_WORD,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
};

struct symbol {
	const char *text;
	enum token token;
};

// Longer ones first, so that "<=" is not read as "<".
static const struct symbol symbols[] = {
	{"<=", TOKEN_LESS_EQUAL},
	{">=", TOKEN_GREATER_EQUAL},
	{"==", TOKEN_EQUAL},
	{"!=", TOKEN_NOT_EQUAL},
	{"<", TOKEN_LESS},
	{">", TOKEN_GREATER},
	{"+", TOKEN_PLUS},
	{"-", TOKEN_MINUS},
	{"*", TOKEN_STAR},
	{"/", TOKEN_SLASH},
	{"(", TOKEN_OPEN},
	{")", TOKEN_CLOSE},
	{",", TOKEN_COMMA},
};

static const struct symbol keywords[] = {
	{"and", TOKEN_AND},
	{"or", TOKEN_OR},
	{"not", TOKEN_NOT},
};

enum function_kind {
	FUNCTION_FOLD,    // code: enum fold; its argument is run at each instance
	FUNCTION_EXTREME, // code: OP_FIRST ...; its argument is the name of an input
	FUNCTION_PLAIN,   // code: the operation on its arguments
	FUNCTION_RATE,
};

static const struct function {
	const char *name;
	enum function_kind kind;
	unsigned code;
	unsigned n_arguments;
} functions[] = {
	{"sum", FUNCTION_FOLD, FOLD_SUM, 1},
	{"mean", FUNCTION_FOLD, FOLD_MEAN, 1},
	{"min", FUNCTION_FOLD, FOLD_MIN, 1},
	{"max", FUNCTION_FOLD, FOLD_MAX, 1},
	{"count", FUNCTION_FOLD, FOLD_COUNT, 1},
	{"first", FUNCTION_EXTREME, OP_FIRST, 1},
	{"last", FUNCTION_EXTREME, OP_LAST, 1},
	{"lowest", FUNCTION_EXTREME, OP_LOWEST, 1},
	{"highest", FUNCTION_EXTREME, OP_HIGHEST, 1},
	{"rate", FUNCTION_RATE, OP_DIVIDE, 1},
	{"where", FUNCTION_PLAIN, OP_WHERE, 2},
	{"default", FUNCTION_PLAIN, OP_DEFAULT, 2},
	{"smaller", FUNCTION_PLAIN, OP_SMALLER, 2},
	{"larger", FUNCTION_PLAIN, OP_LARGER, 2},
	{"abs", FUNCTION_PLAIN, OP_ABS, 1},
};

static const char *const builtins[BUILTIN_COUNT] = {
	[BUILTIN_CORES] = "cores",
	[BUILTIN_JOB_CORES] = "job_cores",
	[BUILTIN_SECONDS] = "seconds",
	[BUILTIN_WALL] = "wall",
	[BUILTIN_NODES] = "nodes",
};

struct compiler {
	const char *text;
	const char *const *names;
	size_t n_names;
	struct arena *arena;
	struct error *err;

	const char *at; // after the token
	enum token token;
	const char *start; // of the token
	char word[MAX_WORD + 1];
	double number;

	struct op ops[EXPRESSION_MAX_OPS]; // of the section in work, and of those around it
	size_t n_ops;
	size_t depth, stack;
	bool is_folded; // of the section in work
	struct section sections[EXPRESSION_MAX_FOLDS + 1];
	size_t n_sections;
	struct expression *result;
};

static int column(const struct compiler *c)
{
	return (int)(c->start - c->text) + 1;
}

static int read_number(struct compiler *c)
{
	char digits[MAX_WORD + 1];
	const char *p = c->at;
	size_t n;

	p += strspn(p, "0123456789.");
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		p += strspn(p, "0123456789");
	}
	n = (size_t)(p - c->at);
	if (n > MAX_WORD)
		return error_set(c->err, EINVAL, "column %d: the number is too long", column(c));
	memcpy(digits, c->at, n);
	digits[n] = '\0';
	if (parse_double(digits, &c->number) < 0)
		return error_set(
			c->err, EINVAL, "column %d: '%s' is not a number", column(c), digits);
	c->at = p;
	c->token = TOKEN_NUMBER;
	return 0;
}

static bool is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static int read_word(struct compiler *c)
{
	size_t n = 0;

	while (is_letter(c->at[n]) || is_digit(c->at[n]))
		n++;
	if (n > MAX_WORD)
		return error_set(c->err, EINVAL, "column %d: the name is too long", column(c));
	memcpy(c->word, c->at, n);
	c->word[n] = '\0';
	c->at += n;
	c->token = TOKEN_WORD;
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (str_eq(c->word, keywords[i].text))
			c->token = keywords[i].token;
	return 0;
}

static int unexpected_character(struct compiler *c)
{
	unsigned char ch = (unsigned char)*c->at;

	if (ch > ' ' && ch < 0x7f)
		return error_set(
			c->err, EINVAL, "column %d: '%c' has no meaning here", column(c), ch);
	return error_set(c->err, EINVAL, "column %d: a character that has no meaning here (0x%02x)",
		column(c), ch);
}

static int next(struct compiler *c)
{
	c->at += strspn(c->at, " \t\r\n");
	c->start = c->at;
	if (*c->at == '\0') {
		c->token = TOKEN_END;
		return 0;
	}
	if (is_digit(*c->at) || *c->at == '.')
		return read_number(c);
	if (is_letter(*c->at))
		return read_word(c);
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		if (str_starts(c->at, symbols[i].text)) {
			c->at += strlen(symbols[i].text);
			c->token = symbols[i].token;
			return 0;
		}
	}
	return unexpected_character(c);
}

static int expect(struct compiler *c, enum token token, const char *what)
{
	if (c->token != token)
		return error_set(c->err, EINVAL, "column %d: %s is missing", column(c), what);
	return next(c);
}

static int emit(struct compiler *c, enum opcode code, unsigned arg, double number)
{
	if (c->n_ops == EXPRESSION_MAX_OPS)
		return error_set(c->err, EINVAL, "the expression has more than %d parts",
			EXPRESSION_MAX_OPS);
	if (code < OP_NEGATE && ++c->stack > EXPRESSION_MAX_STACK)
		return error_set(
			c->err, EINVAL, "column %d: too many unfinished operations", column(c));
	if (code >= OP_ADD)
		c->stack--;
	c->ops[c->n_ops++] = (struct op){.code = code, .arg = arg, .number = number};
	return 0;
}

static int compile_or(struct compiler *c);

static int unknown_name(struct compiler *c)
{
	struct suggestion s = {0};
	char buf[SUGGESTION_TEXT_SIZE];

	for (size_t i = 0; i < c->n_names; i++)
		suggest(&s, c->word, c->names[i]);
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		suggest(&s, c->word, builtins[i]);
	return error_set(c->err, EINVAL, "column %d: '%s' is no input of the source%s", column(c),
		c->word, suggestion_text(&s, buf));
}

static int unknown_function(struct compiler *c)
{
	struct suggestion s = {0};
	char buf[SUGGESTION_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		suggest(&s, c->word, functions[i].name);
	return error_set(c->err, EINVAL, "column %d: there is no function '%s'%s", column(c),
		c->word, suggestion_text(&s, buf));
}

// The token is the name of an input.
static int compile_input(struct compiler *c, enum opcode code)
{
	for (size_t i = 0; i < c->n_names; i++) {
		if (!str_eq(c->word, c->names[i]))
			continue;
		c->result->uses[i] = true;
		c->is_folded = false;
		TRY(emit(c, code, (unsigned)i, 0));
		return next(c);
	}
	return unknown_name(c);
}

static int compile_name(struct compiler *c)
{
	for (unsigned i = 0; i < BUILTIN_COUNT; i++) {
		if (str_eq(c->word, builtins[i])) {
			TRY(emit(c, OP_BUILTIN, i, 0));
			return next(c);
		}
	}
	return compile_input(c, OP_INPUT);
}

static int compile_all_inputs(struct compiler *c)
{
	memset(c->result->uses, true, c->n_names);
	c->is_folded = false;
	TRY(emit(c, OP_ALL_INPUTS, 0, 0));
	return next(c);
}

// Compiles the argument where it stands, then cuts it out into a section of its own.
static int compile_fold(struct compiler *c, enum fold fold)
{
	size_t begin = c->n_ops;
	size_t stack = c->stack;
	bool is_folded = c->is_folded;

	c->stack = 0;
	TRY(compile_or(c));
	if (c->n_sections == EXPRESSION_MAX_FOLDS)
		return error_set(c->err, EINVAL, "more than %d of sum() mean() min() max() count()",
			EXPRESSION_MAX_FOLDS);
	size_t n = c->n_ops - begin;
	c->sections[c->n_sections] = (struct section){
		.fold = fold,
		.ops = arena_copy(c->arena, &c->ops[begin], n * sizeof(c->ops[0])),
		.n = n,
	};
	c->n_ops = begin;
	c->stack = stack;
	c->is_folded = is_folded;
	return emit(c, OP_SLOT, (unsigned)c->n_sections++, 0);
}

static int compile_extreme(struct compiler *c, const struct function *f)
{
	if (c->token != TOKEN_WORD)
		return error_set(c->err, EINVAL, "column %d: %s() takes the name of an input",
			column(c), f->name);
	c->result->needs_extremes = true;
	return compile_input(c, (enum opcode)f->code);
}

static int compile_arguments(struct compiler *c, const struct function *f)
{
	for (unsigned i = 0; i < f->n_arguments; i++) {
		if (i > 0 && c->token != TOKEN_COMMA)
			return error_set(c->err, EINVAL, "column %d: %s() takes %u arguments",
				column(c), f->name, f->n_arguments);
		if (i > 0)
			TRY(next(c));
		TRY(compile_or(c));
	}
	return 0;
}

static int compile_call(struct compiler *c, const struct function *f)
{
	switch (f->kind) {
	case FUNCTION_FOLD:
		if (f->code == FOLD_SUM && c->token == TOKEN_STAR)
			return compile_all_inputs(c);
		return compile_fold(c, (enum fold)f->code);
	case FUNCTION_EXTREME:
		return compile_extreme(c, f);
	case FUNCTION_RATE:
		TRY(compile_or(c));
		TRY(emit(c, OP_BUILTIN, BUILTIN_SECONDS, 0));
		return emit(c, OP_DIVIDE, 0, 0);
	default:
		TRY(compile_arguments(c, f));
		return emit(c, (enum opcode)f->code, 0, 0);
	}
}

static int compile_function(struct compiler *c)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		const struct function *f = &functions[i];
		if (!str_eq(c->word, f->name))
			continue;
		TRY(next(c));
		TRY(next(c)); // the bracket
		TRY(compile_call(c, f));
		if (c->token == TOKEN_COMMA)
			return error_set(c->err, EINVAL, "column %d: %s() takes %u argument%s",
				column(c), f->name, f->n_arguments, f->n_arguments > 1 ? "s" : "");
		return expect(c, TOKEN_CLOSE, "')'");
	}
	return unknown_function(c);
}

static int compile_primary(struct compiler *c)
{
	switch (c->token) {
	case TOKEN_NUMBER:
		TRY(emit(c, OP_NUMBER, 0, c->number));
		return next(c);
	case TOKEN_OPEN:
		TRY(next(c));
		TRY(compile_or(c));
		return expect(c, TOKEN_CLOSE, "')'");
	case TOKEN_WORD:
		if (c->at[strspn(c->at, " \t\r\n")] == '(')
			return compile_function(c);
		return compile_name(c);
	case TOKEN_END:
		return error_set(
			c->err, EINVAL, "column %d: the expression ends too early", column(c));
	default:
		return error_set(
			c->err, EINVAL, "column %d: a number, name or '(' is missing", column(c));
	}
}

static int enter(struct compiler *c)
{
	if (++c->depth > EXPRESSION_MAX_DEPTH)
		return error_set(c->err, EINVAL, "column %d: nested more than %d deep", column(c),
			EXPRESSION_MAX_DEPTH);
	return 0;
}

static int compile_unary(struct compiler *c)
{
	if (c->token != TOKEN_MINUS)
		return compile_primary(c);
	TRY(enter(c));
	TRY(next(c));
	TRY(compile_unary(c));
	c->depth--;
	return emit(c, OP_NEGATE, 0, 0);
}

static int compile_product(struct compiler *c)
{
	TRY(compile_unary(c));
	while (c->token == TOKEN_STAR || c->token == TOKEN_SLASH) {
		enum opcode code = c->token == TOKEN_STAR ? OP_MULTIPLY : OP_DIVIDE;
		TRY(next(c));
		TRY(compile_unary(c));
		TRY(emit(c, code, 0, 0));
	}
	return 0;
}

static int compile_sum(struct compiler *c)
{
	TRY(compile_product(c));
	while (c->token == TOKEN_PLUS || c->token == TOKEN_MINUS) {
		enum opcode code = c->token == TOKEN_PLUS ? OP_ADD : OP_SUBTRACT;
		TRY(next(c));
		TRY(compile_product(c));
		TRY(emit(c, code, 0, 0));
	}
	return 0;
}

static bool is_comparison(enum token t)
{
	return t >= TOKEN_LESS && t <= TOKEN_NOT_EQUAL;
}

static int compile_comparison(struct compiler *c)
{
	TRY(compile_sum(c));
	if (!is_comparison(c->token))
		return 0;
	// Tokens and operations of comparisons are in the same order.
	enum opcode code = (enum opcode)(OP_LESS + (c->token - TOKEN_LESS));
	TRY(next(c));
	TRY(compile_sum(c));
	if (is_comparison(c->token))
		return error_set(
			c->err, EINVAL, "column %d: join two comparisons with 'and'", column(c));
	return emit(c, code, 0, 0);
}

static int compile_not(struct compiler *c)
{
	if (c->token != TOKEN_NOT)
		return compile_comparison(c);
	TRY(enter(c));
	TRY(next(c));
	TRY(compile_not(c));
	c->depth--;
	return emit(c, OP_NOT, 0, 0);
}

static int compile_and(struct compiler *c)
{
	TRY(compile_not(c));
	while (c->token == TOKEN_AND) {
		TRY(next(c));
		TRY(compile_not(c));
		TRY(emit(c, OP_AND, 0, 0));
	}
	return 0;
}

static int compile_or(struct compiler *c)
{
	TRY(enter(c));
	TRY(compile_and(c));
	while (c->token == TOKEN_OR) {
		TRY(next(c));
		TRY(compile_and(c));
		TRY(emit(c, OP_OR, 0, 0));
	}
	c->depth--;
	return 0;
}

static int compile_text(struct compiler *c)
{
	TRY(next(c));
	if (c->token == TOKEN_END)
		return error_set(c->err, EINVAL, "the expression is empty");
	TRY(compile_or(c));
	if (c->token == TOKEN_CLOSE)
		return error_set(c->err, EINVAL, "column %d: this ')' closes nothing", column(c));
	if (c->token != TOKEN_END)
		return error_set(c->err, EINVAL, "column %d: an operator is missing", column(c));
	return 0;
}

int expression_compile_optional(const char *text, const char *const *names, const bool *is_optional,
	size_t n_names, struct arena *a, struct expression **ret, struct error *err)
{
	struct expression *e = arena_alloc(a, sizeof(*e));

	if (strlen(text) > EXPRESSION_MAX_TEXT)
		return error_set(err, EINVAL, "the expression is longer than %d characters",
			EXPRESSION_MAX_TEXT);
	e->text = arena_strdup(a, text);
	e->n_names = n_names;
	e->uses = arena_array(a, n_names + 1, sizeof(bool));
	e->optional = arena_array(a, n_names + 1, sizeof(bool));
	for (size_t i = 0; i < n_names; i++)
		e->optional[i] = !is_optional || is_optional[i];

	struct compiler c = {
		.text = e->text,
		.at = e->text,
		.start = e->text,
		.names = names,
		.n_names = n_names,
		.arena = a,
		.err = err,
		.is_folded = true,
		.result = e,
	};
	TRY(compile_text(&c));
	c.sections[c.n_sections++] = (struct section){
		.ops = arena_copy(a, c.ops, c.n_ops * sizeof(c.ops[0])),
		.n = c.n_ops,
	};
	e->sections = arena_copy(a, c.sections, c.n_sections * sizeof(c.sections[0]));
	e->n_sections = c.n_sections;
	e->is_folded = c.is_folded;
	*ret = e;
	return 0;
}

int expression_compile(const char *text, const char *const *names, size_t n_names, struct arena *a,
	struct expression **ret, struct error *err)
{
	return expression_compile_optional(text, names, NULL, n_names, a, ret, err);
}

bool expression_is_reserved(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (str_eq(word, keywords[i].text))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (str_eq(word, functions[i].name))
			return true;
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		if (str_eq(word, builtins[i]))
			return true;
	return false;
}
