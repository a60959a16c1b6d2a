// SPDX-License-Identifier: Apache-2.0
// The two ways into an agent: pmda<agent>, a program, and pmda_<agent>.so, inside pmcd. Compiled once
// for each agent and way, with its name as AGENT.
#include "pmdas/frame/frame.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)

#define AGENT_PMDA JOIN(AGENT, _pmda)
#define AGENT_INIT JOIN(AGENT, _init)

extern const struct frame_pmda AGENT_PMDA;

__PMDA_INIT_CALL void AGENT_INIT(pmdaInterface *dp);

void AGENT_INIT(pmdaInterface *dp)
{
	frame_dso(&AGENT_PMDA, dp);
}

#ifndef PMDA_DSO
int main(int argc, char **argv)
{
	return frame_main(&AGENT_PMDA, argc, argv);
}
#endif
