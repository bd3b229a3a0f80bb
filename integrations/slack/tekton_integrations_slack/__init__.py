"""Shows a Tekton run as a card in a Slack channel."""
