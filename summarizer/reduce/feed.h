// SPDX-License-Identifier: Apache-2.0
// How the steps of a source come to the jobs.
#pragma once

#include "summarizer/reduce/steps.h"

void backlog_open(struct backlog *b, const struct plan_source *source);
void backlog_release(struct backlog *b);

// A step that is closed: s->values and s->before are its frame.
void feed_step(struct stepper *s, const struct step *step, const struct task_list *tasks);
// What was kept back; before anyone looks at what a task has of it.
void feed_backlog(struct stepper *s, const struct task_list *tasks);
