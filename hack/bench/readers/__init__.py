"""What many readers of one long log cost the service: see __main__.py."""
