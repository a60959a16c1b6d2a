// SPDX-License-Identifier: Apache-2.0
// What the compiler (expression_compile.c) hands to the machine (expression.c): a stack machine's
// operations, flat. A fold such as sum(e) is the same for every instance, so its body is cut out
// into a section of its own, run once, and its result lies in a slot; sections are in the order in
// which they must run, the innermost first, the expression itself last.
#pragma once

#include <stdint.h>

#include "common/catalogue/expression.h"

#define EXPRESSION_MAX_STACK 64
#define EXPRESSION_MAX_FOLDS 32
#define EXPRESSION_MAX_OPS   1000
#define EXPRESSION_MAX_TEXT  4000

enum opcode {
	OP_NUMBER,  // number
	OP_BUILTIN, // arg: which
	OP_SLOT,    // arg: the fold
	OP_INPUT,   // arg: the input; so to OP_HIGHEST
	OP_FIRST,
	OP_LAST,
	OP_LOWEST,
	OP_HIGHEST,
	OP_ALL_INPUTS,
	OP_NEGATE, // one operand; so to OP_ABS
	OP_NOT,
	OP_ABS,
	OP_ADD, // two operands from here on
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_EQUAL,
	OP_NOT_EQUAL,
	OP_AND,
	OP_OR,
	OP_WHERE,
	OP_DEFAULT,
	OP_SMALLER,
	OP_LARGER,
};

enum fold { FOLD_SUM, FOLD_MEAN, FOLD_MIN, FOLD_MAX, FOLD_COUNT };

struct op {
	enum opcode code;
	unsigned arg;
	double number;
};

struct section {
	enum fold fold; // of all but the last
	struct op *ops;
	size_t n;
};

struct expression {
	const char *text;
	struct section *sections;
	size_t n_sections;
	bool *uses;
	bool *optional; // inputs that sum(*) may go without
	size_t n_names;
	bool needs_extremes;
	bool is_folded;
};
