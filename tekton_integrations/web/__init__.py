"""`tekton-integrations serve`: how runs stand, their logs and their pages, for people and jobs outside the cluster."""
