"""Shows Tekton runs at GitHub: as a check run with a GitHub App, as a commit status with a token."""
