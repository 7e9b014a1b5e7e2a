"""The pages, built on the REST API alone."""
