"""`python -m hack.bench.start`: memory and start with many finished runs in the cluster, beside a bare read of them."""
