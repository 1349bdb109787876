"""Kubeflow Pipelines 2: compiling, submitting, and the containers of the tasks."""
