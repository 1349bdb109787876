"""EnvironmentValidator: ExampleValidator that holds splits to one environment of the schema."""
