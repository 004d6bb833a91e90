"""The whole mesh as supervised processes on one machine: `python -m deploy.local up`."""
