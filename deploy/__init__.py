"""The jobs of ``params/jobs.yaml`` on Dagster, when one machine is not enough: docs/beyond_one_machine.md."""
