"""Parts of the nodes of the DAG."""
