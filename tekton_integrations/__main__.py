from tekton_integrations.cli import app

app()
