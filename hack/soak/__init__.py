"""`python -m hack.soak`: an hour of runs that come, run, end and are pruned, while the controller is ended again and
again: what it takes, whether that grows, and what all services show of every single run."""
