"""All steps together: whoever plays a script takes `run_step` from here, so that none is missing."""

from poruch.drills.simulator import bad_steps, faults, steps

ALL = (steps, faults, bad_steps)
run_step = steps.run_step
