"""`make demo`: four recorded Tekton runs on a real API server, the controller, and what GitHub would show of them."""
